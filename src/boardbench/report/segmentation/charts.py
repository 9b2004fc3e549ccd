"""Charts of the segmentation study: mean scores, by normalization too, score against cost, the camera."""

from pathlib import Path
from typing import Any

import pandas as pd

from boardbench.report.charts import COLOURS, below, canvas, colours_of, log_ticks, pretty
from boardbench.report.pareto import on_front
from boardbench.report.segmentation.pareto import other_runtime

WORDS = ["backbone", "strategy", "precision", "pruning", "runtime"]
_MARKERS = "os^DvPX"  # backbones


def scores_figure(mean: pd.DataFrame, out: Path, label: str) -> None:
    """Draw mean IoU by backbone and strategy; baselines are lines, published values hollow marks.

    Whiskers are the 95 % interval over test scenes (and seeds, where there are several).

    Args:
        mean: the mean table as text (columns backbone, strategy, miou, miou_low, miou_high, miou_published).
        out: the SVG to write.
        label: what the data are, in the title.
    """
    numbers = mean[["miou", "miou_low", "miou_high", "miou_published"]].apply(pd.to_numeric, errors="coerce")
    table = pd.concat([mean[["backbone", "strategy"]], numbers], axis=1)
    networks, baselines = table[table["strategy"] != "none"], table[table["strategy"] == "none"]
    backbones, strategies = list(networks["backbone"].unique()), list(networks["strategy"].unique())
    colours = colours_of(strategies)
    step = 0.8 / len(strategies)
    with canvas(out, (max(7.2, 0.33 * len(networks)), 3.5), pad=None) as panels:
        axes = panels[0, 0]
        for row in networks.itertuples():
            x = backbones.index(row.backbone) + (strategies.index(row.strategy) - (len(strategies) - 1) / 2) * step
            axes.bar(x, row.miou, width=0.86 * step, color=colours[row.strategy])
            if row.miou > 0.08:  # room inside the bar; NaN is not
                style = {"fontsize": 8, "color": "white", "fontweight": "bold", "rotation": 90 * (step < 0.2)}
                axes.text(x, 0.012, f"{row.miou:.2f}", ha="center", va="bottom", **style)
            axes.plot([x, x], [row.miou_low, row.miou_high], color="#333333", lw=1, marker="_", ms=4)
            axes.plot(x, row.miou_published, marker="D", ms=6, mfc="white", mec="black", ls="none")
        right = len(backbones) - 0.45
        levels: list[float] = []
        for row in baselines.dropna(subset=["miou"]).sort_values("miou").itertuples():
            axes.axhline(row.miou, color="#555555", lw=0.9, ls=(0, (4, 3)), zorder=0.5)
            # Names of baselines that nearly coincide are moved apart, the lines are not.
            levels.append(max(row.miou, levels[-1] + 0.055) if levels else row.miou)
            axes.text(
                right, levels[-1], f"{pretty(row.backbone)} {row.miou:.2f}", va="center", fontsize=8, color="#444444"
            )
        axes.set_xlim(-0.5, right - 0.03)
        axes.set_ylim(0, 1)
        axes.set_xticks(range(len(backbones)), [pretty(name) for name in backbones])
        axes.tick_params(axis="x", length=0)
        axes.set_ylabel("mean IoU on the test part")
        axes.set_title(label, loc="left", fontsize=9, color="#444444", pad=26 if len(strategies) < 4 else 40)
        marks = [(axes.bar(0, 0, color=colour), pretty(name)) for name, colour in colours.items()]
        if networks["miou_published"].notna().any():
            hollow = axes.plot([], [], marker="D", ms=6, mfc="white", mec="black", ls="none")[0]
            marks.append((hollow, "published in paper 1"))
        if len(baselines):
            dashes = axes.plot([], [], color="#555555", lw=0.9, ls=(0, (4, 3)))[0]
            marks.append((dashes, "baseline: no network"))
        handles, labels = zip(*marks, strict=True)
        place = {"loc": "lower left", "bbox_to_anchor": (-0.01, 1.0), "ncols": min(len(marks), 5), "borderaxespad": 0.2}
        axes.legend(handles, labels, fontsize=8, handlelength=1.4, columnspacing=1.2, **place)


