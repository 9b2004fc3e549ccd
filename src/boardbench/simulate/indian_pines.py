"""Indian Pines as a data set of ENVI scenes: real labelled hyperspectral data that needs no download.

The AVIRIS scene (Baumgardner, Biehl and Landgrebe, 2015, doi:10.4231/R7RX991C, CC BY 3.0; 145 x 145 pixels, 200 of
220 bands, 16 classes of crops and ground) comes with the tensorly package. It shows fields, not circuit boards: it
is here to run the pipeline on a real sensor's data. The scene is cut into disjoint blocks that play the scenes; its
values are scaled counts of radiance, written as they are with a scale factor, and called reflectance nowhere else.
"""

from pathlib import Path

import numpy as np

from boardbench.captures.sheet import generated_capture
from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write

# Small enough that 14 of the 16 classes lie in two blocks or more, so that they can be trained and tested.
BLOCK = 24
# Six by six blocks; one row and one column of pixels are left over.
BLOCKS = 145 // BLOCK
# The largest value is 9604.
SCALE = 10000


def scene_names() -> list[str]:
    """Return the names of the blocks, row by row."""
    return [f"block{row}{column}" for row in range(1, BLOCKS + 1) for column in range(1, BLOCKS + 1)]


def indian_pines(*, out: Path) -> None:
    """Write every block as ``<out>/<block>_1/<block>_1.hdr`` and ``.raw`` with its ``mask.png``.

    Masks hold 0..15 for the 16 classes; pixels without a label are 255 (ignored).

    Raises:
        BoardbenchError: when tensorly, which carries the scene, is not installed.
    """
    try:
        from tensorly.datasets import load_indian_pines
    except ImportError:
        raise BoardbenchError(
            "source indian_pines: the scene comes with tensorly, which is not installed. pip install tensorly"
        ) from None
    from PIL import Image
    from spectral.io import envi

    scene = load_indian_pines()
    counts = np.asarray(scene.tensor).astype(np.uint16)
    labels = np.asarray(scene.ticks[0])
    mask = np.where(labels == 0, 255, labels - 1).astype(np.uint8)
    for index, name in enumerate(scene_names()):
        row, column = divmod(index, BLOCKS)
        block = np.s_[row * BLOCK : (row + 1) * BLOCK, column * BLOCK : (column + 1) * BLOCK]
        capture = generated_capture(out, name, "1", "reflectance")
        capture.cube.parent.mkdir(parents=True, exist_ok=True)
        header = {
            "description": "Indian Pines, AVIRIS, 12 June 1992, one block; radiance counts",
            "sensor type": "AVIRIS",
            "wavelength units": "nm",
            "wavelength": [float(nm) for nm in scene.ticks[1]],
            "reflectance scale factor": SCALE,
        }
        envi.save_image(str(capture.cube), counts[block], metadata=header, interleave="bil", ext=".raw", force=True)
        with atomic_write(capture.mask) as path:
            Image.fromarray(mask[block]).save(path, format="PNG")
