"""Measured time: repeats of a function, percentiles, and the machine they hold for."""

import math
import os
import platform
import time
from collections.abc import Callable
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


def percentile(values: list[float], percent: float) -> float:
    """Return the smallest value that at least ``percent`` % of all values do not exceed (nearest rank).

    It is always a measured value: p99 of fewer than 100 is the largest, p50 of an odd number the middle one.

    Raises:
        ValueError: without values, or if ``percent`` is not in (0, 100].
    """
    if not values or not 0 < percent <= 100:
        raise ValueError(f"percentile {percent} of {len(values)} values")
    return sorted(values)[math.ceil(percent / 100 * len(values)) - 1]


def hardware() -> str:
    """Name the cores, the processor's model and torch's version; without commas, for tables."""
    import torch

    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.processor() or platform.machine()
    return f"{os.cpu_count()} x {model}; torch {torch.__version__}".replace(",", ";")
