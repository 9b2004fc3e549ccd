"""What the published numbers are judged by: the tables as printed, the confusion logs, the scene lists, our own runs.

Everything is read from one reports/ folder. Numbers stay text until they are compared, because their printed
decimals decide what counts as equal.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from boardbench.errors import BoardbenchError
from boardbench.report.runs import read_csv
from boardbench.reproduction.ours.classification import Classified, read_classified
from boardbench.reproduction.ours.networks import Trained, read_trained
from boardbench.reproduction.ours.placement import Placed, read_placed
from boardbench.reproduction.ours.segmentation import Key, read_ours
from boardbench.reproduction.verdicts import Claim
from boardbench.segmentation.scores import scores

CLASSES = ("others", "ic", "capacitor", "connectors")
BACKBONES = ("unet", "attention_unet", "resunet")
NAMES = {"unet": "U-Net", "attention_unet": "Attention U-Net", "resunet": "ResU-Net"}
COSTS = ("gmacs", "params_millions")
CIFAR10 = tuple(f"cifar10_{name}.csv" for name in ("baselines", "efficiency", "epoch_seconds", "networks"))


def _published(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BoardbenchError(f"{path}: no such file. It is part of the repository: git checkout -- {path}") from None
    except UnicodeDecodeError as error:
        raise damaged(path, f"not text ({error})") from None


def damaged(path: Path, what: str) -> BoardbenchError:
    """Return the error for a published file that cannot be what the repository holds."""
    return BoardbenchError(f"{path}: {what}. Mend it, or take the repository's copy back: git checkout -- {path}")


def published_rows(path: Path, columns: tuple[str, ...], key: tuple[str, ...] = ()) -> list[dict[str, str]]:
    """Read a published table as text.

    Args:
        path: CSV file.
        columns: columns that it must have.
        key: columns that must not repeat together.

    Raises:
        BoardbenchError: missing file or column, a row of another length, or a repeated key.
    """
    reader = csv.DictReader(_published(path).splitlines())
    missing = [name for name in columns if name not in (reader.fieldnames or [])]
    if missing:
        raise damaged(path, f"column {', '.join(missing)} is missing")
    rows, seen = [], set()
    for row in reader:
        if None in row or None in row.values():
            raise damaged(path, f"line {reader.line_num} has not {len(reader.fieldnames or [])} fields")
        named = tuple(row[name] for name in key)
        if key and named in seen:
            raise damaged(path, f"line {reader.line_num}: {', '.join(named)} stands there twice")
        seen.add(named)
        if "source" in columns and not re.fullmatch(r"paper \d+ tables? .+", row["source"]):
            raise damaged(path, f"line {reader.line_num}: source {row['source']!r} is no 'paper N table M'")
        rows.append(row)
    return rows


def number(path: Path, row: Mapping[str, str], column: str) -> float:
    """Return a cell as a number.

    Raises:
        BoardbenchError: not a number.
    """
    try:
        return float(row[column])
    except ValueError:
        name = ", ".join(list(row.values())[:2])
        raise damaged(path, f"{column} of {name} is {row[column]!r}, not a number") from None


@dataclass
class Evidence:
    """All that a verdict may rest on; read by :func:`read_evidence`.

    Attributes:
        scores: (backbone, strategy, metric) -> printed cells, with ``mean`` and ``source``.
        costs: (backbone, strategy) -> printed ``gmacs``, ``params_millions``, ``source``.
        logs: (backbone, strategy) -> confusion matrix (classes, classes), rows are the truth.
        scenes: the data set's lists, preprocessing and training settings.
        claims: the sentences of all papers.
        tables: file name -> rows of every cifar10_*.csv.
        counted: (backbone, strategy) -> our counts for paper 1's input, if counted.
        ours: (backbone, strategy) -> our scores on PCB-Vision as text, if run; ``variance`` of PCA in percent.
        placed: our placement study, if published.
        classified: our classification study on CIFAR-10, if published.
        trained: its networks in PyTorch, one a data set that is CIFAR-10.
    """

    published: Path
    scores: dict[tuple[str, str, str], dict[str, str]]
    costs: dict[Key, dict[str, str]]
    logs: dict[Key, np.ndarray]
    scenes: dict[str, Any]
    claims: list[Claim]
    tables: dict[str, list[dict[str, str]]]
    counted: dict[Key, dict[str, float]] = field(default_factory=dict)
    ours: dict[Key, dict[str, str]] = field(default_factory=dict)
    variance: dict[str, float] = field(default_factory=dict)
    placed: Placed | None = None
    classified: Classified | None = None
    trained: list[Trained] = field(default_factory=list)

    @cached_property
    def from_logs(self) -> dict[Key, dict[str, Any]]:
        """Return the scores of every logged confusion matrix."""
        return {key: scores(confusion) for key, confusion in self.logs.items()}

    def printed(self, backbone: str, strategy: str, metric: str, name: str = "mean") -> float:
        """Return a cell of paper 1's score tables."""
        return float(self._row(self.scores, (backbone, strategy, metric), "segmentation_scores.csv")[name])

    def logged(self, backbone: str, strategy: str, metric: str, name: str = "mean") -> float:
        """Return the same cell at full precision, from the logged confusion matrix."""
        found = self._row(self.from_logs, (backbone, strategy), "segmentation_confusion_logs.yaml")
        return found[f"m{metric}"] if name == "mean" else float(found[metric][CLASSES.index(name)])

    def confusion(self, backbone: str, strategy: str) -> np.ndarray:
        """Return a logged confusion matrix (classes, classes), rows are the truth."""
        return self._row(self.logs, (backbone, strategy), "segmentation_confusion_logs.yaml")

    def cost(self, backbone: str, strategy: str, column: str = "gmacs") -> float:
        """Return a cell of paper 1's cost table."""
        return float(self.cost_text(backbone, strategy, column))

    def cost_text(self, backbone: str, strategy: str, column: str = "gmacs") -> str:
        """Return the same cell as printed."""
        return self._row(self.costs, (backbone, strategy), "segmentation_complexity.csv")[column]

    def count(self, backbone: str, strategy: str, column: str = "gmacs") -> float:
        """Return our own count of the same cell, in paper 1's convention; NaN where nothing was counted."""
        return self.counted.get((backbone, strategy), {}).get(column, float("nan"))

    def _row(self, rows: Mapping, key: tuple[str, ...], file: str) -> Any:
        if key not in rows:
            raise damaged(self.published / file, f"no row for {', '.join(key)}, on which claims of paper 1 rest")
        return rows[key]


