"""What the page shows of one segmentation data set, from its published tables alone."""

from pathlib import Path
from typing import Any

import pandas as pd

from boardbench.artifacts import read
from boardbench.report.columns import Row, table
from boardbench.report.runs import read_csv, read_optional
from boardbench.report.segmentation import columns, drift, leakage, normalizations, plots, sensor, spread
from boardbench.report.segmentation.artifacts import SegmentationAbout
from boardbench.report.segmentation.pareto import COLUMNS as EXPORTED
from boardbench.report.segmentation.pareto import other_runtime, read_exported
from boardbench.report.segmentation.pruning import read_pruning
from boardbench.report.segmentation.sentences import (
    against_baselines,
    alike,
    best_in_budget,
    by_normalization,
    comparisons,
    headline,
    leaked,
    moved,
    noticed,
)
from boardbench.report.sentences import answer
from boardbench.segmentation.backbones import is_pretrained
from boardbench.segmentation.overlay import class_colours

VERB = "segmentation tables"
MEAN = ("backbone", "strategy", "seeds", "miou", "miou_sd", "miou_low", "miou_high", "mf1", "mf1_sd")
MEAN += ("miou_published", "mf1_published")
BY_CLASS = ("backbone", "strategy", "class", "iou", "iou_sd", "f1", "f1_sd", "f1_published", "iou_published")
DIFFERENCES = ("backbone", "strategy", "against", "metric", "scenes", "difference", "low", "high", "covers")
DIFFERENCES += ("conclusion",)


def _by_class(frame: pd.DataFrame, metric: str) -> list[Row]:
    """Return one row a network and strategy, with score, spread and published score of each class."""
    rows: dict[tuple[str, str], Row] = {}
    for given in frame.to_dict("records"):
        row = rows.setdefault((given["backbone"], given["strategy"]), {key: given[key] for key in BY_CLASS[:2]})
        row |= {f"{given['class']}{end}": given[f"{metric}{end}"] for end in ("", "_sd", "_published")}
    return list(rows.values())


def _network(row: Row) -> str:
    """Return what rows that stand together share: the backbone, or being a baseline."""
    return "" if row["strategy"] == "none" else row["backbone"]


def _mark(row: Row) -> str:
    return "baseline" if row["strategy"] == "none" else ""


def _named(line: pd.DataFrame) -> pd.DataFrame:
    """Return exported files with their runtime where there is another than ONNX Runtime; else it is no column."""
    return line if line["runtime"].map(other_runtime).any() else line.drop(columns="runtime")


def _line(row: Row) -> Row:
    """Return an exported model with what the budget says of it."""
    state = ["best in budget"] if row["best"] else ["unbeaten"] if row["front"] else []
    state += [] if row["within_budget"] else ["over budget"]
    name = row["backbone"] if is_pretrained(row["backbone"]) else row["backbone"].split("@")[0]
    return row | {"backbone": name, "state": ", ".join(state)}


def segmentation_dataset(folder: Path) -> dict[str, Any]:
    """Gather what the page shows of one data set of the segmentation study.

    Args:
        folder: of its published tables.

    Raises:
        BoardbenchError: a table is missing or broken.
    """
    about = read(folder / "about.json", SegmentationAbout, "publish")

    def needed(name: str, keys: tuple[str, ...] = ("dataset",)) -> pd.DataFrame:
        return read_csv(folder / f"segmentation_{name}.csv", VERB, keys)

    def maybe(name: str, keys: tuple[str, ...] = ("dataset",)) -> pd.DataFrame:
        return read_optional(folder / f"segmentation_{name}.csv", VERB, keys)

    def drawn(frame: pd.DataFrame | list[Row], shown: tuple, **how: Any) -> Any:
        rows = frame if isinstance(frame, list) else frame.to_dict("records")
        grouped = {"by": _network, "mark": _mark} if shown[:2] == columns.WHO else {}
        return table(rows, shown, **grouped | how)

    mean, by_class, compared = needed("mean", MEAN), needed("class_mean", BY_CLASS), needed("differences", DIFFERENCES)
    backbones = list(dict.fromkeys(compared["backbone"]))
    # The mean over the networks speaks first, where there are several.
    summary = "all" if "all" in backbones or not backbones else backbones[0]
    answered = comparisons(compared, summary)
    each = [row for name in backbones if name != summary for row in comparisons(compared, name)]
    counted, pruned = needed("complexity"), read_pruning(folder)
    exported = folder / "segmentation_pareto.csv"
    line = read_exported(exported, VERB) if exported.is_file() else pd.DataFrame(columns=EXPORTED)
    moves, drifts = maybe("spread", spread.COLUMNS), maybe("drift", drift.COLUMNS)
    camera = maybe("sensor", sensor.COLUMNS).drop(columns="dataset", errors="ignore")
    curves = maybe("sensor_transfer", sensor.CURVES)
    scores = maybe("normalizations", normalizations.SCORES)
    order = needed("normalization_order", normalizations.ORDER) if len(scores) else scores
    leaks = maybe("leakage", leakage.COLUMNS)
    by_score = columns.by_class(about.classes)
    return {
        "about": about,
        "made_up": about.source == "simulate",
        "colours": {about.classes[at]: f"rgb{rgb}" for at, rgb in class_colours(about.classes).items()},
        "headline": headline(answered, mean, line, pruned),
        "plots": {
            "segmentation_pareto.svg": plots.pareto(line, list(dict.fromkeys(mean["strategy"]))) if len(line) else None,
            "segmentation_sensor.svg": plots.camera(curves) if len(curves) else None,
        },
        "verdict": against_baselines(mean),
        "answers": [answer(f"Mean IoU, {row['question']}:", row) for row in answered[:3]],
        "mean": drawn(mean, columns.MEAN),
        "dots": plots.scores(mean),
        "spread": drawn(moves, columns.SPREAD),
        "spread_said": moved(moves) if len(moves) else "",
        "comparisons": drawn(answered, columns.COMPARED),
        "by_backbone": drawn(each, columns.BY_BACKBONE, by=_network),
        "normalizations": drawn(scores, columns.NORMALIZATIONS, by=lambda row: (row["normalization"], row["backbone"])),
        "normalization_order": drawn(order, columns.ORDER),
        "normalizations_said": by_normalization(order) if len(order) else [],
        "leakage": drawn(leaks, columns.LEAKAGE, by=lambda row: row["protocol"]),
        "leakage_said": leaked(leaks) if len(leaks) else [],
        "iou": drawn(_by_class(by_class, "iou"), by_score),
        "f1": drawn(_by_class(by_class, "f1"), by_score),
        "complexity": drawn(counted, columns.COMPLEXITY),
        "hidden": drawn(counted, columns.HIDDEN),
        "latency": drawn(maybe("latency"), columns.LATENCY),
        "reduction": drawn(needed("reduction"), columns.REDUCTION),
        "line": drawn(
            [_line(row) for row in _named(line).to_dict("records")],
            columns.LINE,
            mark=lambda row: "best" if row["best"] else "" if row["within_budget"] else "over",
        ),
        "line_said": best_in_budget(line) if len(line) else "",
        "drift": drawn(drifts, columns.DRIFT),
        "drift_said": noticed(drifts) if len(drifts) else "",
        "pruning": drawn(pruned, columns.PRUNING),
        "camera": drawn(camera, columns.CAMERA),
        "camera_said": alike(camera) if len(camera) else "",
        "captures": drawn(needed("captures"), columns.CAPTURES),
    }
