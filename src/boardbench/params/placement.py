"""Knobs of the placement study."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from boardbench.params.section import Fraction, Loop, Name, Section, Seeds, Size, Threads


class Simulate(Section):
    """Embedded photos: one assembled board after another under a fixed camera (simulated, not a result)."""

    seed: int = Field(0, ge=0, description="same seed, same bytes")
    photos: int = Field(12, ge=2, le=999, description="photos of boards whose chip sits right")
    displaced: int = Field(60, ge=0, le=9999, description="photos of boards whose chip was really put down wrong")
    size: int = Field(256, ge=64, le=16384, description="lines and samples of a photo")


class Split(Section):
    """Which photos train and validate, and which are kept for the test."""

    protocol: Literal["images", "photos"] = Field(
        "images", description="validation images of the training photos, as in paper 4, or of photos of their own"
    )
    seed: int = Field(0, ge=0, description="order in which photos are drawn")
    test: int = Field(2, ge=1, description="photos kept for the test")
    validation: Fraction = Field(0.15, gt=0, lt=1, description="share of the images, or of the photos, that validates")


class Synthesis(Section):
    """Training images made from photos: the chip cut out, the hole filled, the chip put back elsewhere."""

    seed: int = Field(0, ge=0, description="same seed, same bytes")
    images: int = Field(2000, ge=2, le=1_000_000, description="from the photos of training and validation")
    test_images: int = Field(300, ge=1, le=1_000_000, description="from the photos kept for the test")
    size: Size = Field((64, 64), description="lines, samples of an image; 256, 256 in paper 4")
    shift_mm: float = Field(1.5, ge=0, le=1000, description="at most, in each direction")
    rotation_deg: float = Field(10.0, ge=0, lt=45, description="at most, either way")
    margin_mm: float = Field(1.1, ge=0, le=100, description="what belongs to the chip beside its outline: legs")
    feather_mm: float = Field(0.15, ge=0, le=100, description="width of the cut's soft edge")
    light: Fraction = Field(0.2, description="largest change of brightness, over all and across the image")
    noise: Fraction = Field(0.01, description="standard deviation of the noise added, of full scale")


class Training(Loop):
    """One training run; every init x loss x seed uses the same values."""

    backbone: Literal["mobilenet_v2", "efficientnet_lite0"] = Field(
        "mobilenet_v2", description="whose features the head reads: MobileNetV2 as in paper 4, or EfficientNet-Lite0"
    )
    width: float = Field(0.35, gt=0, le=4, description="of the backbone; 1.0 in paper 4, and of published weights")
    weights: str | None = Field(
        None,
        description="of the backbone: a file or an address, in its published keys, the folder of a classification run "
        "of the same width, or imagenet: of EfficientNet-Lite0, from boardbench[imagenet]; null: random",
    )
    checksum: str | None = Field(None, description="of the weights: sha256:..., at least its first 8 digits")
    rectangle_weight: float = Field(
        0.001, ge=0, description="of the rectangle term beside the mean squared error of corners in image sizes"
    )
    epochs: int = Field(13, ge=1, description="at most; 1000 in paper 4")
    batch_size: int = Field(16, ge=1, description="images a step; 32 in paper 4")
    learning_rate: float = Field(1e-3, gt=0, description="at the start; of one_cycle the highest")
    monitor: Literal["loss", "centre"] = Field("loss", description="validation quantity of early stopping")
    patience: int = Field(13, ge=1, description="epochs without improvement before stopping")


class Tolerance(Section):
    """How far a chip may lie from its place and still pass."""

    offset_mm: float = Field(0.3, gt=0, description="distance of the centre")
    rotation_deg: float = Field(2.0, gt=0, description="either way")


class Deployment(Section):
    """Trained networks on the line: ONNX files from photo to corners, timed on this machine."""

    precisions: list[Literal["float32", "int8"]] = Field(["float32"], min_length=1, description="one file each")
    repeats: int = Field(30, ge=1, description="timed passes after one that is not")
    threads: Threads = Field(1, description="of ONNX Runtime")


class Placement(Section):
    """Where a chip sits on a photo of its board, learnt from a few photos."""

    dataset: Name = Field("simulated-photos", description="names data/raw/<dataset> and results/placement/<dataset>")
    source: Literal["simulate", "photos"] = Field(
        "simulate", description="rendered here, or your own in data/raw/<dataset>"
    )
    outline: Path | None = Field(
        None, description="chip's corners on every photo without a file of its own; null: every photo has one"
    )
    mm_per_pixel: float = Field(0.1, ge=1e-6, le=1000, description="scale of the photos")
    init: list[Literal["random", "finetune", "frozen"]] = Field(
        ["random"], min_length=1, description="of the backbone: random, weights that are trained on, or frozen ones"
    )
    losses: list[Literal["rectangle", "corners"]] = Field(
        ["rectangle", "corners"], min_length=1, description="with and without paper 4's rectangle term"
    )
    seeds: Seeds = Field([0], min_length=1, description="one run a seed")
    baselines: list[Literal["mean", "template"]] = Field(
        ["mean", "template"], description="models without a network, in every table"
    )
    simulate: Simulate = Simulate()
    split: Split = Split()
    synthesis: Synthesis = Synthesis()
    training: Training = Training()
    tolerance: Tolerance = Tolerance()
    deployment: Deployment = Deployment()

    @model_validator(mode="after")
    def _finetune_needs_weights(self) -> Self:
        if "finetune" in self.init and self.training.weights is None:
            raise ValueError("init: 'finetune' starts from weights; give training.weights, or use 'random'")
        return self
