from fractions import Fraction
from math import floor

import pytest


@pytest.mark.parametrize(
    ("cell", "place", "exact"),
    [
        # From the logs: hits, then truth + prediction of the class.
        ("unet full iou ic", "table 4", Fraction(630697, 862603 + 816790 - 630697)),
        ("unet full f1 capacitor", "table 3", Fraction(2 * 27421, 31761 + 63624)),
        ("attention_unet pca3 f1 others", "table 3", Fraction(2 * 10914309, 11271087 + 11736562)),
        ("resunet full iou connectors", "table 4", Fraction(102235, 122549 + 274878 - 102235)),
    ],
)
def test_scores_by_hand(cell, place, exact, one):
    row = one(place, cell)
    assert row["recomputed"] == row["published"] == f"{floor(exact * 100) / 100:.2f}"
    assert f"{float(exact):.4f}" in row["why"]
    assert row["verdict"] == ("matches" if f"{float(exact):.2f}" == row["published"] else "explained")


def test_means_are_truncated_means_of_truncated_cells(one):
    # U-Net full, F1: truncated 0.95 + 0.75 + 0.57 + 0.31 = 2.58, a quarter 0.645, truncated 0.64; exact 0.6483.
    for place in ("table 6", "abstract table 2"):
        row = one(place, "unet full f1 mean")
        assert (row["published"], row["recomputed"], row["verdict"]) == ("0.64", "0.64", "explained")
        assert "0.6483" in row["why"] and "truncated mean of truncated cells" in row["why"]
    assert one("table 6", "attention_unet full iou mean")["verdict"] == "matches"


def test_exchanged_rows_are_explained_by_the_other_log(one):
    row = one("table 4", "unet scrb iou connectors")
    # U-Net's own log: 99809 / (122549 + 156159 - 99809) = 0.5579; ResU-Net's: 99719 / (122549 + 302646 - 99719).
    assert (row["published"], row["recomputed"], row["verdict"]) == ("0.30", "0.30", "explained")
    assert "ResU-Net's (0.3064)" in row["why"] and "0.5579" in row["why"]
    assert "U-Net's (0.6178)" in one("table 6", "resunet scrb iou mean")["why"]


def test_rows_put_right_in_the_table_are_no_longer_exchanged(reports, one):
    path = reports / "published/segmentation_scores.csv"
    text = path.read_text()
    text = text.replace("\nunet,scrb,", "\nOTHER,scrb,").replace("\nresunet,scrb,", "\nunet,scrb,")
    path.write_text(text.replace("\nOTHER,scrb,", "\nresunet,scrb,"))
    row = one("table 4", "unet scrb iou connectors")
    assert row["verdict"] == "explained" and "rounds to 0.56" in row["why"]
    assert one("table 4", "unet scrb iou capacitor")["verdict"] == "matches"


def test_a_copied_row_and_a_wrong_cell_are_contradicted(one, edit):
    row = one("table 4", "unet pca3 iou ic")
    # 161674 / (862603 + 323681 - 161674)
    assert (row["published"], row["recomputed"], row["verdict"]) == ("0.27", "0.15", "contradicted")
    assert "0.1578" in row["why"] and "repeats the F1 row" in row["why"]
    assert one("table 6", "unet pca3 iou mean")["recomputed"] == "0.30"
    edit(
        "segmentation_scores.csv",
        "attention_unet,full,iou,0.95,0.56",
        "attention_unet,full,iou,0.95,0.58",
    )
    assert one("table 4", "attention_unet full iou ic")["verdict"] == "contradicted"
    assert one("table 4", "attention_unet full iou others")["verdict"] == "matches"


def test_kappa_by_hand(one):
    row = one("logs", "unet full kappa")
    hits = 10545106 + 630697 + 27421 + 115972
    truth = (11271087, 862603, 31761, 122549)
    prediction = (10783588, 816790, 63624, 623998)
    total = 12288000
    assert sum(truth) == sum(prediction) == total == 30 * 640 * 640
    chance = Fraction(sum(a * b for a, b in zip(truth, prediction, strict=True)), total**2)
    kappa = (Fraction(hits, total) - chance) / (1 - chance)
    assert row["published"] == "" and row["recomputed"] == f"{float(kappa):.4f}"
