"""Sensor files to reflectance: NumPy only, no torch.

The names below are for users outside the package. Modules inside it import from the submodules, so that
``boardbench.sources`` sees exactly which files a pipeline step runs.
"""

import importlib
from typing import Any

_HOMES = {"Cube": "envi", "open_cube": "envi", "calibrate": "calibration"}
__all__ = ["Cube", "calibrate", "open_cube"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
