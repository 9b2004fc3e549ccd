"""The training loop: batches, schedule, the best epoch, resume, and a stop where the loss is no longer finite."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from boardbench.classification.numpy_networks import checkpoints
from boardbench.classification.numpy_networks.checkpoints import Progress
from boardbench.classification.numpy_networks.initialization import initialize
from boardbench.classification.numpy_networks.loss import cross_entropy
from boardbench.classification.numpy_networks.network import Network
from boardbench.classification.numpy_networks.optimizers import build_optimizer
from boardbench.classification.numpy_networks.schedules import SCHEDULES
from boardbench.classification.numpy_networks.workers import Normalize, Workers
from boardbench.errors import BoardbenchError
from boardbench.params.classification import Run


@dataclass(frozen=True)
class Part:
    """Images as they are stored, and their labels."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


def check(part: Part, classes: int, where: str) -> None:
    """Refuse labels that are no class, and numbers that are not finite.

    Raises:
        BoardbenchError: naming ``where``, the first such image and the remedy.
    """
    wrong = np.flatnonzero((part.labels < 0) | (part.labels >= classes))
    if len(wrong):
        raise BoardbenchError(
            f"{where}, label: {part.labels[wrong[0]]} of image {wrong[0]} is no class; labels are 0 to {classes - 1}. "
            "Make the samples again."
        )
    if np.issubdtype(part.images.dtype, np.floating):
        for row, image in enumerate(part.images):
            if not np.isfinite(image).all():
                raise BoardbenchError(f"{where}: image {row} holds values that are not finite. Repair or remove it.")


def fit(
    network: Network,
    training: Part,
    validation: Part,
    normalize: Normalize,
    *,
    params: Run,
    seed: int,
    threads: int = 1,
    checkpoint: Path | None = None,
    settings: dict[str, Any] | None = None,
    label: str = "",
) -> Progress:
    """Train a network to its best epoch, which its parameters are afterwards, and return the history.

    The best epoch is the first one with the highest validation accuracy, among equals with the lowest validation loss;
    without validation images it is the last. Weights, order of images and dropout are drawn from ``seed``.

    Args:
        network: trained in place.
        training, validation: as :func:`check` accepts them; the second may be empty.
        normalize: turns stored images into normalized float32.
        params: of the run.
        seed: of all random numbers.
        threads: of the computation; another number adds in another order and so gives other weights.
        checkpoint: file to go on from, written after every epoch; the caller removes it in the end.
        settings: what the checkpoint must have been written with; one of others is dropped.
        label: begins the lines of progress.

    Raises:
        BoardbenchError: a loss or weights that are no longer finite; the checkpoint of the last good epoch is kept.
    """
    optimizer = build_optimizer(params.optimizer, network.parameters, params.momentum)
    progress = Progress(network.parameters, network.parameters.copy(), optimizer.state)
    found = None
    if checkpoint and checkpoint.is_file():
        found = checkpoints.load(checkpoint, settings or {}, progress)
    if found:
        network.parameters[...] = found.parameters
        for name, vector in found.state.items():
            optimizer.state[name][...] = vector
        optimizer.steps = found.steps
        found.parameters, found.state, progress = network.parameters, optimizer.state, found
        print(f"{label}resuming after epoch {len(found.rows)}", flush=True)
    else:
        initialize(network.layers, params.initialization, np.random.default_rng([seed, 0]))
    if params.batch_size > len(training):
        print(f"{label}batch_size {params.batch_size}: one batch of all {len(training)} images a step", flush=True)

    with Workers(network, normalize, threads) as workers:
        while len(progress.rows) < params.epochs and not _is_enough(progress, params, len(validation)):
            began, epoch = time.monotonic(), len(progress.rows)
            rate = params.learning_rate * SCHEDULES[params.schedule](epoch, params.epochs)
            kept = f" The checkpoint of epoch {epoch} is kept: {checkpoint}." if checkpoint and epoch else ""
            row = {"epoch": epoch, "learning_rate": rate}
            row |= _one_epoch(workers, optimizer, training, rate, params.batch_size, [seed, 3, epoch], label, kept)
            row |= _score(workers, validation)
            _check_finite(row, network.parameters, epoch, label, kept)
            progress.rows.append(row)
            if not len(validation) or _is_better(row, progress):
                progress.best_epoch = epoch
                progress.best[...] = network.parameters
            spent = time.monotonic() - began
            progress.steps, progress.seconds = optimizer.steps, progress.seconds + spent
            if checkpoint:
                checkpoints.save(checkpoint, progress, settings or {})
            figures = "  ".join(f"{key} {value:.4g}" for key, value in row.items() if key != "epoch")
            left = spent * (params.epochs - epoch - 1)
            print(
                f"{label}epoch {epoch + 1}/{params.epochs}  {figures}  {spent:.1f} s  at most {left:.0f} s left",
                flush=True,
            )
    network.parameters[...] = progress.best
    return progress


def _one_epoch(workers, optimizer, training, rate, batch_size, seed, label, kept) -> dict[str, float]:
    """Go through the training images once; return the mean loss and the accuracy of the batches as they were met."""
    order = np.random.default_rng(seed).permutation(len(training))
    total, hits = 0.0, 0
    for step, first in enumerate(range(0, len(order), batch_size)):
        rows = np.sort(order[first : first + batch_size])
        loss, right = workers.gradient(training.images, training.labels, rows, [*seed, step])
        if not np.isfinite(loss):
            raise _diverged(seed[-1], f"the loss is {loss / len(rows)} in step {step + 1}", label, kept)
        optimizer.step(workers.gradients, rate, workers)
        total, hits = total + loss, hits + right
    return {"train_loss": total / len(order), "train_accuracy": hits / len(order)}


def _score(workers: Workers, part: Part) -> dict[str, float]:
    """Return mean loss and accuracy of the validation part; nothing where it is empty."""
    if not len(part):
        return {}
    logits = workers.logits(part.images)
    with np.errstate(all="ignore"):
        loss = cross_entropy(logits, part.labels)[0] / len(part)
    return {"validation_loss": loss, "validation_accuracy": float((logits.argmax(axis=1) == part.labels).mean())}


def _check_finite(row, parameters, epoch, label, kept) -> None:
    for name in ("train_loss", "validation_loss"):
        if not np.isfinite(row.get(name, 0.0)):
            raise _diverged(epoch, f"{name} is {row[name]}", label, kept)
    if not np.isfinite(parameters).all():
        raise _diverged(epoch, f"weights are not finite (train_loss {row['train_loss']:.6g})", label, kept)


def _diverged(epoch: int, what: str, label: str, kept: str) -> BoardbenchError:
    return BoardbenchError(f"{label}training diverged in epoch {epoch + 1}: {what}. Lower learning_rate.{kept}")


def _rank(row: dict[str, float]) -> tuple[float, float]:
    return row["validation_accuracy"], -row["validation_loss"]


def _is_better(row: dict[str, float], progress: Progress) -> bool:
    return progress.best_epoch < 0 or _rank(row) > _rank(progress.rows[progress.best_epoch])


def _is_enough(progress: Progress, params: Run, validated: int) -> bool:
    return bool(validated) and len(progress.rows) - 1 - progress.best_epoch >= params.patience and bool(progress.rows)
