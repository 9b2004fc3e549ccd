"""The one form in which the page answers: question, difference, interval, what it is over, conclusion."""

import pytest

from boardbench.report.sentences import answer, benchmark, tally

ROW = {"difference": "0.0512", "low": "-0.0100", "high": "0.1000", "seeds": "3", "scenes": "1"}
MINUS = "\N{MINUS SIGN}"


def test_an_answer_has_difference_interval_counts_and_conclusion():
    given = ROW | {"conclusion": "no difference shown"}
    assert answer("a against b", given) == (
        f"a against b +0.051 (95 % interval {MINUS}0.010 to +0.100; 3 seeds, 1 test scene), no difference shown."
    )
    alone = {"difference": "-0.1", "low": "", "high": "", "seeds": "1", "conclusion": "one seed: not tested"}
    assert answer("a,", alone, " px") == f"a, {MINUS}0.100 px (1 seed), one seed: not tested."


def test_a_tally_names_all_but_the_most_frequent_conclusion():
    found = [("b", "higher"), ("b", "higher"), ("c", "higher"), ("a", "lower"), ("d", "lower"), ("d", "lower")]
    assert tally("q", [*found, ("e", "lower")]) == "q: lower in 4 of 7, higher in 3 of 7 (b; c)."
    assert tally("q", [("a", "one seed: not tested")]) == "q: one seed: not tested in 1 of 1."


@pytest.mark.parametrize(
    ("changed", "verdict", "limits"),
    [
        ({}, "met", ""),
        ({"target": "4.62"}, "missed", ""),
        ({"target": "4.61"}, "met", ""),
        ({"target": ""}, "stated", ""),
        ({"ratio": "", "rival_median": ""}, "stated", ""),
        ({"ours_median": ""}, "not run", ""),
        ({"limit": "0.5"}, "met", "4.0"),
        ({"limit": "8", "unit": "lines/s"}, "met", "4.0"),
        ({"limit": "0.0"}, "met", ""),
    ],
)
def test_a_benchmark_is_met_where_its_ratio_reaches_the_target(changed, verdict, limits):
    row = {"ours_median": "2", "rival_median": "9.22", "ratio": "4.61", "target": "3", "limit": "", "unit": "s"}
    said = benchmark(row | changed)
    assert (said["verdict"], said["limits"]) == (verdict, limits)
