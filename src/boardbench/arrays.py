"""Arrays on disk that are filled piece by piece."""

import os
from pathlib import Path

import numpy as np


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
