"""The JSON files of a run that are the same in every study."""

from typing import Any, ClassVar

from boardbench.artifacts import Artifact, Int, Number


class PruningSummary(Artifact):
    """What pruning did to a run: channels or weights taken (ratio), parameters and MACs of one image."""

    name: str
    method: str
    ratio: Number
    parameters: Int
    parameters_before: Int
    macs: Int
    macs_before: Int


class Training(Artifact):
    """``training.json``: how a run was trained; the same in every run of the same settings."""

    former: ClassVar = {"identity": "fingerprint", "best_epoch": "kept_epoch", "training": "settings"}
    dataset: str
    seed: Int
    data: str
    fingerprint: str
    epochs: Int
    kept_epoch: Int
    parameters: Int
    settings: dict[str, Any]
    pruning: PruningSummary | None = None


class Seconds(Artifact):
    """``seconds.json``: what a run took on the machine that it was made on."""

    seconds: Number
    seconds_per_epoch: Number | None = None
    images_per_s: Number | None = None
    threads: Int
    hardware: str


class Export(Artifact):
    """``export.json``: what an exported file gave beside its run."""

    precision: str
    bytes: Int
