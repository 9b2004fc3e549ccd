"""The segmentation study's tables: ours beside the published numbers; same runs, same bytes."""

from pathlib import Path

import pandas as pd

from boardbench.artifacts import read, write
from boardbench.captures.artifacts import CaptureReport
from boardbench.files import write_json
from boardbench.params.segmentation import Complexity
from boardbench.report.runs import given_settings, read_printed, runs_table
from boardbench.report.segmentation.artifacts import SegmentationAbout
from boardbench.report.segmentation.costs import complexity_table, latency_table
from boardbench.report.segmentation.differences import differences, intervals
from boardbench.report.segmentation.drift import drift_table
from boardbench.report.segmentation.leakage import TABLE as LEAKAGE
from boardbench.report.segmentation.leakage import leakage_table
from boardbench.report.segmentation.normalizations import TABLES as NORMALIZATIONS
from boardbench.report.segmentation.normalizations import normalization_tables
from boardbench.report.segmentation.pareto import pareto_table
from boardbench.report.segmentation.pruning import pruning_latency_table, pruning_table, split_pruned
from boardbench.report.segmentation.reductions import reduction_table
from boardbench.report.segmentation.runs import PUBLISHED_AS, SCORES, grid, mean_and_sd, read_scores
from boardbench.report.segmentation.sensor import sensor_tables
from boardbench.report.segmentation.spread import spread_table
from boardbench.report.writing import decimals, drop_tables, write_table
from boardbench.segmentation.data import PARTS, read_split

PAPER_CLASSES = ["others", "ic", "capacitor", "connectors"]
LABELS = {
    "simulate": "SIMULATED: physics, not a result",
    "indian_pines": "Indian Pines: a real AVIRIS scene of fields, not circuit boards; blocks play the scenes",
    "pcbvision": "PCB-Vision: real boards (Arbash et al. 2024)",
    "captures": "own captures",
}


def _published_scores(published: Path, classes: list[str]) -> dict[tuple[str, str, str], dict[str, str]]:
    """Return (backbone, strategy, metric) -> column -> text; empty for other classes than the paper's."""
    if classes != PAPER_CLASSES:
        return {}
    columns = ("backbone", "strategy", "metric", *PAPER_CLASSES, "mean")
    frame = read_printed(published / "segmentation_scores.csv", columns)
    printed = {(row["backbone"], row["strategy"], row["metric"]): row for row in frame.to_dict("records")}
    for ours, theirs in PUBLISHED_AS.items():
        printed |= {(b, ours, metric): row for (b, s, metric), row in list(printed.items()) if s == theirs}
    return printed


def _per_class(
    dataset: str, scores: dict[tuple[str, str, int], dict], classes: list[str], printed: dict
) -> pd.DataFrame:
    rows = []
    for (backbone, strategy, seed), score in scores.items():
        for index, name in enumerate(classes):
            row = {"dataset": dataset, "backbone": backbone, "strategy": strategy, "seed": str(seed), "class": name}
            row |= {key: decimals(score[key][index], 4) for key in SCORES}
            for metric in ("f1", "iou"):
                row[f"{metric}_published"] = printed.get((backbone, strategy, metric), {}).get(name, "")
            rows.append(row)
    return pd.DataFrame(rows)


def _groups(scores: dict[tuple[str, str, int], dict]) -> dict[tuple[str, str], list[dict]]:
    """Return the runs of each backbone and strategy, one a seed."""
    groups: dict[tuple[str, str], list[dict]] = {}
    for key, score in scores.items():
        groups.setdefault(key[:2], []).append(score)
    return groups


def _class_mean(
    dataset: str, scores: dict[tuple[str, str, int], dict], classes: list[str], printed: dict
) -> pd.DataFrame:
    rows = []
    for (backbone, strategy), group in _groups(scores).items():
        for index, name in enumerate(classes):
            row = {"dataset": dataset, "backbone": backbone, "strategy": strategy, "class": name}
            row["seeds"] = str(len(group))
            for metric in ("iou", "f1"):
                row |= mean_and_sd([score[metric][index] for score in group], metric)
            for metric in ("iou", "f1"):
                row[f"{metric}_published"] = printed.get((backbone, strategy, metric), {}).get(name, "")
            rows.append(row)
    return pd.DataFrame(rows)


