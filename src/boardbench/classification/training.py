"""Training of one network of the classification study, and its scores on the test images."""

import time
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import nn

from boardbench.classification.data import read_samples
from boardbench.classification.dataset import Batches, Parts, loader, parts_of
from boardbench.classification.model import Model, network_of, save
from boardbench.classification.normalization import Normalization
from boardbench.classification.normalization import fit as fit_normalization
from boardbench.classification.scores import scores
from boardbench.classification.start import freeze, take_weights
from boardbench.engine.arithmetic import channels_last, fix_arithmetic
from boardbench.engine.history import History
from boardbench.engine.latency import hardware
from boardbench.engine.tracking import Run, Store, fingerprint_of
from boardbench.engine.training import fit, remove_checkpoints
from boardbench.files import sha256, write_json, write_text
from boardbench.params.classification import Training
from boardbench.params.section import Loop


def train(
    *,
    name: str,
    seed: int,
    samples: Path,
    dataset: str,
    start: Path | None = None,
    out: Path,
    tracking: Path | None = None,
    params: Training,
) -> None:
    """Train one network, score it on the test images, and write the run folder ``out``.

    Writes model.pt, history.csv, training.json, predictions.csv, seconds.json and, last, metrics.json. The weights are
    those of the best epoch by the monitored validation quantity. A run that was killed goes on after its last whole
    epoch and ends with the same bytes.

    Args:
        name: of the run, as classification.networks.runs has it.
        seed: of the start, of the validation part, of dropout, and of the order, crops and flips of images.
        samples: samples.csv, with samples.json and images.npy beside it.
        dataset: written into the run.
        start: model.pt of the run to start from, where ``weights`` names one.
        out: run folder.
        tracking: MLflow store that shows the run.
        params: of the run.

    Raises:
        BoardbenchError: images, classes or weights that do not fit, or a loss that is no longer finite.
    """
    fix_arithmetic(params.threads)
    given = read_samples(samples)
    settings = params.model_dump(mode="json", include=set(Training.model_fields))
    classes = params.classes or given.classes
    where = f"classification.networks.runs, {name}"
    parts = parts_of(given, classes, params.validation, seed, where, params.train_images)
    scaled = fit_normalization(params.normalization, parts.train.images.numpy())
    torch.manual_seed(seed)
    network = network_of(settings, given.size, len(classes))
    weights = str(start) if start else params.weights
    parent = take_weights(network, settings, given.size, weights, out.parent) if weights else None
    if params.unfrozen is not None:
        freeze(network, params.unfrozen)
    data = sha256(samples, samples.with_name("samples.json"), *([start] if start else []))
    description = {"dataset": dataset, "name": name, "network": params.network, "seed": seed, "data": data[:16]}
    fingerprint = fingerprint_of(**description, study="classification", params=settings)
    run = open_run(tracking, description, fingerprint, settings, "train")
    checkpoints = out / "checkpoints" / fingerprint
    history = learn(network, parts, scaled, settings, params, seed, checkpoints, run)
    model = Model(
        network=network,
        name=name,
        seed=seed,
        dataset=dataset,
        classes=list(classes),
        size=given.size,
        normalization=scaled,
        settings=settings,
    )
    metadata = {"kind": "network", **description, "fingerprint": fingerprint, "parent": parent}
    finish(model, history, parts, given.classes, metadata, out, run)
    remove_checkpoints(checkpoints)


def open_run(
    tracking: Path | None, description: dict[str, Any], fingerprint: str, settings: dict[str, Any], verb: str
) -> Run | None:
    """Open a run in MLflow's experiment "classification", in place of a former one of the same fingerprint."""
    if tracking is None:
        return None
    label = " ".join(str(description[key]) for key in ("dataset", "name") if key in description)
    title = f"{label}-{description['pruning']}" if description.get("pruning") else label
    shown, verb = description | settings, f"classification {verb}"
    return Store(tracking).start("classification", f"{title}-seed{description['seed']}", fingerprint, shown, verb)


