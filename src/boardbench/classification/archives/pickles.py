"""Pickles from strangers: only what CIFAR holds is read: plain values and arrays of uint8.

A pickle can name any function to be called, and NumPy's own would let one forge an array of objects, which crashes the
process. So nothing is called: names stay words, and an array is made here from its shape and its bytes.
"""

import io
import math
import pickle
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from boardbench.errors import BoardbenchError

_RECONSTRUCT, _NDARRAY, _DTYPE = "_reconstruct", "ndarray", "dtype"
_NAMES = {
    # Python 2 wrote the first name, NumPy 2 writes the second.
    ("numpy.core.multiarray", _RECONSTRUCT),
    ("numpy._core.multiarray", _RECONSTRUCT),
    ("numpy", _NDARRAY),
    ("numpy", _DTYPE),
}
_UINT8 = ("u1", "|u1", b"u1", b"|u1")
_UINT8_STATES = [(3, order, None, None, None, -1, -1, 0) for order in ("|", b"|")]


class _Forbidden(Exception):
    pass


class _Name(str):
    """A name that an array is made with; not the function behind it."""


class _Uint8:
    """In place of a dtype."""


class _Empty:
    """In place of an array whose shape and bytes are yet to come."""


# The unpickler written in Python: the one in C takes memory for whatever numbers a pickle holds.
class _Arrays(pickle._Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return the name of what an array is made with, and refuse all else."""
        if (module, name) not in _NAMES:
            raise _Forbidden(f"{module}.{name}")
        return _Name(name)

    def _reduce(self) -> None:
        given, name = self.stack.pop(), self.stack.pop()
        if not isinstance(name, _Name) or not isinstance(given, tuple):
            raise _Forbidden("a call")
        if name == _DTYPE and len(given) == 3 and type(given[0]) in (str, bytes) and given[0] in _UINT8:
            self.stack.append(_Uint8())
        elif name == _RECONSTRUCT and len(given) == 3 and isinstance(given[0], _Name) and given[0] == _NDARRAY:
            self.stack.append(_Empty())
        else:
            what = f", {given[0]}" if given and type(given[0]) in (str, bytes) else ""
            raise _Forbidden(f"numpy.{name}{what}")

    def _build(self) -> None:
        state, made = self.stack.pop(), self.stack.pop()
        if isinstance(made, _Uint8) and state in _UINT8_STATES:
            self.stack.append(made)
        elif isinstance(made, _Empty):
            self.stack.append(_array(state))
        else:
            raise _Forbidden("a state")

    dispatch: ClassVar = {
        **{
            code: step
            for code, step in pickle._Unpickler.dispatch.items()
            if bytes([code]) not in (pickle.INST, pickle.OBJ, pickle.NEWOBJ, pickle.NEWOBJ_EX)
        },
        pickle.REDUCE[0]: _reduce,
        pickle.BUILD[0]: _build,
    }


def _array(state: Any) -> np.ndarray:
    """Return the array of NumPy's state: version, shape, type, whether in Fortran's order, bytes."""
    _, shape, kind, fortran, content = state
    if not isinstance(kind, _Uint8) or type(content) is not bytes:
        raise _Forbidden("an array of something else than uint8")
    if not all(type(length) is int and length >= 0 for length in shape) or math.prod(shape) != len(content):
        raise ValueError("an array whose bytes do not fit its shape")
    return np.frombuffer(content, np.uint8).reshape(shape, order="F" if fortran else "C")


def read_pickle(content: bytes, where: Path | str) -> Any:
    """Return plain values and arrays of uint8 of a pickle; texts of Python 2 come as bytes.

    Raises:
        BoardbenchError: the pickle names anything but an array of uint8, or is broken.
    """
    try:
        return _Arrays(io.BytesIO(content), encoding="bytes").load()
    except _Forbidden as error:
        raise BoardbenchError(
            f"{where}: the pickle asks for '{error}', which is no part of an array of uint8; nothing was "
            "run. Do not trust this file: use the authors' binary version, which holds no code."
        ) from None
    except Exception as error:  # a broken pickle can raise anything
        raise BoardbenchError(
            f"{where}: the pickle is broken ({type(error).__name__}: {error}). Get the archive again."
        ) from None
