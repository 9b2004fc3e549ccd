"""The tables of what networks in PyTorch cost: what pruning buys, measured time, and epochs on CPU and GPU."""

import math
from pathlib import Path
from statistics import mean

import pandas as pd

from boardbench.report.classification.networks import accuracies, spread
from boardbench.report.classification.published import Published
from boardbench.report.classification.runs import Run, Truth
from boardbench.report.classification.trained import (
    Trained,
    accuracy_limits,
    key_of,
    knows_all,
    read_numbers,
    right,
    settings_of,
)
from boardbench.report.runs import read_csv
from boardbench.report.uncertainty import image_interval, verdict
from boardbench.report.writing import decimals, text_table

COUNTED = {
    "parameters_millions": ("parameters", 1e6),
    "parameters_nonzero_millions": ("parameters_nonzero", 1e6),
    "gmacs": ("gmacs", 1),
    "gmacs_effective": ("gmacs_effective", 1),
    "megabytes": ("bytes", 1e6),
    "megabytes_compressed": ("bytes_compressed", 1e6),
}
PRINTED = ("params_millions", "gflops", "accuracy_percent")
EFFICIENCY = ("dataset", "name", "network", "pruning", "method", "seeds", "ratio", *COUNTED, "test_images", "accuracy")
EFFICIENCY += ("accuracy_sd", "low", "high", "accuracy_before", "difference", "difference_low", "difference_high")
EFFICIENCY += ("conclusion", "note", *(f"{name}_published" for name in PRINTED))
MEASURED = ("name", "pruning", "seed", "network", "runtime", "batch", "threads", "n", "p50_ms", "p99_ms")
LATENCY = ("dataset", *MEASURED, "images_per_s", "hardware", "speedup", "inference_ms_per_batch_published")
EPOCHS = ("network", "device", "images", "batch_size", "threads", "seconds_per_epoch", "hardware")
EPOCH_SECONDS = ("dataset", *EPOCHS, "device_published", "seconds_published")


def efficiency_table(dataset: str, trained: Trained, truth: Truth, published: Published) -> pd.DataFrame:
    """Return classification_efficiency: a row a network and pruning, means over seeds; pruning '' is none.

    The difference is the accuracy minus that of the same runs before they were pruned, paired image by image, with
    95 % limits over test images (and seeds, where there are several).
    """
    rows = []
    for name, runs in trained.groups.items():
        rows.append(_row(dataset, runs, trained, truth, published))
        for (pruned_name, _), pruned in trained.pruned.items():
            if pruned_name == name:
                rows.append(
                    _row(dataset, pruned, trained, truth, published)
                    | _loss(pruned, [trained.before(run) for run in pruned], truth)
                )
    return text_table(rows, EFFICIENCY)


def _row(dataset: str, runs: list[Run], trained: Trained, truth: Truth, published: Published) -> dict[str, str]:
    first, pruning = runs[0], runs[0].content.pruning
    row = {"dataset": dataset, "name": first.content.name, "network": first.content.network}
    method = pruning.method if pruning else ""
    row |= {"pruning": pruning.name if pruning else "", "method": method, "seeds": str(len(runs))}
    row["ratio"] = f"{mean(run.content.pruning.ratio for run in runs):.4g}" if pruning else ""
    for column, (source, unit) in COUNTED.items():
        digits = 6 if unit == 1 else 4
        row[column] = f"{mean(trained.cost(run, source) for run in runs) / unit:.{digits}f}"
    row |= {"test_images": str(len(first.predicted)), "accuracy": decimals(mean(accuracies(runs)), 4)}
    row["accuracy_sd"] = spread(accuracies(runs))
    row |= dict(zip(("low", "high"), (decimals(end, 4) for end in accuracy_limits(runs, truth)), strict=True))
    printed = published.efficiency(settings_of(first), knows_all(first, truth), method)
    return row | {f"{column}_published": printed[column] for column in PRINTED}


def _loss(runs: list[Run], before: list[Run], truth: Truth) -> dict[str, str]:
    paired = right(runs, truth) * 1.0 - right(before, truth)
    low, high = (decimals(end, 4) for end in image_interval(paired))
    row = {"accuracy_before": decimals(mean(accuracies(before)), 4), "difference": decimals(float(paired.mean()), 4)}
    note = "one seed: limits over test images only" if len(runs) == 1 else ""
    return row | {
        "difference_low": low,
        "difference_high": high,
        "conclusion": verdict(low, high, len(runs)),
        "note": note,
    }


def latency_table(dataset: str, path: Path, trained: Trained, truth: Truth, published: Published) -> pd.DataFrame:
    """Return classification_latency: latency.csv with ``speedup``, how many times faster than before pruning.

    Compared are runs of the same name, seed, runtime and batch; the time is the median of a pass.
    """
    frame = read_numbers(path, "latency")
    same = ["name", "seed", "runtime", "batch"]
    rows = frame.to_dict("records")
    dense = {tuple(row[name] for name in same): float(row["p50_ms"]) for row in rows if not row["pruning"]}
    known = {key_of(run): run for runs in [*trained.groups.values(), *trained.pruned.values()] for run in runs}
    kept = []
    for row in rows:
        run = known.get((row["name"], row["pruning"], row["seed"]))
        if run is None:
            continue
        before = dense.get(tuple(row[name] for name in same), math.nan) if row["pruning"] else math.nan
        method = run.content.pruning.method if run.content.pruning else ""
        printed = published.efficiency(settings_of(run), knows_all(run, truth), method)
        row |= {"dataset": dataset, "speedup": decimals(before / float(row["p50_ms"]), 2)}
        kept.append(row | {"inference_ms_per_batch_published": printed["inference_ms_per_batch"]})
    return pd.DataFrame(kept, columns=LATENCY)


def epochs_table(dataset: str, path: Path, published: Published) -> pd.DataFrame:
    """Return classification_epoch_seconds: epochs.csv beside paper 2's table 7; no seconds where no device ran it."""
    frame = read_csv(path, "bench epoch", EPOCHS)
    rows = []
    for row in frame.to_dict("records"):
        printed = published.device(row["network"], row["device"])
        row |= {"dataset": dataset, "device_published": printed["device"]}
        rows.append(row | {"seconds_published": printed["seconds_per_epoch"]})
    return pd.DataFrame(rows, columns=EPOCH_SECONDS)
