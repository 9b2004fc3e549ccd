"""The training loop all studies share: Lightning runs it, this module says what a run is.

A run keeps one checkpoint a epoch (weights, optimizer, history, best weights) under a folder named by its fingerprint.
A killed run that is started again goes on from there and ends with the same numbers: every random choice is a function
of seed and epoch, none of elapsed draws.
"""

import ctypes
import logging
import math
import shutil
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint, TQDMProgressBar
from torch import nn
from torch.utils.data import DataLoader, Sampler

from boardbench.engine.batch_norm import measure_batch_norm
from boardbench.engine.optimizers import l1_norm, optimizer_of, schedule_of
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


def seed_of(seed: int, epoch: int) -> int:
    """Return what seeds every draw of an epoch: the order of samples, and dropout."""
    return seed * 1_000_003 + epoch


class EpochSampler(Sampler[int]):
    """Yields the rows that belong to an epoch, in an order drawn from (seed, epoch)."""

    def __init__(self, rows_of: Callable[[int], list[int]], seed: int):
        self._rows_of, self._seed, self._epoch = rows_of, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch; Lightning calls this."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._rows_of(self._epoch))

    def __iter__(self):
        rows = self._rows_of(self._epoch)
        generator = torch.Generator().manual_seed(seed_of(self._seed, self._epoch))
        return iter([rows[index] for index in torch.randperm(len(rows), generator=generator).tolist()])


def _is_frozen(module: nn.Module) -> bool:
    """Tell whether a module has parameters, none of which trains."""
    weights = list(module.parameters())
    return bool(weights) and not any(weight.requires_grad for weight in weights)


class Learner(pl.LightningModule):
    """A network, its loss, and a score of the validation part.

    ``loss(logits, targets)`` returns a scalar. ``score(outputs)`` turns the list of per-batch
    ``batch_statistics(logits, targets)`` values of the validation part into named floats.
    """

    def __init__(
        self, network: nn.Module, loss: Callable, batch_statistics: Callable, score: Callable, params: Loop, seed: int
    ):
        super().__init__()
        self.network, self.loss, self.batch_statistics, self.score = network, loss, batch_statistics, score
        self.params, self._seed = params, seed
        self._statistics: list[Any] = []
        self._frozen = [module for module in network.modules() if _is_frozen(module)]
        # A network trained on the statistics of a few captures, each under a light of its own, comes to rely on them:
        # what it gives by the stored ones is another score with each seed. Late epochs train what will be used.
        self._norms = [
            module
            for module in network.modules()
            if isinstance(module, nn.modules.batchnorm._BatchNorm) and module not in self._frozen
        ]
        self._frozen_from = params.epochs - math.floor(
            params.epochs * params.freeze_batch_norm + 1e-9
        )  # first such epoch

    def on_train_batch_start(self, _, number):
        # Lightning switches everything to training after each validation; what is frozen keeps its statistics too.
        for module in self._frozen:
            module.eval()
        # Not at the epoch's start: loaders draw once between the two, and in a resumed run at another time.
        if number == 0:
            torch.manual_seed(seed_of(self._seed, self.current_epoch))
            if self.current_epoch == self._frozen_from:
                batches = (
                    self.transfer_batch_to_device(batch, self.device, 0) for batch in self.trainer.train_dataloader
                )
                measure_batch_norm(self.network, self._norms, batches)
        if self.current_epoch >= self._frozen_from:
            for module in self._norms:
                module.eval()

    def training_step(self, batch, _):
        inputs, targets = batch
        loss = self.loss(self.network(inputs), targets)
        self.log("train_loss", loss, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(inputs))
        return loss + self.params.l1_weight * l1_norm(self.network) if self.params.l1_weight else loss

    def validation_step(self, batch, _):
        inputs, targets = batch
        logits = self.network(inputs)
        loss = self.loss(logits, targets)
        self.log("validation_loss", loss, on_epoch=True, prog_bar=True, batch_size=len(inputs))
        self._statistics.append(self.batch_statistics(logits, targets))

    def on_validation_epoch_end(self):
        for name, value in self.score(self._statistics).items():
            self.log(f"validation_{name}", torch.tensor(value, dtype=torch.float32), prog_bar=True)
        self._statistics.clear()

    def configure_optimizers(self):
        optimizer = optimizer_of(self.network, self.params)
        steps = int(self.trainer.estimated_stepping_batches) if self.params.schedule == "one_cycle" else 0
        schedule = schedule_of(optimizer, self.params, steps)
        return {"optimizer": optimizer, **({"lr_scheduler": schedule} if schedule else {})}


