"""Charts of the placement study: error by part, receiver operating curves."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from boardbench.report.charts import COLOURS, below, canvas, log_ticks, pretty
from boardbench.report.plots import Panel, panel, series

LEAST = 1e-3  # px: an error of 0 has no place on a log axis
_BASELINE = (0, (4, 2))  # dashes


def network(init: str, loss: str) -> str:
    """Return a reader's name of a network or baseline."""
    return pretty(init) if loss == "none" else f"{pretty(init)}, {pretty(loss)}"


def colours(names: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return (init, loss) -> colour; baselines are grey."""
    networks = [name for name in names if name[1] != "none"]
    greys = ("#555555", "#999999", "#bbbbbb")
    baselines = [name for name in names if name[1] == "none"]
    found = {name: COLOURS[at % len(COLOURS)] for at, name in enumerate(networks)}
    return found | {name: greys[at % len(greys)] for at, name in enumerate(baselines)}


def errors_figure(errors: pd.DataFrame, out: Path, label: str) -> None:
    """Draw the centre's error of every image as boxes, one panel a part, on a log axis.

    Boxes hold the middle half, whiskers 5 to 95 %, points the rest; the runs of all seeds are taken together.

    Args:
        errors: columns part, init, loss, error (px), in the order to draw.
        out: the SVG to write.
        label: what the data are, in the title.
    """
    from matplotlib.patches import Patch

    parts = list(dict.fromkeys(errors["part"]))
    names = list(dict.fromkeys(zip(errors["init"], errors["loss"], strict=True)))
    hue = colours(names)
    with canvas(out, (max(7.2, 0.55 * len(names) * len(parts)), 3.6), (1, len(parts)), sharey=True) as panels:
        for axes, part in zip(panels[0], parts, strict=True):
            rows = errors[errors["part"] == part]
            for place, name in enumerate(names):
                chosen = rows.loc[(rows["init"] == name[0]) & (rows["loss"] == name[1]), "error"]
                if chosen.empty:
                    continue
                line = {"color": hue[name], "lw": 1.1}
                axes.boxplot(
                    np.maximum(chosen, LEAST),
                    positions=[place],
                    widths=0.6,
                    whis=(5, 95),
                    boxprops=line,
                    whiskerprops=line,
                    capprops=line,
                    medianprops=line | {"lw": 2},
                    flierprops={"marker": ".", "ms": 2.5, "mec": hue[name], "mfc": hue[name], "alpha": 0.6},
                )
            axes.set_xlim(-0.6, len(names) - 0.4)
            axes.set_xticks([])
            axes.set_title(part)
            axes.set_yscale("log")
        first = panels[0, 0]
        log_ticks(first.yaxis)
        first.set_ylabel("distance of the centre, px of the image")
        first.figure.suptitle(label, x=0.01, ha="left", fontsize=9, color="#444444")
        below(first, [(Patch(color=hue[name]), network(*name)) for name in names], 3, fontsize=8)


def roc_figure(curves: list[tuple[str, str, str, pd.DataFrame]], out: Path) -> None:
    """Draw bad boards caught against good boards refused as the tolerance moves, one panel a part.

    Args:
        curves: part, init, loss, and a run's curve as numbers (columns false_reject_rate, true_reject_rate).
        out: the SVG to write.
    """
    parts = list(dict.fromkeys(part for part, *_ in curves))
    names = list(dict.fromkeys((init, loss) for _, init, loss, _ in curves))
    hue = colours(names)
    style, size = {"axes.grid.axis": "both"}, (3.5 * max(2, len(parts)), 3.6)
    with canvas(out, size, (1, len(parts)), sharey=True, style=style) as rows:
        panels = rows[0]
        for part, init, loss, frame in curves:
            axes = panels[parts.index(part)]
            style = {"color": hue[init, loss], "lw": 1.3, "ls": "-" if loss != "none" else _BASELINE}
            axes.plot(frame["false_reject_rate"], frame["true_reject_rate"], **style)
        for axes, part in zip(panels, parts, strict=True):
            axes.plot([0, 1], [0, 1], color="#cccccc", lw=0.8, zorder=0.5)
            axes.set_title(part)
            axes.set_xlabel("good boards refused (false rejects)")
            axes.set_xlim(-0.02, 1.02)
            axes.set_ylim(-0.02, 1.02)
        panels[0].set_ylabel("bad boards refused")
        looks = {name: {"color": hue[name], "ls": "-" if name[1] != "none" else _BASELINE} for name in names}
        keys = [(panels[0].plot([], [], **look)[0], network(*name)) for name, look in looks.items()]
        below(panels[0], keys, 3, fontsize=8)


def roc(curves: list[tuple[str, str, str, pd.DataFrame]]) -> list[Panel]:
    """Return what :func:`roc_figure` draws, as data; arguments are its."""
    hue = colours(list(dict.fromkeys((init, loss) for _, init, loss, _ in curves)))
    panels: dict[str, list[dict[str, Any]]] = {}
    for part, init, loss, frame in curves:
        called = network(init, loss)
        ends = frame["false_reject_rate"], frame["true_reject_rate"]
        drawn = series(called, *ends, hue[init, loss], dash=loss == "none", group=called)
        panels.setdefault(part, []).append(drawn)
    axes = "good boards refused (false rejects)", "bad boards refused"
    return [panel(part, *axes, drawn) for part, drawn in panels.items()]
