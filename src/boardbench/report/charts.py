"""Charts of the segmentation study with deterministic bytes: training curves and mean scores."""

from pathlib import Path
from typing import Any

import pandas as pd

from boardbench.files import whole
from boardbench.report.runs import read_csv

# Okabe and Ito: told apart by every eye, and by lightness in print.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
_STYLE = {
    "svg.hashsalt": "boardbench",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#777777",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}
NAMES = {
    "unet": "U-Net",
    "attention_unet": "Attention U-Net",
    "resunet": "ResU-Net",
    "linknet": "LinkNet",
    "deeplabv3plus": "DeepLabv3+",
    "full": "all bands",
    "pca3": "PCA, 3 axes",
    "pca3_cube": "PCA a cube, 3 axes",
    "bands3": "3 chosen bands",
    "bands3_even": "3 even bands",
    "linear3": "learned linear, 3",
    "scrb": "SCRB",
    "all": "mean over networks",
    "majority": "majority class",
    "spectral_angle": "spectral angle",
    "lda": "linear discriminant",
}


def pretty(word: str) -> str:
    """Return a reader's name of a backbone, strategy or floor; an unknown word stays as it is."""
    return NAMES.get(word, word)


def _colours(strategies: list[str]) -> dict[str, str]:
    return {name: _COLOURS[place % len(_COLOURS)] for place, name in enumerate(strategies)}


def _save(figure: Any, out: Path) -> None:
    """Write an SVG whose bytes depend on its content only (no date, fixed ids)."""
    with whole(out) as temporary:
        figure.savefig(temporary, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})


def training_curves(histories: dict[str, Path], out: Path) -> None:
    """Draw loss and mean IoU by epoch, one column a backbone, one colour a strategy, one line a seed.

    Args:
        histories: run name ``<backbone>-<strategy>-seed<k>`` -> history.csv with columns epoch, train_loss,
            validation_loss, validation_iou.
        out: the SVG to write.

    Raises:
        BoardbenchError: a history or one of its columns is missing.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullLocator

    columns = ("epoch", "train_loss", "validation_loss", "validation_iou")
    runs = []
    for name, path in histories.items():
        frame = read_csv(path, "train", columns)[list(columns)].apply(pd.to_numeric, errors="coerce")
        runs.append((*name.rsplit("-", 2)[:2], frame))
    backbones = list(dict.fromkeys(run[0] for run in runs))
    colours = _colours(list(dict.fromkeys(run[1] for run in runs)))
    with rc_context(_STYLE):
        figure = Figure(figsize=(2.8 * len(backbones) + 0.6, 4.6))
        axes = figure.subplots(2, len(backbones), sharex=True, sharey="row", squeeze=False)
        for backbone, strategy, frame in runs:
            top, bottom = axes[:, backbones.index(backbone)]
            top.plot(frame["epoch"], frame["train_loss"], color=colours[strategy], lw=0.9, ls=":")
            top.plot(frame["epoch"], frame["validation_loss"], color=colours[strategy], lw=1.4)
            bottom.plot(frame["epoch"], frame["validation_iou"], color=colours[strategy], lw=1.4)
        for place, backbone in enumerate(backbones):
            axes[0, place].set_title(pretty(backbone))
            axes[1, place].set_xlabel("epoch")
        axes[0, 0].set_ylabel("loss")
        axes[0, 0].set_yscale("log")
        axes[0, 0].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes[0, 0].yaxis.set_major_formatter("{x:g}")
        axes[0, 0].yaxis.set_minor_locator(NullLocator())
        axes[1, 0].set_ylabel("validation mean IoU")
        axes[1, 0].set_ylim(0, 1)
        lines = [(axes[0, 0].plot([], [], color=colour)[0], pretty(name)) for name, colour in colours.items()]
        lines.append((axes[0, 0].plot([], [], color="#444444")[0], "validation"))
        lines.append((axes[0, 0].plot([], [], color="#444444", ls=":")[0], "training"))
        handles, labels = zip(*lines, strict=True)
        figure.legend(handles, labels, loc="upper center", ncols=len(lines), bbox_to_anchor=(0.5, 0.01))
        figure.tight_layout()
        _save(figure, out)


def scores_figure(mean: pd.DataFrame, out: Path, label: str) -> None:
    """Draw mean IoU by backbone and strategy; floors are lines, published values hollow marks.

    Whiskers are the 95 % interval over test scenes (and seeds, where there are several).

    Args:
        mean: the mean table as text (columns backbone, strategy, miou, miou_low, miou_high, miou_published).
        out: the SVG to write.
        label: what the data are, in the title.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    numbers = mean[["miou", "miou_low", "miou_high", "miou_published"]].apply(pd.to_numeric, errors="coerce")
    table = pd.concat([mean[["backbone", "strategy"]], numbers], axis=1)
    networks, floors = table[table["strategy"] != "none"], table[table["strategy"] == "none"]
    backbones, strategies = list(networks["backbone"].unique()), list(networks["strategy"].unique())
    colours = _colours(strategies)
    step = 0.8 / len(strategies)
    with rc_context(_STYLE):
        figure = Figure(figsize=(max(7.2, 0.33 * len(networks)), 3.5))
        axes = figure.subplots()
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
        for row in floors.dropna(subset=["miou"]).sort_values("miou").itertuples():
            axes.axhline(row.miou, color="#555555", lw=0.9, ls=(0, (4, 3)), zorder=0.5)
            # Names of floors that nearly coincide are moved apart, the lines are not.
            levels.append(max(row.miou, levels[-1] + 0.055) if levels else row.miou)
            axes.text(
                right,
                levels[-1],
                f"{pretty(row.backbone)} {row.miou:.2f}",
                va="center",
                fontsize=8,
                color="#444444",
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
        if len(floors):
            dashes = axes.plot([], [], color="#555555", lw=0.9, ls=(0, (4, 3)))[0]
            marks.append((dashes, "floor: no network"))
        handles, labels = zip(*marks, strict=True)
        axes.legend(
            handles,
            labels,
            loc="lower left",
            bbox_to_anchor=(-0.01, 1.0),
            ncols=min(len(marks), 5),
            fontsize=8,
            handlelength=1.4,
            columnspacing=1.2,
            borderaxespad=0.2,
        )
        _save(figure, out)
