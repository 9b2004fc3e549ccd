"""Sections of the page that are there only where their tables are: spread over seeds, normalizations."""

import json
import shutil

import pandas as pd
import pytest

from boardbench.params.segmentation import Complexity
from boardbench.publish import publish
from boardbench.report.page import render
from boardbench.report.segmentation.figures import write_figures
from boardbench.report.segmentation.tables import write_tables


@pytest.fixture
def compared(world):
    """The hand-made world, trained without normalization too."""
    for seed in (0, 1):
        own = world.root / f"runs/unet-pca3-seed{seed}"
        other = shutil.copytree(own, world.root / "normalized/none" / own.name)
        for folder, method in ((own, "standardize"), (other, "none")):
            path = folder / "metrics.json"
            path.write_text(json.dumps(json.loads(path.read_text()) | {"normalization": method}))
    world.compared = {
        "normalization": "standardize",
        "normalizations": ["none", "standardize"],
        "normalized_runs": world.root / "normalized",
    }
    return world


def page(world, **compared):
    root = world.root
    write_tables(**world.arguments | compared, counted=Complexity())
    grid = {"dataset": "toy", "backbones": ["unet"], "strategies": ["pca3"], "seeds": [0, 1], "pictures": 1}
    write_figures(**grid, runs=root / "runs", tables=root / "tables", out=root / "figures")
    published = {"tables": [root / "tables"], "figures": [root / "figures"], "datasets": ["toy"]}
    publish(**published, reports=root / "reports", out=root / "published.json")
    return (root / "reports/data-toy.html").read_text()


def test_the_page_asks_only_where_there_is_a_comparison(compared):
    html = page(compared, **compared.compared)
    section = html[html.index(">Does the answer hang on the normalization?</h2>") : html.index(">Cost</h2>")]
    assert "Normalization none against standardize: two seeds: not tested in 1 of 1." in section
    assert html.count('src="figures/toy/segmentation_normalizations.svg"') == 1
    assert '<th scope="row" class="name">none</th>' in section
    assert 'href="tables/toy/segmentation_normalization_order.csv"' in html
    # The study's own method has the same numbers here as in the table of means.
    read = [pd.read_csv(compared.root / f"tables/segmentation_{name}.csv") for name in ("mean", "normalizations")]
    mean, own = read[0].iloc[0], read[1][read[1]["normalization"] == "standardize"].iloc[0]
    assert [mean[key] for key in ("miou", "miou_sd", "miou_low", "miou_high")] == [
        own[key] for key in ("miou", "miou_sd", "low", "high")
    ]
    html = page(compared)
    assert "hang on the normalization" not in html and "segmentation_normalization" not in html
    assert not list(compared.root.glob("*/segmentation_normalization*"))


def test_the_page_tells_the_spread_and_an_older_report_does_not_break(world):
    html = page(world)
    section = html[html.index(">How far does training again move a score?</h2>") : html.index(">Cost</h2>")]
    # Mean IoU .5 and .4; classes: others is below the baseline's .92, connectors is not known in one seed.
    for cell in ("<td>0.450</td><td>0.071</td><td>1</td><td>0.400</td><td>0.500</td>", ">others<", ">pooled<"):
        assert cell in section
    assert 'href="tables/toy/segmentation_spread.csv"' in html and "version 0.1" not in html
    (world.root / "tables/segmentation_spread.csv").unlink()
    publish(
        tables=[world.root / "tables"],
        figures=[world.root / "figures"],
        datasets=["toy"],
        reports=world.root / "reports",
        out=world.root / "published.json",
    )
    html = (world.root / "reports/data-toy.html").read_text()
    assert "How far does training again" not in html and "segmentation_spread" not in html
    assert "Not made again since version 0.1: recipe, camera and boards are those of then." in html


def test_a_lost_table_of_the_pair_is_named(compared, says):
    page(compared, **compared.compared)
    (compared.root / "reports/tables/toy/segmentation_normalization_order.csv").unlink()
    says(lambda: render(compared.root / "reports"), "segmentation_normalization_order.csv: no such file")