def _mean(
    dataset: str, scores: dict[tuple[str, str, int], dict], printed: dict, interval: pd.DataFrame
) -> pd.DataFrame:
    bounds = {(row["backbone"], row["strategy"]): row for row in interval.to_dict("records")}
    rows = []
    for (backbone, strategy), group in _groups(scores).items():
        row = {"dataset": dataset, "backbone": backbone, "strategy": strategy, "seeds": str(len(group))}
        for metric in ("miou", "mf1"):
            row |= mean_and_sd([score[metric] for score in group], metric)
        row |= {f"miou_{end}": bounds[backbone, strategy][end] for end in ("low", "high")}
        for metric in ("iou", "f1"):
            row[f"m{metric}_published"] = printed.get((backbone, strategy, metric), {}).get("mean", "")
        rows.append(row)
    return pd.DataFrame(rows)


def _runs(
    dataset: str,
    scores: dict[tuple[str, str, int], dict],
    pruned: list[str],
    pruned_runs: Path | None,
    classes: list[str],
) -> pd.DataFrame:
    """Return mean IoU and F1 of every run: baselines as <name>-none, pruned ones as <pruning>/<backbone>-<strategy>."""
    found = [(f"{backbone}-{strategy}", seed, score) for (backbone, strategy, seed), score in scores.items()]
    for word in pruned:
        pruning, cell, seed = split_pruned(word)
        found.append(
            (f"{pruning}/{'-'.join(cell)}", seed, read_scores(pruned_runs / pruning, *cell, seed, classes=classes))
        )
    return runs_table(
        dataset, [(run, seed, {key: score[key] for key in ("miou", "mf1")}) for run, seed, score in found]
    )


# Counts of a capture's report: values of kept bands in all, and those that something is wrong with.
COUNTS = ("values", "invalid", "saturated", "white_saturated", "white_left_out", "dark_left_out", "clipped_low")
COUNTS += ("clipped_high",)


def _captures(dataset: str, split: pd.DataFrame, reports: dict[str, CaptureReport]) -> pd.DataFrame:
    rows = []
    for scene, condition, part in split[["scene", "condition", "part"]].itertuples(index=False):
        report = reports[f"{scene}_{condition}"]
        row = {"dataset": dataset, "scene": scene, "condition": condition, "part": part}
        row |= {key: report.original[key] for key in ("lines", "samples")}
        row["bands"] = report.working["bands"]
        rows.append(row | {key: getattr(report, key) for key in COUNTS})
    return pd.DataFrame(rows)


def _about(
    dataset: str, source: str, classes: list[str], split: pd.DataFrame, reports: dict[str, CaptureReport], kept: dict
) -> SegmentationAbout:
    working = [report.working for report in reports.values()]
    (audit,) = {report.audit for report in reports.values()}
    leaks = f"; AUDIT: split by {audit}, training sees what is tested on" if audit else ""
    counts = {}
    for part in PARTS:
        rows = split[split["part"] == part]
        counts[part] = {"scenes": rows["scene"].nunique(), "captures": len(rows)}
    return SegmentationAbout(
        dataset=dataset,
        source=source,
        label=f"{LABELS[source]}{leaks}",
        classes=classes,
        bands=sorted({size["bands"] for size in working}),
        working_sizes=sorted({(size["lines"], size["samples"]) for size in working}),
        parts=counts,
        settings=kept,
    )


