"""Compiling a loop by numba."""

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(**options: Any) -> Callable[[Callable], Callable]:
    """Compile a function, and keep what was compiled for other processes where something can be written."""

    def of(function: Callable) -> Callable:
        try:
            return njit(nogil=True, cache=True, **options)(function)
        except RuntimeError:  # neither beside the package nor in the user's home: every process compiles it again
            return njit(nogil=True, **options)(function)

    return of
