"""Knobs of the segmentation study."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from boardbench.params.pruning import NamedPruning, check_names
from boardbench.params.section import Channels, Fraction, Labels, Loop, Name, Pixels, Section, Seeds, Size, Threads
from boardbench.params.split import AuditedSplit


class Simulate(Section):
    """Embedded captures: a physical model of boards under a Specim FX10 (simulated, not a result)."""

    seed: int = Field(2, ge=0, description="same seed, same bytes")
    boards: int = Field(75, ge=1, le=9999, description="boards; each is one scene")
    conditions: int = Field(3, ge=1, le=9, description="scans of each board under other light")
    lines: Pixels = Field(128, description="lines of a capture (along the belt)")
    samples: Pixels = Field(128, description="samples of a line (across the belt); 1024 on the camera")
    bands: int = Field(224, ge=8, le=4096, description="bands over 400-1000 nm; 224 at default binning")


class Pcbvision(Section):
    """The published data set PCB-Vision (CC BY-NC-SA 4.0): fetched by you, never redistributed."""

    folder: Path = Field(Path("data/pcbvision"), description="unpacked copy; `boardbench fetch pcbvision` fills it")
    record: str = Field(
        "https://zenodo.org/api/records/10617721",
        description="its file list gives address, size and checksum; Rodare: https://rodare.hzdr.de/api/records/2704",
    )
    archive: str | None = Field(None, description="address of the archive, instead of the record's file list")
    checksum: str | None = Field(None, description="of the archive: md5:... or sha256:...; null: the record's own")
    max_gigabytes: float = Field(200.0, gt=0, description="refuse to unpack more than this")
    mask: Literal["general", "monoseg"] = Field(
        "general", description="whole components, or their main material only (without markings and labels)"
    )
    scenes: list[Annotated[int, Field(ge=1, le=53)]] | None = Field(
        None, description="board numbers to read; null: all 53"
    )


class Reflectance(Section):
    """Raw counts to reflectance in [0, 1], trimmed and resized."""

    drop_first: int = Field(10, ge=0, description="bands dropped at the short-wave end")
    drop_last: int = Field(0, ge=0, description="bands dropped at the long-wave end")
    min_nm: float | None = Field(None, gt=0, description="drop bands below this wavelength, nm; null: keep")
    max_nm: float | None = Field(None, gt=0, description="drop bands above this wavelength, nm; null: keep")
    panel: float = Field(1.0, gt=0, le=1.5, description="reflectance of the white panel")
    size: Size | None = Field((128, 128), description="working size: lines, samples; null: as captured")
    resize: Literal["bilinear", "area"] = Field("bilinear", description="for bands; masks are always nearest")
    full_scale: float | None = Field(
        None, gt=0, description="counts at which the sensor is full; null: by the header, else 4095 (12 bits) or 65520"
    )
    board_mask: bool = Field(False, description="reflectance 0 outside the board, by the sheet's column board")

    @model_validator(mode="after")
    def _something_is_kept(self) -> Self:
        if None not in (self.min_nm, self.max_nm) and self.min_nm > self.max_nm:
            raise ValueError(f"min_nm: {self.min_nm:g} is above max_nm, {self.max_nm:g}; no band would be left")
        return self


Method = Literal["none", "minmax", "standardize"]


class Normalization(Section):
    """Bands brought to one scale, between reflectance and reduction."""

    method: Method = Field(
        "standardize", description="none; least value to 0 and greatest to 1; mean to 0 and standard deviation to 1"
    )
    over: Literal["band", "all"] = Field("band", description="each band by itself, or one scale for all bands")
    fit: Literal["train", "cube"] = Field(
        "train", description="measured on the training part, or on each capture by itself (not for a line)"
    )


class ComparedNormalization(Normalization):
    """Bands brought to one scale, between reflectance and reduction."""

    compare: list[Method] = Field(
        [], description="methods that every network is trained with, side by side; none: method only"
    )


class Reduction(Section):
    """Fitted reductions of the spectral axis."""

    fit: Literal["train", "cube"] = Field(
        "train", description="pca3: axes from the training part, or cube by cube (as pca3_cube always)"
    )


class Drift(Section):
    """What 'predict' and 'stream' hold captures against, to say whether the model is to be trusted."""

    components: Channels = Field(16, description="principal components of the spectra")
    false_alarms: float = Field(
        0.01, gt=0, lt=1, description="share of windows (32 lines) of scenes like training's that are called odd"
    )


class Augmentation(Section):
    """The plan of training samples, applied lazily."""

    plan: Literal["none", "flips", "pcbvision"] = Field(
        "flips", description="none; flips and quarter turns drawn each epoch (p = 0.5 each); six fixed copies"
    )
    conditions: Literal["all", "one"] = Field(
        "one",
        description="flips: a scene's captures in an epoch: under all its conditions, or under one drawn",
    )
    seed: int = Field(0, ge=0, description="draws of the plan")


class Training(Loop):
    """One training run; every backbone x strategy x seed uses the same values."""

    width: Channels = Field(8, description="channels of the first level; 64 in the papers")
    epochs: int = Field(32, ge=1, description="at most")
    batch_size: int = Field(2, ge=1, description="captures a step")
    learning_rate: float = Field(3e-3, gt=0, description="at the start; of one_cycle the highest")
    schedule: Literal["constant", "step", "cosine", "one_cycle"] = Field(
        "cosine", description="learning rate over the epochs: constant in paper 1; step: a tenth at 1/2 and at 3/4"
    )
    class_weights: Literal["none", "median_frequency"] | list[Annotated[float, Field(ge=0)]] = Field(
        [0.1, 0.5, 4.0, 2.0], description="of the cross-entropy: a list in class order, or a rule"
    )
    loss: Literal["cross_entropy", "cross_entropy_dice"] = Field(
        "cross_entropy_dice", description="_dice: plus one minus each class's overlap, so that rare ones count as much"
    )
    loss_mean: Literal["weights", "pixels"] = Field(
        "weights", description="weighted cross-entropy is divided by the pixels' weights, or by their number"
    )
    monitor: Literal["loss", "iou"] = Field("loss", description="validation quantity of early stopping")
    patience: int = Field(32, ge=1, description="epochs without improvement before stopping")
    keep: Literal["best", "last"] = Field(
        "last", description="weights taken at the end: of the epoch best by monitor, or of the last"
    )
    freeze_batch_norm: Fraction = Field(
        0.2,
        description="share of the epochs, the last ones, with batch normalization fixed as measured just before",
    )
    patch: int | None = Field(
        None, ge=16, le=16384, description="pixels a side of the patches to train and predict on; null: whole captures"
    )


class Evaluation(Section):
    """How the test part is scored."""

    truth: Literal["working", "original"] = Field(
        "working", description="size of the masks: working, or each capture's own (predictions resized back, nearest)"
    )
    resamples: int = Field(
        10_000, ge=100, le=10_000_000, description="bootstrap samples of the test scenes, for the intervals"
    )
    seed: int = Field(0, ge=0, description="draws of the bootstrap")


class Complexity(Section):
    """Costing on the meta device: nothing is computed, only counted."""

    size: Size = Field((640, 640), description="lines, samples of the counted input")
    width: Channels = Field(64, description="channels of the first level in the counted networks; unet@4 keeps its own")
    bands: Channels = Field(214, description="bands of the counted input")


class Latency(Section):
    """Measured time of the same networks (width and bands of complexity) on this machine, one capture at a time."""

    size: Size = Field((160, 160), description="lines, samples of the timed input: 1/16 of 640 x 640")
    repeats: int = Field(7, ge=1, description="timed passes after one that is not")
    threads: Threads = Field(1, description="torch threads")


class Deployment(Section):
    """Trained networks on the line: ONNX files from raw counts to classes, timed side by side on this machine."""

    precisions: list[Literal["float32", "int8"]] = Field(
        ["float32"], description="one file each, none: no files; int8 is quantized on the validation part"
    )
    runtimes: list[Literal["onnxruntime", "openvino"]] = Field(
        ["onnxruntime"],
        min_length=1,
        description="what computes the files; openvino: pip install 'boardbench[openvino]'",
    )
    size: Size = Field((128, 1024), description="lines, samples of the timed window; 1024 is the camera's width")
    repeats: int = Field(7, ge=1, description="timed passes after two that are not")
    threads: Threads = Field(2, description="of the runtime")
    budget_ms: float = Field(
        195.0, gt=0, description="name the best model that takes at most this; 195: 64 new lines at 327 lines/s"
    )


class Segmentation(Section):
    """The main study: components on hyperspectral captures of boards."""

    dataset: Name = Field("simulated", description="names data/raw/<dataset> and results/segmentation/<dataset>")
    source: Literal["simulate", "indian_pines", "pcbvision", "captures"] = Field(
        "simulate", description="made here, carried by tensorly, fetched, or your own data/raw/<dataset>/captures.csv"
    )
    storage: str | None = Field(
        None,
        description="of source captures: where the sheet's files lie, such as s3://BUCKET/FOLDER; null: beside it",
    )
    classes: Labels = Field(["others", "ic", "capacitor", "connectors"], min_length=2, max_length=255)
    backbones: list[str] = Field(["unet"], min_length=1)
    strategies: list[str] = Field(["full", "pca3", "scrb"], min_length=1)
    seeds: Seeds = Field([0], min_length=1, description="one run a seed")
    baselines: list[Literal["majority", "spectral_angle", "lda"]] = Field(
        ["majority", "spectral_angle", "lda"], description="models without a network, in every table"
    )
    simulate: Simulate = Simulate()
    pcbvision: Pcbvision = Pcbvision()
    reflectance: Reflectance = Reflectance()
    split: AuditedSplit = AuditedSplit()
    normalization: ComparedNormalization = ComparedNormalization()
    reduction: Reduction = Reduction()
    drift: Drift = Drift()
    augmentation: Augmentation = Augmentation()
    training: Training = Training()
    pruning: list[NamedPruning] = Field(
        [
            NamedPruning(
                name="ratio-0.7",
                runs=["unet-scrb"],
                ratio=0.7,
                multiple=8,
                epochs=8,
                batch_size=2,
                learning_rate=0.002,
                keep="last",
                freeze_batch_norm=0.5,
            )
        ],
        description="of runs (backbone-strategy) where they are trained; a key left out: see params/pruning.py",
    )
    evaluation: Evaluation = Evaluation()
    complexity: Complexity = Complexity()
    latency: Latency = Latency()
    deployment: Deployment = Deployment()

    @model_validator(mode="after")
    def _stored_captures_have_a_sheet(self) -> Self:
        if self.storage and not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^{}]*[^{}/]", self.storage):
            raise ValueError(f"storage: {self.storage} is no address such as s3://BUCKET/FOLDER, without / at its end")
        if self.storage and self.source != "captures":
            raise ValueError(f"storage: {self.storage}, but source {self.source} has its own files; set it to captures")
        return self

    @model_validator(mode="after")
    def _leaks_are_scored_at_working_size(self) -> Self:
        if (self.split.leaking or self.split.compare) and self.evaluation.truth == "original":
            raise ValueError("evaluation.truth: original, but pixels of an audit are drawn at working size; set it so")
        return self

    @model_validator(mode="after")
    def _prunings_differ(self) -> Self:
        check_names(self.pruning, None, "pruning")
        return self

    @model_validator(mode="after")
    def _weights_follow_classes(self) -> Self:
        weights = self.training.class_weights
        if isinstance(weights, list) and len(weights) != len(self.classes):
            raise ValueError(f"training.class_weights has {len(weights)} values for {len(self.classes)} classes")
        if isinstance(weights, list) and not any(weights):
            raise ValueError("training.class_weights: all are 0, so nothing would be learnt; give one above 0")
        return self
