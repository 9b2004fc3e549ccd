"""What a killed run goes on from: one file an epoch, whole or not at all."""

import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write


@dataclass
class Progress:
    """Where a training stands after an epoch. Random numbers need no state: they are drawn from (seed, epoch, step).

    Attributes:
        parameters: of the network.
        best: parameters of the best epoch.
        state: of the optimizer.
        steps: of the optimizer.
        rows: of the history, one an epoch.
        best_epoch: counts from 0; -1 before the first.
        seconds: spent on these epochs.
    """

    parameters: np.ndarray
    best: np.ndarray
    state: dict[str, np.ndarray]
    steps: int = 0
    rows: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = -1
    seconds: float = 0.0


def _flat(settings: dict[str, Any], before: str = "") -> dict[str, Any]:
    flat = {}
    for key, value in settings.items():
        flat |= _flat(value, f"{before}{key}.") if isinstance(value, dict) else {f"{before}{key}": value}
    return flat


def save(path: Path, progress: Progress, settings: dict[str, Any]) -> None:
    """Write a checkpoint; ``settings`` are all that the run's numbers depend on."""
    numbers = {name: getattr(progress, name) for name in ("steps", "rows", "best_epoch", "seconds")}
    state = {f"state.{name}": vector for name, vector in progress.state.items()}
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            settings=np.array(json.dumps(settings)),
            numbers=np.array(json.dumps(numbers)),
            parameters=progress.parameters,
            best=progress.best,
            **state,
        )


def load(path: Path, settings: dict[str, Any], like: Progress) -> Progress:
    """Read a checkpoint of the same settings; ``like`` says what its vectors must look like.

    Raises:
        BoardbenchError: if the file is damaged, or of other settings.
    """
    again = f"Remove {path} to train from the start"
    try:
        with np.load(path, allow_pickle=False) as file:
            theirs, numbers = (json.loads(str(file[name])) for name in ("settings", "numbers"))
            found = Progress(file["parameters"], file["best"], {}, **numbers)
            found.state = {name: file[f"state.{name}"] for name in like.state if f"state.{name}" in file}
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise BoardbenchError(f"{path}: checkpoint not readable ({error}). {again}.") from None
    theirs, ours = _flat(theirs), _flat(json.loads(json.dumps(settings)))
    keys = [key for key in dict.fromkeys([*ours, *theirs]) if ours.get(key) != theirs.get(key)]
    if keys:
        differences = ", ".join(f"{key} was {theirs.get(key)!r} and is {ours.get(key)!r}" for key in keys)
        raise BoardbenchError(f"{path}: checkpoint of other settings: {differences}. {again}, or set them back.")
    vectors = {"parameters": like.parameters, "best": like.best, **like.state}
    held = {"parameters": found.parameters, "best": found.best, **found.state}
    for name, vector in vectors.items():
        if name not in held or held[name].shape != vector.shape or held[name].dtype != vector.dtype:
            raise BoardbenchError(f"{path}: checkpoint not readable ('{name}' is not as it was written). {again}.")
    return found