def compared_figure(table: pd.DataFrame, out: Path, label: str, strategies: list[str], by: str) -> None:
    """Draw mean IoU by normalization or split, one panel a backbone, one mark with its 95 % interval a strategy.

    Thin lines join the marks of a strategy: where they cross, the order of the means changes.

    Args:
        table: segmentation_normalizations or segmentation_leakage as text.
        out: the SVG to write.
        label: what the data are, in the title.
        strategies: all input strategies in table order, so that colours are those of the other figures.
        by: column of what is compared along the axis.
    """
    numbers = table[["miou", "low", "high"]].apply(pd.to_numeric, errors="coerce")
    cells = pd.concat([table[[by, "backbone", "strategy"]], numbers], axis=1)
    methods, backbones = list(cells[by].unique()), list(cells["backbone"].unique())
    colours = {name: colour for name, colour in colours_of(strategies).items() if name in set(cells["strategy"])}
    step = 0.5 / len(colours)
    width = min(0.36 * len(methods) * len(colours), 4.2)
    size = (max(5.2, width * len(backbones) + 0.6), 3.4)
    with canvas(out, size, (1, len(backbones)), sharey=True) as panels:
        for axes, backbone in zip(panels[0], backbones, strict=True):
            for place, (strategy, colour) in enumerate(colours.items()):
                rows = cells[(cells["backbone"] == backbone) & (cells["strategy"] == strategy)]
                x = [methods.index(name) + (place - (len(colours) - 1) / 2) * step for name in rows[by]]
                axes.plot(x, rows["miou"], color=colour, lw=0.8, alpha=0.4)
                axes.vlines(x, rows["low"], rows["high"], color=colour, lw=1.4)
                axes.plot(x, rows["miou"], color=colour, marker="o", ms=5, ls="none")
            axes.set_title(pretty(backbone))
            axes.set_xticks(range(len(methods)), methods)
            axes.set_xlim(-0.5, len(methods) - 0.5)
            axes.tick_params(axis="x", length=0)
        first = panels[0, 0]
        first.set_ylabel("mean IoU on the test part")
        first.figure.suptitle(label, x=0.02, y=0.95, ha="left", fontsize=9, color="#444444")
        marks = {"marker": "o", "ms": 5, "lw": 1.4}
        keys = [(first.plot([], [], color=hue, **marks)[0], pretty(name)) for name, hue in colours.items()]
        below(first, keys, 4)


def sensor_figure(curves: pd.DataFrame, out: Path) -> None:
    """Draw two curves of the real and of the simulated camera: variance against signal, and white along the line.

    Args:
        curves: text, columns camera (real, simulated_unbinned), curve (transfer, line, white), x, y.
        out: the SVG to write.
    """
    looks = {
        "real": {"color": COLOURS[0], "marker": "o", "ms": 6, "label": "real FX10"},
        "simulated_unbinned": {"color": COLOURS[5], "marker": "D", "ms": 5, "mfc": "none", "label": "simulated"},
    }
    numbers = curves.assign(**{name: pd.to_numeric(curves[name]) for name in ("x", "y")})
    with canvas(out, (8.2, 3.2), (1, 2), pad={"w_pad": 2.5}) as panels:
        left, right = panels[0]
        for camera, look in looks.items():
            of = numbers[numbers["camera"] == camera]
            points, line, white = (of[of["curve"] == curve] for curve in ("transfer", "line", "white"))
            left.plot(points["x"], points["y"], ls="none", **look)
            left.plot(line["x"], line["y"], color=look["color"], lw=1.1, ls="-" if camera == "real" else (0, (4, 3)))
            right.plot(white["x"], white["y"], ls="none", **look)
        left.set(xlabel="signal, counts", ylabel="variance over time, counts²", xlim=(0, None), ylim=(0, None))
        right.set(xlabel="place along the line", ylabel="white, relative to its largest", ylim=(0, 1.05))
        left.legend(loc="upper left")


