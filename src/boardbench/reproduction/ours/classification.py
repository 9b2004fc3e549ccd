"""Our classification study as the reproduction sees it: its published tables on CIFAR-10 and digits."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boardbench.report.classification.published import DISTANCES, NORMALIZATIONS
from boardbench.report.runs import read_csv, read_json

_COMMAND = "snakemake --cores all --configfile workflow/presets/cifar10.yaml"
# Data sets that may stand beside published numbers, and the command that makes each: the original pixels come first.
_SMALL = _COMMAND.replace("cifar10.yaml", "cifar-small.yaml")
DATASETS = {
    "cifar10": _COMMAND,
    "cifar10-jpeg": f"{_COMMAND} workflow/presets/cifar10-jpeg.yaml",
    "cifar10-small": _SMALL,
    "cifar10-jpeg-small": f"{_SMALL} workflow/presets/cifar-small-jpeg.yaml",
    "cifar10-paper": _COMMAND.replace("cifar10.yaml", "cifar-paper.yaml"),
}
BASELINES = ("cifar10", "cifar10-jpeg")
"""Of them those with all of paper 2's baselines."""
VERB = "classification tables"
METRICS = ("accuracy", "precision", "recall", "f_score")
_BASELINE = ("method", "k", "distance", "normalization", "test_images", *METRICS)
COLUMNS = {
    "baselines": (*_BASELINE, "low", "high"),
    "variants": ("variant", *_BASELINE),
    "numpy_networks": ("name", "network", "learning_rate", "dropout", "folds", "epochs", "setting_published", *METRICS),
    "seconds": ("name", "seconds_per_epoch", "threads", "hardware", "setting_published"),
}
PRINTED = {"distance": DISTANCES, "normalization": NORMALIZATIONS}
"""Column -> our word -> paper 2's, where they differ."""
_OURS = {column: {printed: ours for ours, printed in words.items()} for column, words in PRINTED.items()}

Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Classified:
    """Published tables of one data set of the classification study; cells are text.

    Attributes:
        baselines: k-NN and nearest centroid.
        variants: the same neighbours read in other ways.
        numpy_networks: networks in NumPy alone.
        seconds: what each run took.
    """

    dataset: str
    command: str
    about: dict[str, Any]
    baselines: Rows
    variants: Rows
    numpy_networks: Rows
    seconds: Rows

    def whole(self, row: dict[str, str]) -> bool:
        """Return whether a row was scored on all test images."""
        return row["test_images"] == str(self.about["parts"]["test"])

    def baseline(self, printed: dict[str, str], **changes: str) -> dict[str, str] | None:
        """Return our row of a published baseline, with some of its cells (in our words) changed; None without one."""
        found = self._beside(self.baselines, printed, changes)
        return found[0] if found else None

    def other_readings(self, printed: dict[str, str], **changes: str) -> Rows:
        """Return what else our neighbours of a published baseline give."""
        return self._beside(self.variants, printed, changes)

    def networks(self, setting: str, network: str) -> Rows:
        """Return our networks of a published setting."""
        return [row for row in self.numpy_networks if (row["setting_published"], row["network"]) == (setting, network)]

    def _beside(self, rows: Rows, printed: dict[str, str], changes: dict[str, str]) -> Rows:
        wanted = {name: printed[name] for name in ("method", "k", "distance", "normalization")}
        wanted |= {column: words.get(printed[column], printed[column]) for column, words in _OURS.items()} | changes
        return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def read_classified(reports: Path) -> Classified | None:
    """Return the data set nearest to paper 2 that is published, or None.

    Raises:
        BoardbenchError: one of its tables is missing or broken.
    """
    for name in BASELINES:
        folder = reports / "tables" / name
        if not (folder / "about.json").is_file():
            continue
        about = read_json(folder / "about.json", VERB)
        if about.get("study") != "classification" or not about.get("cifar10"):
            continue
        rows = [
            read_csv(folder / f"classification_{table}.csv", VERB, columns).to_dict("records")
            for table, columns in COLUMNS.items()
        ]
        return Classified(name, DATASETS[name], about, *rows)
    return None
