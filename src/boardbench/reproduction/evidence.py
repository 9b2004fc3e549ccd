"""What the published numbers are judged by: the tables as printed, the confusion logs, the scene lists, our own runs.

Numbers stay text until they are compared, because their printed decimals decide what counts as equal. A published file
that is missing or damaged is refused, and named with the field and the remedy.
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
from boardbench.reproduction.ours import (
    Key,
    Ours,
    Row,
    Rows,
    read_boards,
    read_classified,
    read_counted,
    read_latency,
    read_placed,
    read_recipe,
    read_trained,
)
from boardbench.reproduction.verdicts import REASONS, Claim
from boardbench.segmentation.scores import scores

CLASSES = ("others", "ic", "capacitor", "connectors")
BACKBONES = ("unet", "attention_unet", "resunet")
COSTS = ("gmacs", "params_millions")
CIFAR10 = tuple(f"cifar10_{name}.csv" for name in ("baselines", "efficiency", "epoch_seconds", "networks"))
_SCORES, _COSTS = "segmentation_scores.csv", "segmentation_complexity.csv"
_LOGS, _SCENES, _CLAIMS = "segmentation_confusion_logs.yaml", "pcbvision_scenes.yaml", "claims.csv"
_POSTER, _RUNS = "segmentation_complexity_poster.csv", "author_runs.csv"
_RUN = "run network setting device initialization part epochs steps_per_epoch accuracy precision recall f_score"
_RUN += " seconds_per_epoch first_loss second_loss largest_loss last_loss"


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


def published_rows(path: Path, columns: tuple[str, ...], key: tuple[str, ...] = ()) -> Rows:
    """Read a published table as text: the columns must be there, the cells of ``key`` must not repeat together."""
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
    """Return a cell of a published table as a number."""
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
        poster: (backbone, strategy) -> ``gmacs`` and ``params_millions`` of the poster of paper 1's author.
        runs: runs of paper 2's author, by the JSON files of its repository.
        scenes: the data set's lists, preprocessing and training settings.
        claims: the sentences of all papers.
        tables: file name -> rows of every cifar10_*.csv.
        counted: (backbone, strategy) -> our counts for paper 1's input; empty unless all its cells were counted.
        latency: data set, and (backbone, strategy) -> milliseconds that we measured of networks as large as paper 1's.
        ours: (backbone, strategy) -> our scores on PCB-Vision as text, if run; ``variance`` of PCA in percent.
        placed: our placement study, if there is one.
        classified: our baselines on CIFAR-10, if there are any.
        recipe: our runs by the recipe of paper 2's code, if there are any.
        trained: our networks in PyTorch, one a data set that is CIFAR-10.
    """

    published: Path
    scores: dict[tuple[str, str, str], Row]
    costs: dict[Key, Row]
    logs: dict[Key, np.ndarray]
    scenes: dict[str, Any]
    claims: list[Claim]
    tables: dict[str, Rows]
    poster: dict[Key, Row] = field(default_factory=dict)
    runs: Rows = field(default_factory=list)
    counted: dict[Key, dict[str, float]] = field(default_factory=dict)
    latency: tuple[str, dict[Key, float]] = ("", {})
    ours: dict[Key, Row] = field(default_factory=dict)
    variance: dict[str, float] = field(default_factory=dict)
    placed: Ours | None = None
    classified: Ours | None = None
    recipe: Ours | None = None
    trained: list[Ours] = field(default_factory=list)

    @cached_property
    def from_logs(self) -> dict[Key, dict[str, Any]]:
        """Return the scores of every logged confusion matrix."""
        return {key: scores(confusion) for key, confusion in self.logs.items()}

    def printed(self, backbone: str, strategy: str, metric: str, name: str = "mean") -> float:
        """Return a cell of paper 1's score tables."""
        return float(self._row(self.scores, (backbone, strategy, metric), _SCORES)[name])

    def logged(self, backbone: str, strategy: str, metric: str, name: str = "mean") -> float:
        """Return the same cell at full precision, from the logged confusion matrix."""
        found = self._row(self.from_logs, (backbone, strategy), _LOGS)
        return found[f"m{metric}"] if name == "mean" else float(found[metric][CLASSES.index(name)])

    def confusion(self, backbone: str, strategy: str) -> np.ndarray:
        """Return a logged confusion matrix (classes, classes), rows are the truth."""
        return self._row(self.logs, (backbone, strategy), _LOGS)

    def cost(self, backbone: str, strategy: str, column: str = "gmacs") -> float:
        """Return a cell of paper 1's cost table."""
        return float(self._row(self.costs, (backbone, strategy), _COSTS)[column])

    def count(self, backbone: str, strategy: str, column: str = "gmacs") -> float:
        """Return our own count of the same cell, in paper 1's convention; NaN where nothing was counted."""
        return self.counted.get((backbone, strategy), {}).get(column, float("nan"))

    def claim(self, name: str) -> Claim:
        """Return another sentence that a check needs."""
        found = [claim for claim in self.claims if claim.id == name]
        if not found:
            raise damaged(self.published / _CLAIMS, f"claim {name} is missing, but another claim needs it")
        return found[0]

    def scene(self, *path: str) -> Any:
        """Return an entry of the data set's file."""
        found: Any = self.scenes
        for name in path:
            if not isinstance(found, dict) or name not in found:
                raise damaged(self.published / _SCENES, f"{'.'.join(path)} is missing")
            found = found[name]
        return found

    def rows(self, file: str, **wanted: str) -> Rows:
        """Return the rows of a cifar10_*.csv whose cells are the wanted ones; at least one."""
        found = [row for row in self.tables[file] if all(row.get(key) == value for key, value in wanted.items())]
        if not found:
            raise damaged(self.published / file, f"no row with {wanted or 'anything'}, on which claims rest")
        return found

    def author_runs(self, **wanted: str) -> Rows:
        """Return the runs of paper 2's author whose cells are the wanted ones; at least one."""
        found = [row for row in self.runs if all(row[key] == value for key, value in wanted.items())]
        if not found:
            raise damaged(self.published / _RUNS, f"no run with {wanted}, on which claims of paper 2 rest")
        return found

    def cell(self, file: str, column: str, **wanted: str) -> float:
        """Return one number of the first such row."""
        row = self.rows(file, **wanted)[0]
        return number(self.published / file, row | {column: row.get(column, "")}, column)

    def _row(self, rows: Mapping, key: tuple[str, ...], file: str) -> Any:
        if key not in rows:
            raise damaged(self.published / file, f"no row for {', '.join(key)}, on which claims of paper 1 rest")
        return rows[key]


