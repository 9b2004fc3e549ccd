"""Knobs of the classification study."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from boardbench.params.networks import Count, Network, Networks
from boardbench.params.pruning import NamedPruning, check_names
from boardbench.params.scaling import Scaling
from boardbench.params.section import Fraction, Name, Section, Seeds, Threads

Distance = Literal["l1", "l2", "cosine", "ssim", "ssim_planar"]
Batch = Annotated[int, Field(ge=1, le=65536)]


class Archive(Section):
    """Where the images of CIFAR-10, CIFAR-100 or of parquet files come from, and how many are taken."""

    path: Path | None = Field(None, description="archive, or folder with its unpacked files; null: downloaded from url")
    url: str | None = Field(None, description="of the archive; null: that of the data set's authors")
    checksum: str | None = Field(None, description="of the archive: md5:... or sha256:...; null: the authors'")
    seed: int = Field(0, ge=0, description="draws the images that are taken, and splits the digits")
    train_images: Count | None = Field(None, description="taken for training, as many of each class; null: all")
    test_images: Count | None = Field(None, description="taken for the test, as many of each class; null: all")


class Exploration(Section):
    """Pictures of the data themselves."""

    grid: int = Field(16, ge=1, le=100, description="images in the sample grid")
    scatter_images: int = Field(1000, ge=10, le=1_000_000, description="training images in the PCA and t-SNE scatters")
    perplexity: float = Field(30.0, gt=1, description="of t-SNE")
    seed: int = Field(0, ge=0, description="draws the images shown")


class Baselines(Section):
    """Classifiers without training: the nearest images, or the nearest mean image of a class."""

    methods: list[Literal["knn", "nearest_centroid"]] = Field(["knn", "nearest_centroid"], description="classifiers")
    k: list[Count] = Field([1, 3], min_length=1, description="neighbours that vote in knn; one search serves all")
    distances: list[Distance] = Field(["l1", "l2", "cosine", "ssim"], description="ssim_planar: by paper 2's code")
    normalizations: list[Scaling] = Field(["standardize"], min_length=1, description="fitted on the training images")
    test_statistics: Literal["training", "own"] = Field(
        "training", description="that scale the test images; own: fitted on these, as in paper 2's code, not for l1"
    )
    test_images: dict[Distance, Count] = Field(
        {}, description="test images that a distance is scored on, drawn by the archive's seed; not named: all"
    )
    window: int = Field(7, ge=3, le=1023, description="side of ssim's uniform window, odd, in pixels")
    memory_mib: int = Field(512, ge=16, le=2**20, description="at most, beside the images themselves")
    threads: Threads = Field(2, description="of one search")

    @model_validator(mode="after")
    def _l1_has_one_scale(self) -> Self:
        if self.test_statistics == "own" and self.methods and "l1" in self.distances:
            raise ValueError("test_statistics: 'own' is not for l1, whose sums are whole; leave l1 out of distances")
        return self

    @model_validator(mode="after")
    def _window_is_odd(self) -> Self:
        if self.window % 2 == 0:
            raise ValueError(f"window: {self.window} has no centre; give an odd number")
        return self


class Run(Section):
    """One network in NumPy alone, and how it is trained."""

    network: Literal["fc3", "fc5", "cnn16_16", "cnn32_32", "cnn32_32_64_64"] = Field(
        "fc3", description="fc3: 1024-512-256; fc5: 2048-1024-512-256-128; cnn: filters of 3 x 3"
    )
    pool: bool = Field(False, description="2 x 2 max pooling after every second convolution")
    dropout: float = Field(0.0, ge=0, lt=1, description="share of neurons left out, after every hidden dense layer")
    relu_logits: bool = Field(False, description="a ReLU on the logits too, as in paper 2's code; keeps it at chance")
    initialization: Literal["he", "xavier"] = Field("he", description="of the weights")
    normalization: Scaling = Field("standardize", description="of the images, fitted on those that train")
    optimizer: Literal["adam", "sgd"] = Field("adam", description="sgd: with momentum")
    momentum: Fraction = Field(0.9, description="of sgd")
    learning_rate: float = Field(0.001, gt=0, description="at the start")
    schedule: Literal["constant", "step", "cosine"] = Field("cosine", description="step: a tenth at 1/2 and at 3/4")
    epochs: int = Field(20, ge=1, description="at most")
    batch_size: int = Field(64, ge=1, description="images a step")
    validation: Fraction = Field(0.1, lt=1, description="share of the training images that chooses the epoch; 0: none")
    patience: int = Field(20, ge=1, description="epochs without improvement before stopping")
    folds: int | None = Field(None, ge=2, description="of cross-validation, before the run on all of them; null: none")


class NamedRun(Run):
    """A run and the name that tables know it by."""

    name: Name = Field(description="of the run")


class NumpyNetworks(Section):
    """Neural networks in NumPy alone."""

    runs: list[NamedRun] = Field(
        [NamedRun(name="fc3", network="fc3"), NamedRun(name="cnn", network="cnn16_16", pool=True, learning_rate=0.01)],
        description="what each trains and how; a key left out has the default of Run in params/classification.py",
    )
    seeds: Seeds = Field([0], min_length=1, description="every run once a seed")
    threads: Threads = Field(1, description="of a run; another number gives other weights")

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [run.name for run in self.runs]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f"runs: two are called '{twice}'; give each a name of its own")
        return self


class Bench(Section):
    """Measured time of an epoch of training, on the processor and, where there is one, on a GPU (paper 2, table 7)."""

    networks: list[Network] = Field([], description="that are timed; none: nothing is")
    stem: Literal["cifar", "imagenet"] = Field("imagenet", description="paper 2 took PyTorch's ready networks")
    images: int = Field(50_000, ge=1, description="of an epoch")
    batch_size: Batch = Field(64, description="images a step")
    steps: int = Field(20, ge=1, description="that are timed; an epoch is reckoned from their median")
    threads: Threads = Field(2, description="of the processor")


class Latency(Section):
    """Measured time of trained networks on this machine, by torch and by ONNX Runtime."""

    batches: list[Batch] = Field([1, 128], min_length=1, description="images a pass")
    repeats: int = Field(100, ge=1, description="timed passes after two that are not; of large batches a tenth")
    threads: Threads = Field(1, description="of torch and of ONNX Runtime")


class Classification(Section):
    """What the efficiency techniques gain on images that everybody knows."""

    dataset: Name = Field("digits", description="names data/raw/<dataset> and results/classification/<dataset>")
    source: Literal["digits", "cifar10", "cifar100", "parquet"] = Field(
        "digits", description="digits: scikit-learn's 1797, nothing to download"
    )
    archive: Archive = Archive()
    exploration: Exploration = Exploration()
    baselines: Baselines = Baselines()
    numpy_networks: NumpyNetworks = NumpyNetworks()
    networks: Networks = Networks()
    pruning: list[NamedPruning] = Field(
        [
            NamedPruning(name="half", runs=["small"], epochs=5, learning_rate=0.002),
            NamedPruning(
                name="zeros", runs=["small"], method="unstructured", ratio=None, epochs=5, learning_rate=0.002
            ),
        ],
        description="of trained networks; a key left out has the default of params/pruning.py",
    )
    latency: Latency = Latency()
    bench: Bench = Bench()

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = {run.name for run in self.numpy_networks.runs}
        twice = next((name for name in self.networks.trainings if name in names), None)
        if twice:
            raise ValueError(f"networks.runs: '{twice}' is a run of numpy_networks.runs too; give it another name")
        return self

    @model_validator(mode="after")
    def _pruned_runs_exist(self) -> Self:
        check_names(self.pruning, list(self.networks.trainings), "pruning")
        return self

    @model_validator(mode="after")
    def _parquet_needs_a_path(self) -> Self:
        if self.source == "parquet" and self.archive.path is None:
            raise ValueError("archive.path: source 'parquet' has no address of its own; name the folder with its files")
        return self
