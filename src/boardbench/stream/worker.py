"""The spatial network in a thread of its own: windows in, results out, in order.

Both runtimes compute without Python's lock, so lines go on through the spectral encoder meanwhile.
"""

import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from boardbench.engine.onnxfile import cut
from boardbench.engine.runtimes import DEFAULT, open_network
from boardbench.stream.results import Results
from boardbench.stream.times import Times
from boardbench.stream.windows import MIN_LINES, Block

_WAITING = 2
"""Windows that may wait; more would only hide for a while that the network is too slow."""


class WorkerError(Exception):
    """A block could not be computed or written; the cause says why."""


class Network:
    """The spatial part of an exported model, by a runtime: channels of a window to its class map."""

    def __init__(self, model: Path, threads: int, runtime: str = DEFAULT, precision: str = "float32"):
        self._run = open_network(cut(model, ["reduced"], ["classes"]), threads, runtime, precision).run

    def classes(self, values: np.ndarray) -> np.ndarray:
        """Return class indices uint8 (lines, samples) of channels (channels, lines, samples).

        Fewer lines than a network takes are padded by repeating the last one.
        """
        lines = values.shape[1]
        if lines < MIN_LINES:
            values = np.pad(values, ((0, 0), (0, MIN_LINES - lines), (0, 0)), mode="edge")
        return self._run(["classes"], {"reduced": values[None]})[0][:lines]


class Worker:
    """Computes blocks and writes their rows, in a thread; ``put`` waits where two are waiting already.

    Attributes:
        wait: from the arrival of a window's last line to the network's start.
        compute: the network's time a window.
        lag: from a line's arrival to its result.
        left: when the last result left.
        error: what ended the thread early, or None.
    """

    def __init__(self, network: Network, results: Results):
        self._network, self._results = network, results
        self.wait, self.compute, self.lag = Times(), Times(), Times()
        self.left: float | None = None
        self.error: Exception | None = None
        self._queue: queue.Queue[Block | None] = queue.Queue(_WAITING)
        self._abandoned = False
        self._thread = threading.Thread(target=self._work, name="network", daemon=True)
        self._thread.start()

    def put(self, block: Block | None, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Hand over a block (None: the last has been given), calling ``meanwhile`` while there is no room.

        Raises:
            WorkerError: a block before failed.
        """
        while self._thread.is_alive() and self.error is None:
            try:
                return self._queue.put(block, timeout=0.1)
            except queue.Full:
                meanwhile()
        raise WorkerError(str(self.error)) from self.error

    def join(self) -> None:
        """Wait until all blocks are written.

        Raises:
            WorkerError: one failed.
        """
        self.put(None)
        self._thread.join()
        if self.error is not None:
            raise WorkerError(str(self.error)) from self.error

    def abandon(self) -> None:
        """Drop what waits and return when the block at hand is done."""
        self._abandoned = True
        while self._thread.is_alive():
            try:
                self._queue.put(None, timeout=0.1)
                break
            except queue.Full:
                continue
        self._thread.join()

    def _work(self) -> None:
        try:
            while (block := self._queue.get()) is not None and not self._abandoned:
                self._one(block)
        except Exception as error:
            self.error = error

    def _one(self, block: Block) -> None:
        first = block.window.first
        kept = slice(block.window.keep_first - first, block.window.keep_last - first)
        seen, arrived, reasons = block.seen[kept], block.arrived[kept], block.reasons[kept]
        if seen.any():
            start = time.monotonic()
            rows = self._network.classes(block.values)[kept]
            self.left = time.monotonic()
            self.wait.add(start - block.arrived[block.seen].max())
            self.compute.add(self.left - start)
        else:  # all of it was lost; nothing to compute
            self.left = time.monotonic()
            rows = np.zeros((len(seen), block.values.shape[2]), np.uint8)
        self._results.write(rows, seen, arrived, self.left, reasons)
        for one in arrived[seen]:
            self.lag.add(self.left - one)
