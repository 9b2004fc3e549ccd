"""Measured time: repeats of a function, and the machine they hold for."""

import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

LIMITS = ("ONEDNN_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY", "MKL_CBWR")
"""Variables of the environment that keep torch from instructions of the processor."""


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


def percentiles_ms(seconds: list[float]) -> tuple[float, float]:
    """Return median and 99th percentile in ms: measured values, none between two (nearest rank)."""
    import numpy as np

    median, late = np.percentile(seconds, [50, 99], method="inverted_cdf") * 1e3
    return float(median), float(late)


def gemm_rate(threads: int, size: int = 2048, repeats: int = 7) -> float:
    """Return the FLOP/s of torch's float32 matrix product, the best of some: what no network can pass."""
    import torch

    torch.set_num_threads(threads)
    left, right = torch.rand(size, size), torch.rand(size, size)
    out = torch.empty(size, size)
    return 2 * size**3 / min(measure(lambda: torch.mm(left, right, out=out), repeats))


def _cpuinfo(field: str) -> str:
    """Return what Linux says of the first core; '' where it does not."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(field)), "")


def processor_flags() -> list[str]:
    """Return the names of what the processor can, as Linux gives them; none where it does not."""
    return _cpuinfo("flags").split()


def instructions() -> str:
    """Name the widest vector instructions of the processor, and what the environment takes away; '' if unknown.

    They decide the last bits of a training (benchmarks/NOTES.md).
    """
    flags = processor_flags()
    widest = next((name for flag, name in {"avx512f": "AVX-512", "avx2": "AVX2"}.items() if flag in flags), "")
    limits = [f"{name}={os.environ[name]}" for name in LIMITS if name in os.environ]
    return "; ".join([widest, *limits] if widest else limits)


def hardware(package: str = "torch") -> str:
    """Name the cores, the processor's model and a package's version, without loading it; without commas, for tables."""
    model = _cpuinfo("model name") or platform.processor() or platform.machine()
    return f"{os.cpu_count()} x {model}; {package} {version(package)}".replace(",", ";")
