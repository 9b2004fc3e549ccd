"""Where lines come from, in a process of its own: a camera, a capture replayed by a clock, a pipe or a socket.

A camera does not wait. At a rate above 0, a line that finds the ring full is dropped and counted; a pipe or a socket
is read on at the sender's pace all the same, because otherwise the lines would pile up, or be lost uncounted, in the
sender. At rate 0 the source waits for room instead: nothing is dropped and the sender is slowed down, but for a camera.
"""

import os
import signal
import socket
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing import Process
from multiprocessing.connection import Connection

import numpy as np

from boardbench.camera.aravis import started
from boardbench.camera.lines import Settings, grab
from boardbench.captures.envi import Cube
from boardbench.errors import BoardbenchError
from boardbench.stream.frames import Cut, Reader, Refused, Stopped, framed, unframed
from boardbench.stream.ring import Ring

_BLOCK = 8
_CONNECT_SECONDS = 10


@dataclass(frozen=True)
class Replay:
    """A capture, its lines due at the clock's ticks; begun anew at its end until ``lines`` have come."""

    cube: Cube
    lines: int


@dataclass(frozen=True)
class Feed:
    """An open pipe, socket or file of raw lines; ``lines`` of them at most (None: to its end)."""

    handle: Connection
    framed: bool
    lines: int | None


@dataclass(frozen=True)
class Live:
    """A camera, opened again for ``reconnect`` seconds where it goes away; ``lines`` of it at most (None: for ever)."""

    settings: Settings
    lines: int | None
    reconnect: float


def open_feed(source: str, framed: bool, lines: int | None) -> Feed:
    """Open ``pipe:PATH`` (``pipe:-``: standard input), ``tcp://HOST:PORT`` or ``unix:PATH``.

    Raises:
        BoardbenchError: a word that is none of these, no such pipe, nobody listening, or Windows.
    """
    if os.name == "nt":
        raise BoardbenchError(
            f"source {source}: pipes and sockets are read on Linux and macOS only. Replay a capture, or take WSL."
        )
    try:
        if source.startswith("pipe:"):
            handle = _open_pipe(source.removeprefix("pipe:"))
        elif source.startswith("unix:"):
            handle = _connect(socket.AF_UNIX, source.removeprefix("unix:"))
        else:
            host, colon, port = source.removeprefix("tcp://").rpartition(":")
            if not (colon and host and port.isdecimal()):
                raise BoardbenchError(f"source {source}: not HOST:PORT. Write for example tcp://camera:5000.")
            handle = _connect(socket.AF_INET, (host, int(port)))
    except OSError as error:
        raise BoardbenchError(
            f"source {source}: cannot be opened ({error.strerror or error}). Start the program that sends the lines "
            "first, make a pipe with mkfifo, or correct the address."
        ) from None
    # A Connection, because multiprocessing hands it (that is, a copy of its handle) to the other process.
    return Feed(Connection(handle, writable=False), framed, lines)


def _open_pipe(path: str) -> int:
    if path == "-":
        return os.dup(sys.stdin.fileno())
    # Without O_NONBLOCK, a named pipe's open would wait for its writer, deaf to Ctrl-C's orderly end.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if stat.S_ISDIR(os.fstat(handle).st_mode):
        os.close(handle)
        raise BoardbenchError(f"source pipe:{path}: is a folder. Give a capture folder without 'pipe:'.")
    return handle


def _connect(family: int, address: object) -> int:
    with socket.socket(family, socket.SOCK_STREAM) as opened:
        opened.settimeout(_CONNECT_SECONDS)
        opened.connect(address)
        opened.settimeout(None)
        return opened.detach()


