"""Charts as data, which the page draws so that the pointer names each line and point; the SVG beside is for print.

A plot is a list of panels: ``title``, ``x`` and ``y`` (label; log; min, max where they are fixed), ``marks`` (place on
the x axis and label of dashed lines) and ``series``: name, x, y, colour; ``show``: line or points; ``dash`` (a line),
``hollow`` (a point), ``low`` and ``high`` (ends of whiskers), ``step``; ``group`` is its entry in the legend.
"""

import math
from typing import Any

import pandas as pd

from boardbench.report.charts import COLOURS

Panel = dict[str, Any]


def plain(values: Any) -> list[float | None]:
    """Return numbers with four significant digits; what is none is left out of the chart."""
    return [float(f"{value:.4g}") if math.isfinite(value) else None for value in map(float, values)]


def series(name: str, x: Any, y: Any, colour: str, show: str = "line", **look: Any) -> dict[str, Any]:
    """Return a line or points with their name and look."""
    for end in ("low", "high"):
        if end in look:
            look[end] = plain(look[end])
    return {"name": name, "x": plain(x), "y": plain(y), "colour": colour, "show": show} | look


def panel(title: str, x: str, y: str, drawn: list[dict[str, Any]], log: tuple[bool, bool] = (False, False)) -> Panel:
    """Return a panel of series with its axes' labels."""
    return {"title": title, "x": {"label": x, "log": log[0]}, "y": {"label": y, "log": log[1]}, "series": drawn}


def curves(
    histories: list[tuple[str, str, pd.DataFrame]], score: str, label: str, log: tuple[bool, bool]
) -> list[Panel]:
    """Return loss and a validation score by epoch; arguments as of :func:`boardbench.report.charts.curves_figure`."""
    groups, runs = (list(dict.fromkeys(names)) for names in list(zip(*histories, strict=True))[:2])
    hues = {run: COLOURS[at % len(COLOURS)] for at, run in enumerate(runs)}
    panels = []
    for what, words, logarithmic in zip(("loss", score), ("loss", label), log, strict=True):
        for group in groups:
            drawn, seeds = [], dict.fromkeys(runs, 0)
            for of, run, frame in histories:
                if of != group:
                    continue
                seeds[run] += 1
                for part, dash in (("train", True), ("validation", False)):
                    if (column := f"{part}_{what}") in frame:
                        name = f"{run}, run {seeds[run]}, {part.replace('train', 'training')}"
                        look = {"dash": dash, "group": run}
                        drawn.append(series(name, frame["epoch"], frame[column], hues[run], **look))
            made = panel(group, "epoch", words, drawn, (False, logarithmic))
            if what == score and not logarithmic:
                made["y"] |= {"min": 0, "max": 1}
            panels.append(made)
    return panels
