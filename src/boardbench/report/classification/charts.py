"""Charts of the classification study with deterministic bytes: samples, classes, scatters, losses, confusion."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from boardbench.files import atomic_write
from boardbench.report.charts import COLOURS, STYLE, pretty, save

NAMED = 20  # classes, up to which a confusion matrix has room for its counts
RESOLUTION = 110  # dots an inch of a PNG


def run_called(folder: str) -> str:
    """Return a reader's name of a baseline's folder with or without its k; a network's run stays as it is."""
    parts = folder.split("-", 2)
    if len(parts) < 3 or parts[0] not in ("knn", "nearest_centroid"):
        return folder
    scale, _, k = parts[2].partition("-k")
    return f"{pretty(parts[0])}, {pretty(parts[1])}" + (f", k = {k}" if k else "") + f", {scale}"


def _png(figure: Any, out: Path) -> None:
    with atomic_write(out) as temporary:
        figure.savefig(temporary, format="png", dpi=RESOLUTION, bbox_inches="tight", metadata={"Software": None})


def _hues(classes: int) -> list[Any]:
    """Return a colour a class; beyond seven they are those of a map, and neighbours look alike."""
    from matplotlib import colormaps

    if classes <= 10:
        return list(colormaps["tab10"].colors)[:classes]
    return list(colormaps["turbo"](np.linspace(0, 1, classes)))


def samples_figure(images: np.ndarray, titles: list[str], out: Path) -> None:
    """Draw images (n, lines, samples, channels) uint8 in a grid with their titles, as a PNG."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    across = min(8, int(np.ceil(np.sqrt(len(images)))) if len(images) < 9 else 8)
    down = -(-len(images) // across)
    with rc_context(STYLE):
        figure = Figure(figsize=(1.05 * across, 1.3 * down))
        places = figure.subplots(down, across, squeeze=False).ravel()
        for axes in places:
            axes.set_axis_off()
        for axes, image, title in zip(places, images, titles, strict=False):
            grey = image.shape[-1] == 1
            axes.imshow(image[..., 0] if grey else image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            axes.set_title(title, fontsize=8, pad=2)
        figure.tight_layout(pad=0.3)
        _png(figure, out)


def classes_figure(counts: dict[str, np.ndarray], classes: list[str], out: Path) -> None:
    """Draw how many images each class has, one bar a part.

    Args:
        counts: part -> (classes,).
        classes: their names.
        out: the SVG to write.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=(min(12, max(5.5, 0.75 * len(classes))), 2.8))
        axes = figure.subplots()
        width = 0.8 / len(counts)
        for place, (part, values) in enumerate(counts.items()):
            x = np.arange(len(classes)) + (place - (len(counts) - 1) / 2) * width
            axes.bar(x, values, width=0.92 * width, color=COLOURS[place], label=part)
        axes.set_xticks(range(len(classes)), classes, rotation=90 if len(classes) > NAMED else 0, fontsize=8)
        axes.set_ylabel("images")
        axes.margins(x=0.01)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(counts))
        save(figure, out)


