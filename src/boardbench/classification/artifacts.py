"""The JSON files of the classification study."""

from typing import Any, Literal

from pydantic import Field

from boardbench.artifacts import Artifact, Int, Number
from boardbench.engine.artifacts import PruningSummary, Training


class ImageSource(Artifact):
    """Where images come from, and the seed by which a part of them is drawn."""

    kind: str
    seed: Int


class ClassificationSamples(Artifact):
    """``samples.json``: class names, size (lines, samples, channels) and number of images, and where they come from."""

    classes: list[str] = Field(min_length=1)
    size: list[Int]
    parts: dict[str, Int]
    source: ImageSource


class ClassificationTraining(Training):
    """``training.json`` of a network in PyTorch."""

    kind: Literal["network", "pruned"]


class Scored(Artifact):
    """Scores on the test images: limits are 95 % of the accuracy, means over classes, counts (truth, prediction)."""

    accuracy: Number
    low: Number
    high: Number
    precision: Number
    recall: Number
    f_score: Number
    confusion: list[list[Int]]


class ByNeighbours(Scored):
    """Scores with so many neighbours; None: no neighbours vote."""

    k: Int | None


class Fold(Artifact):
    """One fold of a cross-validation."""

    accuracy: Number


class RunMetrics(Artifact):
    """``metrics.json``: what every kind of run has."""

    study: Literal["classification"]
    kind: str
    dataset: str
    test_images: Int


class BaselineMetrics(RunMetrics):
    """``metrics.json`` of a baseline; ``lowest_class`` and ``largest`` are other readings of the same neighbours."""

    kind: Literal["baseline"]
    method: str
    distance: str
    normalization: str
    train_images: Int | None = None
    scores: list[ByNeighbours]
    lowest_class: list[ByNeighbours] = Field([])
    largest: list[ByNeighbours] = Field([])


class NetworkMetrics(RunMetrics):
    """``metrics.json`` of a network."""

    name: str
    network: str
    seed: Int
    settings: dict[str, Any] = Field(min_length=1)
    parameters: Int
    epochs: Int
    scores: Scored
    classes: list[str] = Field([])
    fingerprint: str | None = None
    train_images: Int | None = None
    parent: Any = None
    pruning: PruningSummary | None = None


class NumpyMetrics(NetworkMetrics):
    """``metrics.json`` of a network in NumPy, which knows all classes."""

    kind: Literal["numpy_network"]
    macs: Int
    folds: list[Fold] = Field([])


class TrainedMetrics(NetworkMetrics):
    """``metrics.json`` of a network in PyTorch."""

    kind: Literal["network"]
    classes: list[str]


class PrunedMetrics(TrainedMetrics):
    """``metrics.json`` of a pruned network in PyTorch."""

    kind: Literal["pruned"]
    pruning: PruningSummary


KINDS = {"baseline": BaselineMetrics, "numpy_network": NumpyMetrics, "network": TrainedMetrics, "pruned": PrunedMetrics}
