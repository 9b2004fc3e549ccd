"""Raw lines in a stream of bytes: unframed, or each behind a small header.

A line is BIL: all samples of band 0, then of band 1, ..., unsigned 16-bit little-endian. The header of a framed line
is 24 bytes, little-endian: magic ``BBLINE01``, line number (uint64), bands (uint32), samples (uint32). Numbers rise;
a gap means lines that the camera lost.
"""

import os
import select
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from boardbench.errors import BoardbenchError

MAGIC = b"BBLINE01"
HEADER = struct.Struct("<8sQII")
LONGEST_GAP = 100_000
"""Lines (five minutes of a belt) that may be missing at once; more is taken for a broken header."""
_LARGEST = 1 << 28


def frame(number: int, counts: np.ndarray) -> bytes:
    """Return a framed line; counts are uint16 (bands, samples)."""
    return HEADER.pack(MAGIC, number, *counts.shape) + counts.astype("<u2").tobytes()


class Cut(NamedTuple):
    """The stream ended inside a line: bytes of it that came, and bytes that a line has."""

    got: int
    expected: int


class Stopped(Exception):
    """The other process asked for the end, or is gone."""


class Reader:
    """Bytes from a pipe, a socket or a file, with their position; waits in short pieces, to see ``stopped``."""

    def __init__(self, handle: int, stopped: Callable[[], bool]):
        self._handle, self._stopped = handle, stopped
        self._poll = select.poll()
        self._poll.register(handle, select.POLLIN)
        self.position = 0

    def fill(self, target: memoryview) -> int:
        """Fill ``target`` and return the bytes got: fewer only where the stream ended.

        Raises:
            Stopped: asked to stop meanwhile.
            BoardbenchError: the connection broke.
        """
        got = 0
        while got < len(target):
            if self._stopped():
                raise Stopped
            if not self._poll.poll(100):
                continue
            try:
                more = os.readv(self._handle, [target[got:]])
            except BlockingIOError:
                continue
            except OSError as error:
                raise BoardbenchError(
                    f"the connection to the camera broke at byte {self.position} ({error.strerror}). Look at its cable "
                    "and program, then start again; what came before is written."
                ) from None
            if not more:
                break
            got += more
            self.position += more
        return got


def unframed(reader: Reader, target: Callable[[], np.ndarray]) -> Iterator[int | Cut]:
    """Yield 0, 1, 2, ... as each line is complete in the array (bands, samples) that ``target()`` gave for it."""
    number = 0
    while True:
        view = _bytes(target())
        got = reader.fill(view)
        if got < len(view):
            if got:
                yield Cut(got, len(view))
            return
        yield number
        number += 1


class Refused(NamedTuple):
    """A framed line of another size, skipped; ``number`` counts from the stream's first line."""

    number: int
    bands: int
    samples: int


def framed(
    reader: Reader, target: Callable[[], np.ndarray], shape: tuple[int, int], begin: Callable[[int], None]
) -> Iterator[int | Refused | Cut]:
    """Yield the number of each line, counted from the first, as it is complete in the array that ``target()`` gave.

    ``begin`` is told the first number; ``shape`` is (bands, samples).

    Raises:
        BoardbenchError: no header where one must be, or a number that does not rise; with the byte position.
    """
    header, first, before = bytearray(HEADER.size), None, None
    while True:
        start = reader.position
        got = reader.fill(memoryview(header))
        if got < HEADER.size:
            if got:
                yield Cut(got, HEADER.size + 2 * shape[0] * shape[1])
            return
        magic, number, bands, samples = HEADER.unpack(header)
        size = 2 * bands * samples
        if magic != MAGIC or number >> 63 or not 0 < size <= _LARGEST:
            raise BoardbenchError(
                f"no header of a line at byte {start} of the stream (found {bytes(header).hex(' ')}): the sender and "
                f"boardbench no longer agree where a line begins. Each line must begin with {MAGIC.decode()}, its "
                "number (uint64), bands and samples (uint32), little-endian; for lines without headers leave "
                "--framed away."
            )
        if before is not None and not 0 < number - before <= LONGEST_GAP:
            raise BoardbenchError(
                f"line number {number} follows {before} at byte {start} of the stream. Numbers must rise, by "
                f"{LONGEST_GAP} at most; if the camera began anew, start boardbench again too."
            )
        if first is None:
            first = number
            begin(first)
        before = number
        fits = (bands, samples) == shape
        got = reader.fill(_bytes(target())) if fits else _skip(reader, size)
        if got < size:
            yield Cut(HEADER.size + got, HEADER.size + size)
            return
        yield number - first if fits else Refused(number - first, bands, samples)


def _bytes(array: np.ndarray) -> memoryview:
    return memoryview(array.reshape(-1).view(np.uint8))


def _skip(reader: Reader, size: int) -> int:
    waste, left = memoryview(bytearray(min(size, 1 << 20))), size
    while left and (got := reader.fill(waste[:left])):
        left -= got
    return size - left
