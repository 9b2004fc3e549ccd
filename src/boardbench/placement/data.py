"""Reading what the samples step leaves behind: samples.csv, samples.json and images.npy. NumPy and pandas, no torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from boardbench.errors import BoardbenchError, nearest
from boardbench.files import parse_json
from boardbench.integrity import checked
from boardbench.placement.corners import COLUMNS
from boardbench.placement.split import PARTS

_AGAIN = "Make it again with `boardbench placement samples`."
_FIELDS = ["sample", "part", "photo", "shift_x_mm", "shift_y_mm", "rotation_deg", *COLUMNS]


@dataclass(frozen=True)
class Samples:
    """Images of a board with the corners of its chip.

    Attributes:
        frame: samples.csv.
        images: (samples, lines, samples across, 3) uint8 RGB, mapped from the file.
        corners: (samples, 4, 2) float64, pixels of the image.
        parts: (samples,) train, validation, test or displaced.
        nominal: (4, 2) pixels, where the chip should be.
        mm_per_pixel: (2,) along x and y.
        size: (lines, samples) of an image.
        metadata: samples.json.
    """

    frame: pd.DataFrame
    images: np.ndarray
    corners: np.ndarray
    parts: np.ndarray
    nominal: np.ndarray
    mm_per_pixel: np.ndarray
    size: tuple[int, int]
    metadata: dict[str, Any]


def read_samples(path: Path) -> Samples:
    """Open samples.csv with the files beside it; images are read when they are looked at.

    Args:
        path: samples.csv, or its folder.

    Raises:
        BoardbenchError: if a file is missing, damaged, or does not fit the others.
    """
    table = path / "samples.csv" if path.is_dir() else path
    metadata_file, images_file = table.with_name("samples.json"), table.with_name("images.npy")
    for file in (table, metadata_file, images_file):
        if not file.is_file():
            raise BoardbenchError(f"{file}: missing. {_AGAIN}")
    try:
        frame = pd.read_csv(checked(table), dtype={"part": str, "photo": str}, keep_default_na=False)
        metadata = parse_json(checked(metadata_file).read_text(encoding="utf-8"))
        images = np.load(checked(images_file), mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise BoardbenchError(f"{table.parent}: samples not readable ({error}). {_AGAIN}") from None
    missing = [field for field in _FIELDS if field not in frame]
    if missing:
        raise BoardbenchError(f"{table}: column {', '.join(missing)} missing. {_AGAIN}")
    for line, part in enumerate(frame["part"], start=2):
        if part not in PARTS:
            raise BoardbenchError(f"{table}, line {line}, part: unknown part '{part}'. {nearest(part, PARTS)}")
    missing = [field for field in ("size", "photo_size", "mm_per_pixel", "nominal") if field not in metadata]
    if missing:
        raise BoardbenchError(f"{metadata_file}: {', '.join(missing)} missing. {_AGAIN}")
    shape = (len(frame), *metadata["size"], 3)
    if images.shape != shape or images.dtype != np.uint8:
        raise BoardbenchError(
            f"{images_file}: {images.dtype} {images.shape}, but {table.name} and {metadata_file.name} say uint8 "
            f"{shape}. The files are of different runs. {_AGAIN}"
        )
    if frame[list(COLUMNS)].select_dtypes("number").shape[1] < 8 or frame["sample"].tolist() != [*range(len(frame))]:
        raise BoardbenchError(f"{table}: sample, or a column of the corners, is not as it was written. {_AGAIN}")
    return Samples(
        frame=frame,
        images=images,
        corners=frame[list(COLUMNS)].to_numpy(np.float64).reshape(-1, 4, 2),
        parts=frame["part"].to_numpy(str),
        nominal=np.array(metadata["nominal"], dtype=np.float64),
        mm_per_pixel=np.array(metadata["mm_per_pixel"], dtype=np.float64),
        size=tuple(metadata["size"]),
        metadata=metadata,
    )
