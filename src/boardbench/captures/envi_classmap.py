"""Class maps as ENVI classification files, which Spectral Python, ENVI, GDAL and QGIS open with names and colours."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from spectral.io import envi

from boardbench.errors import BoardbenchError

CARRIED = ("map info", "coordinate system string", "x start", "y start")
"""Fields of a capture's header that say where its pixels lie; they hold for a map of the same geometry."""


def write_classification(
    header: Path,
    classes: np.ndarray,
    names: Sequence[str],
    colours: Mapping[int, tuple[int, int, int]],
    capture: Mapping[str, Any] | None = None,
    description: str = "",
) -> None:
    """Write a class map: ``header`` and beside it ``.img`` (bsq, one band of uint8, little-endian).

    Existing files of these names are replaced. In names of classes ``,``, ``{`` and ``}``, which an ENVI header
    cannot hold, become ``-``.

    Args:
        header: path that ends in ``.hdr``.
        classes: class indices, (lines, samples).
        names: of all classes, in index order.
        colours: RGB of classes by index; a class without one is black.
        capture: header of the capture that the map has the geometry of; the fields of ``CARRIED`` are copied.
        description: one line for a person.

    Raises:
        BoardbenchError: an index without a name, or more than 256 classes.
    """
    if len(names) > 256:
        raise BoardbenchError(f"{header}: {len(names)} classes, but a class map of 8 bits holds 256. Merge some.")
    classes = np.asarray(classes)
    if classes.size and not 0 <= classes.min() <= classes.max() < len(names):
        raise BoardbenchError(
            f"{header}: class index {classes.max() if classes.min() >= 0 else classes.min()}, but only "
            f"{len(names)} classes have names ({', '.join(names)}). Name every class that the model gives."
        )
    metadata = {"description": _plain(description)} if description else {}
    metadata["band names"] = ["class"]
    metadata |= {key: _whole(capture[key]) for key in CARRIED if capture and key in capture}
    envi.save_classification(
        str(header),
        classes,
        dtype=np.uint8,
        interleave="bsq",
        byteorder=0,
        ext=".img",
        force=True,
        class_names=[_plain(name).replace(",", "-") for name in names],
        class_colors=[colours.get(index, (0, 0, 0)) for index in range(len(names))],
        metadata=metadata,
    )


def _plain(text: str) -> str:
    return text.replace("{", "-").replace("}", "-").replace("\n", " ")


def _whole(value: str | list[str]) -> str:
    """Return a field as it stood in its header: the list that was parsed may be a coordinate system with commas."""
    return value if isinstance(value, str) else "{" + ",".join(value) + "}"
