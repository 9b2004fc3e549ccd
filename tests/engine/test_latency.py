import pytest
import torch

from boardbench.engine import latency
from boardbench.engine.latency import hardware, measure, percentile


def test_the_first_call_is_not_timed(monkeypatch):
    clock = iter([10.0, 12.0, 20.0, 23.0])
    monkeypatch.setattr(latency.time, "perf_counter", lambda: next(clock))
    calls = []
    assert measure(lambda: calls.append(1), 2) == [2.0, 3.0]
    assert len(calls) == 3


def test_no_repeats_are_refused():
    with pytest.raises(ValueError, match="repeats is 0"):
        measure(lambda: None, 0)


@pytest.mark.parametrize(
    ("count", "percent", "expected"),
    [(7, 50, 4), (8, 50, 4), (7, 99, 7), (99, 99, 99), (100, 99, 99), (200, 99, 198), (5, 100, 5), (1, 50, 1)],
)
def test_percentiles_by_nearest_rank(count, percent, expected):
    assert percentile([float(value) for value in range(count, 0, -1)], percent) == expected


@pytest.mark.parametrize(("values", "percent"), [([], 50), ([1.0], 0), ([1.0], 101)])
def test_impossible_percentiles_are_refused(values, percent):
    with pytest.raises(ValueError, match=f"percentile {percent} of {len(values)} values"):
        percentile(values, percent)


def test_hardware_fits_a_table_and_names_torch():
    text = hardware()
    assert "," not in text and f"torch {torch.__version__}" in text and text.split(" x ")[0].isdigit()
