"""Training of one network of the classification study."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from boardbench.classification.data import read_samples
from boardbench.classification.dataset import Batches, Parts, loader, parts_of
from boardbench.classification.model import Model, network_of, save
from boardbench.classification.normalization import Normalization
from boardbench.classification.normalization import fit as fit_normalization
from boardbench.classification.start import freeze, take_weights
from boardbench.engine.address import StoreAddress
from boardbench.engine.arithmetic import channels_last, fix_arithmetic
from boardbench.engine.history import History
from boardbench.engine.processes import on_each_device
from boardbench.engine.record import Record, record_run
from boardbench.engine.tracking import fingerprint_of
from boardbench.engine.training import fit
from boardbench.files import sha256
from boardbench.params.networks import Training
from boardbench.params.section import Loop


@on_each_device
def train(
    *,
    name: str,
    seed: int,
    samples: Path,
    dataset: str,
    start: Path | None = None,
    out: Path,
    tracking: StoreAddress | None = None,
    params: Training,
) -> None:
    """Train one network and write model.pt, history.csv, seconds.json and training.json into the run folder ``out``.

    The weights are those of the best epoch by the monitored validation quantity. A run that was killed goes on after
    its last whole epoch and ends with the same bytes. 'boardbench classification evaluate' scores it.

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
    network.check(parts.train.images[:2].permute(0, 3, 1, 2))
    weights = str(start) if start else params.weights
    parent = take_weights(network, settings, given.size, weights, out.parent) if weights else None
    if params.unfrozen is not None:
        freeze(network, params.unfrozen)
    data = sha256(samples, samples.with_name("samples.json"), *([start] if start else []))
    description = {"dataset": dataset, "name": name, "network": params.network, "seed": seed, "data": data[:16]}
    with record_run(
        "classification",
        "train",
        f"{name}-seed{seed}",
        out=out,
        description=description,
        fingerprint=fingerprint_of(**description, study="classification", params=settings),
        settings=settings,
        tracking=tracking,
    ) as record:
        history = learn(network, parts, scaled, settings, params, seed, record)
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
        save(model, out / "model.pt")
        record.write(network, history, kind="network", parent=parent, **counts(model, parts))


def learn(
    network: nn.Module,
    parts: Parts,
    scaled: Normalization,
    settings: dict[str, Any],
    params: Loop,
    seed: int,
    record: Record,
) -> History:
    """Train a network in place to its best epoch, as its run's settings augment images and smooth labels.

    Args:
        network: normalized images to logits; what does not require gradients stays as it is.
        parts: images.
        scaled: their normalization.
        settings: crop, flip, scrambled and label_smoothing.
        params: of the loop.
        seed: of all draws.
        record: of the run.
    """
    network = channels_last(network)
    fitted = (scaled.offset, scaled.scale)
    scrambled = settings["scrambled"]
    learning = Batches(parts.train, *fitted, crop=settings["crop"], flip=settings["flip"], scrambled=scrambled)
    smoothing = settings["label_smoothing"]
    return fit(
        network,
        lambda logits, labels: nn.functional.cross_entropy(logits.float(), labels, label_smoothing=smoothing),
        lambda logits, labels: (int((logits.argmax(dim=1) == labels).sum()), len(labels)),
        lambda statistics: {"accuracy": sum(right for right, _ in statistics) / sum(count for _, count in statistics)},
        loader(learning, params.batch_size, seed, params.workers),
        loader(Batches(parts.validation, *fitted, scrambled=scrambled), max(params.batch_size, 256), None),
        params=params,
        seed=seed,
        checkpoints=record.checkpoints,
        run=record.entry,
    )


def counts(model: Model, parts: Parts) -> dict[str, Any]:
    """Return what training.json says of a run's classes, weights and images."""
    return {
        "classes": model.classes,
        "trained_parameters": sum(weight.numel() for weight in model.network.parameters() if weight.requires_grad),
        "train_images": len(parts.train),
        "validation_images": len(parts.validation),
    }
