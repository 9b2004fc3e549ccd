"""The segmentation study: components on hyperspectral captures of boards.

Its stable faces are loaded on first use, so that importing the package imports no torch.
"""

from importlib import import_module
from typing import Any

_FACES = {"build_network": "boardbench.segmentation.networks", "scores": "boardbench.segmentation.scores"}
__all__ = ["build_network", "scores"]


def __getattr__(name: str) -> Any:
    if name not in _FACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    face = getattr(import_module(_FACES[name]), name)
    globals()[name] = face  # a submodule of the same name (scores) must not stand in its place
    return face