def _scores(path: Path) -> dict[tuple[str, str, str], dict[str, str]]:
    key = ("backbone", "strategy", "metric")
    rows = published_rows(path, (*key, *CLASSES, "mean", "source"), key)
    for row in rows:
        for name in (*CLASSES, "mean"):
            if not re.fullmatch(r"0\.\d+|1\.0+", row[name]):
                raise damaged(path, f"{name} of {row['backbone']}, {row['strategy']} is {row[name]!r}, not in [0, 1]")
        if row["metric"] not in ("f1", "iou"):
            raise damaged(path, f"metric {row['metric']!r} is neither f1 nor iou")
    return {
        tuple(row[name] for name in key): {name: row[name] for name in (*CLASSES, "mean", "source")} for row in rows
    }


def _costs(path: Path) -> dict[Key, dict[str, str]]:
    rows = published_rows(
        path, ("backbone", "strategy", *(f"{name}_published" for name in COSTS), "source"), ("backbone", "strategy")
    )
    found = {}
    for row in rows:
        for name in COSTS:
            number(path, row, f"{name}_published")
        cells = {name: row[f"{name}_published"] for name in COSTS}
        found[row["backbone"], row["strategy"]] = cells | {"source": row["source"]}
    return found


def _yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(_published(path))
    except yaml.YAMLError as error:
        raise damaged(path, f"not valid YAML ({str(error).splitlines()[0]})") from None
    if not isinstance(content, dict):
        raise damaged(path, "not a YAML mapping")
    return content


def _logs(path: Path) -> dict[Key, np.ndarray]:
    logs = {}
    for name, cells in _yaml(path).items():
        matrix = np.array(cells, dtype=object)
        whole = matrix.shape == (len(CLASSES),) * 2 and all(type(cell) is int and cell >= 0 for cell in matrix.flat)
        if not whole or "-" not in name:
            raise damaged(path, f"{name} is no <backbone>-<strategy> with 4 x 4 counts")
        logs[tuple(name.rsplit("-", 1))] = matrix.astype(np.int64)
    return logs


def _claims(path: Path) -> list[Claim]:
    columns = ("id", "paper", "place", "claim", "value", "derivation")
    rows = published_rows(path, columns, ("id",))
    for row in rows:
        empty = [name for name in columns if not row[name].strip()]
        if empty:
            raise damaged(path, f"{', '.join(empty)} of claim {row['id']!r} is empty")
    return [Claim(**{name: row[name] for name in columns}) for row in rows]


def _counted(reports: Path, costs: Mapping[Key, Any]) -> dict[Key, dict[str, float]]:
    """Return the counts of every dataset whose counted input is paper 1's; they count the same, so they agree.

    Nothing where a cell of ``costs`` was not counted by any of them: sentences compare all cells.
    """
    columns = ("backbone", "strategy", "gmacs_published_convention", "params_millions", "gmacs_published")
    found: dict[Key, dict[str, float]] = {}
    for path in sorted(reports.glob("tables/*/segmentation_complexity.csv")):
        for row in read_csv(path, "segmentation tables", columns).to_dict("records"):
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
                    f"{path}: {', '.join(key)} was counted as {cells}, elsewhere below {reports / 'tables'} as "
                    f"{found[key]}. One is of an older version: make that dataset's tables again and publish them."
                )
    return found if costs.keys() <= found.keys() else {}


def read_evidence(reports: Path) -> Evidence:
    """Read everything a verdict may rest on from a reports/ folder.

    Raises:
        BoardbenchError: a file of reports/published is missing or damaged, or a table of ours is; names the file,
            the field and the remedy.
    """
    published = reports / "published"
    names = sorted({*CIFAR10, *(path.name for path in published.glob("cifar10_*.csv"))})
    tables = {name: published_rows(published / name, ("source",)) for name in names}
    ours, variance = read_ours(reports)
    costs = _costs(published / "segmentation_complexity.csv")
    return Evidence(
        published,
        _scores(published / "segmentation_scores.csv"),
        costs,
        _logs(published / "segmentation_confusion_logs.yaml"),
        _yaml(published / "pcbvision_scenes.yaml"),
        _claims(published / "claims.csv"),
        tables,
        _counted(reports, costs),
        ours,
        variance,
        read_placed(reports),
        read_classified(reports),
        read_trained(reports),
    )
