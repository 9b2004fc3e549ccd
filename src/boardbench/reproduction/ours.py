"""Our own tables as the reproduction sees them: of the data sets that may stand beside a paper's; cells are text.

A table that is missing or broken is refused, with the verb that makes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from boardbench.artifacts import read
from boardbench.errors import BoardbenchError
from boardbench.report.artifacts import About
from boardbench.report.runs import read_csv

Row = dict[str, str]
Rows = list[Row]
Key = tuple[str, str]  # backbone, strategy
Folders = Mapping[str, Path]  # data set -> folder of its tables

BOARDS = "pcbvision"  # the only data set whose scores may stand beside paper 1's
RUN = "snakemake --cores all"
_PRESET = f"{RUN} --configfile workflow/presets/"
# The command that makes each data set; a preset is called like the data set that it makes where none stands here.
COMMANDS = {
    BOARDS: f"{_PRESET}pcbvision.yaml",
    "cifar10": f"{_PRESET}cifar10.yaml",
    "cifar10-jpeg": f"{_PRESET}cifar10.yaml workflow/presets/cifar10-jpeg.yaml",
    "cifar10-published": f"{_PRESET}cifar10-published.yaml",
    "cifar10-jpeg-published": f"{_PRESET}cifar10-published.yaml workflow/presets/cifar10-published-jpeg.yaml",
    "cifar10-small": f"{_PRESET}cifar-small.yaml",
    "cifar10-jpeg-small": f"{_PRESET}cifar-small.yaml workflow/presets/cifar-small-jpeg.yaml",
    "cifar10-paper": f"{_PRESET}cifar-paper.yaml",
    "simulated-photos": RUN,
}
SCORED = {command for name, command in COMMANDS.items() if name != "simulated-photos"}
# Data sets of which one stands beside paper 2's baselines, and paper 4: original pixels, its own settings come first.
BASELINES = ("cifar10", "cifar10-jpeg")
RECIPES = ("cifar10-published", "cifar10-jpeg-published")  # by the recipe of paper 2's code
PHOTOS = ("placement-paper", "simulated-photos")

# Table -> columns that are read of it.
_SCORES = "accuracy precision recall f_score"
_BASELINE = f"method k distance normalization test_images {_SCORES}"
_BASELINE_TABLES = {
    "baselines": f"{_BASELINE} low high",
    "variants": f"variant {_BASELINE}",
    "numpy_networks": f"name network learning_rate setting_published {_SCORES}",
    "seconds": "name seconds_per_epoch threads setting_published",
}
_NETWORK_TABLES = {
    "networks": f"name network blocks learning_rate epochs seeds classes setting_published {_SCORES}",
    "efficiency": "name network pruning method ratio seeds accuracy parameters_millions parameters_nonzero_millions "
    "gmacs params_millions_published",
    "latency": "name pruning network runtime batch threads n p50_ms speedup inference_ms_per_batch_published",
    "epoch_seconds": "network device batch_size threads seconds_per_epoch hardware device_published",
    "transfer": "child parent ratio",
}
_PLACEMENT_TABLES = {
    "placement": "init loss part seeds centre_mae_px",
    "differences": "question init part metric seeds difference low high conclusion",
    "complexity": "network gmacs params_millions",
}
_BOARD_TABLES = {
    "per_class": "backbone strategy seed class f1 iou",
    "mean": "backbone strategy seeds miou miou_sd mf1 mf1_sd",
    "reduction": "strategy explained_variance_percent",
}


@dataclass(frozen=True)
class Ours:
    """Tables of one data set of ours; one that is not there is empty."""

    dataset: str
    about: dict[str, Any]
    tables: dict[str, Rows]

    def __getitem__(self, table: str) -> Rows:
        return self.tables[table]

    @property
    def command(self) -> str:
        """The command that makes it."""
        return COMMANDS.get(self.dataset, f"{_PRESET}{self.dataset}.yaml")

    @property
    def data(self) -> str:
        """What the images are, in brackets behind a number of a network."""
        words = [self.dataset]
        words += [] if self.about["original"] else ["recoded as JPEG" if self.about["recoded"] else "pixels unknown"]
        words += [] if self.about["complete"] else [f"{self.about['parts']['train']} training images"]
        return ", ".join(words)


def _read(study: str, folders: Folders, name: str, tables: dict[str, str], *, whole: bool = True) -> Ours:
    rows = {}
    for table, columns in tables.items():
        path = folders[name] / (f"{study}.csv" if table == study else f"{study}_{table}.csv")
        there = whole or path.is_file()
        rows[table] = read_csv(path, f"{study} tables", tuple(columns.split())).to_dict("records") if there else []
    return Ours(name, _about(study, folders, name), rows)


def _about(study: str, folders: Folders, name: str) -> dict[str, Any]:
    """Return what is said of a data set; nothing where it is none of this study, or not there."""
    path = folders[name] / "about.json" if name in folders else None
    about = read(path, About, f"{study} tables") if path and path.is_file() else None
    return about.model_dump() if about and about.study == study else {}


def read_classified(folders: Folders) -> Ours | None:
    """Return the data set nearest to paper 2's baselines, or None."""
    return _first_classified(folders, BASELINES)