def write_tables(
    *,
    dataset: str,
    source: str,
    classes: list[str],
    backbones: list[str],
    strategies: list[str],
    seeds: list[int],
    baselines: list[str] | None = None,
    runs: Path,
    complexity: Path,
    latency: Path | None = None,
    pareto: Path | None = None,
    pruned: list[str] | None = None,
    pruned_runs: Path | None = None,
    normalization: str = "",
    normalizations: list[str] | None = None,
    normalized_runs: Path | None = None,
    protocol: str = "",
    leaks: list[str] | None = None,
    audited_runs: Path | None = None,
    budget_ms: float = 0.0,
    split: Path,
    reflectance: Path,
    reduction: Path | None = None,
    fit: str = "train",
    published: Path,
    sensor: Path | None = None,
    drift: Path | None = None,
    resamples: int = 10_000,
    resample_seed: int = 0,
    settings: str = "{}",
    out: Path,
    counted: Complexity,
) -> None:
    """Put the runs of one dataset beside the published numbers, as CSV, Markdown and JSON.

    Reads only the runs that the arguments name: ``runs/<backbone>-<strategy>-seed<k>/metrics.json`` and,
    for a baseline, ``runs/<baseline>-none-seed0/metrics.json``; pruned ones below ``pruned_runs/<pruning>/``, those of
    other normalizations below ``normalized_runs/<method>/``, of splits that leak below ``audited_runs/<protocol>/``. A
    file that is None has no table. Scores have 4 decimals, GMACs 4, millions of parameters 3, variance (percent) 2.
    Published numbers stand as printed, and only where they are comparable: scores where the classes are the paper's,
    cost where the counted input (``counted``) is the paper's (640 x 640, 214 bands, width 64, 4 classes).

    Raises:
        BoardbenchError: a run, row or field is missing or of another grid; names the file and its verb.
    """
    kept = given_settings(settings)
    scores = {
        key: read_scores(runs, *key, classes=classes) for key in grid(backbones, strategies, seeds, baselines or [])
    }
    printed = _published_scores(published, classes)
    parts = read_split(split)
    reports = {
        name: read(reflectance / f"{name}.json", CaptureReport, "reflectance")
        for name in parts["scene"] + "_" + parts["condition"]
    }
    drawn = {"resamples": resamples, "seed": resample_seed}
    compared = differences(runs, backbones, strategies, seeds, classes, **drawn)
    compared.insert(0, "dataset", dataset)
    interval = intervals(runs, backbones, strategies, seeds, baselines or [], classes, **drawn)
    mean = _mean(dataset, scores, printed, interval)
    made = {
        "segmentation_complexity": complexity_table(
            dataset, complexity, backbones, strategies, counted, published, len(classes)
        ),
        "segmentation_per_class": _per_class(dataset, scores, classes, printed),
        "segmentation_class_mean": _class_mean(dataset, scores, classes, printed),
        "segmentation_mean": mean,
        "segmentation_runs": _runs(dataset, scores, pruned or [], pruned_runs, classes),
        "segmentation_spread": spread_table(dataset, scores, classes),
        "segmentation_differences": compared,
        "segmentation_reduction": reduction_table(
            dataset, reduction, strategies, fit, next(iter(reports.values())).wavelengths, bool(printed)
        ),
        "segmentation_captures": _captures(dataset, parts, reports),
    }
    if latency:
        made["segmentation_latency"] = latency_table(dataset, latency)
    if pareto:
        made["segmentation_pareto"] = pareto_table(dataset, pareto, budget_ms)
    if pruned:
        made["segmentation_pruning"] = pruning_table(dataset, runs, pruned_runs, pruned, classes, **drawn)
        times = pruning_latency_table(dataset, pruned, pareto) if pareto else []
        if len(times):
            made["segmentation_pruning_latency"] = times
    if normalizations:
        compared_runs = (dataset, runs, normalization, normalized_runs, normalizations)
        made |= normalization_tables(*compared_runs, backbones, strategies, seeds, classes, **drawn)
    if leaks:
        compared_runs = (dataset, runs, protocol, audited_runs, leaks)
        made[LEAKAGE] = leakage_table(*compared_runs, backbones, strategies, seeds, classes, **drawn)
    if sensor:
        made |= sensor_tables(dataset, sensor)
    if drift:
        made["segmentation_drift"] = drift_table(dataset, drift)
    for name, frame in made.items():
        write_table(frame, out, name)
    optional = {f"segmentation_{name}" for name in ("pruning", "pruning_latency", "sensor", "sensor_transfer", "drift")}
    optional |= {*NORMALIZATIONS, LEAKAGE}
    drop_tables(out, optional - made.keys())
    nested: dict[str, dict] = {}
    for row in mean.to_dict("records"):
        values = {key: float(row[key]) for key in ("miou", "mf1") if row[key]}
        nested.setdefault(row["backbone"], {})[row["strategy"]] = values
    write_json(out / "segmentation_metrics.json", nested, record=True)
    write(out / "about.json", _about(dataset, source, classes, parts, reports, kept))
