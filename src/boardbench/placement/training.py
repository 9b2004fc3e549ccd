"""Training of one init x loss x seed."""

from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

from boardbench.engine.address import StoreAddress
from boardbench.engine.arithmetic import channels_last, fix_arithmetic
from boardbench.engine.processes import on_each_device
from boardbench.engine.record import record_run
from boardbench.engine.tracking import fingerprint_of
from boardbench.engine.training import EpochSampler, fit
from boardbench.errors import BoardbenchError
from boardbench.files import sha256
from boardbench.params.placement import Training
from boardbench.placement.corners import centre
from boardbench.placement.data import read_samples
from boardbench.placement.dataset import Images
from boardbench.placement.features import load_features
from boardbench.placement.loss import placement_loss
from boardbench.placement.model import Model, save
from boardbench.placement.network import build_network


@on_each_device
def train(
    *,
    init: str,
    loss: str,
    seed: int,
    dataset: str,
    samples: Path,
    start: Path | None = None,
    out: Path,
    tracking: StoreAddress | None = None,
    params: Training,
) -> None:
    """Train one network and write model.pt, history.csv, seconds.json and training.json into the run folder ``out``.

    The weights are those of the best epoch by the monitored validation quantity; ``validation_centre`` of the history
    is paper 4's metric, the mean absolute error of the chip's centre, in pixels of an image.

    Args:
        init: random, finetune (weights of ``start``) or frozen (kept as in ``start``).
        loss: rectangle (with the rectangle term) or corners (without).
        seed: of the start, of dropout and of the order of images.
        dataset: written into the run.
        samples: samples.csv, with samples.json and images.npy beside it.
        start: weights.pt of 'boardbench placement features', where init is finetune or frozen.
        out: run folder.
        tracking: MLflow store that shows the run.
        params: of the run.

    Raises:
        BoardbenchError: an unknown word, a part without images, or a loss that is no longer finite.
    """
    fix_arithmetic(params.threads)
    _check(init, loss, start)
    given = read_samples(samples)
    for part in ("train", "validation"):
        if not (given.parts == part).any():
            raise BoardbenchError(
                f"{samples}: no images of part {part}. Raise placement.synthesis.images or change placement.split."
            )
    weights, computed, origin = load_features(start) if start else (None, None, None)
    files = [samples, samples.with_suffix(".json"), *([start] if start else [])]
    description = {
        "dataset": dataset,
        "init": init,
        "loss": loss,
        "seed": seed,
        "data": sha256(*files)[:16],
    }
    weight = params.rectangle_weight if loss == "rectangle" else 0.0
    parameters = params.model_dump(mode="json") | {"rectangle_weight": weight}
    fingerprint = fingerprint_of(**description, study="placement", params=parameters)
    with record_run(
        "placement",
        "train",
        f"{init}-{loss}-seed{seed}",
        out=out,
        description=description,
        fingerprint=fingerprint,
        settings=parameters,
        tracking=tracking,
    ) as record:
        torch.manual_seed(seed)
        network = build_network(params.width, given.size, init, params.backbone)
        if weights:
            network.features.load_state_dict(weights)
        cached = computed if init == "frozen" else None
        network = channels_last(network)
        trained = network.head if init == "frozen" else network
        parts = {part: Images(given, part, cached) for part in ("train", "validation")}
        loaders = [
            DataLoader(
                parts["train"],
                batch_size=params.batch_size,
                sampler=EpochSampler(lambda epoch: list(range(len(parts["train"]))), seed),
                num_workers=params.workers,
                collate_fn=parts["train"].collate,
            ),
            DataLoader(
                parts["validation"],
                batch_size=params.batch_size,
                num_workers=params.workers,
                collate_fn=parts["validation"].collate,
            ),
        ]
        pixels = np.array(given.size[::-1])
        aspect = tuple((pixels * given.mm_per_pixel).tolist())

        def error(predicted: torch.Tensor, targets: torch.Tensor) -> np.ndarray:
            """Return the absolute error of the centre (N, 2) in pixels."""
            return np.abs(centre(predicted.float().cpu().numpy()) - centre(targets.cpu().numpy())) * pixels

        history = fit(
            trained,
            lambda predicted, targets: placement_loss(predicted, targets, weight, aspect),
            error,
            lambda errors: {"centre": float(np.concatenate(errors).mean())},
            *loaders,
            params=params,
            seed=seed,
            checkpoints=record.checkpoints,
            run=record.entry,
        )
        model = Model(
            network=network,
            init=init,
            loss=loss,
            backbone=params.backbone,
            width=params.width,
            dataset=dataset,
            seed=seed,
            size=given.size,
            photo_size=tuple(given.metadata.photo_size),
            mm_per_pixel=tuple(float(value) for value in given.mm_per_pixel),
            nominal=given.nominal,
        )
        save(model, out / "model.pt")
        record.write(
            network,
            history,
            trained_parameters=sum(parameter.numel() for parameter in trained.parameters()),
            weights=origin.weights if origin else None,
        )


def _check(init: str, loss: str, start: Path | None) -> None:
    for flag, word, known in (
        ("init", init, ("random", "finetune", "frozen")),
        ("loss", loss, ("rectangle", "corners")),
    ):
        if word not in known:
            raise BoardbenchError(f"--{flag} {word}: not known. Valid: {', '.join(known)}.")
    if (init == "random") != (start is None):
        raise BoardbenchError(
            f"--init {init} "
            + ("takes no --start." if start else "needs --start, made by 'boardbench placement features'.")
        )
