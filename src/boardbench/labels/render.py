"""The verb that draws captures as pictures to label."""

from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from boardbench.captures.blocks import reflect
from boardbench.captures.locate import Located, locate
from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write
from boardbench.segmentation.overlay import capture_rgb

FALSE_COLOUR = "_pca"
_PIXELS = 20_000


def render(
    *, captures: list[Path], out: Path, false_colour: bool = False, white: Path | None = None, dark: Path | None = None
) -> None:
    """Draw each capture as OUT/<capture>.png to label, one pixel a pixel of the capture.

    Red, green and blue are the bands nearest to 640, 550 and 460 nm, each stretched between its percentiles 2 and 98.

    Args:
        captures: folders as Lumo writes them, headers or data files.
        out: folder for the pictures.
        false_colour: also draw <capture>_pca.png: the first three principal components of the spectra, in which
            materials of one colour differ.
        white: white reference of captures that have none of their own.
        dark: dark reference, likewise.

    Raises:
        BoardbenchError: no capture, two of one name, or one that cannot be read.
    """
    located: dict[str, Located] = {}
    for path in captures:
        capture = locate(path, white, dark)
        if capture.name in located:
            raise BoardbenchError(f"{path}: a second capture called '{capture.name}'. Draw it into another folder.")
        located[capture.name] = capture
    if not located:
        raise BoardbenchError("no capture given. Name capture folders, or ENVI headers or data files.")
    for name, capture in tqdm(located.items(), unit="capture", disable=None):
        pictures = {name: capture_rgb(capture)} | ({name + FALSE_COLOUR: _components(capture)} if false_colour else {})
        for stem, picture in pictures.items():
            with atomic_write(out / f"{stem}.png") as temporary:
                Image.fromarray(picture).save(temporary, format="PNG")
    print(f"{len(located)} captures drawn into {out}. Draw the components on them, in LabelMe, CVAT or COCO; then:")
    print(f"  boardbench new FOLDER --labels {out} --classes CLASS --classes CLASS")


def _components(capture: Located) -> np.ndarray:
    cube = reflect(cube=capture.cube, **capture.references, keep=range(capture.source.bands))
    spectra = cube.reshape(len(cube), -1)
    some = spectra[:, :: max(1, spectra.shape[1] // _PIXELS)].astype(np.float64)
    mean = some.mean(axis=1, keepdims=True)
    _, axes = np.linalg.eigh((some - mean) @ (some - mean).T)
    axes = axes[:, ::-1][:, :3].T
    # An axis has no sign of its own: its largest part is taken as positive.
    axes *= np.sign(np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1))
    values = np.zeros((3, *cube.shape[1:]), np.float32)
    for band, weights in zip(cube, axes.T.astype(np.float32), strict=True):  # one at a time: the cube is large
        values[: len(weights)] += weights[:, None, None] * band.astype(np.float32)
    low, high = np.percentile(values, (2, 98), axis=(1, 2), keepdims=True)
    picture = np.clip((values - low) / np.maximum(high - low, 1e-6), 0, 1) * 255
    return picture.round().astype(np.uint8).transpose(1, 2, 0)
