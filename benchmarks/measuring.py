"""What all benchmarks share: the row of the table, sides that work in turn, and the limits of this machine.

Each side of a comparison is a process of its own that waits while the other works, so that neither pays for the
other's libraries, threads or allocator, and both meet the machine in the same minutes.
"""

import argparse
import csv
import importlib.metadata
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # of rivals that import it ahead of boardbench

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Row:
    """One line of benchmarks.csv; ``None`` is an empty cell.

    Attributes:
        name: what is measured.
        rival: what it is compared with.
        unit: of the two medians and the limit. Units that end in "/s" are rates, where more is better; of all
            others less is.
        ours_median: None: not run.
        rival_median: None: not run, or there is no rival.
        ratio: how many times better ours is: rival / ours, for rates ours / rival.
        target: the least ratio wanted; None: stated only.
        limit: what this machine cannot pass.
        n: repeats of ours; the rival's too, where its name does not say otherwise.
        hardware: processor and versions, or why it was not run.
    """

    name: str
    rival: str
    unit: str
    ours_median: float | None
    rival_median: float | None
    ratio: float | None
    target: float | None
    limit: float | None
    n: int
    hardware: str

    @property
    def verdict(self) -> str:
        """Say whether the target is met."""
        if self.ours_median is None:
            return "not run"
        if self.target is None or self.ratio is None:
            return "stated"
        return "met" if self.ratio >= self.target else "MISSED"


COLUMNS = tuple(field.name for field in fields(Row))


def compare(
    name: str,
    rival: str,
    unit: str,
    ours: Iterable[float],
    theirs: Iterable[float] = (),
    *,
    target: float | None = None,
    limit: float | None = None,
) -> Row:
    """Return the row of two sides' measured values."""
    ours, theirs = list(ours), list(theirs)
    mine = statistics.median(ours)
    other = statistics.median(theirs) if theirs else None
    ratio = None if other is None else (mine / other if unit.endswith("/s") else other / mine)
    return Row(name, rival, unit, mine, other, ratio, target, limit, len(ours), hardware())


def not_run(name: str, rival: str, unit: str, why: str, target: float | None = None) -> Row:
    """Return the row of a benchmark that this machine cannot run."""
    return Row(name, rival, unit, None, None, None, target, None, 0, f"not run: {why}")


@cache
def hardware() -> str:
    """Name the cores, the processor and the versions that matter; without commas."""
    info = Path("/proc/cpuinfo")
    text = info.read_text(encoding="utf-8") if info.is_file() else ""
    models = [line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("model name")]
    model = models[0] if models else platform.processor() or platform.machine()
    versions = [f"Python {platform.python_version()}"]
    for package in ("numpy", "torch", "onnxruntime", "openvino"):
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return "; ".join([f"{os.cpu_count()} x {model}", *versions]).replace(",", ";")


def has_gpu() -> bool:
    """Tell whether torch finds a GPU; asked in another process, so that this one stays small."""
    asked = [sys.executable, "-c", "import torch; raise SystemExit(not torch.cuda.is_available())"]
    return subprocess.run(asked, check=False, capture_output=True).returncode == 0


class Worker:
    """One side of a comparison: ``python SCRIPT --side ...``, which works when asked and waits otherwise."""

    def __init__(self, script: str, *arguments: object):
        command = [sys.executable, str(HERE / script), "--side", *map(str, arguments)]
        self._name = " ".join(command[1:])
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def ask(self, **what: Any) -> dict[str, Any]:
        """Send a request and return the answer."""
        try:
            self._process.stdin.write(json.dumps(what) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise SystemExit(f"benchmark side stopped (its reason stands above): {self._name}")
        return json.loads(line)


class Wire:
    """The other end of a :class:`Worker`: requests come in, answers go out; prints go to standard error."""

    def __init__(self):
        self._out, sys.stdout = sys.stdout, sys.stderr

    def wait(self) -> dict[str, Any] | None:
        """Return the next request; None when the worker is no longer needed."""
        line = sys.stdin.readline()
        return json.loads(line) if line else None

    def answer(self, **what: Any) -> None:
        """Answer a request."""
        self._out.write(json.dumps(what) + "\n")
        self._out.flush()

    def serve(self, job: Callable[..., dict[str, Any]]) -> None:
        """Answer every request by a call of ``job``."""
        while (request := self.wait()) is not None:
            self.answer(**job(**request))


def in_turn(sides: dict[str, Callable[[], dict]], repeats: int, warm: int = 1) -> dict[str, list[dict]]:
    """Call the sides one after the other, round by round; the first ``warm`` rounds are not returned."""
    answers = {name: [] for name in sides}
    for turn in range(warm + repeats):
        for name, side in sides.items():
            answer = side()
            if turn >= warm:
                answers[name].append(answer)
    return answers


def seconds(function: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def peak_mb() -> float:
    """Return this process's peak resident memory, MB; a child's ``ru_maxrss`` would begin at its parent's peak."""
    status = Path("/proc/self/status")
    if status.is_file():
        lines = status.read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)


def copy_rate(size: int = 1 << 28, repeats: int = 5) -> float:
    """Return the bytes a second that one core copies in memory, the best of some."""
    import numpy as np

    source, target = np.ones(size, np.uint8), np.zeros(size, np.uint8)
    return size / min(seconds(lambda: np.copyto(target, source)) for _ in range(repeats))


def rounded(value: object) -> object:
    """Return a number with four significant digits; anything else as it is."""
    return float(f"{value:.4g}") if isinstance(value, float) else value


def show(rows: Iterable[Row]) -> None:
    """Print rows for people."""
    for row in rows:
        ours, rival, ratio, limit = (
            "-" if value is None else f"{value:.4g}"
            for value in (row.ours_median, row.rival_median, row.ratio, row.limit)
        )
        wanted = "" if row.target is None else f" (target {row.target:.4g})"
        print(
            f"{row.verdict:8}{row.name}: {ours} {row.unit}, {row.rival} {rival}, ratio {ratio}{wanted}, "
            f"limit {limit}, n = {row.n}",
            flush=True,
        )


def write(path: Path, rows: Iterable[Row]) -> None:
    """Write the table, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows(["" if cell is None else rounded(cell) for cell in astuple(row)] for row in rows)
    beside.replace(path)


def alone(rows: Callable[..., list[Row]], text: str, side: Callable[..., None] | None = None) -> None:
    """Run one benchmark by itself, or be the ``side`` of it that the command line names: the main of a module."""
    parser = argparse.ArgumentParser(description=text.splitlines()[0])
    parser.add_argument("--side", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: tries the code, says nothing on speed")
    parser.add_argument("--out", type=Path, help="table to write; none by default")
    options = parser.parse_args()
    if side and options.side:
        return side(*options.side)
    table = rows(options.quick)
    show(table)
    if options.out:
        write(options.out, table)
