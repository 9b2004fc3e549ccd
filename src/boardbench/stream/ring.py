"""A bounded ring of lines in shared memory, between the process that reads the camera and the one that computes.

The memory has no name (a shared map whose file is deleted at once), so no exit, not even a kill, can leave it behind.
One process writes, one reads; semaphores count the free and the filled slots.
"""

import ctypes
from multiprocessing.context import BaseContext
from typing import Any, NamedTuple

import numpy as np

from boardbench.camera.lines import COUNTS as CAMERA

COUNTS = ("put", "known", "dropped", "lost", "refused", "cut_bytes", "first", "stop", *CAMERA)
"""What the two processes tell each other; ``known``: lines that the source knows of, ``put``: those in the ring."""


class Line(NamedTuple):
    """A line in the ring: its number, when it was complete (``time.monotonic``), its counts (bands, samples)."""

    number: int
    arrived: float
    counts: np.ndarray


class Ring:
    """``lines`` slots, each of one line of uint16 counts (bands, samples).

    Pass it to the other process as an argument; there it maps the same memory.
    """

    def __init__(self, lines: int, bands: int, samples: int, context: BaseContext):
        self._shape = (lines, bands, samples)
        self._memory = (
            context.RawArray(ctypes.c_uint16, lines * bands * samples),
            context.RawArray(ctypes.c_int64, lines),
            context.RawArray(ctypes.c_double, lines),
            context.RawArray(ctypes.c_int64, len(COUNTS)),
        )
        self._free, self._filled = context.Semaphore(lines), context.Semaphore(0)
        self._map()

    def _map(self) -> None:
        slots, numbers, arrived, counts = self._memory
        self._slots = np.frombuffer(slots, np.uint16).reshape(self._shape)
        self._numbers, self._arrived = np.frombuffer(numbers, np.int64), np.frombuffer(arrived, np.float64)
        self._counts = np.frombuffer(counts, np.int64)
        self._written = self._read = 0

    def __getstate__(self) -> tuple[Any, ...]:
        return self._shape, self._memory, self._free, self._filled

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._shape, self._memory, self._free, self._filled = state
        self._map()

    @property
    def shape(self) -> tuple[int, int]:
        """Bands and samples of a line."""
        return self._shape[1:]

    def __len__(self) -> int:
        return self._shape[0]

    def __getitem__(self, name: str) -> int:
        return int(self._counts[COUNTS.index(name)])

    def __setitem__(self, name: str, value: int) -> None:
        self._counts[COUNTS.index(name)] = value

    def reserve(self, seconds: float = 0.0) -> np.ndarray | None:
        """Return the slot to write the next line to, (bands, samples), or None where none is free in that time."""
        if not self._free.acquire(timeout=seconds):
            return None
        return self._slots[self._written % len(self)]

    def commit(self, number: int, arrived: float) -> None:
        """Hand the reserved slot to the reader; numbers must rise."""
        place = self._written % len(self)
        self._numbers[place], self._arrived[place] = number, arrived
        self._written += 1
        self["put"] = self._written
        self._filled.release()

    def wake(self) -> None:
        """Let a ``take`` that waits return None now: nothing more comes."""
        self._filled.release()

    def take(self, seconds: float = 0.0) -> Line | None:
        """Return the oldest line, or None where none comes in that time; ``done`` frees its slot."""
        if not self._filled.acquire(timeout=seconds) or self._read == self["put"]:
            return None
        place = self._read % len(self)
        return Line(int(self._numbers[place]), float(self._arrived[place]), self._slots[place])

    def done(self) -> None:
        """Free the slot of the line taken last; its counts must not be used any more."""
        self._read += 1
        self._free.release()
