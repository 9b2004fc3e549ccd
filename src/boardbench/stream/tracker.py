"""Components of a belt that goes on: each is given out when the last line that it can have has passed.

The same components as :func:`boardbench.segmentation.components.components` finds in the whole class map: pixels of one
class that touch, corners too. Only lines of open components are held.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from boardbench.errors import BoardbenchError
from boardbench.segmentation.axis import angle

BRIDGED = 4
"""Lines lost in a row over which a component goes on; more of them end it."""


@dataclass(frozen=True)
class Scale:
    """Size of a pixel on the belt, mm: along it (a line) and across (a sample)."""

    line: float
    sample: float


def scale_of(mm_per_line: float | None, mm_per_sample: float | None) -> Scale | None:
    """Return the scale of a belt; None where it was not given.

    Raises:
        BoardbenchError: one of the two alone, or no size.
    """
    if mm_per_line is None and mm_per_sample is None:
        return None
    for flag, value in {"mm-per-line": mm_per_line, "mm-per-sample": mm_per_sample}.items():
        if value is None:
            raise BoardbenchError(f"--{flag}: is missing. Give --mm-per-line and --mm-per-sample, or neither.")
        if not (math.isfinite(value) and value > 0):
            raise BoardbenchError(f"--{flag} {value:g}: is no size. Give mm, such as 0.25.")
    return Scale(mm_per_line, mm_per_sample)


@dataclass(eq=False)
class _Open:
    """A component whose last line may still come: its sums, and the first and last sample of each of its lines."""

    kind: int
    pixels: int = 0
    sums: list[int] = field(default_factory=lambda: [0] * 5)  # line, sample, line^2, sample^2, line * sample
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)
    arrived: float = 0.0
    trusted: bool | None = None
    into: "_Open | None" = None

    def found(self) -> "_Open":
        """Return the component that this one has become part of."""
        one = self
        while one.into is not None:
            one = one.into
        return one

    def add(self, line: int, first: int, last: int) -> None:
        """Take a run of samples in."""
        count = last - first + 1
        along = (first + last) * count // 2
        squares = (last * (last + 1) * (2 * last + 1) - (first - 1) * first * (2 * first - 1)) // 6
        self.pixels += count
        for place, value in enumerate((line * count, along, line * line * count, squares, line * along)):
            self.sums[place] += value
        self._span(line, first, last)

    def _span(self, line: int, first: int, last: int) -> None:
        before = self.spans.get(line, (first, last))
        self.spans[line] = (min(before[0], first), max(before[1], last))

    def take(self, other: "_Open") -> None:
        """Become one with another component."""
        other.into = self
        self.pixels += other.pixels
        self.sums = [one + two for one, two in zip(self.sums, other.sums, strict=True)]
        for line, span in other.spans.items():
            self._span(line, *span)
        self.arrived = max(self.arrived, other.arrived)
        self.judge(other.trusted)

    def judge(self, trusted: bool | None) -> None:
        """Take in whether a line is trusted: one that is not is enough."""
        if trusted is not None:
            self.trusted = trusted and self.trusted is not False


class Tracker:
    """Turns the runs of line after line into components; memory holds the open ones only.

    Args:
        classes: names, in index order.
        scale: of the belt; None: pixels only.
    """

    def __init__(self, classes: list[str], scale: Scale | None = None):
        self._classes, self._scale = classes, scale
        self._above: list[tuple[int, int, _Open]] = []
        self._lost = 0
        self.closed = 0

    def line(
        self, number: int, runs: list[list[int]], arrived: float, trusted: bool | None = None
    ) -> Iterator[tuple[dict[str, Any], float]]:
        """Take a line, its runs [class, first sample, last sample] from left to right; yield what ended before it.

        Yields:
            a component, and when its last line had arrived.
        """
        here: list[tuple[int, int, _Open]] = []
        begin = 0
        for kind, first, last in runs:
            while begin < len(self._above) and self._above[begin][1] < first - 1:
                begin += 1
            mine = None
            for left, _, other in self._above[begin:]:
                if left > last + 1:
                    break
                other = other.found()
                if other.kind != kind or other is mine:
                    continue
                if mine is None:
                    mine = other
                else:
                    mine, less = (mine, other) if len(mine.spans) >= len(other.spans) else (other, mine)
                    mine.take(less)
            mine = mine or _Open(kind)
            mine.add(number, first, last)
            mine.arrived = max(mine.arrived, arrived)
            mine.judge(trusted)
            here.append((first, last, mine))
        alive = {id(one.found()) for _, _, one in here}
        yield from self._end(alive)
        self._above, self._lost = here, 0

    def lost(self) -> Iterator[tuple[dict[str, Any], float]]:
        """Take in that a line was lost; yield as :meth:`line`."""
        self._lost += 1
        if self._lost > BRIDGED:
            yield from self.finish()

    def finish(self) -> Iterator[tuple[dict[str, Any], float]]:
        """Yield all components that are open; the belt has ended."""
        yield from self._end(set())
        self._above = []

    def _end(self, alive: set[int]) -> Iterator[tuple[dict[str, Any], float]]:
        ended = {id(one.found()): one.found() for _, _, one in self._above}
        for name, one in ended.items():
            if name not in alive:
                self.closed += 1
                yield self._described(one), one.arrived

    def _described(self, one: _Open) -> dict[str, Any]:
        lines, samples, *squares = (value / one.pixels for value in one.sums)
        first = min(span[0] for span in one.spans.values())
        last = max(span[1] for span in one.spans.values())
        within = sum(span[1] - span[0] + 1 for span in one.spans.values())
        mm = self._scale or Scale(1.0, 1.0)
        spread = (squares[0] - lines**2, squares[1] - samples**2, squares[2] - lines * samples)
        found = {
            "component": self.closed,
            "class": self._classes[one.kind],
            "pixels": one.pixels,
            "share": round(one.pixels / within, 4),
            "first_line": min(one.spans),
            "last_line": max(one.spans),
            "first_sample": first,
            "last_sample": last,
            "centre_line": float(np.round(lines, 2)),
            "centre_sample": float(np.round(samples, 2)),
            "angle": angle(*spread, mm.line, mm.sample),
            "trusted": one.trusted,
        }
        if self._scale:
            found |= {
                "area_mm2": round(one.pixels * mm.line * mm.sample, 3),
                "centre_mm": [round((lines + 0.5) * mm.line, 2), round((samples + 0.5) * mm.sample, 2)],
                "size_mm": [
                    round((found["last_line"] - found["first_line"] + 1) * mm.line, 2),
                    round((last - first + 1) * mm.sample, 2),
                ],
            }
        return found
