"""What a training takes of its machine, as MLflow shows it: sampled where a run speaks anyway, without a thread."""

import csv
import io
import sys
import time
from pathlib import Path

import psutil

from boardbench.files import write_text
from boardbench.integrity import checked

SAMPLING = 10.0
"""Seconds between two samples, at least; each holds the mean use of processors since the one before."""
FILE = "system.csv"
Sample = dict[str, float]


class Sampler:
    """The samples of a run; names are MLflow's, so that its page of system metrics has them.

    Attributes:
        samples: taken so far, each with its ``timestamp`` (ms) and ``step``.
    """

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self._process = psutil.Process()
        self._restart()

    def _restart(self) -> None:
        self._taken = time.monotonic()
        self._used = psutil.cpu_percent(), self._process.cpu_percent()  # each is of the time since the last call

    def sample(self) -> list[Sample]:
        """Return a sample where it is time for one, else none."""
        if time.monotonic() - self._taken < SAMPLING:
            return []
        self._restart()
        machine, memory = psutil.virtual_memory(), self._process.memory_info().rss
        taken = {
            "timestamp": int(time.time() * 1000),
            "step": len(self.samples),
            "system/cpu_utilization_percentage": self._used[0],
            "system/system_memory_usage_percentage": machine.percent,
            "system/process_cpu_utilization_percentage": self._used[1],
            "system/process_memory_usage_megabytes": round(memory / 1e6, 1),
            **_gpu(),
        }
        self.samples.append(taken)
        return [taken]


def _gpu() -> Sample:
    """Return the memory that torch holds on a GPU, where it is used."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available() or not torch.cuda.is_initialized():
        return {}
    return {"system/gpu_0_memory_usage_megabytes": round(torch.cuda.memory_reserved() / 1e6, 1)}


def write_samples(folder: Path, samples: list[Sample]) -> None:
    """Write system.csv of a run folder; none where there is no sample."""
    if not samples:
        return
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(samples[-1]), restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(samples)
    write_text(folder / FILE, buffer.getvalue(), record=True)


def read_samples(folder: Path) -> list[Sample]:
    """Return the samples of a run folder, none where there is no system.csv; empty cells are left out."""
    if not (folder / FILE).is_file():
        return []
    with checked(folder / FILE).open(newline="", encoding="utf-8") as file:
        return [{name: float(value) for name, value in row.items() if value} for row in csv.DictReader(file)]
