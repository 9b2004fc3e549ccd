"""What a killed run goes on from: one file an epoch, whole or not at all."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from boardbench.files import atomic_write, parse_json
from boardbench.integrity import checked


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
    with atomic_write(path, record=True) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            settings=np.array(json.dumps(settings)),
            numbers=np.array(json.dumps(numbers)),
            parameters=progress.parameters,
            best=progress.best,
            **state,
        )


def load(path: Path, settings: dict[str, Any], like: Progress) -> Progress | None:
    """Read a checkpoint of the same settings; one that is damaged or of others is dropped with a message, for None.

    Args:
        path: of the file.
        settings: of the run.
        like: says what its vectors must look like.
    """
    try:
        with np.load(checked(path), allow_pickle=False) as file:
            theirs, numbers = (parse_json(str(file[name])) for name in ("settings", "numbers"))
            found = Progress(file["parameters"], file["best"], {}, **numbers)
            found.state = {name: file[f"state.{name}"] for name in like.state}
        vectors = {"parameters": like.parameters, "best": like.best, **like.state}
        held = {"parameters": found.parameters, "best": found.best, **found.state}
        other = [
            name
            for name, vector in vectors.items()
            if (held[name].shape, held[name].dtype) != (vector.shape, vector.dtype)
        ]
        reason = f"{', '.join(other)} not as written" if other else ""
        theirs, ours = _flat(theirs), _flat(json.loads(json.dumps(settings)))
        changed = [key for key in dict.fromkeys([*ours, *theirs]) if ours.get(key) != theirs.get(key)]
        reason = f"of other settings: {', '.join(changed)}" if changed else reason
    except Exception as error:  # whatever half a file makes NumPy raise
        reason = f"not readable ({error})"
    if not reason:
        return found
    print(f"{path}: {reason}. It is dropped, and the run starts over.", flush=True)
    return None
