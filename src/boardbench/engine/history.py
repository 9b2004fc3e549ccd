"""What a training run keeps of itself: its rows, its times, and the weights of one epoch."""

import math
import time
from typing import Any

import torch
from torch import nn

from boardbench.engine.tracking import Run
from boardbench.errors import BoardbenchError
from boardbench.params.section import Loop

# Monitored quantity in history.csv, and which way is better.
MONITORS = {
    "loss": ("validation_loss", "min"),
    "iou": ("validation_iou", "max"),
    "centre": ("validation_centre", "min"),
    "accuracy": ("validation_accuracy", "max"),
}


class History:
    """What a run has gone through, and the weights of the epoch that is kept; all of it is part of the checkpoint.

    Attributes:
        rows: of history.csv, one an epoch.
        kept: weights of ``kept_epoch``.
        kept_epoch: the last epoch, or the best one by the monitored quantity.
        seconds: of each epoch, its validation included.
    """

    _SAVED = ("rows", "kept", "kept_epoch", "seconds")

    def __init__(self, params: Loop, run: Run | None, watched: bool):
        self._params, self._run, self._watched = params, run, watched
        self._monitor, better = MONITORS[params.monitor]
        self._sign = 1 if better == "max" else -1
        self.rows: list[dict[str, float]] = []
        self.kept: dict[str, torch.Tensor] = {}
        self.kept_epoch = -1
        self.seconds: list[float] = []
        self._started = 0.0

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {name: getattr(self, name) for name in self._SAVED}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint; MLflow gets its rows."""
        for name in self._SAVED:
            setattr(self, name, state[name])
        if self._run and self.rows:
            self._run.log(self.rows)

    @property
    def waited(self) -> int:
        """Epochs since the best one."""
        values = [self._sign * row[self._monitor] for row in self.rows]
        return len(values) - 1 - values.index(max(values)) if values else 0

    def start_epoch(self, epoch: int) -> None:
        """Start the clock."""
        self._started = time.monotonic()

    def end_epoch(self, epoch: int, scores: dict[str, float], network: nn.Module) -> None:
        """Take an epoch in: its row, its weights where they are kept, its time; say it in one line, and to MLflow.

        Raises:
            BoardbenchError: a loss that is no longer finite.
        """
        row = {"epoch": epoch} | dict(sorted(scores.items()))
        if not math.isfinite(row["validation_loss"]):
            raise BoardbenchError(
                f"training diverged in epoch {epoch}: validation loss is {row['validation_loss']}. Lower "
                "training.learning_rate; the history up to here is kept."
            )
        self.rows.append(row)
        if self._params.keep == "last" or not self.waited:
            self.kept = {key: value.detach().cpu().clone() for key, value in network.state_dict().items()}
            self.kept_epoch = epoch
        seconds = time.monotonic() - self._started
        self.seconds.append(seconds)
        if self._run:
            self._run.log([row])
        if not self._watched:
            left = seconds * (self._params.epochs - epoch - 1)
            told = "  ".join(f"{key} {value:.4f}" for key, value in row.items() if key != "epoch")
            print(
                f"epoch {epoch + 1}/{self._params.epochs}  {told}  {seconds:.1f} s  at most {left:.0f} s left",
                flush=True,
            )
