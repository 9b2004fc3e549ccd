import os
from pathlib import Path

import numpy as np
import pytest
import torch

from boardbench.engine import latency
from boardbench.engine.latency import hardware, measure


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
