"""One stream from its first line to its last: two processes, a ring between them, and the network's thread."""

import multiprocessing
import os
import signal
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import click
import numpy as np

from boardbench.camera.lines import COUNTS as CAMERA_COUNTS
from boardbench.errors import BoardbenchError
from boardbench.stream import times, windows
from boardbench.stream.inputs import Inputs
from boardbench.stream.look import Look
from boardbench.stream.publish import Publisher
from boardbench.stream.results import Results
from boardbench.stream.ring import Line, Ring
from boardbench.stream.source import Feed, Live, end, run
from boardbench.stream.spectral_encoder import SpectralEncoder, saturated
from boardbench.stream.times import Times
from boardbench.stream.tracker import Scale
from boardbench.stream.worker import Network, Worker, WorkerError

STATUS = 1.0
"""Seconds between two reports of a running stream's state."""


@dataclass(frozen=True)
class Job:
    """What a session is of; ``status``: its state once a second on standard error, rewritten, as lines, or never."""

    model: Path
    inputs: Inputs
    metadata: dict[str, Any]
    rate: float
    window: int
    margin: int
    buffer: int
    out: Path
    status: str = "never"
    scale: Scale | None = None
    publisher: Publisher | None = None


class Session:
    """One run: two processes, a ring between them, and the network's thread."""

    def __init__(self, job: Job, encoder: SpectralEncoder, look: Look, network: Network):
        self._job, self._encoder, self._look = job, encoder, look
        bands, samples = job.inputs.white.shape
        self._context = multiprocessing.get_context("spawn")
        self._ring = Ring(job.buffer, bands, samples, self._context)
        self._gather = windows.Gather(encoder.channels, samples, job.window, job.margin)
        self._began = time.monotonic()
        self._started = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._results = Results(job.out, job.metadata["classes"], samples, self._began, job.scale, job.publisher)
        self._worker = Worker(network, self._results)
        self._wait, self._compute = Times(), Times()
        self._before: np.ndarray | None = None
        self._first: tuple[int, float] | None = None
        self._last: tuple[int, float] | None = None
        self._seen = self._saturated = 0
        self._signal: str | None = None
        self._shown = 0.0

    def run(self) -> tuple[dict[str, Any], str | None]:
        """Run to the end; return the report, and what went wrong with the source, if anything."""
        receive, send = self._context.Pipe(duplex=False)
        source = self._job.inputs.source
        arguments = (source, self._ring, self._job.rate, os.getpid(), send)
        process = self._context.Process(target=run, args=arguments, name="source", daemon=True)
        before = self._listen()
        try:
            process.start()
            send.close()
            if isinstance(source, Feed):
                source.handle.close()
            ended, message = self._consume(process, receive)
            self._finish()
        except WorkerError as error:
            if isinstance(error.__cause__, OSError):
                self._results.discard()
                raise BoardbenchError(
                    f"--out {self._job.out}: cannot be written ({error}). Make room on its disk, or name another one."
                ) from error
            self._results.finish()
            raise BoardbenchError(
                f"{self._job.model}: failed on the lines from {self._results.lines} on: {error}. Those before it are "
                f"written to {self._job.out}."
            ) from error
        except BaseException:
            self._worker.abandon()
            self._results.discard()
            raise
        finally:
            self._ring["stop"] = 1
            end(process)
            for number, handler in before.items():
                signal.signal(number, handler)
            if self._shown and self._job.status == "rewritten":
                click.echo(err=True)
        return self._report(self._signal or message or ended), message or None

    def _listen(self) -> dict[int, Any]:
        """Make the first SIGINT or SIGTERM end the stream in order; return the handlers that were there."""
        if threading.current_thread() is not threading.main_thread():
            return {}

        def heard(number: int, _: object) -> None:
            if self._signal:
                raise KeyboardInterrupt
            self._signal = f"stopped by {signal.Signals(number).name}"
            self._ring["stop"] = 1

        return {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}

    def _consume(self, process: multiprocessing.Process, outcome: Connection) -> tuple[str, str]:
        """Take lines until the source says that it has ended, or is gone; then the lines left in the ring."""
        ended = None
        while ended is None:
            line = self._ring.take(0.1)
            self._show()
            if line is not None:
                self._one(line)
            elif outcome.poll():
                ended = self._ended(process, outcome)
        while (line := self._ring.take()) is not None:
            self._one(line)
        return ended

    def _ended(self, process: multiprocessing.Process, outcome: Connection) -> tuple[str, str]:
        try:
            return outcome.recv()
        except EOFError:  # its end of the connection is closed, without a word
            process.join()
        if self._signal:  # Ctrl-C reached it before it had begun to ignore it
            return "stopped", ""
        return "error", f"the process that reads it ended by itself (exit code {process.exitcode})."

    def _one(self, line: Line) -> None:
        """Bring one line through the spectral encoder into the windows, and what is missing before it."""
        start = time.monotonic()
        values = self._encoder.lines(line.counts[None])[:, 0]
        self._compute.add(time.monotonic() - start)
        self._look.line(line.counts)
        self._saturated += saturated(line.counts, self._job.metadata["sensor"]["keep"], self._job.inputs.full_scale)
        self._ring.done()
        self._wait.add(start - line.arrived)
        self._last = (line.number, line.arrived)
        self._first = self._first or self._last
        self._seen += 1
        self._fill(line.number, values)
        self._put(values, True, line.arrived)
        self._before = values

    def _fill(self, number: int, otherwise: np.ndarray) -> None:
        """Fill the belt up to a line with the last one seen; the network needs something there."""
        values = otherwise if self._before is None else self._before
        while self._gather.lines < number:
            self._put(values, False, 0.0)

    def _put(self, values: np.ndarray, seen: bool, arrived: float) -> None:
        block = self._gather.add(values, seen, arrived, self._look.reasons)
        if block is not None:
            self._worker.put(block, self._show)

    def _finish(self) -> None:
        """Compute the last window and wait until all is written."""
        if self._before is not None:
            self._fill(self._ring["known"], self._before)
            self._worker.put(self._gather.finish())
        self._worker.join()
        self._results.finish()

    def _show(self) -> None:
        """Say once a second how the stream goes."""
        now = time.monotonic()
        if now - self._shown < STATUS or self._job.status == "never":
            return
        self._shown = now
        rate = self._seen / max(now - self._first[1], 1e-9) if self._first else 0.0
        busy = self._worker.compute.percentile(50)
        text = f"{self._seen} lines, {rate:.0f} lines/s, {self._ring['dropped']} dropped"
        text += "" if busy is None else f", network {1000 * busy:.0f} ms a window"
        if self._job.status == "lines":
            click.echo(text, err=True)
        else:
            click.echo(f"\r{text:<78}", err=True, nl=False)

    def _report(self, ended: str) -> dict[str, Any]:
        job, ring, worker = self._job, self._ring, self._worker
        known = max(ring["known"], self._gather.lines)
        first, last = self._first, self._last
        offered = (last[0] - first[0]) / (last[1] - first[1]) if self._seen > 1 else None
        sustained = self._seen / (worker.left - first[1]) if self._seen else None
        step = job.window - 2 * job.margin
        return {
            "ended": ended,
            "started": self._started,
            "lines": {
                "total": known,
                "seen": self._seen,
                "dropped": ring["dropped"],
                "lost_by_camera": ring["lost"],
                "refused": ring["refused"],
                "first_number": ring["first"],
                "cut_bytes": ring["cut_bytes"],
                "padded": max(0, windows.MIN_LINES - known) if self._seen else 0,
            },
            "camera": self._camera(),
            "drift": self._look.report(),
            "values": {"saturated": self._saturated, "invalid": self._seen * self._encoder.invalid},
            "lines_per_s": {
                "asked": job.rate,
                "offered": None if offered is None else round(offered, 2),
                "sustained": None if sustained is None else round(sustained, 2),
            },
            "line": {"wait": self._wait.summary(), "encoder": self._compute.summary()},
            "window": {
                "lines": job.window,
                "margin": job.margin,
                "step": step,
                "wait": worker.wait.summary(),
                "compute": worker.compute.summary(),
                "lag": worker.lag.summary(),
            },
            "components": self._results.report(),
            "headroom": times.headroom(job.rate, step, self._compute, worker.compute),
            "buffer": job.buffer,
            "memory_mb": times.memory(),
        }

    def _camera(self) -> dict[str, Any] | None:
        """Return what a camera is set to, and what went wrong with it beside the lines; None for other sources."""
        source = self._job.inputs.source
        if not isinstance(source, Live):
            return None
        settings = source.settings
        counts = {name: self._ring[name] for name in CAMERA_COUNTS}
        return {
            "id": settings.id,
            "model": settings.model,
            "pixel_format": settings.kind,
            "tint_ms": settings.tint,
            "exposure": self._job.inputs.exposure,
            "lines_per_s": settings.lines_per_s,
            **counts,
        }
