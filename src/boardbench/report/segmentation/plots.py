"""Charts of the segmentation study as data, from its published tables (:mod:`boardbench.report.plots`)."""

from typing import Any

import numpy as np
import pandas as pd

from boardbench.report.charts import COLOURS, colours_of, pretty
from boardbench.report.columns import Row
from boardbench.report.pareto import on_front
from boardbench.report.plots import Panel, panel, series
from boardbench.report.segmentation.pareto import other_runtime

COSTS = {"p50_ms": "measured, ms, median", "gmacs": "counted, GMACs"}
MODEL = ["backbone", "strategy", "width", "precision", "runtime"]


def pareto(table: pd.DataFrame, strategies: list[str]) -> list[Panel]:
    """Return mean IoU against measured time and against GMACs, one mark a model.

    Colour is the strategy, hollow is int8; a line joins a pruned model with what it was, a grey one the models that
    none beats in both.

    Args:
        table: the Pareto table as text, of one row at least.
        strategies: all in the order of the other charts, for their colours.
    """
    numbers = table[["miou", "miou_sd", *COSTS]].apply(pd.to_numeric, errors="coerce")
    models = pd.concat([table[[*MODEL, "pruning"]], numbers], axis=1).dropna(subset=["miou"])
    hues = colours_of(list(dict.fromkeys([*strategies, *models["strategy"]])))
    dense = models[models["pruning"] == ""].set_index(MODEL)
    panels = []
    for cost, label in COSTS.items():
        front = models[on_front(models[cost].to_numpy(), models["miou"].to_numpy())].sort_values(cost)
        ends = [*front[cost], models[cost].max()], [*front["miou"], front["miou"].max()]
        drawn = [series("", *ends, "#777777", step=True)]
        for row in models.to_dict("records"):
            words = (
                pretty(row["backbone"]),
                pretty(row["strategy"]),
                row["precision"],
                row["pruning"],
                other_runtime(row["runtime"]),
            )
            look = {"hollow": row["precision"] == "int8", "group": pretty(row["strategy"])}
            spread = 0.0 if np.isnan(row["miou_sd"]) else row["miou_sd"]
            look |= {"low": [row["miou"] - spread], "high": [row["miou"] + spread]} if spread else {}
            hue, key = hues[row["strategy"]], tuple(row[name] for name in MODEL)
            drawn.append(series(", ".join(filter(None, words)), [row[cost]], [row["miou"]], hue, "points", **look))
            if row["pruning"] and key in dense.index:
                before = dense.loc[key]
                drawn.append(series("", [before[cost], row[cost]], [before["miou"], row["miou"]], hue))
        made = panel("", label, "mean IoU", drawn, (True, False))
        if cost == "p50_ms":
            budget = float(table["budget_ms"].iloc[0])
            made["marks"] = [{"x": budget, "label": f"budget {budget:g} ms"}]
        panels.append(made)
    return panels


def camera(curves: pd.DataFrame) -> list[Panel]:
    """Return variance against signal, and white along the line, of the real and of the simulated camera.

    Args:
        curves: text, columns camera, curve (transfer, line, white), x, y.
    """
    looks = {"real": ("real FX10", COLOURS[0]), "simulated_unbinned": ("simulated", COLOURS[5])}
    drawn: dict[str, list[dict[str, Any]]] = {"transfer": [], "white": []}
    for (name, curve), rows in curves.groupby(["camera", "curve"], sort=False):
        if name in looks:
            words, hue = looks[name]
            show = "line" if curve == "line" else "points"
            shown = "" if curve == "line" else words
            place = drawn["white" if curve == "white" else "transfer"]
            x, y = pd.to_numeric(rows["x"]), pd.to_numeric(rows["y"])
            place.append(series(shown, x, y, hue, show, group=words, hollow=name != "real"))
    return [
        panel("", "signal, counts", "variance over time, counts²", drawn["transfer"]),
        panel("", "place along the line", "white, relative to its largest", drawn["white"]),
    ]


def scores(mean: pd.DataFrame) -> list[Row]:
    """Return the rows of the chart of mean IoU: name, group, value, low, high, published (fractions; '' is none).

    Args:
        mean: the mean table as text.
    """
    keys = {"value": "miou", "low": "miou_low", "high": "miou_high", "published": "miou_published"}
    rows = []
    for row in mean.to_dict("records"):
        if row["miou"]:
            baseline = row["strategy"] == "none"
            group = "without a network" if baseline else pretty(row["backbone"])
            name = pretty(row["backbone"] if baseline else row["strategy"])
            rows.append({"name": name, "group": group} | {key: row.get(column, "") for key, column in keys.items()})
    return rows
