"""Pickles from strangers: a pickle can name any function to be called, so only NumPy's array may be named here."""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from boardbench.errors import BoardbenchError

_ARRAY = np.empty(0).__reduce__()[0]
_ALLOWED = {
    # Python 2 wrote the first name, NumPy 2 writes the second.
    ("numpy.core.multiarray", "_reconstruct"): _ARRAY,
    ("numpy._core.multiarray", "_reconstruct"): _ARRAY,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class _Forbidden(Exception):
    pass


class _Arrays(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return what an array is made with, and refuse all else."""
        if (module, name) not in _ALLOWED:
            raise _Forbidden(f"{module}.{name}")
        return _ALLOWED[module, name]


def read_pickle(content: bytes, where: Path | str) -> Any:
    """Return plain values and NumPy arrays of a pickle; texts of Python 2 come as bytes.

    Raises:
        BoardbenchError: the pickle names anything but NumPy's array, or is broken.
    """
    try:
        return _Arrays(io.BytesIO(content), encoding="bytes").load()
    except _Forbidden as error:
        raise BoardbenchError(
            f"{where}: the pickle asks for '{error}', which is no part of an array; nothing was run. Do not trust this "
            "file: use the authors' binary version, which holds no code."
        ) from None
    except Exception as error:  # a broken pickle can raise anything
        raise BoardbenchError(
            f"{where}: the pickle is broken ({type(error).__name__}: {error}). Get the archive again."
        ) from None
