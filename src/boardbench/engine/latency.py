"""Measured time: repeats of a function, and the machine they hold for."""

import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path


def measure(function: Callable[[], object], repeats: int) -> list[float]:
    """Call a function once untimed, which warms caches and lazy set-up, then ``repeats`` times; return seconds each.

    Raises:
        ValueError: if ``repeats`` is below 1.
    """
    if repeats < 1:
        raise ValueError(f"repeats is {repeats}; at least 1 call must be timed")
    function()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return seconds


def gemm_rate(threads: int, size: int = 2048, repeats: int = 7) -> float:
    """Return the FLOP/s of torch's float32 matrix product, the best of some: what no network can pass."""
    import torch

    torch.set_num_threads(threads)
    left, right = torch.rand(size, size), torch.rand(size, size)
    out = torch.empty(size, size)
    return 2 * size**3 / min(measure(lambda: torch.mm(left, right, out=out), repeats))


def hardware(package: str = "torch") -> str:
    """Name the cores, the processor's model and a package's version, without loading it; without commas, for tables."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.processor() or platform.machine()
    return f"{os.cpu_count()} x {model}; {package} {version(package)}".replace(",", ";")
