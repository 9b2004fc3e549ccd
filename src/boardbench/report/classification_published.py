"""Which of paper 2's numbers stand beside a run of ours: the same classifier on CIFAR-10, as far as the paper says."""

import re
from pathlib import Path
from typing import Any

from boardbench.errors import BoardbenchError
from boardbench.report.runs import read_csv

METRICS = ("accuracy", "precision", "recall", "f_score")
DISTANCES = {"l1": "pairwise", "l2": "mse"}  # ours -> paper 2's word; cosine and ssim are the same
CIFAR10 = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}
COUNTS = {"train": 50_000, "test": 10_000}
RATE = 0.001  # of table 4, unless stated

Row = dict[str, str]


def is_cifar10(facts: dict[str, Any]) -> bool:
    """Return whether samples.json describes CIFAR-10: its archive, or parquet files of its classes and size."""
    kind = facts["source"]["kind"]
    named = set(facts["classes"]) == CIFAR10 and list(facts["size"]) == [32, 32, 3]
    return kind == "cifar10" or (kind == "parquet" and named)


def _rows(published: Path, name: str, columns: tuple[str, ...]) -> list[Row]:
    path = published / f"cifar10_{name}.csv"
    if not path.is_file():
        raise BoardbenchError(f"{path}: no such file. It is part of the repository: git checkout -- {path}")
    rows = read_csv(path, "ledger", (*columns, "source")).to_dict("records")
    return [row for row in rows if row["source"].startswith("paper 2 ")]


class Published:
    """Paper 2's tables 1 to 5; empty for data that are not CIFAR-10."""

    def __init__(self, published: Path, facts: dict[str, Any]):
        self.baselines: list[Row] = []
        self.networks: list[Row] = []
        self.seconds: list[Row] = []
        if is_cifar10(facts):
            self.baselines = _rows(published, "baselines", ("method", "k", "distance", "normalization", *METRICS))
            self.networks = _rows(published, "networks", ("network", "setting", *METRICS))
            self.seconds = _rows(published, "epoch_seconds", ("network", "setting", "seconds_per_epoch"))

    def baseline(self, method: str, k: int | None, distance: str, normalization: str) -> Row:
        """Return the row of a baseline; empty cells where the paper has none."""
        wanted = (method, "" if k is None else str(k), DISTANCES.get(distance, distance), normalization)
        for row in self.baselines:
            if (row["method"], row["k"], row["distance"], row["normalization"]) == wanted:
                return row
        return dict.fromkeys(METRICS, "")

    def network(self, settings: dict[str, Any]) -> Row:
        """Return the row of table 4 with the network, rate, dropout, epochs and folds of our settings, or empty cells.

        Where the paper states no epochs, any number fits. It states no optimizer, batch or share of dropout, so
        these decide nothing.
        """
        for row in self.networks:
            setting = row["setting"]
            rate, epochs, folds = (
                re.search(pattern, setting) for pattern in (r"lr ([\d.]+)", r"(\d+) epochs", r"(\d+) folds")
            )
            if (
                row["network"] == f"numpy_{settings.get('network')}"
                and settings.get("learning_rate") == (float(rate[1]) if rate else RATE)
                and bool(settings.get("dropout")) == ("dropout" in setting)
                and (not epochs or settings.get("epochs") == int(epochs[1]))
                and settings.get("folds") == (int(folds[1]) if folds else None)
            ):
                return row
        return dict.fromkeys(("setting", *METRICS), "")

    def epoch(self, settings: dict[str, Any]) -> Row:
        """Return the row of table 5 with the filters of our convolutional network without pooling, or empty cells."""
        network = str(settings.get("network"))
        filters = network.removeprefix("cnn").replace("_", "-")
        for row in self.seconds:
            named = row["network"] == "numpy_cnn" and row["setting"].startswith(f"filters {filters},")
            if named and network.startswith("cnn") and not settings.get("pool"):
                return row
        return {"setting": "", "seconds_per_epoch": ""}