def run(source: Replay | Feed | Live, ring: Ring, lines_per_s: float, parent: int, outcome: Connection) -> None:
    """Fill the ring until the source ends; then send why: ``("end" | "stopped" | "error", message)``.

    The body of the source process. It ends by itself where ``parent`` (a process id) is gone.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the consumer hears them and says when to stop
    Filler(ring, lines_per_s, parent).run(source, outcome)


def end(process: Process) -> None:
    """Wait for the source process, and kill it where it does not end."""
    if process.pid is None:
        return
    process.join(5)
    if process.is_alive():
        process.kill()
        process.join()


class Filler:
    """Fills a ring from a source; arguments as of :func:`run`."""

    def __init__(self, ring: Ring, lines_per_s: float, parent: int):
        self._ring, self._rate, self._parent = ring, lines_per_s, parent
        self._slot: np.ndarray | None = None

    def run(self, source: Replay | Feed | Live, outcome: Connection) -> None:
        """Fill the ring until the source ends, and say why it ended."""
        try:
            result = self._replay(source) if isinstance(source, Replay) else self._feed(source)
        except Stopped:
            result = ("stopped", "")
        except BoardbenchError as error:
            result = ("error", str(error))
        try:
            outcome.send(result)
            self._ring.wake()
        except BrokenPipeError:
            return

    def _stopped(self) -> bool:
        return bool(self._ring["stop"]) or os.getppid() != self._parent

    def _reserve(self, waits: bool = True) -> np.ndarray | None:
        """Return a slot, waiting for it at rate 0 only."""
        if self._rate or not waits:
            return self._ring.reserve()
        while (slot := self._ring.reserve(0.1)) is None:
            if self._stopped():
                raise Stopped
        return slot

    def _arrived(self, number: int, kept: bool) -> None:
        """Hand on or drop a complete line, and count."""
        if kept:
            self._ring.commit(number, time.monotonic())
        else:
            self._ring["dropped"] += 1
        self._ring["known"] = number + 1

    def _replay(self, source: Replay) -> tuple[str, str]:
        cube = source.cube
        start, block = None, None
        for number in range(source.lines):
            line = number % cube.lines
            if line % _BLOCK == 0:
                block = cube.counts(line, min(line + _BLOCK, cube.lines)).transpose(0, 2, 1)
            start = time.monotonic() if start is None else start
            self._wait(start + number / self._rate if self._rate else 0.0)
            slot = self._reserve()
            if slot is not None:
                slot[:] = block[line % _BLOCK]
            self._arrived(number, slot is not None)
        return "end", ""

    def _wait(self, due: float) -> None:
        while True:
            if self._stopped():
                raise Stopped
            left = due - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 0.1))

    def _events(self, source: Feed | Live, target: Callable[[], np.ndarray]) -> Iterator[int | Refused | Cut]:
        def begin(first: int) -> None:
            self._ring["first"] = first

        if isinstance(source, Live):
            opened = partial(started, source.settings.id)
            return grab(opened, target, self._stopped, self._ring, begin, source.reconnect)
        reader = Reader(source.handle.fileno(), self._stopped)
        return framed(reader, target, self._ring.shape, begin) if source.framed else unframed(reader, target)

    def _feed(self, source: Feed | Live) -> tuple[str, str]:
        shape = self._ring.shape
        waste = np.empty(shape, np.uint16)

        def target() -> np.ndarray:
            if self._slot is None:  # one that a cut or refused line left over is used again
                self._slot = self._reserve(isinstance(source, Feed))
            return waste if self._slot is None else self._slot

        before = -1
        for event in self._events(source, target):
            if isinstance(event, Cut):
                self._ring["cut_bytes"] = event.got
                return "error", (
                    f"the stream ended in the middle of line {before + 1}: {event.got} of {event.expected} bytes came. "
                    f"The camera stopped within a line, or its lines are not {shape[0]} bands x {shape[1]} samples of "
                    "2 bytes as the white reference's. The lines before are written."
                )
            number = event.number if isinstance(event, Refused) else event
            self._ring["lost"] += number - before - 1
            if isinstance(event, Refused):
                self._ring["refused"] += 1
                self._ring["known"] = number + 1
            else:
                self._arrived(number, self._slot is not None)
                self._slot = None
            before = number
            if source.lines is not None and number + 1 >= source.lines:
                break
        return "end", ""