def _scores(path: Path) -> dict[tuple[str, str, str], Row]:
    key = ("backbone", "strategy", "metric")
    rows = published_rows(path, (*key, *CLASSES, "mean", "source"), key)
    for row in rows:
        for name in (*CLASSES, "mean"):
            if not re.fullmatch(r"0\.\d+|1\.0+", row[name]):
                raise damaged(path, f"{name} of {row['backbone']}, {row['strategy']} is {row[name]!r}, not in [0, 1]")
        if row["metric"] not in ("f1", "iou"):
            raise damaged(path, f"metric {row['metric']!r} is neither f1 nor iou")
    return {tuple(row[name] for name in key): row for row in rows}


def _costs(path: Path) -> dict[Key, Row]:
    key = ("backbone", "strategy")
    rows = published_rows(path, (*key, *(f"{name}_published" for name in COSTS), "source"), key)
    for row in rows:
        for name in COSTS:
            number(path, row, f"{name}_published")
    return {
        (row["backbone"], row["strategy"]): {name.removesuffix("_published"): text for name, text in row.items()}
        for row in rows
    }


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
    filled = ("id", "paper", "place", "claim", "value", "derivation")
    rows = published_rows(path, filled, ("id",))
    for row in rows:
        empty = [name for name in filled if not row[name].strip()]
        if empty:
            raise damaged(path, f"{', '.join(empty)} of claim {row['id']!r} is empty")
        if row.get("reason") and row["reason"] not in REASONS:
            what = f"reason of claim {row['id']} is {row['reason']!r}, none of: {'; '.join(REASONS)}"
            raise damaged(path, what)
    return [Claim(**{name: row.get(name, "") for name in (*filled, "recomputed", "why", "reason")}) for row in rows]


def _poster(path: Path) -> dict[Key, Row]:
    key = ("backbone", "strategy")
    rows = published_rows(path, (*key, *COSTS), key)
    for row in rows:
        for name in COSTS:
            number(path, row, name)
    return {(row["backbone"], row["strategy"]): row for row in rows}


def _runs(path: Path) -> Rows:
    rows = published_rows(path, tuple(_RUN.split()), ("run", "part"))
    for row in rows:
        for name in _RUN.split()[6:]:
            number(path, row, name)
    return rows


def read_evidence(reports: Path, run: Mapping[str, Path] | None = None) -> Evidence:
    """Read ``reports/published`` and ``reports/tables``; the tables of ``run`` (data set -> folder) come first."""
    published = reports / "published"
    names = sorted({*CIFAR10, *(path.name for path in published.glob("cifar10_*.csv"))})
    tables = {name: published_rows(published / name, ("source",)) for name in names}
    run = run or {}
    reference = {path.name: path for path in reports.glob("tables/*/") if path.name not in run}
    folders = reference | run
    ours, variance = read_boards(folders)
    costs = _costs(published / _COSTS)
    counted = read_counted(reference) | read_counted(run)
    return Evidence(
        published,
        _scores(published / _SCORES),
        costs,
        _logs(published / _LOGS),
        _yaml(published / _SCENES),
        _claims(published / _CLAIMS),
        tables,
        _poster(published / _POSTER),
        _runs(published / _RUNS),
        counted if costs.keys() <= counted.keys() else {},
        read_latency(folders),
        ours,
        variance,
        read_placed(folders),
        read_classified(folders),
        read_recipe(folders),
        read_trained(folders),
    )
