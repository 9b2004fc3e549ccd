"""One trained run, whole: the network, and all that must happen to a capture before it.

``model.pt`` holds tensors and plain values only (``torch.load(..., weights_only=True)``).
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from boardbench.captures.artifacts import CaptureReport
from boardbench.engine.modelfile import plain_fields, read_model, refusing, write_model
from boardbench.engine.sizes import take_sizes
from boardbench.segmentation.networks import build_network
from boardbench.segmentation.normalization import EVERY, Normalization
from boardbench.segmentation.reduction.pca import Axes


@dataclass(frozen=True)
class Sensor:
    """What a capture must look like.

    Attributes:
        kind: ``raw`` (counts with their references) or ``reflectance``.
        bands: bands of a capture, before trimming.
        wavelengths: of all those bands, nm; None where they are not known.
        keep: indices of the bands that the network was trained on, ascending.
        panel: reflectance of the white panel.
    """

    kind: str
    bands: int
    wavelengths: list[float] | None
    keep: list[int]
    panel: float


@dataclass(frozen=True)
class Model:
    """A trained network and its preprocessing.

    Attributes:
        network: (N, in_channels, lines, samples) to logits, in evaluation mode.
        backbone: its name, as trained.
        strategy: its name.
        width: channels of the first level, as trained.
        dataset: what it was trained on.
        seed: of the run.
        classes: names in index order.
        sensor: what a capture must look like.
        normalization: comes before the reduction; None: bands as they are.
        reduction: fitted on the training part; None where the strategy has none, or fits every capture by itself.
        size: working size (lines, samples) that training captures were resized to; None: as captured.
        resize: bilinear or area.
        patch: pixels a side of the patches it was trained on; None: whole captures.
        board_mask: whether pixels outside the board were 0 in training.
        audit: protocol of a split that leaks, by which it was trained: its scores are worth nothing; None: none.
        pruning: what :mod:`boardbench.engine.pruning` did to it, with the pruning's name; None: not pruned.
    """

    network: nn.Module
    backbone: str
    strategy: str
    width: int
    dataset: str
    seed: int
    classes: list[str]
    sensor: Sensor
    normalization: Normalization | None = None
    reduction: Axes | None = None
    size: tuple[int, int] | None = None
    resize: str = "bilinear"
    patch: int | None = None
    board_mask: bool = False
    audit: str | None = None
    pruning: dict[str, Any] | None = None

    @property
    def name(self) -> str:
        """What tells the run from the others of its data set: backbone, strategy, seed and, where pruned, how."""
        pruned = [self.pruning["name"]] if self.pruning else []
        return "-".join([self.backbone, self.strategy, f"seed{self.seed}", *pruned])


PLAIN = ("backbone", "strategy", "width", "dataset", "seed", "classes", "size", "resize", "patch", "board_mask")
AXES = ("lines", "samples")


def input_spec(headers: list[CaptureReport]) -> dict[str, Any]:
    """Return a model's ``sensor``, ``size``, ``resize``, ``board_mask`` and ``audit`` from the reports of its captures.

    Args:
        headers: of the captures.
    """
    first = headers[0]
    resized = any(report.original[axis] != report.working[axis] for report in headers for axis in AXES)
    return {
        "sensor": Sensor(kind=first.kind, bands=first.original["bands"], **first.sensor),
        "size": tuple(first.working[axis] for axis in AXES) if resized else None,
        "resize": first.resize,
        "board_mask": first.outside_board is not None,
        "audit": first.audit,
    }


def save(model: Model, path: Path) -> None:
    """Write a model.pt, whole or not at all; equal models give equal bytes."""
    axes = model.reduction
    content = {name: getattr(model, name) for name in PLAIN} | {
        "sensor": asdict(model.sensor),
        "in_bands": len(model.sensor.keep),
        "normalization": None
        if model.normalization is None
        else {
            name: value if isinstance(value, str) else torch.from_numpy(np.asarray(value))
            for name, value in vars(model.normalization).items()
            if name != "captures"
        },
        "reduction": None
        if axes is None
        else {name: torch.from_numpy(getattr(axes, name)) for name in Axes.__dataclass_fields__ if name != "captures"},
        "state_dict": {key: value.contiguous() for key, value in model.network.state_dict().items()},
    }
    content["size"] = list(model.size) if model.size else None
    if model.audit:
        content["audit"] = model.audit
    if model.pruning:
        content["pruning"] = model.pruning
    write_model(content, path)


def load(path: Path) -> Model:
    """Build a trained run again.

    Args:
        path: a run folder, or its model.pt.

    Raises:
        BoardbenchError: no such file, or not a model of boardbench.
    """
    saved, file = read_model(path, "segmentation")
    with refusing(file):
        plain = plain_fields(saved, Model, PLAIN)
        network = build_network(
            saved["backbone"], saved["strategy"], saved["in_bands"], len(saved["classes"]), saved["width"]
        )
        pruning = saved.get("pruning")
        weights = {_current(key): value for key, value in saved["state_dict"].items()}
        if pruning:
            take_sizes(network, weights)
        network.load_state_dict(weights)
        axes, scaling = saved["reduction"], saved.get("normalization")
        return Model(
            network=network.eval(),
            sensor=Sensor(**plain_fields(saved["sensor"], Sensor, Sensor.__dataclass_fields__)),
            normalization=scaling and _normalization(scaling),
            reduction=axes and Axes(captures=np.array([EVERY]), **{key: value.numpy() for key, value in axes.items()}),
            audit=plain_fields({"audit": saved.get("audit")}, Model, ["audit"])["audit"],
            pruning=pruning,
            **plain,
        )


def _current(key: str) -> str:
    """Return the name of a weight; files of version 0.1.0 call the spectral encoder ``front``."""
    return f"spectral_encoder.{key.removeprefix('front.')}" if key.startswith("front.") else key


def _normalization(saved: dict[str, Any]) -> Normalization:
    values = {name: value if isinstance(value, str) else value.numpy() for name, value in saved.items()}
    return Normalization(captures=np.array([EVERY] if saved["fit"] == "train" else []), **values)
