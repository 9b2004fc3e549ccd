"""The table of exported networks: score against measured time, and which of them are the best for their time."""

from pathlib import Path

import numpy as np
import pandas as pd

from boardbench.errors import BoardbenchError
from boardbench.report.pareto import on_front
from boardbench.report.runs import AGAIN, numbers, read_csv
from boardbench.report.writing import decimals

MODEL = ["backbone", "strategy", "width", "precision", "pruning", "runtime"]
SAME = ["lines", "samples", "threads", "hardware"]
# Columns of pareto.csv with their decimals in the table; each is a mean over the seeds.
MEANS = {
    "miou": 4,
    "mf1": 4,
    "same_class": 6,
    "bands_read": 0,
    "bytes": 0,
    "gmacs": 4,
    "p50_ms": 1,
    "encoder_p50_ms": 1,
}
COLUMNS = ["dataset", *MODEL, "seeds", "miou", "miou_sd", "mf1", "mf1_sd", "same_class", "bands_read", "bytes", "gmacs"]
COLUMNS += ["p50_ms", "p99_ms", "encoder_p50_ms", "lines_per_s", "front", "within_budget", "best", "budget_ms"]
COLUMNS += ["lines", "samples", "threads", "n", "hardware"]
LATER = {"pruning": "", "runtime": "onnxruntime"}
"""Columns that older tables lack, and what they would hold."""
YES = "yes"
VERB = "segmentation pareto"


def read_exported(path: Path, verb: str, columns: tuple[str, ...] = tuple(COLUMNS)) -> pd.DataFrame:
    """Read a table of exported networks as text; one of before there was pruning, or a second runtime, gets its column.

    Raises:
        BoardbenchError: missing file or column.
    """
    frame = read_csv(path, verb, tuple(name for name in columns if name not in LATER))
    return frame.assign(**{name: value for name, value in LATER.items() if name not in frame})


def other_runtime(runtime: str) -> str:
    """Return a runtime where it is another than ONNX Runtime, else nothing: charts and sentences name it."""
    return "" if runtime == LATER["runtime"] else runtime


def pareto_table(dataset: str, path: Path, budget_ms: float) -> pd.DataFrame:
    """Put the seeds of each exported network together, and say which networks are the best for their time.

    Front, budget and best are decided by the numbers as they stand in the table.

    Args:
        dataset: first column.
        path: pareto.csv.
        budget_ms: most time that a window may take, ms.

    Returns:
        text, a row a backbone, strategy, width, precision, pruning and runtime in the order of ``path``: dataset,
        these; seeds; miou, miou_sd, mf1, mf1_sd, same_class, bands_read, bytes, gmacs, p50_ms (means over seeds; sd
        empty for one); p99_ms, the largest; encoder_p50_ms; lines_per_s, lines over p50_ms; lines, samples, threads, n
        (passes, of all seeds), hardware; budget_ms; front, within_budget (by p50_ms) and best (the highest miou within
        the budget; of equal ones the fastest): ``yes`` or empty.

    Raises:
        BoardbenchError: a column is missing, a cell is not a number, a seed is there twice, or rows are of more than
            one machine, size or number of threads.
    """
    numeric = [*MEANS, "p99_ms", "n"]
    frame = read_exported(path, VERB, (*MODEL, "seed", *SAME, *numeric))
    known = numbers(path, frame, numeric, VERB, empty=("miou", "mf1"))
    if not len(frame) or frame.duplicated([*MODEL, "seed"]).any() or len(frame[SAME].drop_duplicates()) > 1:
        what = f"{path}: no rows, a run twice, or more than one of {', '.join(SAME)}: they cannot be compared."
        raise BoardbenchError(f"{what} {AGAIN.format(verb=VERB)}")
    rows = []
    for model, group in known.groupby([frame[name] for name in MODEL], sort=False):
        row = {"dataset": dataset, **dict(zip(MODEL, model, strict=True)), "seeds": str(len(group))}
        for name, digits in MEANS.items():
            row[name] = decimals(group[name].mean(), digits)
            if name in ("miou", "mf1"):
                row[f"{name}_sd"] = decimals(group[name].std(ddof=1), digits)
        row["p99_ms"] = decimals(group["p99_ms"].max(), 1)
        row["lines_per_s"] = f"{float(frame.loc[0, 'lines']) / float(row['p50_ms']) * 1e3:.0f}"
        row |= {"n": decimals(group["n"].sum(), 0), "budget_ms": f"{budget_ms:g}"}
        rows.append(row | {name: frame.loc[0, name] for name in SAME})
    table = pd.DataFrame(rows)
    time, score = (pd.to_numeric(table[name], errors="coerce").to_numpy() for name in ("p50_ms", "miou"))
    within = time <= budget_ms
    best = np.lexsort((time, -np.where(within & ~np.isnan(score), score, -np.inf)))[:1]
    chosen = np.isin(np.arange(len(table)), best) & within & ~np.isnan(score)
    for name, flags in {"front": on_front(time, score), "within_budget": within, "best": chosen}.items():
        table[name] = np.where(flags, YES, "")
    return table[COLUMNS]
