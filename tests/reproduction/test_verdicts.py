import pytest

from boardbench.reproduction.verdicts import (
    REASONS,
    Claim,
    Finding,
    about,
    by_reading,
    reading,
    rounded,
    table_and_logs,
    truncated,
    worst,
)


@pytest.mark.parametrize(
    ("value", "cut", "round_"),
    [
        (0.57, "0.57", "0.57"),
        (0.29, "0.29", "0.29"),
        (0.575, "0.57", "0.58"),
        (0.5749, "0.57", "0.57"),
        (0.9999, "0.99", "1.00"),
        (-0.1066, "-0.10", "-0.11"),
        (-0.001, "0.00", "0.00"),
    ],
)
def test_truncating_and_rounding(value, cut, round_):
    assert (truncated(value), rounded(value)) == (cut, round_)


def test_how_a_value_becomes_a_printed_number():
    assert reading("14", 14.4) == "rounded"
    assert reading("14", 14.52) == "truncated"
    assert reading("14", 15.0) is None
    assert reading("35.0", 35.0003) == "rounded"
    assert reading("-0.10", -0.1066) == "truncated"
    assert by_reading(["14", "14"], [14.4, 14.0]) == "matches"
    assert by_reading(["14", "14"], [14.4, 14.9]) == "explained"
    assert by_reading(["14", "14"], [14.9, 16]) == "contradicted"


def test_about_is_a_tenth_and_worst_weighs_contradiction_most():
    assert about(10, 11) and about(10, 9) and not about(10, 11.1) and not about(2, 1.7)
    assert worst(["matches", "explained"]) == "explained"
    assert worst(["contradicted", "not run", "matches"]) == "contradicted"


def test_logs_decide_and_tables_only_explain():
    cases = [(table, logs) for table in (True, False) for logs in (True, False)]
    assert [table_and_logs(*case) for case in cases] == ["matches", "contradicted", "explained", "contradicted"]


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_belongs_to_what_was_not_run_and_to_nothing_else(reason):
    assert Finding("not run", "", "", reason=reason).reason == reason
    for verdict, wrong in (("not run", ""), ("not run", "tired"), ("matches", reason)):
        with pytest.raises(ValueError, match=repr(verdict)):
            Finding(verdict, "", "", reason=wrong)


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("8-14 %", ["8", "14"]),
        ("+0.14-0.35", ["0.14", "0.35"]),
        ("-0.10", ["-0.10"]),
        ("214 -> 128 -> 3", ["214", "128", "3"]),
        ("60,000 = 50,000 + 10,000", ["60000", "50000", "10000"]),
        ("126 / 3 / 30", ["126", "3", "30"]),
        ("training set", []),
    ],
)
def test_numbers_of_a_value(value, texts):
    assert Claim("id", "1", "place", "claim", value, "how").texts == texts