def learn(
    network: nn.Module,
    parts: Parts,
    scaled: Normalization,
    settings: dict[str, Any],
    params: Loop,
    seed: int,
    checkpoints: Path,
    run: Run | None,
) -> History:
    """Train a network in place to its best epoch, as its run's settings augment images and smooth labels.

    Args:
        network: normalized images to logits; what does not require gradients stays as it is.
        parts: images.
        scaled: their normalization.
        settings: crop, flip and label_smoothing.
        params: of the loop.
        seed: of all draws.
        checkpoints: this run's own folder, for a killed run to go on from.
        run: entry in MLflow.
    """
    network = channels_last(network)
    fitted = (scaled.offset, scaled.scale)
    learning = Batches(parts.train, *fitted, crop=settings["crop"], flip=settings["flip"])
    smoothing = settings["label_smoothing"]
    try:
        return fit(
            network,
            lambda logits, labels: nn.functional.cross_entropy(logits.float(), labels, label_smoothing=smoothing),
            lambda logits, labels: (int((logits.argmax(dim=1) == labels).sum()), len(labels)),
            lambda statistics: {
                "accuracy": sum(right for right, _ in statistics) / sum(count for _, count in statistics)
            },
            loader(learning, params.batch_size, seed, params.workers),
            loader(Batches(parts.validation, *fitted), max(params.batch_size, 256), None),
            params=params,
            seed=seed,
            checkpoints=checkpoints,
            run=run,
        )
    except BaseException as failure:
        if run:
            run.finish("KILLED" if isinstance(failure, KeyboardInterrupt) else "FAILED")
        raise


def finish(
    model: Model,
    history: History,
    parts: Parts,
    names: list[str],
    metadata: dict[str, Any],
    out: Path,
    run: Run | None,
) -> None:
    """Score a trained network on the test images and write its run folder; metrics.json, the truth of it, comes last.

    Args:
        model: to be saved.
        history: of its training.
        parts: its images.
        names: all classes of the data set.
        metadata: what metrics.json says besides.
        out: run folder.
        run: entry in MLflow, which gets the scores and is closed.
    """
    started = time.monotonic()
    predicted = model.predict(parts.test.images)
    test_seconds = time.monotonic() - started
    truth = parts.test.labels.numpy()
    scored = scores(truth, predicted, len(model.classes))
    parameters = list(model.network.parameters())
    metadata = {
        "study": "classification",
        **metadata,
        "settings": model.settings,
        "classes": model.classes,
        "parameters": sum(weight.numel() for weight in parameters),
        "trained_parameters": sum(weight.numel() for weight in parameters if weight.requires_grad),
        "epochs": len(history.rows),
        "kept_epoch": history.kept_epoch,
        **{f"{part}_images": len(getattr(parts, part)) for part in ("train", "validation", "test")},
    }
    positions = [names.index(name) for name in model.classes]
    table = pd.DataFrame({"sample": parts.numbers, "label": truth, "predicted": predicted})
    for column in ("label", "predicted"):
        table[column] = [positions[label] for label in table[column]]
    on_gpu = model.settings["device"] != "cpu" and torch.cuda.is_available()
    epoch = sum(history.seconds) / len(history.seconds)
    save(model, out / "model.pt")
    write_text(out / "history.csv", pd.DataFrame(history.rows).to_csv(index=False))
    write_json(out / "training.json", metadata)
    write_text(out / "predictions.csv", table.to_csv(index=False))
    write_json(
        out / "seconds.json",
        {
            "seconds": round(sum(history.seconds), 3),
            "seconds_per_epoch": round(epoch, 4),
            "images_per_s": round(len(parts.train) / epoch, 1),
            "test_images_per_s": round(len(truth) / max(test_seconds, 1e-9), 1),
            "threads": torch.get_num_threads(),
            "device": "cuda" if on_gpu else "cpu",
            "hardware": hardware(),
        },
    )
    write_json(out / "metrics.json", {**metadata, "scores": scored})
    if run:
        shown = ("accuracy", "precision", "recall", "f_score", "low", "high")
        files = [out / name for name in ("metrics.json", "history.csv", "predictions.csv")]
        run.results({f"test_{key}": scored[key] for key in shown}, files)
        run.finish()
