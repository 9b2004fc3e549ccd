"""Charts of the classification study: samples, classes, scatters, confusion."""

from pathlib import Path
from typing import Any

import numpy as np

from boardbench.report.charts import COLOURS, below, canvas, pretty

NAMED = 20  # classes, up to which a confusion matrix has room for its counts


def run_called(folder: str) -> str:
    """Return a reader's name of a baseline's folder with or without its k; a network's run stays as it is."""
    parts = folder.split("-", 2)
    if len(parts) < 3 or parts[0] not in ("knn", "nearest_centroid"):
        return folder
    scale, _, k = parts[2].partition("-k")
    return f"{pretty(parts[0])}, {pretty(parts[1])}" + (f", k = {k}" if k else "") + f", {scale}"


def _hues(classes: int) -> list[Any]:
    """Return a colour a class; beyond seven they are those of a map, and neighbours look alike."""
    from matplotlib import colormaps

    if classes <= 10:
        return list(colormaps["tab10"].colors)[:classes]
    return list(colormaps["turbo"](np.linspace(0, 1, classes)))


def samples_figure(images: np.ndarray, titles: list[str], out: Path) -> None:
    """Draw images (n, lines, samples, channels) uint8 in a grid with their titles, as a PNG."""
    across = min(8, int(np.ceil(np.sqrt(len(images)))) if len(images) < 9 else 8)
    down = -(-len(images) // across)
    with canvas(out, (1.05 * across, 1.3 * down), (down, across), pad={"pad": 0.3}) as panels:
        places = panels.ravel()
        for axes in places:
            axes.set_axis_off()
        for axes, image, title in zip(places, images, titles, strict=False):
            grey = image.shape[-1] == 1
            axes.imshow(image[..., 0] if grey else image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            axes.set_title(title, fontsize=8, pad=2)


def classes_figure(counts: dict[str, np.ndarray], classes: list[str], out: Path) -> None:
    """Draw how many images each class has, one bar a part.

    Args:
        counts: part -> (classes,).
        classes: their names.
        out: the SVG to write.
    """
    with canvas(out, (min(12, max(5.5, 0.75 * len(classes))), 2.8), pad=None) as panels:
        axes = panels[0, 0]
        width = 0.8 / len(counts)
        for place, (part, values) in enumerate(counts.items()):
            x = np.arange(len(classes)) + (place - (len(counts) - 1) / 2) * width
            axes.bar(x, values, width=0.92 * width, color=COLOURS[place], label=part)
        axes.set_xticks(range(len(classes)), classes, rotation=90 if len(classes) > NAMED else 0, fontsize=8)
        axes.set_ylabel("images")
        axes.margins(x=0.01)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(counts))


def scatter_figure(places: dict[str, np.ndarray], labels: np.ndarray, classes: list[str], out: Path) -> None:
    """Draw images as points, one panel a projection, one colour a class, as a PNG (points are many).

    Args:
        places: projection -> (n, 2).
        labels: (n,) index into classes.
        classes: their names.
        out: the PNG to write.
    """
    hues = _hues(len(classes))
    with canvas(out, (4.6 * len(places), 4.4), (1, len(places)), style={"axes.grid": False}) as rows:
        panels = rows[0]
        for axes, (name, points) in zip(panels, places.items(), strict=True):
            for label in np.unique(labels):
                chosen = points[labels == label]
                axes.scatter(*chosen.T, s=9, lw=0, alpha=0.75, color=hues[label], label=classes[label])
            axes.set_title(name)
            axes.set_xticks([])
            axes.set_yticks([])
        handles, names = panels[0].get_legend_handles_labels()
        if len(classes) <= NAMED:
            below(panels[0], list(zip(handles, names, strict=True)), 5, fontsize=8, markerscale=2)


def confusion_figure(matrices: dict[str, np.ndarray], classes: list[str], out: Path) -> None:
    """Draw confusion matrices side by side: rows are the truth, shade is the share of the row.

    Args:
        matrices: title -> (classes, classes) counts.
        classes: their names.
        out: the SVG to write.
    """
    side = max(3.4, 0.42 * min(len(classes), NAMED))
    ticks = range(len(classes)) if len(classes) <= NAMED else []
    style = {"axes.grid": False, "axes.spines.left": False, "axes.spines.bottom": False}
    size = ((side + 0.6) * len(matrices), side + 0.7)
    with canvas(out, size, (1, len(matrices)), sharey=True, style=style) as rows:
        panels = rows[0]
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
