import os
from pathlib import Path

import numpy as np
import pytest
import torch

from boardbench.engine import latency
from boardbench.engine.latency import hardware, measure, percentiles_ms


def test_the_first_call_is_not_timed(monkeypatch):
    clock = iter([10.0, 12.0, 20.0, 23.0])
    monkeypatch.setattr(latency.time, "perf_counter", lambda: next(clock))
    calls = []
    assert measure(lambda: calls.append(1), 2) == [2.0, 3.0]
    assert len(calls) == 3


def test_no_repeats_are_refused():
    with pytest.raises(ValueError, match="repeats is 0"):
        measure(lambda: None, 0)


def test_hardware_fits_a_table_and_names_torch():
    text = hardware()
    assert "," not in text and f"torch {torch.__version__}" in text and text.split(" x ")[0].isdigit()
    assert hardware("numpy").endswith(f"; numpy {np.__version__}")


def test_hardware_without_proc(monkeypatch):
    monkeypatch.setattr(Path, "is_file", lambda _: False)
    assert hardware().startswith(f"{os.cpu_count()} x ")


@pytest.mark.parametrize(
    ("flags", "limits", "said"),
    [
        ("fpu avx2 avx512f", {}, "AVX-512"),
        ("fpu avx2", {"ATEN_CPU_CAPABILITY": "default"}, "AVX2; ATEN_CPU_CAPABILITY=default"),
        ("fpu sse", {"ONEDNN_MAX_CPU_ISA": "SSE41"}, "ONEDNN_MAX_CPU_ISA=SSE41"),
        ("", {}, ""),
    ],
)
def test_the_widest_instructions_and_what_the_environment_takes_away(monkeypatch, flags, limits, said):
    for name in latency.LIMITS:
        monkeypatch.delenv(name, raising=False)
    for name, value in limits.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(latency, "_cpuinfo", lambda field: flags)
    assert latency.instructions() == said


@pytest.mark.parametrize(("n", "median", "late"), [(7, 4, 7), (8, 4, 8), (100, 50, 99), (1, 1, 1)])
def test_percentiles_are_measured_values(n, median, late):
    assert percentiles_ms([value / 1e3 for value in range(n, 0, -1)]) == pytest.approx([median, late])
