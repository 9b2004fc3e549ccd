"""The JSON files of the segmentation study."""

from typing import Self

from pydantic import Field, model_validator

from boardbench.artifacts import Artifact, Int, Number
from boardbench.engine.artifacts import Export, PruningSummary, Training

Known = Number | None
"""A score, or None where its class is nowhere."""


class SegmentationTraining(Training):
    """``training.json`` of a segmentation run; version 0.1.0 had no normalization."""

    backbone: str
    strategy: str
    normalization: str = "none"
    audit: str | None = None
    """Protocol of a split that leaks, by which it was trained and is scored; None: none."""


class PrunedTraining(SegmentationTraining):
    """``training.json`` of a pruned segmentation run."""

    pruning: PruningSummary


class MeanScores(Artifact):
    """Scores on the test part, in the mean over classes."""

    miou: Known
    mf1: Known


class Scores(MeanScores):
    """Scores on the test part, by class too."""

    iou: list[Known]
    f1: list[Known]
    precision: list[Known]
    recall: list[Known]
    kappa: Known = None


class SegmentationMetrics(Artifact):
    """``metrics.json`` of a segmentation run or baseline; a baseline has no normalization, fingerprint or epochs."""

    dataset: str
    backbone: str
    strategy: str
    seed: Int
    classes: list[str]
    scores: Scores
    normalization: str | None = None
    audit: str | None = None
    fingerprint: str | None = None
    epochs: Int | None = None

    @model_validator(mode="after")
    def _of_all_classes(self) -> Self:
        for name in ("iou", "f1", "precision", "recall"):
            count = len(getattr(self.scores, name))
            if count != len(self.classes):
                raise ValueError(f"scores.{name} has {count} values for {len(self.classes)} classes")
        return self


class SplitAudit(Artifact):
    """``audit.json``: what a split that leaks is made of, in labelled pixels."""

    protocol: str
    training_pixels: Int
    test_pixels: Int
    shared_pixels: Int
    """Of the test part, that train, too: in overlapping patches."""


class CheckedFile(Artifact):
    """What a file gave on the test captures by another runtime than ONNX Runtime."""

    same_class: Number
    scores: MeanScores


class SegmentationExport(Export):
    """``export.json`` of a segmentation run: the share of pixels with the run's class, scores and operations.

    ``runtimes``: the same by another runtime and the precision that it computed in.
    """

    same_class: Number
    scores: MeanScores
    gmacs_per_megapixel: Number
    runtimes: dict[str, dict[str, CheckedFile]] = Field(default_factory=dict)


class SpectraProfile(Artifact):
    """The profile in ``drift.json``: :class:`boardbench.segmentation.drift.profile.Profile` as lists."""

    mean: list[Number]
    axes: list[list[Number]]
    variance: list[Number]
    residual: Number
    far: Number
    centre: list[Number]
    precision: list[list[Number]]


class SeenReferences(Artifact):
    """References in ``drift.json``: :class:`boardbench.segmentation.drift.references.Seen` as lists."""

    white: list[Number]
    line: list[Number]
    dark: Number
    span: Number
    timed: bool


class DriftThresholds(Artifact):
    """``drift.json``: what training saw, and how far from it is too far."""

    profile: SpectraProfile
    references: list[SeenReferences]
    thresholds: dict[str, Number]
    false_alarms: Number
