"""What the page concludes: decided by the table of differences alone."""

import pandas as pd
import pytest

from boardbench.report.sentences import comparisons, summary_backbone, why_pca_loses

COLUMNS = ["backbone", "strategy", "against", "metric", "difference", "low", "high", "shown"]


def table(*rows):
    return pd.DataFrame([["unet", a, b, "miou", *rest] for a, b, *rest in rows], columns=COLUMNS)


def test_a_pair_given_the_other_way_round_is_turned():
    differences = table(("full", "scrb", "-0.0500", "-0.0900", "-0.0100", "lower"))
    (row,) = comparisons(differences, "unet")
    assert (row["strategy"], row["against"], row["shown"]) == ("scrb", "full", "higher")
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
    ("shown", "words"),
    [
        ("higher", ["cube by cube, PCA-3 scores lower", "what PCA lacks is the task", "non-linearity gain over"]),
        ("lower", ["cube by cube, PCA-3 scores higher", "being linear is not what limits", "non-linearity cost"]),
        (
            "no difference shown",
            ["No difference is shown between PCA-3 fitted cube by cube"] + ["No difference is"] * 2,
        ),
    ],
)
def test_why_pca_loses_follows_the_table(shown, words):
    pairs = [("pca3", "pca3_cube"), ("linear3", "pca3"), ("scrb", "linear3")]
    rows = comparisons(table(*((a, b, "0.0512", "-0.0100", "0.1000", shown) for a, b in pairs)), "unet")
    sentences = why_pca_loses(rows)
    assert len(sentences) == 3
    for sentence, word in zip(sentences, words, strict=True):
        assert word in sentence and "(+0.051 mean IoU, 95 % interval \N{MINUS SIGN}0.010 to +0.100)" in sentence


def test_no_answer_without_the_strategies_that_answer():
    rows = comparisons(table(("pca3", "pca3_cube", "0.1", "0.0", "0.2", "higher")), "unet")
    assert why_pca_loses(rows) == []
