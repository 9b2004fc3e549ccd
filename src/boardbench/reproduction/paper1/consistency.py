"""What printed scores say about each other, without any log.

IoU and F1 of one class come from the same three counts, so IoU = F1 / (2 - F1) (Dice and Jaccard); and a printed
mean is a mean of printed cells. A printed cell stands for every value that rounding or truncation to its decimals
would print so; two cells whose ranges cannot meet are impossible together, whatever the runs were.
"""

from collections.abc import Mapping
from fractions import Fraction
from statistics import mean
from typing import NamedTuple

from boardbench.reproduction.verdicts import FORMS

Rows = Mapping[tuple[str, str, str], Mapping[str, str]]  # (backbone, strategy, metric) -> class or "mean" -> as printed


class Impossible(NamedTuple):
    """An IoU cell that no F1 printed beside it allows; ``needed`` is the range of IoU that F1 allows."""

    backbone: str
    strategy: str
    name: str
    f1: str
    iou: str
    needed: tuple[float, float]


def bounds(text: str, reading: str | None = None) -> tuple[Fraction, Fraction]:
    """Return the range [low, high) of values printed as ``text``: rounded, truncated, or either (None)."""
    value, step = Fraction(text), Fraction(1, 10 ** len(text.partition(".")[2]))
    low = value if reading == "truncated" else value - step / 2
    high = value + step / 2 if reading == "rounded" else value + step
    return max(low, Fraction(0)), high


def impossible(rows: Rows, reading: str | None = None) -> list[Impossible]:
    """Return the IoU cells that contradict the F1 cells of the same network and class; means have no such law.

    Args:
        rows: printed cells as text.
        reading: how the cells were printed (rounded or truncated); None allows either, cell by cell.
    """
    found = []
    for (backbone, strategy, metric), cells in rows.items():
        ious = rows.get((backbone, strategy, "iou"), {}) if metric == "f1" else {}
        for name in [name for name in cells if name in ious and name != "mean"]:
            needed = tuple(f1 / (2 - f1) for f1 in bounds(cells[name], reading))
            low, high = bounds(ious[name], reading)
            # Both ranges are half open, and IoU grows with F1: the ends of one range are the ends of the other.
            if max(needed[0], low) >= min(needed[1], high):
                given = (float(needed[0]), float(needed[1]))
                found.append(Impossible(backbone, strategy, name, cells[name], ious[name], given))
    return found


def copies(rows: Rows) -> list[tuple[str, str]]:
    """Return (backbone, strategy) of networks whose IoU row repeats their F1 row: only 0 and 1 may be equal."""
    return [
        (backbone, strategy)
        for (backbone, strategy, metric), cells in rows.items()
        if metric == "f1"
        and rows.get((backbone, strategy, "iou")) == cells
        and any(Fraction(cell) not in (0, 1) for cell in cells.values())
    ]


def means(rows: Rows) -> list[tuple[str, ...]]:
    """Return, of every printed mean, the ways in which the mean of its printed cells gives it."""
    found = []
    for cells in rows.values():
        of_cells = mean(float(text) for name, text in cells.items() if name != "mean")
        found.append(tuple(name for name, form in FORMS.items() if form(of_cells) == cells["mean"]))
    return found


def sentences(rows: Rows) -> list[str]:
    """Return all of it, one sentence each."""
    flags, readings = impossible(rows), means(rows)
    found = [
        f"IoU of {flag.backbone} {flag.strategy} {flag.name} is printed {flag.iou}, but F1 {flag.f1} allows only "
        f"{flag.needed[0]:.3f} to {flag.needed[1]:.3f}."
        for flag in flags
    ]
    found += [f"The IoU row of {' '.join(key)} repeats its F1 row." for key in copies(rows)]
    found += [
        f"IoU {flag.iou} of {flag.backbone} {flag.strategy} {flag.name} beside F1 {flag.f1} is possible only if cells "
        "are truncated, not rounded."
        for flag in impossible(rows, "rounded")
        if flag[:3] not in {other[:3] for other in flags}
    ]
    found.append(
        f"Of {len(readings)} printed means, {readings.count(('truncated',))} are the truncated and not the rounded "
        f"mean of their printed cells; {readings.count(())} are neither."
    )
    return found
