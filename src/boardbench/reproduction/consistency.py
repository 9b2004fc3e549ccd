"""What printed scores say about each other, without any log.

IoU and F1 of one class come from the same three counts, so IoU = F1 / (2 - F1) (Dice and Jaccard); and a printed
mean is a mean of printed cells. A printed cell stands for every value that rounding or truncation to its decimals
would print so; two cells whose ranges cannot meet are impossible together, whatever the runs were.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from statistics import mean

Rows = Mapping[tuple[str, str, str], Mapping[str, str]]  # (backbone, strategy, metric) -> class or "mean" -> as printed
READINGS = ("rounded", "truncated")


@dataclass(frozen=True)
class Impossible:
    """An IoU cell that no F1 printed beside it allows; ``needed`` is the range of IoU that F1 allows."""

    backbone: str
    strategy: str
    name: str
    f1: str
    iou: str
    needed: tuple[float, float]

    @property
    def key(self) -> tuple[str, str, str]:
        """Backbone, strategy and class."""
        return self.backbone, self.strategy, self.name


@dataclass(frozen=True)
class Mean:
    """A printed mean beside the mean of its printed cells; ``readings`` are the ways in which one gives the other."""

    backbone: str
    strategy: str
    metric: str
    printed: str
    of_cells: float
    readings: tuple[str, ...]


def unit(text: str) -> Fraction:
    """Return the value of the last printed decimal: 1/100 for '0.57'."""
    return Fraction(1, 10 ** len(text.partition(".")[2]))


def bounds(text: str, reading: str | None = None) -> tuple[Fraction, Fraction]:
    """Return the range [low, high) of values printed as ``text``: rounded, truncated, or either (None)."""
    value, step = Fraction(text), unit(text)
    low = value if reading == "truncated" else value - step / 2
    high = value + step / 2 if reading == "rounded" else value + step
    return max(low, Fraction(0)), high


def printed(value: Fraction, step: Fraction, reading: str) -> Fraction:
    """Return ``value`` (not negative) as printed: half rounded up, or truncated."""
    shift = Fraction(1, 2) if reading == "rounded" else 0
    return floor(value / step + shift) * step


def _iou(f1: Fraction) -> Fraction:
    return f1 / (2 - f1)


def _meet(f1: str, iou: str, reading: str | None) -> bool:
    low, high = bounds(f1, reading)
    given_low, given_high = bounds(iou, reading)
    # Both ranges are half open, and IoU grows with F1: the ends of one range are the ends of the other.
    return max(_iou(low), given_low) < min(_iou(high), given_high)


def _pairs(rows: Rows) -> list[tuple[str, str, str, str, str]]:
    """Return (backbone, strategy, class, F1, IoU) of every cell printed in both metrics; means have no such law."""
    return [
        (backbone, strategy, name, cells[name], rows[backbone, strategy, "iou"][name])
        for (backbone, strategy, metric), cells in rows.items()
        if metric == "f1" and (backbone, strategy, "iou") in rows
        for name in cells
        if name != "mean"
    ]


def impossible(rows: Rows, reading: str | None = None) -> list[Impossible]:
    """Return the IoU cells that contradict the F1 cells of the same network and class.

    Args:
        rows: printed cells as text.
        reading: how the cells were printed (rounded or truncated); None allows either, cell by cell.
    """
    return [
        Impossible(backbone, strategy, name, f1, iou, tuple(float(_iou(end)) for end in bounds(f1, reading)))
        for backbone, strategy, name, f1, iou in _pairs(rows)
        if not _meet(f1, iou, reading)
    ]


def copies(rows: Rows) -> list[tuple[str, str]]:
    """Return (backbone, strategy) of networks whose IoU row repeats their F1 row: only 0 and 1 may be equal."""
    return [
        (backbone, strategy)
        for (backbone, strategy, metric), cells in rows.items()
        if metric == "f1"
        and rows.get((backbone, strategy, "iou")) == cells
        and any(Fraction(cell) not in (0, 1) for cell in cells.values())
    ]


def means(rows: Rows) -> list[Mean]:
    """Return every printed mean beside the mean of its printed cells."""
    found = []
    for (backbone, strategy, metric), cells in rows.items():
        of_cells = mean(Fraction(text) for name, text in cells.items() if name != "mean")
        text = cells["mean"]
        readings = tuple(name for name in READINGS if printed(of_cells, unit(text), name) == Fraction(text))
        found.append(Mean(backbone, strategy, metric, text, float(of_cells), readings))
    return found
