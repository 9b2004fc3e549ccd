"""The table of pruned segmentation runs: what pruning took from size, operations, time and score."""

from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import pandas as pd

from boardbench.engine.artifacts import PruningSummary
from boardbench.errors import BoardbenchError
from boardbench.report.runs import AGAIN, read_content, read_csv, run_name
from boardbench.report.segmentation.differences import change
from boardbench.report.segmentation.pareto import LATER, read_exported
from boardbench.report.segmentation.runs import read_scores
from boardbench.report.writing import decimals, text_table
from boardbench.segmentation.artifacts import PrunedTraining

COLUMNS = ("dataset", "backbone", "strategy", "seeds", "pruning", "method", "ratio", "parameters_before", "parameters")
COLUMNS += ("gmacs_before", "gmacs", "miou_before", "miou", "difference", "low", "high", "scenes", "conclusion", "note")
CELL = ("backbone", "strategy", "pruning")
TIMES = ("dataset", *CELL, "seeds", "p50_ms_before", "p50_ms", "times_faster")
VERB = "segmentation prune"
_COUNTS = ("parameters_before", "parameters", "macs_before", "macs")


def _summary(path: Path, pruning: str, **expected: Any) -> PruningSummary:
    summary = read_content(path, PrunedTraining, VERB, **expected).pruning
    if summary.name != pruning:
        what = f"{path}: pruning.name is {summary.name!r}, expected {pruning!r}: the run is of another grid."
        raise BoardbenchError(f"{what} {AGAIN.format(verb=VERB)}")
    return summary


def split_pruned(word: str) -> tuple[str, tuple[str, str], int]:
    """Return pruning, (backbone, strategy) and seed of <pruning>/<backbone>-<strategy>-seed<k>.

    Raises:
        BoardbenchError: another form.
    """
    pruning, _, name = word.partition("/")
    parts = name.rsplit("-", 2)
    if len(parts) < 3 or not parts[2].removeprefix("seed").isdigit():
        raise BoardbenchError(f"{word}: not <pruning>/<backbone>-<strategy>-seed<k>.")
    return pruning, (parts[0], parts[1]), int(parts[2].removeprefix("seed"))


def _grouped(pruned: list[str]) -> dict[tuple[str, str, str], list[int]]:
    """Return (pruning, backbone, strategy) -> seeds."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    for word in pruned:
        pruning, cell, seed = split_pruned(word)
        groups.setdefault((pruning, *cell), []).append(seed)
    return groups


def pruning_latency_table(dataset: str, pruned: list[str], pareto: Path) -> pd.DataFrame:
    """Return segmentation_pruning_latency: the measured times of networks before and after pruning.

    Args:
        dataset: first column.
        pruned: as :func:`pruning_table`.
        pareto: pareto.csv.

    Returns:
        Text: the columns of TIMES; means over the seeds that were timed both before and after.
    """
    times, rows = _times(pareto), []
    for (pruning, backbone, strategy), seeds in _grouped(pruned).items():
        pairs = [tuple(times.get((backbone, strategy, str(seed), word)) for word in ("", pruning)) for seed in seeds]
        timed = [pair for pair in pairs if None not in pair]
        if timed:
            old, new = (mean(values) for values in zip(*timed, strict=True))
            row = {"dataset": dataset, "backbone": backbone, "strategy": strategy, "pruning": pruning}
            row |= {"seeds": str(len(timed)), "p50_ms_before": f"{old:.1f}", "p50_ms": f"{new:.1f}"}
            rows.append(row | {"times_faster": f"{old / new:.2f}"})
    return text_table(rows, TIMES)


def _times(pareto: Path) -> dict[tuple[str, str, str, str], float]:
    """Return (backbone, strategy, seed, pruning) -> p50_ms of the float32 file, by ONNX Runtime."""
    frame = read_exported(pareto, "segmentation pareto", ("backbone", "strategy", "seed", "precision", "p50_ms"))
    plain = (frame["precision"] == "float32") & (frame["runtime"] == LATER["runtime"])
    rows = frame[plain].to_dict("records")
    return {(row["backbone"], row["strategy"], row["seed"], row["pruning"]): float(row["p50_ms"]) for row in rows}


def pruning_table(
    dataset: str,
    runs: Path,
    folder: Path,
    pruned: list[str],
    classes: list[str],
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Return segmentation_pruning: a row a pruning, backbone and strategy, means over the seeds.

    Args:
        dataset: first column.
        runs: folder of the runs that were pruned.
        folder: of the pruned runs, ``<pruning>/<backbone>-<strategy>-seed<k>/`` (training.json, metrics.json,
            confusions.csv).
        pruned: these names, in table order.
        classes: class names in order of their ids.
        resamples: bootstrap samples of the test scenes.
        seed: of the bootstrap.

    Returns:
        Text: the columns of COLUMNS. The difference is the mean IoU after minus before, of runs of the same seed; low
        and high are its 95 % limits over test scenes, and seeds where there are several.

    Raises:
        BoardbenchError: a run is missing, or of another grid.
    """
    rows = []
    for (pruning, *cell), seeds in _grouped(pruned).items():
        backbone, strategy = cell
        cells = [(backbone, strategy, number) for number in seeds]
        summaries = []
        for number in seeds:
            path = folder / pruning / run_name(backbone, strategy, number) / "training.json"
            summaries.append(_summary(path, pruning, backbone=backbone, strategy=strategy, seed=number))
        row = {"dataset": dataset, "backbone": backbone, "strategy": strategy, "seeds": str(len(seeds))}
        row |= {"pruning": pruning, "method": summaries[0].method}
        row["ratio"] = f"{mean(summary.ratio for summary in summaries):.4g}"
        means = {key: mean(getattr(summary, key) for summary in summaries) for key in _COUNTS}
        row |= {key: f"{means[key]:.0f}" for key in _COUNTS[:2]}
        row |= {f"g{key}": f"{means[key] / 1e9:.4f}" for key in _COUNTS[2:]}
        for key, root in (("miou_before", runs), ("miou", folder / pruning)):
            row[key] = decimals(np.mean([read_scores(root, *one, classes=classes)["miou"] for one in cells]), 4)
        rows.append(row | change(folder / pruning, runs, cells, classes, resamples, seed))
    return text_table(rows, COLUMNS)


def read_pruning(folder: Path) -> list[dict[str, str]]:
    """Read the published tables of scores and times as one row a pruned network; no times are empty cells."""
    path, timed = folder / "segmentation_pruning.csv", folder / "segmentation_pruning_latency.csv"
    if not path.is_file():
        return []
    times = read_csv(timed, "segmentation tables", TIMES).to_dict("records") if timed.is_file() else []
    known = {tuple(row[key] for key in CELL): {key: row[key] for key in TIMES[-3:]} for row in times}
    rows = read_csv(path, "segmentation tables", COLUMNS).to_dict("records")
    return [row | known.get(tuple(row[key] for key in CELL), dict.fromkeys(TIMES[-3:], "")) for row in rows]
