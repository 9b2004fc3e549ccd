"""Knobs of the classification study's networks in PyTorch."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from boardbench.params.scaling import Scaling
from boardbench.params.section import Channels, Fraction, Labels, Loop, Name, Section, Seeds

Count = Annotated[int, Field(ge=1, le=10_000_000)]
Network = Literal[
    "resnet18",
    "resnet34",
    "se_resnet18",
    "se_resnet34",
    "vgg16",
    "mobilenet_v2",
    "lenet",
    "shufflenet_v2",
    "efficientnet_b0",
    "efficientnet_lite0",
]


class Training(Loop):
    """One network, and how it is trained."""

    network: Network = Field("resnet18", description="se_: with squeeze-and-excitation in every block")
    width: float = Field(1.0, gt=0, le=4, description="multiplies the channels of every layer")
    stem: Literal["cifar", "imagenet"] = Field(
        "cifar", description="first layers, for small images (stride 1) or as published for 224 x 224"
    )
    reduction: int = Field(16, ge=1, description="of squeeze-and-excitation: channels over hidden units")
    settings: list[tuple[Channels, Channels, Channels, Channels]] | None = Field(
        None,
        min_length=1,
        description="of mobilenet_v2: expansion t, channels c, blocks n, stride s, a row a stage; null: the original's",
    )
    classes: Labels | None = Field(None, min_length=2, description="of the data set, that are learnt; null: all")
    train_images: Count | None = Field(None, description="taken for the run, as many of each class; null: all")
    weights: str | None = Field(
        None, description="to start from: the name of another run, a run folder, a file or an address; null: random"
    )
    checksum: str | None = Field(None, description="of the weights: sha256:..., at least its first 8 digits")
    unfrozen: int | None = Field(
        None,
        ge=0,
        description="last blocks that train with the head, the others stay as their weights; null: all train",
    )
    normalization: Scaling = Field("standardize", description="of the images, fitted on those that train")
    scrambled: bool = Field(
        False, description="pixels reshaped, not transposed, to channels x lines x samples, as in paper 2's code"
    )
    crop: int = Field(
        4, ge=0, le=1024, description="black pixels added on each side before a crop of the old size; 0: none"
    )
    flip: bool = Field(True, description="half of the images left to right, anew each epoch")
    label_smoothing: Fraction = Field(0.0, lt=1, description="share of a label that all classes are given")
    validation: Fraction = Field(0.1, gt=0, lt=1, description="share of the training images that chooses the epoch")
    epochs: int = Field(20, ge=1, description="at most")
    batch_size: int = Field(128, ge=1, description="images a step, at most; all steps of an epoch are alike")
    optimizer: Literal["adam", "sgd", "adadelta"] = Field("sgd", description="sgd: with momentum")
    learning_rate: float = Field(0.1, gt=0, description="at the start; of one_cycle the highest")
    schedule: Literal["constant", "step", "cosine", "one_cycle"] = Field(
        "one_cycle", description="learning rate over the epochs; step: a tenth at 1/2 and at 3/4"
    )
    weight_decay: float = Field(5e-4, ge=0, description="of the optimizer, on all parameters")
    monitor: Literal["loss", "accuracy"] = Field("accuracy", description="validation quantity of early stopping")
    patience: int = Field(20, ge=1, description="epochs without improvement before stopping")

    @model_validator(mode="after")
    def _frozen_needs_weights(self) -> Self:
        if self.unfrozen is not None and self.weights is None:
            raise ValueError("unfrozen: frozen blocks stay as their weights; give weights, or null to train all")
        if self.checksum is not None and self.weights is None:
            raise ValueError("checksum: of no weights; give weights, or leave it out")
        return self


class Grid(Section):
    """Values that are tried in all combinations."""

    optimizer: list[Literal["adam", "sgd", "adadelta"]] = Field([], description="none: the run's own")
    learning_rate: list[Annotated[float, Field(gt=0)]] = Field([], description="none: the run's own")


class NamedTraining(Training):
    """A network and the name that tables know it by."""

    name: Name = Field(description="of the run")
    seeds: Seeds | None = Field(None, min_length=1, description="its own; null: those of networks.seeds")
    grid: Grid = Field(Grid(), description="values tried in all combinations: <name>-<optimizer>-<learning_rate>")

    def expanded(self) -> "list[NamedTraining]":
        """Return a run for each combination of the grid's values, named by them; itself without a grid."""
        runs = [self]
        for key in ("optimizer", "learning_rate"):
            values = getattr(self.grid, key)
            runs = [
                run.model_copy(update={key: value, "name": f"{run.name}-{value}", "grid": Grid()})
                for run in runs
                for value in values
            ] or runs
        return runs


# Digits are 8 x 8 pixels, and a synced 2 is none.
_SMALL: dict[str, Any] = {
    "width": 0.25,
    "crop": 1,
    "flip": False,
    "epochs": 12,
    "batch_size": 32,
    "learning_rate": 0.05,
}


class Networks(Section):
    """Networks in PyTorch."""

    runs: list[NamedTraining] = Field(
        [
            NamedTraining(name="small", network="resnet18", **_SMALL),
            NamedTraining(name="small-se", network="se_resnet18", reduction=4, **_SMALL),
        ],
        description="each network and how it is trained; a key left out: see Training in params/networks.py",
    )
    seeds: Seeds = Field([0], min_length=1, description="every run once a seed, unless it names its own")

    @property
    def trainings(self) -> dict[str, NamedTraining]:
        """Name -> run, grids expanded."""
        return {run.name: run for named in self.runs for run in named.expanded()}

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [run.name for named in self.runs for run in named.expanded()]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f"runs: two are called '{twice}'; give each a name of its own")
        for name, run in self.trainings.items():
            parent, line = self.trainings.get(run.weights), [name]
            missing = set(run.seeds or self.seeds) - set(parent.seeds or self.seeds) if parent else set()
            if missing:
                raise ValueError(f"runs, {name}, weights: '{run.weights}' has no seed {min(missing)}; give it the same")
            while parent:
                if parent.name in line:
                    raise ValueError(f"runs, {name}, weights: {' from '.join([*line, parent.name])} never begins")
                line.append(parent.name)
                parent = self.trainings.get(parent.weights)
        return self
