"""What the page concludes of the segmentation study: decided by its tables alone."""

import pandas as pd

from boardbench.report.segmentation.drift import COLUMNS as DRIFTS
from boardbench.report.segmentation.sentences import (
    against_baselines,
    best_in_budget,
    by_normalization,
    comparisons,
    moved,
    noticed,
)

COLUMNS = ["backbone", "strategy", "against", "metric", "difference", "low", "high", "conclusion"]
MEAN = ["backbone", "strategy", "seeds", "miou", "miou_low", "miou_high"]
LDA = ("lda", "none", "1", "0.4500", "0.4000", "0.5000")


def table(*rows):
    return pd.DataFrame([["unet", a, b, "miou", *rest] for a, b, *rest in rows], columns=COLUMNS)


def test_a_pair_given_the_other_way_round_is_turned():
    differences = table(("full", "scrb", "-0.0500", "-0.0900", "-0.0100", "lower"))
    (row,) = comparisons(differences, "unet")
    assert (row["strategy"], row["against"], row["conclusion"]) == ("scrb", "full", "higher")
    assert (row["difference"], row["low"], row["high"]) == ("0.0500", "0.0100", "0.0900")
    assert row["question"] == "SCRB against all bands"
    (row,) = comparisons(table(("full", "scrb", "0.0000", "", "", "no difference shown")), "unet")
    assert (row["difference"], row["low"], row["high"]) == ("0.0000", "", "")
    assert comparisons(differences, "resunet") == comparisons(differences, "unet", metric="mf1") == []


def mean(*rows):
    return pd.DataFrame(rows, columns=MEAN)


def test_networks_are_told_from_the_highest_baseline_by_their_intervals():
    rows = (
        ("unet", "full", "3", "0.6", "0.46", "0.7"),
        ("unet", "pca3", "3", "0.4", "0.3", "0.44"),
        ("resunet", "scrb", "3", "0.45", "0.4", "0.5"),
        ("resunet", "full", "3", "", "", ""),
    )
    assert against_baselines(mean(*rows, ("majority", "none", "1", "0.2", "0.1", "0.3"), LDA)) == (
        "Mean IoU against the highest baseline (linear discriminant, 0.450): no difference shown in 2 of 4, higher in "
        "1 of 4 (U-Net with all bands), lower in 1 of 4 (U-Net with PCA, 3 axes)."
    )
    assert against_baselines(mean(("unet", "full", "2", "0.6", "0.5", "0.7"), LDA)).endswith(
        "two seeds: not tested in 1 of 1."
    )
    assert against_baselines(mean(rows[0])).startswith("No baseline")
    assert against_baselines(mean(rows[0], ("lda", "none", "1", "", "", ""))).startswith("No baseline")


def exported(*rows):
    """Return a Pareto table of rows (strategy, seeds, miou, miou_sd, p50_ms, best)."""
    names = ["strategy", "seeds", "miou", "miou_sd", "p50_ms", "best"]
    common = {"backbone": "unet@4", "precision": "int8", "pruning": "half", "lines_per_s": "1280", "p99_ms": "120.0"}
    common |= {"lines": "128", "samples": "1024", "budget_ms": "195", "runtime": "onnxruntime"}
    return pd.DataFrame([common | dict(zip(names, row, strict=True)) for row in rows])


def test_the_best_within_the_budget_is_named_with_its_seeds():
    other = ("full", "1", "0.9", "", "200", "")
    what = "Within 195 ms for 128 lines \N{MULTIPLICATION SIGN} 1024 samples: "
    name = "U-Net, width 4 with SCRB in int8, pruned (half)"
    cost = "100.0 ms (99th percentile 120.0), 1280 lines/s"
    assert best_in_budget(exported(other, ("scrb", "1", "0.7", "", "100.0", "yes"))) == (
        f"{what}{name}, mean IoU 0.700, {cost}; one seed: not tested."
    )
    assert best_in_budget(exported(("scrb", "3", "0.7", "0.01", "100.0", "yes"))) == (
        f"{what}{name}, mean IoU 0.700 ± 0.010, {cost}; 3 seeds."
    )
    slow = exported(("full", "1", "0.9", "", "1200.0", ""), ("scrb", "1", "0.7", "", "300.0", ""))
    assert best_in_budget(slow) == f"{what}no model with a score; the fastest is {name} (300.0 ms)."


def test_the_spread_is_said_where_there_is_one():
    rows = pd.DataFrame(
        [("unet", "0.1000", "2"), ("resunet", "", "0"), ("pooled", "0.1000", "2")],
        columns=["backbone", "miou_sd", "degrees_of_freedom"],
    )
    assert moved(rows) == (
        "Another seed moves mean IoU by a standard deviation of 0.100, pooled over 1 trained networks (2 degrees of "
        "freedom)."
    )
    assert moved(rows.assign(miou_sd="")).startswith("One seed: nothing here says")


def test_an_order_that_turns_from_one_normalization_to_another_is_counted():
    columns = ["normalization", "strategy", "against_normalization", "against", "conclusion"]
    rows = [
        ("none", "scrb", "none", "full", "higher"),
        ("snv", "scrb", "snv", "full", "lower"),
        ("none", "pca3", "none", "full", "lower"),
        ("snv", "pca3", "snv", "full", "no difference shown"),
        ("snv", "full", "none", "full", "higher"),
    ]
    assert by_normalization(pd.DataFrame(rows, columns=columns)) == [
        "Pairs of inputs that change places from one normalization to another: 1 of 2.",
        "SCRB against all bands: higher in 1 of 2, lower in 1 of 2 (snv).",
        "PCA, 3 axes against all bands: lower in 1 of 2, no difference shown in 1 of 2 (snv).",
        "Normalization snv against none: higher in 1 of 1.",
    ]


def test_drifts_that_are_not_noticed_on_every_capture_are_named():
    rows = [
        ("none", 36, 144, "0.0278", 1, 64, "clipped"),
        ("lamp -5 % (old references)", 36, 144, "0.0000", 0, "", ""),
        ("lamp -5 % (new references)", 36, 144, "0.0278", 36, 0, "white_level"),
        ("faded lamp", 36, 144, "0.0278", 36, 0, "white_level"),
        ("aged lamp", 36, 144, "0.2000", 7, 80, "shifted"),
    ]
    assert noticed(pd.DataFrame(rows, columns=DRIFTS)) == (
        "Of 36 test captures as they are, 1 are not trusted. Drifts noticed: on every capture in 2 of 4, on none in 1 "
        "of 4 (lamp -5 % (old references)), on some only in 1 of 4 (aged lamp)."
    )
