"""Overlapping windows along the belt: which lines the network sees together, and which of its rows are kept.

Pure geometry. Windows begin at multiples of ``window - 2 * margin`` lines, which is a multiple of the network's
stride, so its pooling grids lie as on the whole image: a row whose surroundings are inside the window comes out the
same.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from boardbench.errors import BoardbenchError

STRIDE = 32
"""Strides of the backbones are 16 and 32; what is aligned to 32 is aligned to both."""
MIN_LINES = 16
"""Fewest lines, and samples, that an exported network takes."""


class Window(NamedTuple):
    """Lines ``first`` to ``last`` (exclusive) go through the network, rows ``keep_first`` to ``keep_last`` count."""

    first: int
    last: int
    keep_first: int
    keep_last: int


def check(window: int, margin: int) -> None:
    """Refuse sizes that do not tile the belt.

    Raises:
        BoardbenchError: naming the size and the nearest one that works.
    """
    for name, value in {"window": window, "margin": margin}.items():
        if value < STRIDE or value % STRIDE:
            raise BoardbenchError(
                f"--{name} {value}: must be a multiple of {STRIDE} lines and at least {STRIDE}, so that the network's "
                f"pooling grid lies as on a whole capture. Give --{name} {max(STRIDE, round(value / STRIDE) * STRIDE)}."
            )
    if window <= 2 * margin:
        raise BoardbenchError(
            f"--window {window}: a margin of {margin} lines is thrown away at both edges, so no line is left. Give "
            f"--window {2 * margin + STRIDE} or more, or a smaller --margin."
        )


def full(index: int, window: int, margin: int) -> Window:
    """Return window number ``index`` of a belt that goes on behind it."""
    first = index * (window - 2 * margin)
    return Window(first, first + window, first + margin if index else 0, first + window - margin)


def last(index: int, lines: int, window: int, margin: int) -> Window:
    """Return window number ``index`` as the last one of a belt of ``lines`` lines: shorter, kept to its end."""
    first = index * (window - 2 * margin)
    return Window(first, lines, first + margin if index else 0, lines)


def windows(lines: int, window: int, margin: int) -> Iterator[Window]:
    """Yield all windows of a belt of ``lines`` lines, in order; each line is kept by exactly one."""
    index = 0
    while (each := full(index, window, margin)).last <= lines:
        yield each
        index += 1
    if lines:
        yield last(index, lines, window, margin)


class Block(NamedTuple):
    """A window with its lines: values (channels, lines, samples), and of each line whether seen, when it came, and why
    it is not trusted (statistics; empty where it is, None where that was not judged).
    """

    window: Window
    values: np.ndarray
    seen: np.ndarray
    arrived: np.ndarray
    reasons: np.ndarray


class Gather:
    """Collect lines into windows; holds one window at most."""

    def __init__(self, channels: int, samples: int, window: int, margin: int):
        self.window, self.margin = window, margin
        self.lines = 0
        self._index = 0
        self._values = np.empty((channels, window, samples), np.float32)
        self._lines = (np.zeros(window, bool), np.zeros(window), np.full(window, None, object))

    def add(
        self, values: np.ndarray, seen: bool, arrived: float, reasons: tuple[str, ...] | None = None
    ) -> Block | None:
        """Add a line (channels, samples) and return the window that it completes, if any."""
        at = self.lines - self._index * (self.window - 2 * self.margin)
        self._values[:, at] = values
        for kept, value in zip(self._lines, (seen, arrived, reasons), strict=True):
            kept[at] = value
        self.lines += 1
        if at + 1 < self.window:
            return None
        block = self._block(full(self._index, self.window, self.margin))
        overlap = slice(self.window - 2 * self.margin, None)
        # NumPy copies as if through a buffer where both sides overlap.
        self._values[:, : 2 * self.margin] = self._values[:, overlap]
        for kept in self._lines:
            kept[: 2 * self.margin] = kept[overlap]
        self._index += 1
        return block

    def finish(self) -> Block | None:
        """Return the last, shorter window; None where no line came at all."""
        return self._block(last(self._index, self.lines, self.window, self.margin)) if self.lines else None

    def _block(self, window: Window) -> Block:
        size = window.last - window.first
        return Block(window, self._values[:, :size].copy(), *(kept[:size].copy() for kept in self._lines))
