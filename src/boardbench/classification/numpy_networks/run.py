"""The verb that trains and scores one network in NumPy alone."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from boardbench.artifacts import write
from boardbench.classification import normalization
from boardbench.classification.artifacts import NumpyMetrics
from boardbench.classification.data import read_samples
from boardbench.classification.folds import folds, holdout
from boardbench.classification.numpy_networks.checkpoints import Progress
from boardbench.classification.numpy_networks.model import Architecture, Model, save
from boardbench.classification.numpy_networks.training import Part, check, fit
from boardbench.classification.scores import scores
from boardbench.engine.artifacts import Seconds
from boardbench.engine.latency import hardware
from boardbench.errors import BoardbenchError
from boardbench.files import sha256, write_json, write_text
from boardbench.integrity import remove
from boardbench.params.classification import Run

HISTORY = (
    "epoch",
    "learning_rate",
    "train_loss",
    "train_accuracy",
    "validation_loss",
    "validation_accuracy",
)


def numpy_network(
    *, name: str, seed: int, samples: Path, dataset: str, out: Path, threads: int = 1, params: Run
) -> None:
    """Train one network of paper 2, score it on the test images, and write the run folder ``out``.

    Writes model.npz, history.csv, training.json, predictions.csv, seconds.json and, last, metrics.json. With folds,
    a network is trained anew for each, on the others, and scored on the fold; then one on all training images. A run
    that was killed goes on after its last whole epoch, and ends with the same bytes.

    Args:
        name: of the run, as classification.numpy_networks.runs has it.
        seed: of weights, dropout, order of images, validation part and folds.
        samples: samples.csv, with samples.json and images.npy beside it.
        dataset: written into the run.
        out: run folder.
        threads: of the computation; another number gives other weights.
        params: of the run.

    Raises:
        BoardbenchError: images that do not fit the network, a training that diverges.
    """
    if threads < 1:
        raise BoardbenchError(f"--threads {threads}: at least 1 is needed.")
    given = read_samples(samples)
    training, test = (Part(*given.part(part)) for part in ("train", "test"))
    for part, images in (("train", training), ("test", test)):
        if not len(images):
            raise BoardbenchError(f"{samples}: no images of part {part}. Make the samples again.")
        check(images, len(given.classes), f"{samples}, part {part}")
    # A named run has its name beside these.
    chosen = params.model_dump(mode="json", include=set(Run.model_fields))
    settings = {
        "dataset": dataset,
        "name": name,
        "seed": seed,
        "threads": threads,
        "samples": sha256(samples, samples.with_name("samples.json"))[:16],
        **chosen,
    }
    architecture = Architecture(
        params.network, given.size, given.classes, params.pool, params.dropout, params.relu_logits
    )
    try:
        network = architecture.build()
    except BoardbenchError as error:
        raise BoardbenchError(f"classification.numpy_networks.runs, {name}: {error}") from None

    held_out = folds(training.labels, params.folds, seed) if params.folds else []
    rows, scored, used, seconds = [], [], [], 0.0
    for number, fold in enumerate(held_out, start=1):
        others = np.setdiff1d(np.arange(len(training)), fold)
        checkpoint = out / f"checkpoint-fold{number}.npz"
        label = f"{name} fold {number}/{params.folds}  "
        model, found, _ = _train(architecture, training, others, params, seed, threads, checkpoint, settings, label)
        predicted = model.predict(training.images[fold], threads)
        result = scores(training.labels[fold], predicted, len(given.classes))
        scored.append({"fold": number, "images": len(fold), "best_epoch": found.best_epoch, **result})
        rows += [{**row, "fold": number} for row in found.rows]
        seconds += found.seconds
        used.append(checkpoint)

    checkpoint, everything = out / "checkpoint.npz", np.arange(len(training))
    model, found, parts = _train(
        architecture, training, everything, params, seed, threads, checkpoint, settings, f"{name}  "
    )
    began = time.monotonic()
    predicted = model.predict(test.images, threads)
    test_seconds = time.monotonic() - began
    rows += found.rows

    metadata = {
        "dataset": dataset,
        "name": name,
        "network": params.network,
        "seed": seed,
        "settings": chosen,
        "parameters": len(network.parameters),
        "macs": network.macs,
        "epochs": len(found.rows),
        "best_epoch": found.best_epoch,
        "train_images": parts[0],
        "validation_images": parts[1],
        "test_images": len(test),
    }
    save(model, out / "model.npz")
    history = pd.DataFrame(rows, columns=[*HISTORY, *(["fold"] if held_out else [])])
    if held_out:
        history["fold"] = history["fold"].astype("Int64")
    write_text(out / "history.csv", history.to_csv(index=False, float_format="%.8g"), record=True)
    write_json(out / "training.json", {**metadata, "threads": threads, "samples": settings["samples"]}, record=True)
    first = given.rows("test").start
    table = pd.DataFrame({"sample": np.arange(first, first + len(test)), "label": test.labels, "predicted": predicted})
    write_text(out / "predictions.csv", table.to_csv(index=False), record=True)
    write(out / "seconds.json", _seconds(found, seconds, parts[0], test_seconds, len(test), threads))
    metrics = NumpyMetrics(
        study="classification",
        kind="numpy_network",
        **metadata,
        scores=scores(test.labels, predicted, len(given.classes)),
        folds=scored,
    )
    write(out / "metrics.json", metrics)
    for file in (*used, checkpoint):
        remove(file)


def _train(
    architecture: Architecture,
    training: Part,
    rows: np.ndarray,
    params: Run,
    seed: int,
    threads: int,
    checkpoint: Path,
    settings: dict[str, Any],
    label: str,
) -> tuple[Model, Progress, tuple[int, int]]:
    """Train on some of the training images; return the model, its progress and how many trained and validated."""
    learning, validating = holdout(training.labels[rows], params.validation, seed)
    parts = [Part(training.images[chosen], training.labels[chosen]) for chosen in (rows[learning], rows[validating])]
    scaled = normalization.fit(params.normalization, parts[0].images)
    network = architecture.build()
    progress = fit(
        network,
        *parts,
        scaled.apply,
        params=params,
        seed=seed,
        threads=threads,
        checkpoint=checkpoint,
        settings=settings,
        label=label,
    )
    return Model(architecture, scaled, network), progress, (len(learning), len(validating))


def _seconds(
    found: Progress, before: float, images: int, test_seconds: float, test_images: int, threads: int
) -> Seconds:
    """Return what was measured; kept apart from all that is the same in every run."""
    epoch = found.seconds / len(found.rows)
    return Seconds(
        seconds=round(before + found.seconds, 3),
        seconds_per_epoch=round(epoch, 4),
        images_per_s=round(images / epoch, 1),
        test_images_per_s=round(test_images / max(test_seconds, 1e-9), 1),
        threads=threads,
        hardware=hardware("numpy"),
    )
