"""Charts of the placement study with deterministic bytes: training, error by part, receiver operating curves."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from boardbench.report.charts import COLOURS, STYLE, pretty, save

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


def _log(axis: Any) -> None:
    from matplotlib.ticker import LogLocator, NullLocator

    axis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=12))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_locator(NullLocator())


def training_figure(histories: list[tuple[str, str, pd.DataFrame]], out: Path) -> None:
    """Draw loss and the centre's error by epoch, as paper 4's figures 7 and 8, one column a kind of init.

    Args:
        histories: init, loss, and a run's history as numbers (columns epoch, train_loss, validation_loss,
            validation_centre in pixels); one a run.
        out: the SVG to write.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    init = list(dict.fromkeys(name for name, _, _ in histories))
    losses = list(dict.fromkeys(loss for _, loss, _ in histories))
    hue = dict(zip(losses, COLOURS, strict=False))
    with rc_context(STYLE):
        figure = Figure(figsize=(max(5.2, 3.4 * len(init)), 4.8))
        axes = figure.subplots(2, len(init), sharex="col", sharey="row", squeeze=False)
        for name, loss, frame in histories:
            top, bottom = axes[:, init.index(name)]
            top.plot(frame["epoch"], frame["train_loss"], color=hue[loss], lw=0.9, ls=":")
            top.plot(frame["epoch"], frame["validation_loss"], color=hue[loss], lw=1.3)
            bottom.plot(frame["epoch"], frame["validation_centre"], color=hue[loss], lw=1.3)
        for place, name in enumerate(init):
            axes[0, place].set_title(pretty(name))
            axes[1, place].set_xlabel("epoch")
        for row, label in enumerate(("loss", "validation: centre, MAE in px")):
            axes[row, 0].set_ylabel(label)
            axes[row, 0].set_yscale("log")
            _log(axes[row, 0].yaxis)
        keys = [(axes[0, 0].plot([], [], color=colour)[0], pretty(loss)) for loss, colour in hue.items()]
        keys.append((axes[0, 0].plot([], [], color="#444444")[0], "validation"))
        keys.append((axes[0, 0].plot([], [], color="#444444", ls=":")[0], "training"))
        handles, labels = zip(*keys, strict=True)
        figure.legend(handles, labels, loc="upper center", ncols=len(keys), bbox_to_anchor=(0.5, 0.01))
        figure.tight_layout()
        save(figure, out)


def errors_figure(errors: pd.DataFrame, out: Path, label: str) -> None:
    """Draw the centre's error of every image as boxes, one panel a part, on a log axis.

    Boxes hold the middle half, whiskers 5 to 95 %, points the rest; the runs of all seeds are taken together.

    Args:
        errors: columns part, init, loss, error (px), in the order to draw.
        out: the SVG to write.
        label: what the data are, in the title.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    parts = list(dict.fromkeys(errors["part"]))
    names = list(dict.fromkeys(zip(errors["init"], errors["loss"], strict=True)))
    hue = colours(names)
    with rc_context(STYLE):
        figure = Figure(figsize=(max(7.2, 0.55 * len(names) * len(parts)), 3.6))
        for axes, part in zip(figure.subplots(1, len(parts), sharey=True, squeeze=False)[0], parts, strict=True):
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
        first = figure.axes[0]
        _log(first.yaxis)
        first.set_ylabel("distance of the centre, px of the image")
        figure.suptitle(label, x=0.01, ha="left", fontsize=9, color="#444444")
        keys = [Patch(color=hue[name]) for name in names]
        texts = [network(*name) for name in names]
        figure.legend(keys, texts, loc="upper center", ncols=min(3, len(keys)), bbox_to_anchor=(0.5, 0.02), fontsize=8)
        figure.tight_layout()
        save(figure, out)


def roc_figure(curves: list[tuple[str, str, str, pd.DataFrame]], out: Path) -> None:
    """Draw bad boards caught against good boards refused as the tolerance moves, one panel a part.

    Args:
        curves: part, init, loss, and a run's curve as numbers (columns false_reject_rate, true_reject_rate).
        out: the SVG to write.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    parts = list(dict.fromkeys(part for part, *_ in curves))
    names = list(dict.fromkeys((init, loss) for _, init, loss, _ in curves))
    hue = colours(names)
    with rc_context(STYLE | {"axes.grid.axis": "both"}):
        figure = Figure(figsize=(3.5 * max(2, len(parts)), 3.6))
        panels = figure.subplots(1, len(parts), sharey=True, squeeze=False)[0]
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
        keys = [
            panels[0].plot([], [], color=hue[name], ls="-" if name[1] != "none" else _BASELINE)[0] for name in names
        ]
        texts = [network(*name) for name in names]
        figure.legend(keys, texts, loc="upper center", ncols=min(3, len(keys)), bbox_to_anchor=(0.5, 0.02), fontsize=8)
        figure.tight_layout()
        save(figure, out)
