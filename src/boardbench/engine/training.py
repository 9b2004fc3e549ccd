"""The training loop that all studies share.

A run keeps one checkpoint a epoch (weights, optimizer, schedule, history, kept weights) under a folder named by its
fingerprint. A killed run that is started again goes on from there and ends with the same numbers: every random choice
is a function of seed and epoch, none of elapsed draws.
"""

import ctypes
import math
import os
import shutil
import sys
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, Sampler
from tqdm import tqdm

from boardbench.engine import processes
from boardbench.engine.batch_norm import measure_batch_norm
from boardbench.engine.history import History
from boardbench.engine.optimizers import l1_norm, optimizer_of, schedule_of
from boardbench.engine.tracking import Run
from boardbench.files import atomic_write
from boardbench.integrity import checked
from boardbench.params.section import Loop


def seed_of(seed: int, epoch: int) -> int:
    """Return what seeds every draw of an epoch: the order of samples, and dropout."""
    return seed * 1_000_003 + epoch


class EpochSampler(Sampler[int]):
    """Yields the rows that belong to an epoch, in an order drawn from (seed, epoch)."""

    def __init__(self, rows_of: Callable[[int], list[int]], seed: int):
        self._rows_of, self._seed, self._epoch = rows_of, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch; the loop calls this."""
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


class _Mean:
    """The mean of a loss over an epoch, each batch by its size, in float32."""

    def __init__(self) -> None:
        self._sum: torch.Tensor | float = 0.0  # stays on the device: to read it would wait for the device
        self._count = 0.0

    def add(self, value: torch.Tensor, count: float) -> None:
        self._sum = self._sum + value.detach().float() * count
        self._count += count

    def value(self) -> float:
        sums, count = processes.total(self._sum, self._count)
        return float(sums / torch.tensor(count))


class Learner:
    """A network, its loss, and a score of the validation part.

    ``loss(logits, targets)`` returns a scalar. ``score(outputs)`` turns the list of per-batch
    ``batch_statistics(logits, targets)`` values of the validation part into named floats.
    """

    def __init__(
        self,
        network: nn.Module,
        loss: Callable,
        batch_statistics: Callable,
        score: Callable,
        params: Loop,
        seed: int,
        device: torch.device | None = None,
        forward: nn.Module | None = None,
    ):
        self.network, self.loss, self.batch_statistics, self.score = network, loss, batch_statistics, score
        self._forward = forward or network
        self.params, self._seed, self._device = params, seed, device or torch.device("cpu")
        self._frozen = [module for module in network.modules() if _is_frozen(module)]
        # A network trained on the statistics of a few captures, each under a light of its own, comes to rely on them:
        # what it gives by the stored ones is another score with each seed. Late epochs train what will be used.
        self._norms = [
            module
            for module in network.modules()
            if isinstance(module, nn.modules.batchnorm._BatchNorm) and module not in self._frozen
        ]
        self._frozen_from = params.epochs - math.floor(params.epochs * params.freeze_batch_norm + 1e-9)

    def train_epoch(
        self,
        epoch: int,
        loader: DataLoader,
        optimizer: torch.optim.Optimizer,
        after_step: Callable[[], None] | None = None,
        watched: bool = False,
    ) -> dict[str, float]:
        """Go through the training part once; return the mean loss, without the penalty on weights."""
        self.network.train()
        for module in self._frozen:  # what is frozen keeps its statistics too
            module.eval()
        mean = _Mean()
        title = f"epoch {epoch + 1}/{self.params.epochs}"
        for number, batch in enumerate(tqdm(loader, title, leave=False, disable=not watched)):
            # Not before the first batch is there: a loader draws once when it starts, in a resumed run at another time.
            if number == 0:
                self._begin(epoch, loader)
            inputs, targets = self._moved(processes.share(batch))
            loss, penalized = self.losses(inputs, targets)
            count = processes.weight(inputs, len(batch[0]))
            mean.add(loss, count)
            optimizer.zero_grad()
            self._scaled(penalized, count / len(batch[0])).backward()
            optimizer.step()
            if after_step:
                after_step()
        return {"train_loss": mean.value()}

    @staticmethod
    def _scaled(loss: torch.Tensor, part: float) -> torch.Tensor:
        """Scale a share's loss so that the mean over the processes is that of the batch."""
        return loss if processes.count() == 1 else loss * (part * processes.count())

    def _begin(self, epoch: int, loader: DataLoader) -> None:
        torch.manual_seed(seed_of(self._seed, epoch))
        if epoch == self._frozen_from:
            measure_batch_norm(self.network, self._norms, map(self._moved, map(processes.share, loader)))
        if epoch >= self._frozen_from:
            for module in self._norms:
                module.eval()

    def losses(self, inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the loss of a batch, and the same with the penalty on weights, which is what is minimized."""
        with self._precision():
            loss = self.loss(self._forward(inputs), targets)
            return loss, loss + self.params.l1_weight * l1_norm(self.network) if self.params.l1_weight else loss

    def validate(self, loader: DataLoader) -> dict[str, float]:
        """Return the mean loss and the scores of the validation part."""
        self.network.eval()
        mean, statistics = _Mean(), []
        with torch.no_grad(), self._precision():
            for inputs, targets in map(self._moved, islice(loader, processes.rank(), None, processes.count())):
                logits = self.network(inputs)
                mean.add(self.loss(logits, targets), len(inputs))
                statistics.append(self.batch_statistics(logits, targets))
        scores = {
            name: float(torch.tensor(value, dtype=torch.float32))
            for name, value in self.score(processes.gathered(statistics)).items()
        }
        return {"validation_loss": mean.value()} | {f"validation_{name}": value for name, value in scores.items()}

    def _moved(self, batch: Iterable[torch.Tensor]) -> tuple[torch.Tensor, ...]:
        return tuple(part.to(self._device) for part in batch)

    def _precision(self) -> torch.autocast:
        return torch.autocast(self._device.type, torch.bfloat16, enabled=self.params.precision == "bf16")


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

    ``training`` has a sampler with ``set_epoch``, such as EpochSampler. ``checkpoints`` is this run's own folder; a
    ``last.ckpt`` in it is resumed, and the folder is removed by :func:`remove_checkpoints` once the caller has written
    its results. In a run of several processes (:mod:`boardbench.engine.processes`) all call this, and the first writes.
    """
    _keep_freed_memory()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS is not deterministic
    torch.use_deterministic_algorithms(True, warn_only=True)
    device = processes.device_of(params)
    network.to(device)
    optimizer = optimizer_of(network, params)
    schedule = schedule_of(optimizer, params, len(training) * params.epochs)
    by_step = params.schedule == "one_cycle"
    watched = sys.stderr.isatty() and processes.rank() == 0
    history = History(params, run, watched)
    parts = {"network": network, "optimizer": optimizer, "history": history}
    parts |= {"schedule": schedule} if schedule else {}
    last = processes.from_first(checkpoints / "last.ckpt")
    first = _resume(last, parts, device)
    with processes.joined(network) as forward:
        learner = Learner(network, loss, batch_statistics, score, params, seed, device, forward)
        for epoch in range(first, params.epochs):
            if history.waited >= params.patience:
                break
            training.sampler.set_epoch(epoch)
            history.start_epoch(epoch)
            scores = learner.train_epoch(epoch, training, optimizer, schedule.step if by_step else None, watched)
            scores |= learner.validate(validation)
            history.end_epoch(epoch, scores, network)
            if schedule and not by_step:
                schedule.step()
            if processes.rank() == 0:
                with atomic_write(last, durable=True, record=True) as beside:
                    torch.save({"epoch": epoch, **{name: part.state_dict() for name, part in parts.items()}}, beside)
    network.cpu().load_state_dict(history.kept)
    return history


def _resume(last: Path, parts: dict[str, Any], device: torch.device) -> int:
    """Load a checkpoint, if there is one; return the epoch to go on with. A broken one is dropped."""
    if not last.is_file():
        return 0
    try:
        saved = torch.load(checked(last), weights_only=True, map_location=device)
        states = {name: saved[name] for name in parts}
    except Exception as error:  # whatever half a file makes torch raise
        print(f"{last}: not a checkpoint ({error}). It is dropped, and the run starts over.", flush=True)
        last.unlink(missing_ok=True)
        return 0
    for name, part in parts.items():
        part.load_state_dict(states[name])
    print(f"resuming from epoch {saved['epoch'] + 1}", flush=True)
    return saved["epoch"] + 1


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