class History(pl.Callback):
    """Keeps the history and the weights of one epoch, prints a plain line an epoch, logs it to the tracker.

    All of it is part of the checkpoint, so that one file is a consistent whole. ``seconds`` are those of each epoch,
    its validation included; ``kept`` are the weights of ``kept_epoch``.
    """

    _SAVED = ("rows", "kept", "kept_epoch", "seconds")

    def __init__(self, params: Loop, run: Run | None, watched: bool):
        self._monitor, self._better = MONITORS[params.monitor]
        self._last = params.keep == "last"
        self._run, self._watched = run, watched
        self.rows: list[dict[str, float]] = []
        self.kept: dict[str, torch.Tensor] = {}
        self.kept_epoch = -1
        self.seconds: list[float] = []
        self._started = 0.0

    def state_dict(self):
        return {name: getattr(self, name) for name in self._SAVED}

    def load_state_dict(self, state):
        for name in self._SAVED:
            setattr(self, name, state[name])

    def on_fit_start(self, trainer, module):
        if self._run and self.rows:
            self._run.log(self.rows)

    def on_train_epoch_start(self, trainer, module):
        self._started = time.monotonic()

    def on_train_epoch_end(self, trainer, module):
        row = {"epoch": trainer.current_epoch}
        row |= {key: float(value) for key, value in sorted(trainer.callback_metrics.items())}
        if not torch.isfinite(torch.tensor(row["validation_loss"])):
            raise BoardbenchError(
                f"training diverged in epoch {row['epoch']}: validation loss is {row['validation_loss']}. "
                "Lower training.learning_rate; the history up to here is kept."
            )
        sign = 1 if self._better == "max" else -1
        earlier = [sign * former[self._monitor] for former in self.rows]
        self.rows.append(row)
        if self._last or not earlier or sign * row[self._monitor] > max(earlier):
            self.kept = {key: value.detach().cpu().clone() for key, value in module.network.state_dict().items()}
            self.kept_epoch = trainer.current_epoch
        seconds = time.monotonic() - self._started
        self.seconds.append(seconds)
        if self._run:
            self._run.log([row])
        if not self._watched:
            left = seconds * (trainer.max_epochs - trainer.current_epoch - 1)
            scores = "  ".join(f"{key} {value:.4f}" for key, value in row.items() if key != "epoch")
            print(
                f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}  {scores}  "
                f"{seconds:.1f} s  at most {left:.0f} s left",
                flush=True,
            )


def fit(
    network: nn.Module,
    loss: Callable,
    batch_statistics: Callable,
    score: Callable,
    training: DataLoader,
    validation: DataLoader,
    *,
    params: Loop,
    seed: int,
    checkpoints: Path,
    run: Run | None,
) -> History:
    """Train ``network`` in place to the epoch that is kept (``params.keep``) and return the history.

    A verb calls :func:`boardbench.engine.arithmetic.fix_arithmetic` before it makes the network.

    ``checkpoints`` is this run's own folder; a ``last.ckpt`` in it is resumed, and the folder is removed by
    :func:`remove_checkpoints` once the caller has written its results.
    """
    _quiet()
    _keep_freed_memory()
    monitor, mode = MONITORS[params.monitor]
    watched = sys.stderr.isatty()
    history = History(params, run, watched)
    last = checkpoints / "last.ckpt"
    trainer = pl.Trainer(
        max_epochs=params.epochs,
        accelerator={"auto": "auto", "cpu": "cpu", "cuda": "gpu"}[params.device],
        devices=1,
        precision={"32": "32-true", "bf16": "bf16-mixed"}[params.precision],
        deterministic="warn",
        callbacks=[
            history,
            EarlyStopping(
                monitor,
                mode=mode,
                patience=params.patience,
                min_delta=0.0,
                check_on_train_epoch_end=True,
                check_finite=False,
            ),
            ModelCheckpoint(
                dirpath=checkpoints, filename="last", enable_version_counter=False, save_on_train_epoch_end=True
            ),
            *([TQDMProgressBar()] if watched else []),
        ],
        enable_progress_bar=watched,
        enable_model_summary=False,
        logger=False,
        num_sanity_val_steps=0,
        log_every_n_steps=1,
    )
    learner = Learner(network, loss, batch_statistics, score, params, seed)
    resume = last if last.is_file() else None
    if resume:
        print(f"resuming from epoch {torch.load(resume, weights_only=True)['epoch'] + 1}", flush=True)
    trainer.fit(learner, training, validation, ckpt_path=resume, weights_only=True)
    if trainer.interrupted:
        raise KeyboardInterrupt
    network.load_state_dict(history.kept)
    return history


def remove_checkpoints(checkpoints: Path) -> None:
    """Remove the checkpoints of a finished run and those of its former parameters."""
    shutil.rmtree(checkpoints.parent, ignore_errors=True)


def _keep_freed_memory() -> None:
    """Have glibc keep freed memory instead of giving it back to the system and faulting it in again at each step.

    Weights stay the same to the byte; benchmarks/NOTES.md has the time. Nothing is done where there is no mallopt.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:
        for option in (-1, -3):  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD of malloc.h
            mallopt(option, 2**31 - 1)


def _quiet() -> None:
    """Silence Lightning's advice on hardware and workers, which a log has no use for."""
    for name in ("pytorch_lightning.utilities.rank_zero", "lightning.pytorch.utilities.rank_zero"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for text in (
        ".*does not have many workers.*",
        ".*GPU available but not used.*",
        ".*LeafSpec.*",
        ".*isinstance.*",
    ):
        warnings.filterwarnings("ignore", text)
    warnings.filterwarnings("ignore", "Checkpoint directory .* exists and is not empty")
