import pytest


@pytest.mark.parametrize(
    ("cell", "ours", "verdict", "why"),
    [
        ("unet full gmacs", "392.1199", "matches", "last digit"),
        ("resunet full gmacs", "606.0294", "matches", "last digit"),
        ("attention_unet scrb gmacs", "428.5661", "matches", "last digit"),
        ("resunet scrb gmacs", "518.0588", "matches", "last digit"),
        ("unet pca3 gmacs", "342.3388", "explained", "-0.0047 G remain"),
        ("attention_unet pca3 gmacs", "416.9744", "explained", "-0.0103 G remain"),
        ("unet scrb gmacs", "353.9304", "contradicted", "Unexplained: the paper prints -0.1004"),
        ("attention_unet full gmacs", "466.7556", "contradicted", "Unexplained: the paper prints -0.0856"),
        ("unet pca3 params_millions", "31.038", "contradicted", "Unexplained: the paper prints +0.262"),
        ("attention_unet full params_millions", "35.000", "matches", "last digit"),
    ],
)
@pytest.mark.usefixtures("counted")
def test_costs_against_our_count(cell, ours, verdict, why, one):
    for place in ("table 5", "abstract table 1"):
        row = one(place, cell)
        assert (row["ours"], row["verdict"]) == (ours, verdict)
        assert why in row["why"]


def test_without_a_count_costs_are_not_run(one):
    row = one("table 5", "unet full gmacs")
    assert (row["ours"], row["verdict"]) == ("", "not run")
