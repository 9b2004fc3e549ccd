import csv
from fractions import Fraction
from math import floor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardbench.reproduction.paper1.consistency import bounds, copies, impossible, means

PUBLISHED = Path(__file__).parents[2] / "reports" / "published" / "segmentation_scores.csv"
CELLS = ("others", "ic", "capacitor", "connectors", "mean")


def pair(f1, iou, name="ic"):
    return {("unet", "full", "f1"): {name: f1}, ("unet", "full", "iou"): {name: iou}}


def of_paper():
    with PUBLISHED.open() as file:
        return {
            (row["backbone"], row["strategy"], row["metric"]): {name: row[name] for name in CELLS}
            for row in csv.DictReader(file)
        }


def test_a_printed_cell_stands_for_the_values_that_print_so():
    assert bounds("0.57", "rounded") == (Fraction(565, 1000), Fraction(575, 1000))
    assert bounds("0.57", "truncated") == (Fraction(57, 100), Fraction(58, 100))
    assert bounds("0.57") == (Fraction(565, 1000), Fraction(58, 100))
    assert bounds("0.00") == (0, Fraction(1, 100))
    assert bounds("0.5") == (Fraction(45, 100), Fraction(6, 10))


# F1 0.5 means IoU 1/3; F1 in [0.495, 0.51) means IoU in [0.3289, 0.3423).
@pytest.mark.parametrize(
    ("f1", "iou", "possible"),
    [
        ("0.50", "0.33", True),
        ("0.50", "0.34", True),
        ("0.50", "0.32", True),
        ("0.50", "0.35", False),
        ("0.50", "0.31", False),
        ("1.00", "1.00", True),
        ("0.00", "0.00", True),
        ("0.27", "0.27", False),
    ],
)
def test_iou_must_be_f1_over_two_minus_f1(f1, iou, possible):
    found = impossible(pair(f1, iou))
    assert found == [] if possible else [(cell.f1, cell.iou, cell.name) for cell in found] == [(f1, iou, "ic")]


def test_the_needed_range_is_reported():
    (found,) = impossible(pair("0.50", "0.40"))
    assert found[:3] == ("unet", "full", "ic")
    # 0.495 / 1.505 and 0.51 / 1.49
    assert found.needed == pytest.approx((0.328904, 0.342282), abs=1e-6)


def test_a_cell_may_be_possible_only_when_truncated():
    # 0.96 rounded is below 0.965, so IoU below 0.9324, which does not round to 0.94; truncated it is below 0.9417.
    assert impossible(pair("0.96", "0.94"), "truncated") == impossible(pair("0.96", "0.94")) == []
    assert len(impossible(pair("0.96", "0.94"), "rounded")) == 1


def test_means_have_no_such_law():
    assert impossible(pair("0.5", "0.5", name="mean")) == []


def test_a_repeated_row_is_found_unless_it_is_all_0_and_1():
    row = {"others": "1.00", "ic": "0.27", "mean": "0.63"}
    assert copies({("a", "b", "f1"): row, ("a", "b", "iou"): dict(row)}) == [("a", "b")]
    assert copies({("a", "b", "f1"): row, ("a", "b", "iou"): row | {"ic": "0.15"}}) == []
    perfect = {"others": "1.00", "ic": "0.00", "mean": "1.00"}
    assert copies({("a", "b", "f1"): perfect, ("a", "b", "iou"): perfect}) == []


@pytest.mark.parametrize(
    ("cells", "mean", "readings"),
    [
        # (0.95 + 0.75 + 0.57 + 0.31) / 4 = 0.645
        (("0.95", "0.75", "0.57", "0.31"), "0.64", ("truncated",)),
        (("0.95", "0.75", "0.57", "0.31"), "0.65", ("rounded",)),
        (("0.95", "0.75", "0.57", "0.31"), "0.66", ()),
        # 0.38 exactly
        (("0.94", "0.25", "0.23", "0.10"), "0.38", ("rounded", "truncated")),
    ],
)
def test_printed_means_of_printed_cells(cells, mean, readings):
    assert means({("unet", "full", "f1"): dict(zip(CELLS, (*cells, mean), strict=True))}) == [readings]


def test_paper_1_has_one_impossible_row_and_truncates():
    rows = of_paper()
    assert [cell[:3] for cell in impossible(rows)] == [("unet", "pca3", name) for name in CELLS[:4]]
    assert copies(rows) == [("unet", "pca3")]
    assert {cell[:3] for cell in impossible(rows, "rounded")} - {cell[:3] for cell in impossible(rows)} == {
        ("resunet", "full", "others")
    }
    found = means(rows)
    assert all("truncated" in readings for readings in found)
    assert ("truncated",) in found


def test_an_edited_table_is_flagged():
    rows = of_paper()
    rows["attention_unet", "scrb", "iou"]["connectors"] = "0.54"
    assert ("attention_unet", "scrb", "connectors") in [cell[:3] for cell in impossible(rows)]


def printed(value, step, reading):
    """Return a value as printed: half rounded up, or truncated."""
    return floor(value / step + (Fraction(1, 2) if reading == "rounded" else 0)) * step


counts = st.integers(0, 10**6)


@given(counts, counts, counts, st.sampled_from(["rounded", "truncated"]), st.sampled_from(["rounded", "truncated"]))
def test_no_real_count_is_ever_called_impossible(hits, missed, wrong, read_f1, read_iou):
    if hits + missed + wrong == 0:
        return
    step = Fraction(1, 100)
    f1 = Fraction(2 * hits, 2 * hits + missed + wrong)
    iou = Fraction(hits, hits + missed + wrong)
    texts = [f"{float(printed(value, step, how)):.2f}" for value, how in ((f1, read_f1), (iou, read_iou))]
    assert impossible(pair(*texts)) == []
    if read_f1 == read_iou:
        assert impossible(pair(*texts), read_f1) == []
