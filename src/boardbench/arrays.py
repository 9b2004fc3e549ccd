"""Arrays: on disk, filled piece by piece; and rounding by arithmetic."""

import os
from pathlib import Path

import numpy as np

FLOAT16_SPLIT = 2.0**13 + 1
"""float32 has 13 bits more than float16: a - (a - x) with a = FLOAT16_SPLIT x is x rounded to float16's bits
(Veltkamp's splitting; Dekker 1971, Numerische Mathematik 18)."""


def new_array(path: Path, dtype: type, shape: tuple[int, ...]) -> np.memmap:
    """Make a .npy file of zeros and return it for writing; its room on disk is taken at once.

    A file that is written through memory takes its room when it is written, and a disk that is full then ends the
    process without a word.

    Raises:
        OSError: the disk is full.
    """
    made = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
    if hasattr(os, "posix_fallocate") and path.stat().st_size:
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return made