def scatter_figure(places: dict[str, np.ndarray], labels: np.ndarray, classes: list[str], out: Path) -> None:
    """Draw images as points, one panel a projection, one colour a class, as a PNG (points are many).

    Args:
        places: projection -> (n, 2).
        labels: (n,) index into classes.
        classes: their names.
        out: the PNG to write.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    hues = _hues(len(classes))
    with rc_context(STYLE | {"axes.grid": False}):
        figure = Figure(figsize=(4.6 * len(places), 4.4))
        panels = figure.subplots(1, len(places), squeeze=False)[0]
        for axes, (name, points) in zip(panels, places.items(), strict=True):
            for label in np.unique(labels):
                chosen = points[labels == label]
                axes.scatter(*chosen.T, s=9, lw=0, alpha=0.75, color=hues[label], label=classes[label])
            axes.set_title(name)
            axes.set_xticks([])
            axes.set_yticks([])
        handles, names = panels[0].get_legend_handles_labels()
        if len(classes) <= NAMED:
            anchor = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.02)}
            figure.legend(handles, names, ncols=5, fontsize=8, markerscale=2, **anchor)
        figure.tight_layout()
        _png(figure, out)


def losses_figure(histories: list[tuple[str, str, pd.DataFrame]], out: Path) -> None:
    """Draw loss and accuracy by epoch, one column a network, one colour a run, one line a seed.

    Args:
        histories: network, run and its history as numbers (epoch, train_loss, maybe train_accuracy, validation_loss,
            validation_accuracy); one a seed.
        out: the SVG to write.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    networks = list(dict.fromkeys(network for network, _, _ in histories))
    with rc_context(STYLE):
        figure = Figure(figsize=(max(5.2, 3.5 * len(networks)), 5.0))
        axes = figure.subplots(2, len(networks), sharey="row", squeeze=False)
        for network, (top, bottom) in zip(networks, axes.T, strict=True):
            runs = list(dict.fromkeys(run for name, run, _ in histories if name == network))
            for name, run, frame in histories:
                if name != network:
                    continue
                hue = COLOURS[runs.index(run) % len(COLOURS)]
                dashes = (0, (4, 1.5)) if runs.index(run) >= len(COLOURS) else "-"
                for panel, what in ((top, "loss"), (bottom, "accuracy")):
                    if f"train_{what}" in frame:
                        panel.plot(frame["epoch"], frame[f"train_{what}"], color=hue, lw=0.9, ls=":")
                    panel.plot(frame["epoch"], frame[f"validation_{what}"], color=hue, lw=1.4, ls=dashes)
            keys = [
                bottom.plot([], [], color=COLOURS[at % len(COLOURS)], ls="-" if at < len(COLOURS) else (0, (4, 1.5)))[0]
                for at in range(len(runs))
            ]
            anchor = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.24)}
            bottom.legend(keys, runs, fontsize=8, ncols=1 + (len(runs) > 4), **anchor)
            top.set_title(pretty(network))
            bottom.set_xlabel("epoch")
            bottom.set_ylim(0, 1)
        axes[0, 0].set_ylabel("cross-entropy")
        axes[1, 0].set_ylabel("accuracy")
        figure.tight_layout()
        save(figure, out)


def confusion_figure(matrices: dict[str, np.ndarray], classes: list[str], out: Path) -> None:
    """Draw confusion matrices side by side: rows are the truth, shade is the share of the row.

    Args:
        matrices: title -> (classes, classes) counts.
        classes: their names.
        out: the SVG to write.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    side = max(3.4, 0.42 * min(len(classes), NAMED))
    ticks = range(len(classes)) if len(classes) <= NAMED else []
    with rc_context(STYLE | {"axes.grid": False, "axes.spines.left": False, "axes.spines.bottom": False}):
        figure = Figure(figsize=((side + 0.6) * len(matrices), side + 0.7))
        panels = figure.subplots(1, len(matrices), sharey=True, squeeze=False)[0]
        for axes, (title, matrix) in zip(panels, matrices.items(), strict=True):
            shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
            axes.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1, edgecolors="white", linewidth=0.4)
            axes.set_xlim(0, len(classes))
            axes.set_ylim(len(classes), 0)
            axes.set_aspect("equal")
            if ticks:
                for row, column in np.argwhere(matrix > 0):
                    style = {"ha": "center", "va": "center", "fontsize": 7}
                    colour = "white" if shares[row, column] > 0.55 else "#333333"
                    axes.text(column + 0.5, row + 0.5, str(matrix[row, column]), color=colour, **style)
            middle = [tick + 0.5 for tick in ticks]
            axes.set_xticks(middle, [classes[tick] for tick in ticks], rotation=90, fontsize=8)
            axes.set_yticks(middle, [classes[tick] for tick in ticks], fontsize=8)
            axes.tick_params(length=0)
            axes.set_title(title, fontsize=9)
            axes.set_xlabel("predicted")
        panels[0].set_ylabel("true")
        figure.tight_layout()
        save(figure, out)
