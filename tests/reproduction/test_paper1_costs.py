import pytest


@pytest.mark.parametrize(
    ("cell", "ours", "verdict", "why"),
    [
        ("unet full gmacs", "392.1199", "matches", "last digit"),
        ("resunet full gmacs", "606.0294", "matches", "last digit"),
        ("attention_unet scrb gmacs", "428.5661", "matches", "last digit"),
        ("resunet scrb gmacs", "518.0588", "matches", "last digit"),
        # 342.34 + 0.52 = 342.86, 416.97 + 0.52 = 417.49, 506.47 + 0.52 = 506.99; 31.04 + 0.26 = 31.30 and so on.
        ("unet pca3 gmacs", "342.3388", "explained", "cut to 0.52; the poster"),
        ("attention_unet pca3 gmacs", "416.9744", "explained", "cut to 0.52; the poster"),
        ("resunet pca3 gmacs", "506.4671", "explained", "has 506.47, our count without it"),
        ("unet pca3 params_millions", "31.038", "explained", "it has 642 weights, cut to 0.26"),
        ("attention_unet pca3 params_millions", "34.879", "explained", "cut to 0.26"),
        ("resunet pca3 params_millions", "13.043", "explained", "has 13.04, our count without it"),
        ("unet scrb gmacs", "353.9304", "explained", "has 353.93, which is our count"),
        ("attention_unet full gmacs", "466.7556", "explained", "has 466.76, which is our count"),
        ("attention_unet full params_millions", "35.000", "matches", "last digit"),
    ],
)
@pytest.mark.usefixtures("counted")
def test_costs_against_our_count(cell, ours, verdict, why, one):
    for place in ("table 5", "abstract table 1"):
        row = one(place, cell)
        assert (row["ours"], row["verdict"]) == (ours, verdict)
        assert why in row["why"]


@pytest.mark.parametrize(
    ("file", "old", "new", "cell"),
    [
        # A hundredth more is no projection any more, and a poster that differs is no source of a slip.
        ("segmentation_complexity.csv", "342.86", "342.87", "unet pca3 gmacs"),
        ("segmentation_complexity.csv", "31.30", "31.31", "unet pca3 params_millions"),
        ("segmentation_complexity_poster.csv", "353.93", "353.92", "unet scrb gmacs"),
        ("segmentation_complexity_poster.csv", "466.76", "466.67", "attention_unet full gmacs"),
    ],
)
@pytest.mark.usefixtures("counted")
def test_what_neither_projection_nor_poster_gives_is_unexplained(one, edit, file, old, new, cell):
    edit("segmentation_complexity_poster.csv", "unet,pca3,342.34,31.04", "unet,pca3,342.33,31.03")
    assert one("table 5", cell)["verdict"] == "explained"
    edit(file, old, new)
    row = one("table 5", cell)
    assert row["verdict"] == "contradicted" and row["why"].startswith("Unexplained")


def test_without_a_count_costs_are_not_run(one):
    row = one("table 5", "unet full gmacs")
    assert (row["ours"], row["verdict"], row["reason"]) == ("", "not run", "not built")
