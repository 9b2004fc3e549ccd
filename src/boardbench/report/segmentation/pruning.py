"""The table of pruned segmentation runs: what pruning took from size, operations, time and score."""

from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import pandas as pd

from boardbench.errors import BoardbenchError
from boardbench.report.runs import read_csv, read_json, run_name
from boardbench.report.segmentation.differences import change
from boardbench.report.segmentation.pareto import read_exported
from boardbench.report.segmentation.runs import read_scores
from boardbench.report.writing import decimals, text_table

COLUMNS = ("dataset", "backbone", "strategy", "seeds", "pruning", "method", "ratio", "parameters_before", "parameters")
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
    """Return segmentation_pruning: a row a pruning, backbone and strategy, means over the seeds.

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
        Text: the columns of COLUMNS. The difference is the mean IoU after minus before, of runs of the same seed; low
        and high are its 95 % limits over test scenes, and seeds where there are several.

    Raises:
        BoardbenchError: a run is missing, or of another grid.
    """
    times = _times(pareto)
    groups: dict[tuple[str, str, str], list[int]] = {}
    for word in pruned:
        pruning, _, name = word.partition("/")
        parts = name.rsplit("-", 2)
        if len(parts) < 3 or not parts[2].removeprefix("seed").isdigit():
            raise BoardbenchError(f"--pruned {word}: not <pruning>/<backbone>-<strategy>-seed<k>.")
        groups.setdefault((pruning, *parts[:2]), []).append(int(parts[2].removeprefix("seed")))
    rows = []
    for (pruning, *cell), seeds in groups.items():
        backbone, strategy = cell
        cells = [(backbone, strategy, number) for number in seeds]
        facts = []
        for number in seeds:
            path = folder / pruning / run_name(backbone, strategy, number) / "training.json"
            facts.append(_facts(path, {"backbone": backbone, "strategy": strategy, "seed": number, "pruning": pruning}))
        row = {"dataset": dataset, "backbone": backbone, "strategy": strategy, "seeds": str(len(seeds))}
        row |= {"pruning": pruning, "method": facts[0]["method"]}
        row["ratio"] = f"{mean(float(fact['ratio']) for fact in facts):.4g}"
        row |= {key: f"{mean(fact[key] for fact in facts):.0f}" for key in ("parameters_before", "parameters")}
        row |= {f"gmacs{end}": f"{mean(fact[f'macs{end}'] for fact in facts) / 1e9:.4f}" for end in ("_before", "")}
        for key, root in (("miou_before", runs), ("miou", folder / pruning)):
            row[key] = decimals(np.mean([read_scores(root, *one, classes=classes)["miou"] for one in cells]), 4)
        row |= change(folder / pruning, runs, cells, classes, resamples, seed)
        old, new = (
            np.mean([times.get((backbone, strategy, str(number), word), np.nan) for number in seeds])
            for word in ("", pruning)
        )
        row |= {"p50_ms_before": decimals(old, 1), "p50_ms": decimals(new, 1)}
        rows.append(row | {"times_faster": decimals(old / new, 2)})
    return text_table(rows, COLUMNS)


def read_pruning(path: Path) -> pd.DataFrame | None:
    """Read the published table; None where there is none."""
    return read_csv(path, "segmentation tables", COLUMNS) if path.is_file() else None
