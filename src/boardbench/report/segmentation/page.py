"""What the page shows of one segmentation data set, from its published tables and figures alone."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from boardbench.report.runs import check_about, read_csv
from boardbench.report.segmentation.drift import noticed, read_drift_table
from boardbench.report.segmentation.normalizations import hangs, read_normalizations
from boardbench.report.segmentation.pareto import read_exported
from boardbench.report.segmentation.pruning import read_pruning
from boardbench.report.segmentation.sensor import alike, read_sensor
from boardbench.report.segmentation.sentences import (
    against_baselines,
    comparisons,
    pruning,
    summary_backbone,
    under_budget,
    why_pca_loses,
)
from boardbench.report.segmentation.spread import moved, read_spread

ABOUT = ("label", "source", "classes", "bands", "working_sizes", "parts")


def _by_class(frame: pd.DataFrame, metric: str) -> list[dict[str, Any]]:
    """Return one row a network and strategy, with a (score, spread, published) cell a class."""
    rows = []
    for (backbone, strategy), group in frame.groupby(["backbone", "strategy"], sort=False):
        cells = zip(group[metric], group[f"{metric}_sd"], group[f"{metric}_published"], strict=True)
        rows.append({"backbone": backbone, "strategy": strategy, "cells": list(cells)})
    return rows


def segmentation_dataset(reports: Path, name: str, about: dict[str, Any]) -> dict[str, Any]:
    """Gather what the page shows of one data set of the segmentation study; without figures it has none."""
    folder = reports / "tables" / name
    check_about(about, folder / "about.json", ABOUT)
    mean = read_csv(
        folder / "segmentation_mean.csv",
        "segmentation tables",
        (
            "backbone",
            "strategy",
            "seeds",
            "miou",
            "miou_sd",
            "miou_low",
            "miou_high",
            "mf1",
            "mf1_sd",
            "miou_published",
            "mf1_published",
        ),
    )
    by_class = read_csv(
        folder / "segmentation_class_mean.csv",
        "segmentation tables",
        ("backbone", "strategy", "class", "iou", "iou_sd", "f1", "f1_sd", "f1_published", "iou_published"),
    )
    differences = read_csv(
        folder / "segmentation_differences.csv",
        "segmentation tables",
        ("backbone", "strategy", "against", "metric", "scenes", "difference", "low", "high", "covers", "conclusion"),
    )
    answered = comparisons(differences, summary_backbone(differences))
    backbones = list(dict.fromkeys(differences["backbone"]))
    times = folder / "segmentation_latency.csv"
    figures = reports / "figures" / name / "segmentation_figures.json"
    pictures = []
    if figures.is_file():
        pictures = [entry | {"src": f"figures/{name}/{entry['file']}"} for entry in json.loads(figures.read_text())]
    charts = {entry["file"]: entry for entry in pictures if not entry["file"].startswith("segmentation_prediction_")}
    exported = folder / "segmentation_pareto.csv"
    line = read_exported(exported, "segmentation tables") if exported.is_file() else None
    pruned = read_pruning(folder)
    spread = read_spread(folder / "segmentation_spread.csv")
    compared = read_normalizations(folder)
    drift = read_drift_table(folder / "segmentation_drift.csv")
    camera = read_sensor(folder / "segmentation_sensor.csv")
    records = {
        key: read_csv(folder / f"segmentation_{key}.csv", "segmentation tables", ("dataset",)).to_dict("records")
        for key in ("complexity", "reduction", "captures")
    }
    return {
        "name": name,
        "about": about,
        "verdict": against_baselines(mean),
        "mean": mean.to_dict("records"),
        "has_published": bool((mean["miou_published"] != "").any()),
        "many_seeds": bool((mean["seeds"] != "1").any()),
        "iou": _by_class(by_class, "iou"),
        "f1": _by_class(by_class, "f1"),
        "comparisons": answered,
        "comparisons_by_backbone": {name: comparisons(differences, name) for name in backbones},
        "why_pca_loses": why_pca_loses(answered),
        "latency": read_csv(times, "segmentation tables", ("dataset",)).to_dict("records") if times.is_file() else [],
        "line": [] if line is None else line.to_dict("records"),
        "under_budget": [] if line is None else under_budget(line),
        "line_chart": charts.pop("segmentation_pareto.svg", None),
        "spread": [] if spread is None else spread.to_dict("records"),
        "spread_said": "" if spread is None else moved(spread),
        "normalizations": [] if compared is None else compared[0].to_dict("records"),
        "normalization_order": [] if compared is None else compared[1].to_dict("records"),
        "normalizations_said": [] if compared is None else hangs(*compared),
        "normalizations_chart": charts.pop("segmentation_normalizations.svg", None),
        "drift": [] if drift is None else drift.to_dict("records"),
        "drift_said": "" if drift is None else noticed(drift),
        "pruning": pruned,
        "pruning_said": pruning(pruned),
        "camera": [] if camera is None else camera.drop(columns="dataset", errors="ignore").to_dict("records"),
        "camera_said": "" if camera is None else alike(camera),
        "camera_chart": charts.pop("segmentation_sensor.svg", None),
        "charts": list(charts.values()),
        "predictions": [entry for entry in pictures if entry["file"].startswith("segmentation_prediction_")],
        **records,
    }
