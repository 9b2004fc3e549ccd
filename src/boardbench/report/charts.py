"""What the charts of all studies share: colours, style, names, and deterministic bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from boardbench.files import atomic_write

# Okabe and Ito: told apart by every eye, and by lightness in print.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
RESOLUTION = 110  # dots an inch of a PNG
_DASHES = ("-", (0, (4, 1.5)), (0, (1, 1)))
STYLE = {
    "svg.hashsalt": "boardbench",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.parse_math": False,  # a name of a class may hold '$'
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
    "mobile_unet": "Mobile U-Net",
    "lite0_unet": "Lite0 U-Net",
    "full": "all bands",
    "pca3": "PCA, 3 axes",
    "pca3_cube": "PCA a cube, 3 axes",
    "bands3": "3 chosen bands",
    "bands3_even": "3 even bands",
    "linear3": "learned linear, 3",
    "rgb": "RGB camera",
    "scrb": "SCRB",
    "scrb_se": "SCRB, SE gates",
    "scrb12": "SCRB, 12 bands",
    "all": "mean over networks",
    "majority": "majority class",
    "spectral_angle": "spectral angle",
    "lda": "linear discriminant",
    "random": "network, random start",
    "finetune": "network, finetuned",
    "frozen": "network, frozen features",
    "rectangle": "rectangle term",
    "corners": "corners alone",
    "mean": "mean corners",
    "template": "template matching",
    "none": "baseline",
    "knn": "k-NN",
    "nearest_centroid": "nearest centroid",
    "l1": "L1",
    "l2": "L2",
    "ssim": "SSIM",
    "ssim_planar": "SSIM, planar",
    "fc3": "dense, 1024-512-256",
    "fc5": "dense, 2048-1024-512-256-128",
    "cnn16_16": "convolutions 16-16",
    "cnn32_32": "convolutions 32-32",
    "cnn32_32_64_64": "convolutions 32-32-64-64",
    "he": "He",
    "xavier": "Xavier",
    "adam": "Adam",
    "sgd": "SGD",
}


def colours_of(names: list[str]) -> dict[str, str]:
    """Return a colour a name, by its place."""
    return {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(names)}


def pretty(word: str) -> str:
    """Return a reader's name of a network, input, baseline or setting; an unknown word stays as it is."""
    name, _, width = word.partition("@")
    started = ", ImageNet" if width == "imagenet" else f", width {width}" if width else ""
    return NAMES.get(name, name) + started


@contextmanager
def canvas(out: Path, size: tuple[float, float], shape: tuple[int, int] = (1, 1), **how: Any) -> Iterator[Any]:
    """Yield panels (rows, columns) in the style of all charts; at the end lay them out and write the figure.

    Args:
        out: the SVG or PNG to write.
        size: of the figure, inches.
        shape: rows and columns of panels.
        **how: ``style``: changes of STYLE; ``pad``: of the layout, None where the caller lays out; the rest is for
            ``subplots``.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    style, pad = how.pop("style", {}), how.pop("pad", {})
    with rc_context(STYLE | style):
        figure = Figure(figsize=size)
        yield figure.subplots(*shape, squeeze=False, **how)
        if pad is not None:
            figure.tight_layout(**pad)
        save(figure, out)


def log_ticks(axis: Any) -> None:
    """Make an axis logarithmic, with plain numbers at its ticks, more of them where it spans little."""
    from matplotlib.ticker import LogLocator, NullLocator

    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high > 10 * low else (1, 1.5, 2, 3, 5, 7)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_locator(NullLocator())


def below(axes: Any, keys: list[tuple[Any, str]], most: int, **style: Any) -> None:
    """Put a legend of (mark, words) below the whole figure, at most ``most`` beside each other."""
    marks, words = zip(*keys, strict=True)
    place = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.01)}
    axes.figure.legend(marks, words, ncols=min(most, len(keys)), **place, **style)


def curves_figure(
    histories: list[tuple[str, str, pd.DataFrame]], out: Path, score: str, label: str, log: tuple[bool, bool]
) -> None:
    """Draw loss and a validation score by epoch: one column a group, one colour a run, one line a seed.

    Dotted lines are of the images that train, solid ones of validation.

    Args:
        histories: group and run in a reader's words, and a run's history as numbers (epoch, train_loss,
            validation_loss, validation_<score>, maybe train_<score>); one a seed.
        out: the SVG to write.
        score: word of its columns.
        label: of the score's axis.
        log: whether the axes of loss and of the score are logarithmic; one that is not goes from 0 to 1 for the score.
    """
    groups, runs = (list(dict.fromkeys(names)) for names in list(zip(*histories, strict=True))[:2])
    looks = {
        run: {"color": COLOURS[at % len(COLOURS)], "ls": _DASHES[at // len(COLOURS) % len(_DASHES)]}
        for at, run in enumerate(runs)
    }
    with canvas(out, (max(5.2, 3.0 * len(groups)), 4.7), (2, len(groups)), sharex="col", sharey="row") as axes:
        for group, run, frame in histories:
            for panel, what in zip(axes[:, groups.index(group)], ("loss", score), strict=True):
                if f"train_{what}" in frame:
                    panel.plot(frame["epoch"], frame[f"train_{what}"], lw=0.9, **looks[run] | {"ls": ":"})
                panel.plot(frame["epoch"], frame[f"validation_{what}"], lw=1.4, **looks[run])
        for (top, bottom), group in zip(axes.T, groups, strict=True):
            top.set_title(group)
            bottom.set_xlabel("epoch")
            bottom.xaxis.get_major_locator().set_params(integer=True)
        for panel, words, logarithmic in zip(axes[:, 0], ("loss", label), log, strict=True):
            panel.set_ylabel(words)
            if logarithmic:
                panel.set_yscale("log")
                log_ticks(panel.yaxis)
            elif panel is axes[1, 0]:
                panel.set_ylim(0, 1)
        first = axes[0, 0]
        keys = [(first.plot([], [], **look)[0], run) for run, look in looks.items()]
        greys = {"validation": "-", "training": ":"}
        keys += [(first.plot([], [], color="#444444", ls=dash)[0], words) for words, dash in greys.items()]
        below(first, keys, 6, fontsize=8)


def save(figure: Any, out: Path) -> None:
    """Write an SVG, or a PNG by its name, whose bytes depend on its content only (no date, fixed ids)."""
    how = {"format": "svg", "metadata": {"Date": None, "Creator": None}}
    if out.suffix == ".png":
        how = {"format": "png", "metadata": {"Software": None}, "dpi": RESOLUTION}
    with atomic_write(out, record=True) as temporary:
        figure.savefig(temporary, bbox_inches="tight", **how)
