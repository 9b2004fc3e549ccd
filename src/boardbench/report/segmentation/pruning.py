"""The table of pruned segmentation runs: what pruning took from size, operations, time and score."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from boardbench.errors import BoardbenchError
from boardbench.report.runs import read_csv, read_json, run_name
from boardbench.report.segmentation.differences import change
from boardbench.report.segmentation.pareto import read_exported
from boardbench.report.segmentation.runs import read_scores
from boardbench.report.writing import decimals, text_table

COLUMNS = ("dataset", "backbone", "strategy", "seed", "pruning", "method", "ratio", "parameters_before", "parameters")
COLUMNS += ("gmacs_before", "gmacs", "miou_before", "miou", "difference", "low", "high", "scenes", "shown", "note")
COLUMNS += ("p50_ms_before", "p50_ms", "times_faster")
VERB = "segmentation prune"
_FACTS = ("name", "method", "ratio", "parameters", "parameters_before", "macs", "macs_before")


def _facts(path: Path, expected: dict[str, Any]) -> dict[str, Any]:
    content = read_json(path, VERB)
    again = f"Delete its folder and make it again with 'boardbench {VERB}' or by running snakemake."
    facts = content.get("pruning")
    missing = [key for key in _FACTS if not isinstance(facts, dict) or facts.get(key) in (None, "")]
    if missing:
        raise BoardbenchError(f"{path}: field pruning.{missing[0]} is missing. {again}")
    found = {key: content.get(key) for key in expected if key != "pruning"} | {"pruning": facts["name"]}
    for key, value in expected.items():
        if found[key] != value:
            raise BoardbenchError(
                f"{path}: {key} is {found[key]!r}, expected {value!r}: the run is of another grid. {again}"
            )
    return facts


def _times(pareto: Path | None) -> dict[tuple[str, str, str, str], float]:
    """Return (backbone, strategy, seed, pruning) -> p50_ms of the float32 file."""
    if pareto is None:
        return {}
    frame = read_exported(pareto, "segmentation pareto", ("backbone", "strategy", "seed", "precision", "p50_ms"))
    rows = frame[frame["precision"] == "float32"].to_dict("records")
    return {(row["backbone"], row["strategy"], row["seed"], row["pruning"]): float(row["p50_ms"]) for row in rows}


def pruning_table(
    dataset: str,
    runs: Path,
    folder: Path,
    pruned: list[str],
    classes: list[str],
    pareto: Path | None,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Return segmentation_pruning: a row a pruned run.

    Args:
        dataset: first column.
        runs: folder of the runs that were pruned.
        folder: of the pruned runs, ``<pruning>/<backbone>-<strategy>-seed<k>/`` (training.json, metrics.json,
            confusions.csv).
        pruned: these names, in table order.
        classes: class names in order of their ids.
        pareto: pareto.csv, for measured times of both; None: no times.
        resamples: bootstrap samples of the test scenes.
        seed: of the bootstrap.

    Returns:
        Text: the columns of COLUMNS. The difference is the mean IoU after minus before; low and high are its 95 %
        limits over test scenes, for this one training.

    Raises:
        BoardbenchError: a run is missing, or of another grid.
    """
    times = _times(pareto)
    rows = []
    for word in pruned:
        pruning, _, name = word.partition("/")
        parts = name.rsplit("-", 2)
        if len(parts) < 3 or not parts[2].removeprefix("seed").isdigit():
            raise BoardbenchError(f"--pruned {word}: not <pruning>/<backbone>-<strategy>-seed<k>.")
        backbone, strategy, number = parts[0], parts[1], int(parts[2].removeprefix("seed"))
        cell = (backbone, strategy, number)
        path = folder / pruning / run_name(*cell) / "training.json"
        expected = {"backbone": backbone, "strategy": strategy, "seed": number, "pruning": pruning}
        facts = _facts(path, expected)
        before, after = (read_scores(root, *cell, classes=classes)["miou"] for root in (runs, folder / pruning))
        row = {"dataset": dataset, "backbone": backbone, "strategy": strategy, "seed": str(number), "pruning": pruning}
        row |= {"method": facts["method"], "ratio": f"{float(facts['ratio']):.4g}"}
        row |= {key: str(facts[key]) for key in ("parameters_before", "parameters")}
        row |= {f"gmacs{end}": f"{facts[f'macs{end}'] / 1e9:.4f}" for end in ("_before", "")}
        row |= {"miou_before": decimals(before, 4), "miou": decimals(after, 4)}
        row |= change(folder / pruning, runs, cell, classes, resamples, seed)
        key = (backbone, strategy, str(number))
        old, new = times.get((*key, ""), np.nan), times.get((*key, pruning), np.nan)
        row |= {"p50_ms_before": decimals(old, 1), "p50_ms": decimals(new, 1)}
        rows.append(row | {"times_faster": decimals(old / new, 2)})
    return text_table(rows, COLUMNS)


def read_pruning(path: Path) -> pd.DataFrame | None:
    """Read the published table; None where there is none."""
    return read_csv(path, "segmentation tables", COLUMNS) if path.is_file() else None
