"""The cost table: what the difference to the published number is called, and the times apart from it."""

import pytest

from boardbench.errors import BoardbenchError
from boardbench.params.segmentation import Complexity
from boardbench.report.segmentation.costs import complexity_table, latency_table

HEADER = (
    "backbone,strategy,gmacs,gmacs_published_convention,params_millions,gmacs_reduction,gflops,"
    "activations_inference_mib,activations_training_mib\n"
)


def table(world, rows, strategies, backbones=("unet",)):
    path = world.write("counted.csv", HEADER + rows)
    published = world.root / "published"
    return complexity_table("toy", path, list(backbones), strategies, Complexity(), published, classes=4)


@pytest.mark.parametrize(
    ("row", "difference", "why"),
    [
        ("unet,full,351.85,392.1213,31.159,,1,1,1", "-0.001", "equal"),
        ("unet,full,351.85,392.03,31.159,,1,1,1", "+0.090", "unexplained"),
        ("unet,pca3,302.07,342.34,31.038,0.2630,1,1,1", "+0.520", "the projection at 2 per MAC, remainder -0.006"),
        ("unet,pca3,302.07,342.30,31.038,0.2630,1,1,1", "+0.560", "unexplained"),
        ("unet,pca3,302.07,342.34,31.038,0.0000,1,1,1", "+0.520", "unexplained"),  # picking bands costs nothing
    ],
)
def test_a_difference_is_explained_only_where_it_is(world, row, difference, why):
    made = table(world, row + "\n", [row.split(",")[1]])
    assert made[["gmacs_difference", "difference_why"]].to_numpy().tolist() == [[difference, why]]


def test_a_network_that_the_paper_has_not_has_no_published_number(world):
    made = table(world, "linknet,full,20,30,11.5,,1,1,1\n", ["full"], ["linknet"]).iloc[0]
    assert [made[name] for name in ("gmacs_published", "gmacs_difference", "difference_why")] == ["", "", ""]


def test_a_cell_that_is_no_number_is_named(world):
    with pytest.raises(BoardbenchError, match=r"counted\.csv, line 2: gflops is 'many', not a number"):
        table(world, "unet,full,1,1,1,,many,1,1\n", ["full"])


def test_times_get_the_dataset_in_front(world):
    columns = "backbone,strategy,lines,n,network_p50_ms,network_p99_ms,hardware\n"
    made = latency_table("toy", world.write("latency.csv", columns + "unet,full,160,7,350.1,360.2,a processor\n"))
    assert made.iloc[0].to_list() == ["toy", "unet", "full", "160", "7", "350.1", "360.2", "a processor"]
