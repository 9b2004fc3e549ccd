"""Training of one backbone x strategy x seed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader

from boardbench.artifacts import read
from boardbench.captures.artifacts import CaptureReport
from boardbench.engine.address import StoreAddress
from boardbench.engine.arithmetic import channels_last, fix_arithmetic
from boardbench.engine.history import History
from boardbench.engine.processes import on_each_device
from boardbench.engine.record import Record, record_run
from boardbench.engine.tracking import fingerprint_of
from boardbench.engine.training import EpochSampler, fit
from boardbench.errors import BoardbenchError
from boardbench.files import sha256
from boardbench.integrity import checked
from boardbench.params.section import Loop
from boardbench.params.segmentation import Training
from boardbench.segmentation import backbones
from boardbench.segmentation.data import IGNORED, captures_of, check_classes, class_counts, closed_test_part
from boardbench.segmentation.dataset import Cubes, Item, Patches, PlannedSamples, WholeCaptures, collate
from boardbench.segmentation.leaks import check_fitted, check_names
from boardbench.segmentation.loss import Loss, loss_of
from boardbench.segmentation.model import Model, input_spec, save
from boardbench.segmentation.networks import build_network
from boardbench.segmentation.normalization import EVERY, load_normalization
from boardbench.segmentation.reduction.pca import load_reduction
from boardbench.segmentation.scores import scores


@on_each_device
def train(
    *,
    backbone: str,
    strategy: str,
    seed: int,
    dataset: str,
    classes: list[str],
    split: Path,
    augmentation: Path,
    reflectance: Path,
    normalization: Path | None = None,
    reduction: Path | None = None,
    out: Path,
    tracking: StoreAddress | None = None,
    params: Training,
) -> None:
    """Train one network and write model.pt, history.csv, seconds.json and training.json into the run folder ``out``.

    The weights are those of the last epoch, or of the best one by validation (``keep``). ``model.pt`` holds all that
    is needed to take the network to another capture (:mod:`boardbench.segmentation.model`).

    Raises:
        BoardbenchError: for a class absent from training, a plan shorter than the epochs, captures of differing
            sizes, or a loss that is no longer finite.
    """
    fix_arithmetic(params.threads)
    training_data = load_training_data(
        split=split,
        augmentation=augmentation,
        reflectance=reflectance,
        normalization=normalization,
        reduction=reduction,
        classes=classes,
        seed=seed,
        params=params,
    )
    scaling = load_normalization(normalization) if normalization else None
    description = {
        "dataset": dataset,
        "backbone": backbone,
        "strategy": strategy,
        "seed": seed,
        "normalization": scaling.settings["method"] if scaling else "none",
        "data": training_data.data,
    }
    if audit := training_data.headers[0].audit:
        description["audit"] = audit
    parameters = params.model_dump(mode="json")
    fingerprint = fingerprint_of(**description, classes=classes, params=parameters)
    name = f"{backbone}-{strategy}-{description['normalization']}-seed{seed}{f' audit {audit}' if audit else ''}"
    axes = load_reduction(reduction) if reduction else None
    with (
        closed_test_part(split),
        record_run(
            "segmentation",
            "train",
            name,
            out=out,
            description=description,
            fingerprint=fingerprint,
            settings=parameters,
            tracking=tracking,
        ) as record,
    ):
        torch.manual_seed(seed)
        bands = training_data.headers[0].working["bands"]
        network = build_network(backbone, strategy, in_bands=bands, classes=len(classes), width=params.width)
        start = {}
        if backbones.is_pretrained(backbone):
            start = {"weights": "imagenet", "weights_sha256": network.backbone.start_from_imagenet()}
        history = training_data.fit(network, params, seed, record)
        model = Model(
            network=network,
            backbone=backbone,
            strategy=strategy,
            width=backbones.parse(backbone)[1] or params.width,
            dataset=dataset,
            seed=seed,
            classes=classes,
            normalization=scaling.rule_only() if scaling else None,
            reduction=axes if axes and EVERY in axes.captures else None,
            patch=params.patch,
            **input_spec(training_data.headers),
        )
        save(model, out / "model.pt")
        record.write(network, history, class_weights=training_data.class_weights, **start)


@dataclass(frozen=True)
class TrainingData:
    """What a network of this study learns from and is validated on.

    Attributes:
        data: hash of the files it comes from.
        headers: of the captures, training then validation.
        loaders: batches of training, and of validation.
        class_weights: of the cross-entropy, in class order.
        loss: of logits and targets.
        size: lines and samples that the network sees in training.
    """

    data: str
    headers: list[CaptureReport]
    loaders: tuple[DataLoader, DataLoader]
    class_weights: list[float]
    loss: Loss
    size: tuple[int, int]

    def fit(self, network: nn.Module, params: Loop, seed: int, record: Record) -> History:
        """Train a network in place to the epoch that is kept, as :func:`boardbench.engine.training.fit`."""
        return fit(
            channels_last(network),
            self.loss,
            batch_statistics,
            score,
            *self.loaders,
            params=params,
            seed=seed,
            checkpoints=record.checkpoints,
            run=record.entry,
        )


def load_training_data(
    *,
    split: Path,
    augmentation: Path,
    reflectance: Path,
    normalization: Path | None,
    reduction: Path | None,
    classes: list[str],
    seed: int,
    params: Training,
    again: bool = False,
) -> TrainingData:
    """Open what a run learns from; nothing is read yet but masks and headers.

    Args:
        split: split.csv.
        augmentation: plan of the training samples.
        reflectance: folder of cubes and masks.
        normalization: normalization.npz; None: bands as they are.
        reduction: fitted reduction, where the strategy has one.
        classes: names in index order.
        seed: of the order of samples.
        params: patch, batch_size, workers, class_weights.
        again: go through the plan from its start where there are more epochs than it has.

    Raises:
        BoardbenchError: for a class absent from training, a plan of another form, or a plan, normalization or reduction
            made of captures outside the training part.
    """
    names = {part: captures_of(split, part) for part in ("train", "validation")}
    check_fitted([(normalization, "normalization"), (reduction, "reduction")], names["train"])
    counts = class_counts(reflectance, names["train"], classes)
    check_classes(counts, classes, split)
    captures = [name for part in names.values() for name in part]
    headers = [read(reflectance / f"{name}.json", CaptureReport, "reflectance") for name in captures]
    data = sha256(
        split,
        augmentation,
        *(reflectance / f"{name}.{kind}" for name in captures for kind in ("json", "png")),
        *(path for path in (normalization, reduction) if path),
    )
    cubes = Cubes(reflectance, normalization, reduction)
    planned = PlannedSamples(cubes, augmentation, params.patch)
    check_names(augmentation, planned.captures, names["train"], "augmentation")
    held_out = (
        Patches(cubes, names["validation"], params.patch) if params.patch else WholeCaptures(cubes, names["validation"])
    )
    common = {"batch_size": params.batch_size, "num_workers": params.workers, "collate_fn": _collate}
    epochs = pd.read_csv(checked(augmentation), usecols=["epoch"])["epoch"].max() + 1 if again else np.nan
    rows_of = planned.rows_of if np.isnan(epochs) else lambda epoch: planned.rows_of(epoch % int(epochs))
    loaders = (
        DataLoader(planned, sampler=EpochSampler(rows_of, seed), **common),
        DataLoader(held_out, **common),
    )
    weights = class_weights(counts, params.class_weights).tolist()
    working = headers[0].working
    return TrainingData(
        data=data[:16],
        headers=headers,
        loaders=loaders,
        class_weights=[round(float(weight), 6) for weight in weights],
        loss=loss_of(params.loss, weights, params.loss_mean),
        size=(params.patch, params.patch) if params.patch else (working["lines"], working["samples"]),
    )


def class_weights(counts: np.ndarray, rule: str | list[float]) -> np.ndarray:
    """Return the weight of each class in the cross-entropy.

    ``median_frequency``: median of the class frequencies over the frequency of the class (Eigen and Fergus, 2015,
    with frequencies over all training pixels); ``none``: ones; a list is taken as it is.
    """
    if rule == "none":
        return np.ones(len(counts))
    if rule == "median_frequency":
        return np.median(counts) / np.asarray(counts, dtype=np.float64)
    return np.asarray(rule, dtype=np.float64)


def _collate(samples: list[Item]) -> tuple[torch.Tensor, torch.Tensor]:
    sizes = {tuple(item.cube.shape) for item in samples}
    if len(sizes) > 1:
        raise BoardbenchError(
            f"captures of different sizes in one batch: {sorted(sizes)} (channels, lines, samples). "
            "Set segmentation.reflectance.size to one working size, or training.batch_size to 1."
        )
    # Bands last in memory: a third faster on a processor (benchmarks/NOTES.md).
    return collate(samples)


def batch_statistics(logits: torch.Tensor, targets: torch.Tensor) -> np.ndarray:
    """Return the confusion counts [truth, prediction] of a batch."""
    classes = logits.shape[1]
    keep = targets != IGNORED
    index = targets[keep] * classes + logits.argmax(dim=1)[keep]
    return torch.bincount(index.cpu(), minlength=classes**2).reshape(classes, classes).numpy()


def score(statistics: list[np.ndarray]) -> dict[str, float]:
    """Return the mean IoU of the summed counts."""
    return {"iou": scores(sum(statistics))["miou"]}
