"""Which of paper 2's numbers stand beside a run of ours: the same classifier on CIFAR-10, as far as the paper says."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from boardbench.classification.artifacts import ClassificationSamples
from boardbench.report.runs import read_printed

METRICS = ("accuracy", "precision", "recall", "f_score")
# Our words -> paper 2's; cosine and ssim are the same.
DISTANCES = {"l1": "pairwise", "l2": "mse"}
NORMALIZATIONS = {"standardize": "z-score", "minmax": "min-max"}
CIFAR10 = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}
COUNTS = {"train": 50_000, "test": 10_000}
RATE = 0.001  # of table 4, unless stated

SLIM = "mobilenet_v2_slim"  # of paper 5: MobileNetV2 by another table of stages
EFFICIENCY = ("params_millions", "gflops", "inference_ms_per_batch", "accuracy_percent")
SECONDS = ("setting", "device", "seconds_per_epoch")
_WORDS = {"learning_rate": (r"lr ([\d.]+)", float), "epochs": (r"(\d+) epochs", int), "folds": (r"(\d+) folds", int)}
_WORDS["optimizer"] = (r"^(Adam|Adadelta|SGD)\b", str.lower)
_DEVICES = {"cpu": "cpu i5-8400", "cuda": "gpu A100"}  # of paper 2's table 7

Row = dict[str, str]


def is_cifar10(metadata: ClassificationSamples) -> bool:
    """Return whether samples.json describes CIFAR-10: its archive, or parquet files of its classes and size."""
    kind = metadata.source.kind
    named = set(metadata.classes) == CIFAR10 and metadata.size == [32, 32, 3]
    return kind == "cifar10" or (kind == "parquet" and named)


def _rows(published: Path, name: str, columns: tuple[str, ...], papers: str = "2") -> list[Row]:
    rows = read_printed(published / f"cifar10_{name}.csv", (*columns, "source")).to_dict("records")
    return [row for row in rows if row["source"].removeprefix("paper ")[:2].strip() in papers]


class Published:
    """The tables of papers 2, 3 and 5; empty for data that are not CIFAR-10."""

    def __init__(self, published: Path, metadata: dict[str, Any]):
        self.baselines: list[Row] = []
        self.networks: list[Row] = []
        self.seconds: list[Row] = []
        self.costs: list[Row] = []
        self.cifar10 = is_cifar10(metadata)
        if self.cifar10:
            self.baselines = _rows(published, "baselines", ("method", "k", "distance", "normalization", *METRICS))
            self.networks = _rows(published, "networks", ("network", "setting", *METRICS), "25")
            self.seconds = _rows(published, "epoch_seconds", ("network", "setting", "device", "seconds_per_epoch"))
            self.costs = _rows(published, "efficiency", ("network", *EFFICIENCY), "3")

    def baseline(self, method: str, k: int | None, distance: str, normalization: str) -> Row:
        """Return the row of a baseline, named in our words; empty cells where the paper has none."""
        words = (DISTANCES.get(distance, distance), NORMALIZATIONS.get(normalization, normalization))
        wanted = (method, "" if k is None else str(k), *words)
        keys = ("method", "k", "distance", "normalization")
        return _first(self.baselines, lambda row: tuple(row[key] for key in keys) == wanted, METRICS)

    def network(self, settings: dict[str, Any]) -> Row:
        """Return the row of table 4 with the network, rate, dropout, epochs and folds of our settings, or empty cells.

        Where the paper states no epochs, any number fits. It states no optimizer, batch or share of dropout, so
        these decide nothing.
        """

        def fits(row: Row) -> bool:
            stated = {"learning_rate": RATE, "folds": None} | _stated(
                row["setting"], "learning_rate", "epochs", "folds"
            )
            same = all(settings.get(key) == value for key, value in stated.items())
            dropout = bool(settings.get("dropout")) == ("dropout" in row["setting"])
            return row["network"] == f"numpy_{settings.get('network')}" and same and dropout

        return _first(self.networks, fits, ("setting", *METRICS))

    def epoch(self, settings: dict[str, Any]) -> Row:
        """Return the row of table 5 with the filters of our convolutional network without pooling, or empty cells."""
        network = str(settings.get("network"))
        if not network.startswith("cnn") or settings.get("pool"):
            return dict.fromkeys(SECONDS, "")
        named = f"filters {network.removeprefix('cnn').replace('_', '-')},"
        found = (row for row in self.seconds if row["network"] == "numpy_cnn")
        return _first(found, lambda row: row["setting"].startswith(named), SECONDS)

    def trained(self, settings: dict[str, Any], whole: bool) -> Row:
        """Return the row of a network in PyTorch (paper 2 table 6, paper 5 table 1), or empty cells.

        The same network, optimizer, rate and epochs, as far as the paper says; where it names no schedule the rate is
        constant. It names no batch and no augmentation, so these decide nothing.

        Args:
            settings: of a run.
            whole: it knows all ten classes.
        """

        def fits(row: Row) -> bool:
            stated = _stated(row["setting"], "learning_rate", "epochs", "optimizer")
            stated["schedule"] = "step" if row["setting"] == "StepLR" else "constant"
            return whole and row["network"] == _called(settings) and all(settings[k] == v for k, v in stated.items())

        return _first(self.networks, fits, ("setting", *METRICS))

    def efficiency(self, settings: dict[str, Any], whole: bool, method: str) -> Row:
        """Return paper 3's row of a network, pruned as the paper has it (single weights) or not, or empty cells."""
        word = _called(settings) + {"": "", "unstructured": "_pruned"}.get(method, "?")
        return _first(self.costs, lambda row: whole and row["network"] == word, EFFICIENCY)

    def device(self, network: str, device: str) -> Row:
        """Return paper 2's seconds of an epoch of a network in PyTorch on a device, or empty cells."""
        wanted = network, _DEVICES.get(device)
        return _first(self.seconds, lambda row: (row["network"], row["device"]) == wanted, SECONDS)


def _first(rows: Iterable[Row], fits: Callable[[Row], bool], columns: tuple[str, ...]) -> Row:
    """Return the first row that fits, or empty cells."""
    return next(filter(fits, rows), dict.fromkeys(columns, ""))


def _stated(setting: str, *keys: str) -> dict[str, Any]:
    """Return what a paper's words say of these settings."""
    found = {key: (re.search(_WORDS[key][0], setting), _WORDS[key][1]) for key in keys}
    return {key: kind(match[1]) for key, (match, kind) in found.items() if match}


def _called(settings: dict[str, Any]) -> str:
    """Return the papers' word of a network from scratch of full width, or '?'."""
    if settings.get("width") != 1 or settings.get("weights"):
        return "?"
    if settings.get("settings"):
        return SLIM if settings["network"] == "mobilenet_v2" else "?"
    return str(settings["network"])