def pareto_figure(table: pd.DataFrame, out: Path, budget_ms: float, label: str, strategies: list[str]) -> None:
    """Draw mean IoU against measured time and against GMACs; models that none beats in both are numbered and named.

    Colour is the strategy, marker the backbone, hollow is int8, black-edged and joined is pruned; whiskers are the
    standard deviation over seeds.

    Args:
        table: the Pareto table as text (:func:`boardbench.report.segmentation.pareto.pareto_table`); no score, no mark.
        out: the SVG to write.
        budget_ms: drawn as a line, ms.
        label: what the data are, in the title.
        strategies: all input strategies in table order, so that colours are those of the other figures.
    """
    from matplotlib.patches import Patch

    numbers = table[["miou", "miou_sd", "p50_ms", "gmacs"]].apply(pd.to_numeric, errors="coerce")
    models = pd.concat([table[[*WORDS, "width"]], numbers], axis=1).dropna(subset=["miou"])
    present, order = set(models["strategy"]), list(dict.fromkeys([*strategies, *models["strategy"]]))
    colours = {name: colour for name, colour in colours_of(order).items() if name in present}
    markers = {name: _MARKERS[at % len(_MARKERS)] for at, name in enumerate(dict.fromkeys(models["backbone"]))}
    first = table.iloc[0]
    window = f"{first['lines']} lines \N{MULTIPLICATION SIGN} {first['samples']} samples"
    costs = {"p50_ms": f"measured, ms for {window}, median", "gmacs": f"counted, GMACs for {window}"}

    def style(backbone: str, strategy: str, precision: str, pruning: str) -> dict[str, Any]:
        face = "white" if precision == "int8" else colours[strategy]
        edge = "black" if pruning else colours[strategy]
        return {"marker": markers[backbone], "mec": edge, "mfc": face, "ms": 6, "ls": "none"}

    with canvas(out, (9.2, 3.6), (1, 2), sharey=True, pad=None) as panels:
        figure = panels[0, 0].figure
        names_below: dict[Any, str] = {}
        for axes, (cost, title) in zip(panels[0], costs.items(), strict=True):
            axes.set_xscale("log")
            axes.set_xlabel(title)
            axes.margins(x=0.1, y=0.12)
            for row in models.itertuples():
                look = style(row.backbone, row.strategy, row.precision, row.pruning)
                axes.errorbar(getattr(row, cost), row.miou, row.miou_sd, ecolor="#999999", elinewidth=0.8, **look)
            _joined(axes, models, cost, colours)
            if cost == "p50_ms":
                axes.axvline(budget_ms, color="#D55E00", lw=1, ls=(0, (4, 3)))
                place = {"xytext": (0, 3), "textcoords": "offset points", "ha": "center", "fontsize": 8}
                axes.annotate(f"budget {budget_ms:g} ms", (budget_ms, 1), xycoords=("data", "axes fraction"), **place)
            names_below[axes] = _front(axes, models, cost)
            log_ticks(axes.xaxis)
        figure.axes[0].set_ylabel("mean IoU of the file on the test part")
        figure.axes[0].set_title(label, loc="left", fontsize=9, color="#444444", pad=16)
        keys = [(Patch(color=colour), pretty(name)) for name, colour in colours.items()]
        grey = {"ms": 6, "ls": "none", "color": "#666666"}
        keys += [(axes.plot([], [], marker=mark, **grey)[0], pretty(name)) for name, mark in markers.items()]
        if (models["precision"] == "int8").any():
            keys.append((axes.plot([], [], marker="o", mfc="white", **grey)[0], "hollow: int8"))
        if (models["pruning"] != "").any():
            keys.append((axes.plot([], [], marker="o", mec="black", mfc="#bbbbbb", ms=6, ls="none")[0], "edge: pruned"))
        handles, names = zip(*keys, strict=True)
        figure.legend(handles, names, loc="center left", bbox_to_anchor=(0.99, 0.55), fontsize=8, handletextpad=0.3)
        figure.tight_layout()
        for axes, text in names_below.items():  # after the layout, which must leave no room for them
            axes.annotate(text, (0, 0), (0, -34), "axes fraction", "offset points", va="top", fontsize=8)


def _joined(axes: Any, models: pd.DataFrame, cost: str, colours: dict[str, str]) -> None:
    """Join each pruned model with the one that it was."""
    same = ["backbone", "strategy", "width", "precision", "runtime"]
    dense = models[models["pruning"] == ""].set_index(same)
    for row in models[models["pruning"] != ""].to_dict("records"):
        key = tuple(row[name] for name in same)
        if key in dense.index:
            before = dense.loc[key]
            axes.plot([before[cost], row[cost]], [before["miou"], row["miou"]], color=colours[row["strategy"]], lw=0.8)


def _front(axes: Any, models: pd.DataFrame, cost: str) -> str:
    """Draw the Pareto front as steps and number its models; return a line for each number."""
    front = models[on_front(models[cost].to_numpy(), models["miou"].to_numpy())].sort_values([cost, "backbone"])
    right = max(models[cost].max(), *axes.get_xlim())
    axes.step([*front[cost], right], [*front["miou"], front["miou"].max()], where="post", color="#777777", lw=0.9)
    lines = []
    for number, row in enumerate(front.itertuples(), 1):
        # Up and left of a model on the front there is no other.
        place = {"xytext": (-4, 3), "textcoords": "offset points", "ha": "right", "fontsize": 8, "fontweight": "bold"}
        axes.annotate(str(number), (getattr(row, cost), row.miou), **place)
        words = (pretty(row.backbone), pretty(row.strategy), row.precision, row.pruning, other_runtime(row.runtime))
        lines.append(f"{number}  {'; '.join(filter(None, words))}")
    return "\n".join(lines)
