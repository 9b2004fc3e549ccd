"""What the page concludes: decided by the table of differences alone."""

import pandas as pd
import pytest

from boardbench.report.segmentation.sentences import comparisons, summary_backbone, under_budget, why_pca_loses
from boardbench.report.sentences import benchmark

COLUMNS = ["backbone", "strategy", "against", "metric", "difference", "low", "high", "conclusion"]


def table(*rows):
    return pd.DataFrame([["unet", a, b, "miou", *rest] for a, b, *rest in rows], columns=COLUMNS)


def test_a_pair_given_the_other_way_round_is_turned():
    differences = table(("full", "scrb", "-0.0500", "-0.0900", "-0.0100", "lower"))
    (row,) = comparisons(differences, "unet")
    assert (row["strategy"], row["against"], row["conclusion"]) == ("scrb", "full", "higher")
    assert (row["difference"], row["low"], row["high"]) == ("0.0500", "0.0100", "0.0900")
    assert row["question"] == "SCRB against all bands"


def test_a_pair_without_an_interval_stays_without():
    (row,) = comparisons(table(("full", "scrb", "0.0000", "", "", "no difference shown")), "unet")
    assert (row["difference"], row["low"], row["high"]) == ("0.0000", "", "")


def test_other_backbones_and_metrics_are_left_out():
    differences = table(("scrb", "full", "0.1", "0.0", "0.2", "higher"))
    assert comparisons(differences, "resunet") == []
    assert comparisons(differences, "unet", metric="mf1") == []


def test_the_average_over_the_networks_speaks_first():
    assert summary_backbone(pd.DataFrame({"backbone": ["unet", "all"]})) == "all"
    assert summary_backbone(pd.DataFrame({"backbone": ["unet"]})) == "unet"


@pytest.mark.parametrize(
    ("conclusion", "words"),
    [
        ("higher", ["cube by cube, PCA-3 scores lower", "what PCA lacks is the task", "non-linearity gain over"]),
        ("lower", ["cube by cube, PCA-3 scores higher", "being linear is not what limits", "non-linearity cost"]),
        (
            "no difference shown",
            ["No difference is shown between PCA-3 fitted cube by cube"] + ["No difference is"] * 2,
        ),
    ],
)
def test_why_pca_loses_follows_the_table(conclusion, words):
    pairs = [("pca3", "pca3_cube"), ("linear3", "pca3"), ("scrb", "linear3")]
    rows = comparisons(table(*((a, b, "0.0512", "-0.0100", "0.1000", conclusion) for a, b in pairs)), "unet")
    sentences = why_pca_loses(rows)
    assert len(sentences) == 3
    for sentence, word in zip(sentences, words, strict=True):
        assert word in sentence and "(+0.051 mean IoU, 95 % interval \N{MINUS SIGN}0.010 to +0.100)" in sentence


def test_no_answer_without_the_strategies_that_answer():
    rows = comparisons(table(("pca3", "pca3_cube", "0.1", "0.0", "0.2", "higher")), "unet")
    assert why_pca_loses(rows) == []


def exported(*rows):
    """Return a Pareto table of rows (strategy, seeds, miou, miou_sd, p50_ms, p99_ms, best)."""
    names = ["strategy", "seeds", "miou", "miou_sd", "p50_ms", "p99_ms", "best"]
    common = {"backbone": "unet@4", "precision": "int8", "pruning": "", "lines_per_s": "1280"}
    common |= {"lines": "128", "samples": "1024"}
    made = [common | dict(zip(names, row, strict=True)) | {"budget_ms": "195"} for row in rows]
    for row in made:
        row["within_budget"] = "yes" if float(row["p50_ms"]) <= 195 else ""
    return pd.DataFrame(made)


def test_the_best_within_the_budget_is_named_and_one_seed_is_called_uncertain():
    said = under_budget(
        exported(("scrb", "1", "0.7", "", "100.0", "120.0", "yes"), ("full", "1", "0.9", "", "200", "200", ""))
    )
    assert said == [
        "Within 195 ms for 128 lines \N{MULTIPLICATION SIGN} 1024 samples the best model is U-Net, width 4 with SCRB "
        "in int8 (mean IoU 0.700, 100.0 ms, 1280 lines/s).",
        "That is one training run a model: the ranking is uncertain, and another seed may turn it round.",
    ]


def test_with_seeds_the_models_that_are_as_near_as_the_spread_are_named():
    said = under_budget(
        exported(
            ("scrb", "3", "0.700", "0.010", "100.0", "210.0", "yes"),
            ("full", "3", "0.691", "0.001", "90.0", "95.0", ""),  # nearer than the spread of the best
            ("pca3", "3", "0.660", "0.050", "80.0", "85.0", ""),  # nearer than its own spread
            ("linear3", "3", "0.600", "0.001", "70.0", "75.0", ""),
            ("bands3", "3", "0.699", "0.010", "300.0", "310.0", ""),  # over the budget
            ("scrb12", "3", "", "", "60.0", "65.0", ""),
        )
    )
    assert "one training run" not in " ".join(said)
    assert said[1] == "Its score is the mean of 3 seeds, standard deviation 0.010."
    assert said[2] == (
        "Nearer to it than one standard deviation, so not told apart: U-Net, width 4 with all bands in int8; "
        "U-Net, width 4 with PCA, 3 axes in int8."
    )
    assert said[3] == "Its slowest passes took 210.0 ms, more than the budget: a line needs a buffer."


def test_no_model_within_the_budget_is_said():
    slow = exported(("scrb", "1", "0.7", "", "300.0", "320.0", ""), ("full", "1", "0.9", "", "1200.0", "1300.0", ""))
    assert under_budget(slow) == [
        "No model takes at most 195 ms for 128 lines \N{MULTIPLICATION SIGN} 1024 samples; the fastest is U-Net, width "
        "4 with SCRB in int8 (300.0 ms)."
    ]
    (said,) = under_budget(exported(("scrb", "1", "", "", "100.0", "110.0", "")))
    assert said.startswith("No model that takes at most 195 ms") and "has a score" in said


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
    ],
)
def test_a_benchmark_is_met_where_its_ratio_reaches_the_target(changed, verdict, limits):
    row = {"ours_median": "2", "rival_median": "9.22", "ratio": "4.61", "target": "3", "limit": "", "unit": "s"}
    said = benchmark(row | changed)
    assert (said["verdict"], said["limits"]) == (verdict, limits)


def test_a_limit_of_zero_has_no_multiple():
    row = {
        "ours_median": "0.16",
        "rival_median": "0.15",
        "ratio": "0.9",
        "target": "1",
        "limit": "0.0",
        "unit": "share",
    }
    assert benchmark(row)["limits"] == ""