def read_recipe(folders: Folders) -> Ours | None:
    """Return the runs by the recipe of paper 2's code, on original pixels first, or None."""
    return _first_classified(folders, RECIPES)


def _first_classified(folders: Folders, names: tuple[str, ...]) -> Ours | None:
    found = [name for name in names if _about("classification", folders, name).get("cifar10")]
    return _read("classification", folders, found[0], _BASELINE_TABLES) if found else None


def read_trained(folders: Folders) -> list[Ours]:
    """Return the data sets that are CIFAR-10 and have networks in PyTorch, by name."""
    names = [name for name in sorted(folders) if _about("classification", folders, name).get("cifar10")]
    found = [_read("classification", folders, name, _NETWORK_TABLES, whole=False) for name in names]
    return [ours for ours in found if any(ours.tables.values())]


def read_placed(folders: Folders) -> Ours | None:
    """Return the data set nearest to paper 4's, or None."""
    names = [name for name in PHOTOS if _about("placement", folders, name)]
    return _read("placement", folders, names[0], _PLACEMENT_TABLES) if names else None


def _spread(values: list[float]) -> str:
    known = [value for value in values if value == value]
    if len(known) < 2:
        return f"{known[0]:.4f}" if known else ""
    return f"{mean(known):.4f} (n = {len(known)}, sd {stdev(known):.4f})"


def read_boards(folders: Folders) -> tuple[dict[Key, Row], dict[str, float]]:
    """Return our scores on PCB-Vision by cell, and the variance that PCA keeps in percent, by strategy.

    Both are empty where the folder of that name is made from other data."""
    if _about("segmentation", folders, BOARDS).get("source") != BOARDS:
        return {}, {}

    tables = _read("segmentation", folders, BOARDS, _BOARD_TABLES)
    values: dict[Key, dict[str, list[float]]] = {}
    for row in tables["per_class"]:
        for metric in ("f1", "iou"):
            cells = values.setdefault((row["backbone"], row["strategy"]), {})
            cells.setdefault(f"{metric} {row['class']}", []).append(float(row[metric] or "nan"))
    ours = {key: {name: _spread(cell) for name, cell in cells.items()} for key, cells in values.items()}
    for row in tables["mean"]:
        for metric in ("f1", "iou"):
            spread = f" (n = {row['seeds']}, sd {row[f'm{metric}_sd']})" if row[f"m{metric}_sd"] else ""
            ours[row["backbone"], row["strategy"]][f"{metric} mean"] = row[f"m{metric}"] + spread
    percents = {row["strategy"]: row["explained_variance_percent"] for row in tables["reduction"]}
    return ours, {strategy: float(percent) for strategy, percent in percents.items() if percent}


def read_latency(folders: Folders) -> tuple[str, dict[Key, float]]:
    """Return a data set with measured times of networks as large as paper 1's, and their milliseconds by cell.

    Times of a narrower network are left out: what a time and its rate say of the operations must be what was counted
    at paper 1's size. Empty where there are none.
    """
    for name, folder in sorted(folders.items()):
        counted, timed = folder / "segmentation_complexity.csv", folder / "segmentation_latency.csv"
        if not counted.is_file() or not timed.is_file():
            continue
        gmacs = read_csv(counted, "segmentation tables", ("backbone", "strategy", "gmacs", "gmacs_published"))
        full = {
            (row["backbone"], row["strategy"]): float(row["gmacs"])
            for row in gmacs.to_dict("records")
            if row["gmacs_published"]
        }
        found = {}
        columns = ("backbone", "strategy", "lines", "samples", "network_p50_ms", "ms_per_gmac")
        for row in read_csv(timed, "segmentation tables", columns).to_dict("records"):
            key, milliseconds = (row["backbone"], row["strategy"]), float(row["network_p50_ms"])
            share = int(row["lines"]) * int(row["samples"]) / 640**2
            if key in full and abs(milliseconds / float(row["ms_per_gmac"]) / (full[key] * share) - 1) < 0.01:
                found[key] = milliseconds
        if found:
            return name, found
    return "", {}


def read_counted(folders: Folders) -> dict[Key, dict[str, float]]:
    """Return the counts of every data set whose counted input is paper 1's; they count the same, so they agree.

    Raises:
        BoardbenchError: a table is broken, or two of them count differently.
    """
    columns = ("backbone", "strategy", "gmacs_published_convention", "params_millions", "gmacs_published")
    found: dict[Key, dict[str, float]] = {}
    for folder in sorted(folders.values()):
        path = folder / "segmentation_complexity.csv"
        rows = read_csv(path, "segmentation tables", columns).to_dict("records") if path.is_file() else []
        for row in rows:
            if not row["gmacs_published"]:
                continue
            key = (row["backbone"], row["strategy"])
            try:
                cells = {"gmacs": float(row[columns[2]]), "params_millions": float(row[columns[3]])}
            except ValueError:
                raise BoardbenchError(
                    f"{path}: {columns[2]} or {columns[3]} of {', '.join(key)} is not a number. "
                    "Make it again with 'boardbench segmentation tables' and publish it."
                ) from None
            if found.setdefault(key, cells) != cells:
                raise BoardbenchError(
                    f"{path}: {', '.join(key)} was counted as {cells}, in another data set as {found[key]}. One is of "
                    "an older version: make that data set's tables again and publish them."
                )
    return found
