"""The JSON files of the placement study."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from boardbench.artifacts import Artifact, Int, Number
from boardbench.engine.artifacts import Training

FORMER_INIT = {"scratch": "random", "tuned": "finetune"}
"""Words of version 0.1.0, in which init was called features, and what they are now."""
Init = Annotated[str, BeforeValidator(lambda init: FORMER_INIT.get(init, init))]


class PlacementSamples(Artifact):
    """``samples.json``: sizes (lines, samples), scale (x, y) and nominal corners of the images, and their photos."""

    size: list[Int]
    photo_size: list[Int]
    mm_per_pixel: list[Number]
    nominal: list[list[Number]]
    photos: dict[str, list[str]]
    synthesis: dict[str, Any] = Field({})


class Features(Artifact):
    """``weights.json``: where the features come from; no hash of them where they were not computed."""

    weights: str
    features_sha256: str | None


class PlacementTraining(Training):
    """``training.json`` of a placement run."""

    former: ClassVar = Training.former | {"features": "init"}
    init: Init
    loss: str
    weights: str | None


class PartScores(Artifact):
    """Scores of a run on one part; an empty class of boards has no rate and no area under the ROC curve."""

    samples: Int
    bad: Int
    centre_mae_px: Number
    centre_mae_mm: Number
    centre_worst_mm: Number
    corner_mae_px: tuple[Number, Number, Number, Number]
    rotation_mae_deg: Number
    rotation_worst_deg: Number
    false_accept_rate: Number | None
    false_reject_rate: Number | None
    auc: Number | None


class PlacementMetrics(Artifact):
    """``metrics.json`` of a placement run or baseline, which has no fingerprint."""

    former: ClassVar = {"features": "init"}
    study: str
    dataset: str
    init: Init
    loss: str
    seed: Int
    tolerance: dict[str, Number]
    parts: dict[Literal["validation", "test", "displaced"], PartScores]
    fingerprint: str | None = None
