"""Read what networks in PyTorch left behind: runs, pruned runs, and the tables of what they cost."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from boardbench.classification.artifacts import PrunedMetrics, TrainedMetrics
from boardbench.errors import BoardbenchError
from boardbench.report.classification.runs import Run, Truth, read_run, same_settings
from boardbench.report.runs import AGAIN, numbers, read_content, read_csv
from boardbench.report.uncertainty import image_interval

TRAIN, PRUNE = "classification train", "classification prune"
NUMBERS = {
    "complexity": ("parameters", "parameters_nonzero", "gmacs", "gmacs_effective", "bytes", "bytes_compressed"),
    "latency": ("batch", "threads", "n", "p50_ms", "p99_ms", "images_per_s"),
}
KEYS = {"complexity": ("name", "pruning", "seed"), "latency": ("name", "pruning", "seed", "runtime", "batch")}

Groups = dict[str, list[Run]]


@dataclass(frozen=True)
class Trained:
    """The networks of a data set.

    Attributes:
        groups: name -> runs, one a seed, unpruned.
        pruned: (name, pruning) -> runs, one a seed.
        costs: rows of complexity.csv by (name, pruning, seed), all text.
    """

    groups: Groups
    pruned: dict[tuple[str, str], list[Run]]
    costs: dict[tuple[str, ...], dict[str, str]]

    def cost(self, run: Run, column: str) -> float:
        """Return a number of complexity.csv."""
        return float(self.costs[key_of(run)][column])

    def before(self, run: Run) -> Run:
        """Return the run that a pruned one comes from."""
        return next(one for one in self.groups[run.content.name] if one.content.seed == run.content.seed)


def key_of(run: Run) -> tuple[str, str, str]:
    """Return what complexity.csv and latency.csv know a run by: name, pruning, seed."""
    return run.content.name, run.content.pruning.name if run.content.pruning else "", str(run.content.seed)


def settings_of(run: Run) -> dict[str, Any]:
    """Return the settings of a run."""
    return run.content.settings


def knows_all(run: Run, truth: Truth) -> bool:
    """Return whether a run knows all classes of the data set."""
    return list(run.content.classes) == list(truth.classes)


def right(runs: list[Run], truth: Truth) -> np.ndarray:
    """Return (seeds, images) whether each run is right."""
    return np.stack([(run.predicted == truth.labels.loc[run.predicted.index]).to_numpy() for run in runs])


def accuracy_limits(runs: list[Run], truth: Truth) -> tuple[float, float]:
    """Return the 95 % limits of the mean accuracy: of one seed over test images, else over test images and seeds."""
    if len(runs) == 1:
        return runs[0].scores["low"], runs[0].scores["high"]
    low, high = image_interval(right(runs, truth).astype(float))
    return max(low, 0.0), min(high, 1.0)


def _read(path: Path, dataset: str, kind: type[TrainedMetrics], truth: Truth, verb: str) -> Run:
    content = read_content(path, kind, verb, dataset=dataset)
    foreign = [name for name in content.classes if name not in truth.classes]
    if foreign:
        raise BoardbenchError(
            f"{path}: classes has {', '.join(map(str, foreign))}, which {truth.path} does not know. "
            f"{AGAIN.format(verb=verb)}"
        )
    run = read_run(path, content, None, content.scores, "predicted", truth, verb)
    labels = [truth.classes.index(name) for name in content.classes]
    expected = int(truth.labels.isin(labels).sum())
    if len(run.predicted) != expected:
        raise BoardbenchError(
            f"{path}: test_images is {len(run.predicted)}, but {truth.path} has {expected} of its classes. "
            f"{AGAIN.format(verb=verb)}"
        )
    return run


def _named(path: Path, run: Run, expected: str, verb: str) -> None:
    found = f"{run.content.name}-seed{run.content.seed}"
    if found != expected:
        raise BoardbenchError(f"{path}: the run in it is {found}, not {expected}. {AGAIN.format(verb=verb)}")


def read_trained(runs: Path, dataset: str, folders: list[str], truth: Truth) -> Groups:
    """Read ``<name>-seed<k>/`` of every network in PyTorch: name -> one run a seed, in the order given.

    Raises:
        BoardbenchError: a run is missing, of another data set, or not scored on all test images of its classes.
    """
    groups: Groups = {}
    for folder in folders:
        path = runs / folder / "metrics.json"
        run = _read(path, dataset, TrainedMetrics, truth, TRAIN)
        _named(path, run, folder, TRAIN)
        group = groups.setdefault(run.content.name, [])
        same_settings(run, group, path, TRAIN)
        group.append(run)
    return groups


def read_pruned(
    folder: Path | None, dataset: str, given: list[str], groups: Groups, truth: Truth
) -> dict[tuple[str, str], list[Run]]:
    """Read ``<pruning>/<name>-seed<k>/`` of every pruned network: (name, pruning) -> one run a seed.

    Raises:
        BoardbenchError: a run is missing, of another data set, or the network that it comes from is not read.
    """
    found: dict[tuple[str, str], list[Run]] = {}
    for word in given:
        pruning, _, name = word.partition("/")
        if not name:
            raise BoardbenchError(f"{word}: not <pruning>/<name>-seed<k>.")
        path = folder / pruning / name / "metrics.json"
        run = _read(path, dataset, PrunedMetrics, truth, PRUNE)
        run = replace(run, folder=word)
        _named(path, run, name, PRUNE)
        if run.content.pruning.name != pruning:
            what = f"{path}: pruning.name is {run.content.pruning.name!r}, expected {pruning!r}."
            raise BoardbenchError(f"{what} {AGAIN.format(verb=PRUNE)}")
        seeds = [one.content.seed for one in groups.get(run.content.name, [])]
        if run.content.seed not in seeds:
            raise BoardbenchError(
                f"{path}: the run that it comes from, {name}, is not there. {AGAIN.format(verb=PRUNE)}"
            )
        found.setdefault((run.content.name, pruning), []).append(run)
    return found


def read_numbers(path: Path, table: str) -> pd.DataFrame:
    """Read complexity.csv or latency.csv of a data set, as text.

    Args:
        path: of the table.
        table: complexity or latency.

    Raises:
        BoardbenchError: a column is missing, a cell is not a number, or a row is there twice.
    """
    verb = f"classification {table}"
    columns, keys = NUMBERS[table], list(KEYS[table])
    hardware = ("hardware",) if table == "latency" else ()
    frame = read_csv(path, verb, (*dict.fromkeys([*keys, "network", *columns]), *hardware))
    numbers(path, frame, columns, verb)
    if frame.duplicated(keys).any():
        line = int(frame.duplicated(keys).idxmax()) + 2
        raise BoardbenchError(f"{path}, line {line}: a row twice. {AGAIN.format(verb=verb)}")
    return frame


def read_costs(path: Path | None, runs: list[Run]) -> dict[tuple[str, ...], dict[str, str]]:
    """Return the rows of complexity.csv by (name, pruning, seed).

    Raises:
        BoardbenchError: no file, or a run is not in it.
    """
    frame = read_numbers(path, "complexity")
    found = {tuple(row[name] for name in KEYS["complexity"]): row for row in frame.to_dict("records")}
    for run in runs:
        if key_of(run) not in found:
            what = f"{path}: no row of name, pruning, seed {', '.join(key_of(run))}."
            raise BoardbenchError(f"{what} {AGAIN.format(verb='classification complexity')}")
    return found


def read_all(
    runs: Path,
    dataset: str,
    networks: list[str],
    pruned_runs: Path | None,
    pruned: list[str],
    complexity: Path | None,
    truth: Truth,
) -> Trained | None:
    """Read all networks in PyTorch that the arguments name; None where there are none.

    Raises:
        BoardbenchError: as the functions above.
    """
    if not networks:
        return None
    groups = read_trained(runs, dataset, networks, truth)
    found = read_pruned(pruned_runs, dataset, pruned, groups, truth)
    every = [run for group in [*groups.values(), *found.values()] for run in group]
    return Trained(groups, found, read_costs(complexity, every))
