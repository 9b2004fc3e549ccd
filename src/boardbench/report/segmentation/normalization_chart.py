"""Chart of mean IoU by normalization, with deterministic bytes."""

from pathlib import Path

import pandas as pd

from boardbench.report.charts import STYLE, colours_of, pretty, save


def normalizations_figure(table: pd.DataFrame, out: Path, label: str, strategies: list[str]) -> None:
    """Draw mean IoU by normalization, one panel a backbone, one mark with its 95 % interval a strategy.

    Thin lines join the marks of a strategy: where they cross, the order of the means changes.

    Args:
        table: segmentation_normalizations as text.
        out: the SVG to write.
        label: what the data are, in the title.
        strategies: all input strategies in table order, so that colours are those of the other figures.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    numbers = table[["miou", "low", "high"]].apply(pd.to_numeric, errors="coerce")
    cells = pd.concat([table[["normalization", "backbone", "strategy"]], numbers], axis=1)
    methods, backbones = list(cells["normalization"].unique()), list(cells["backbone"].unique())
    colours = {name: colour for name, colour in colours_of(strategies).items() if name in set(cells["strategy"])}
    step = 0.5 / len(colours)
    with rc_context(STYLE):
        width = min(0.36 * len(methods) * len(colours), 4.2)
        figure = Figure(figsize=(max(5.2, width * len(backbones) + 0.6), 3.4))
        panels = figure.subplots(1, len(backbones), sharey=True, squeeze=False)[0]
        for axes, backbone in zip(panels, backbones, strict=True):
            for place, (strategy, colour) in enumerate(colours.items()):
                rows = cells[(cells["backbone"] == backbone) & (cells["strategy"] == strategy)]
                x = [methods.index(name) + (place - (len(colours) - 1) / 2) * step for name in rows["normalization"]]
                axes.plot(x, rows["miou"], color=colour, lw=0.8, alpha=0.4)
                axes.vlines(x, rows["low"], rows["high"], color=colour, lw=1.4)
                axes.plot(x, rows["miou"], color=colour, marker="o", ms=5, ls="none")
            axes.set_title(pretty(backbone))
            axes.set_xticks(range(len(methods)), methods)
            axes.set_xlim(-0.5, len(methods) - 0.5)
            axes.tick_params(axis="x", length=0)
        panels[0].set_ylabel("mean IoU on the test part")
        figure.suptitle(label, x=0.02, y=0.95, ha="left", fontsize=9, color="#444444")
        keys = [
            (panels[0].plot([], [], color=colour, marker="o", ms=5, lw=1.4)[0], pretty(name))
            for name, colour in colours.items()
        ]
        handles, names = zip(*keys, strict=True)
        figure.legend(handles, names, loc="upper center", ncols=min(len(keys), 4), bbox_to_anchor=(0.5, 0.01))
        figure.tight_layout()
        save(figure, out)
