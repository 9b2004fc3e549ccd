"""What a leak is worth: the table's numbers by hand, and the page that shows them."""

import json
import math
import shutil

import numpy as np
import pandas as pd
import pytest
from test_segmentation_page import page

from boardbench.report.segmentation.leakage import COLUMNS, apart, leakage_table
from boardbench.segmentation.scores import write_confusions


@pytest.fixture
def leaking(world):
    """The hand-made world, trained and scored by pixel too, where no pixel is missed."""
    for seed in (0, 1):
        own = world.root / f"runs/unet-pca3-seed{seed}"
        other = shutil.copytree(own, world.root / "audited/pixels" / own.name)
        content = json.loads((own / "metrics.json").read_text())
        content["scores"]["miou"] = 1.0
        (other / "metrics.json").write_text(json.dumps(content))
        right = np.diag([10] * len(world.arguments["classes"]))
        write_confusions(other / "confusions.csv", {"b1-test_1": right, "b1-test_2": right}, world.arguments["classes"])
    counts = {"protocol": "pixels", "training_pixels": 90, "test_pixels": 60, "shared_pixels": 7}
    (world.root / "audited/pixels/audit.json").write_text(json.dumps(counts))
    world.leaks = {"protocol": "grouped", "leaks": ["pixels"], "audited_runs": world.root / "audited"}
    return world


def test_limits_of_a_difference_by_hand():
    """0.9 (0.86 to 0.93) minus 0.5 (0.4 to 0.53): below by the root of 0.04^2 + 0.03^2, above of 0.03^2 + 0.1^2."""
    first = {"miou": "0.9", "low": "0.86", "high": "0.93"}
    second = {"miou": "0.5", "low": "0.4", "high": "0.53"}
    assert apart(first, second, 3) == {
        "difference": "0.4000",
        "difference_low": "0.3500",
        "difference_high": f"{0.4 + math.hypot(0.03, 0.1):.4f}",
        "conclusion": "higher",
    }
    turned = apart(second, first, 3)
    assert (turned["difference_low"], turned["difference_high"]) == (f"{-0.4 - math.hypot(0.1, 0.03):.4f}", "-0.3500")
    assert turned["conclusion"] == "lower"
    assert apart(first, second | {"high": "0.95"}, 3)["conclusion"] == "no difference shown"
    assert apart(first, second, 2)["conclusion"] == "two seeds: not tested"
    alone = apart(first | {"low": "", "high": ""}, second, 3)
    assert (alone["difference"], alone["difference_low"], alone["difference_high"]) == ("0.4000", "", "")


def test_the_table_has_the_studys_own_split_first(leaking):
    arguments = {name: leaking.arguments[name] for name in ("dataset", "runs", "backbones", "strategies", "seeds")}
    arguments |= {"protocol": "grouped", "leaks": ["pixels"], "folder": leaking.root / "audited"}
    table = leakage_table(**arguments, classes=leaking.arguments["classes"], resamples=100, seed=0)
    assert tuple(table.columns) == COLUMNS
    own, leak = table.to_dict("records")
    pixels = 2 * 10 * len(leaking.arguments["classes"])  # two test scenes, ten pixels a class
    assert (own["protocol"], own["test_pixels"], own["shared_pixels"]) == ("grouped", str(pixels), "0")
    assert (own["against"], own["difference"], own["conclusion"]) == ("", "", "")
    assert (leak["protocol"], leak["test_pixels"], leak["shared_pixels"]) == ("pixels", str(pixels), "7")
    assert (own["scenes"], leak["scenes"]) == ("2", "1") and (leak["miou"], leak["low"]) == ("1.0000", "")
    # By scene one of 20 pixels of the first class is taken for the second: 19 / 20, 20 / 21, 1 and 1.
    difference = f"{1 - (19 / 20 + 20 / 21 + 1 + 1) / 4:.4f}"
    assert (leak["against"], leak["difference"], leak["difference_low"]) == ("grouped", difference, "")
    assert leak["conclusion"] == "two seeds: not tested"


def test_the_page_asks_only_where_there_is_a_leak(leaking):
    html = page(leaking, **leaking.leaks)
    section = html[html.index(">What is a leak worth?</h2>") : html.index(">Cost</h2>")]
    assert "U-Net with PCA, 3 axes, mean IoU by pixels minus grouped: +0.024" in section
    assert html.count('src="figures/toy/segmentation_leakage.svg"') == 1
    assert 'href="tables/toy/segmentation_leakage.csv"' in html
    assert "AUDIT" not in html  # the study itself is split by scenes
    html = page(leaking)
    assert "leak worth" not in html and not list(leaking.root.glob("*/segmentation_leakage*"))


def test_a_study_whose_own_split_leaks_says_so_wherever_its_data_are_named(world):
    for report in (world.root / "reflectance").glob("*.json"):
        report.write_text(json.dumps(json.loads(report.read_text()) | {"audit": "pixels"}))
    html = page(world)
    assert "AUDIT: split by pixels" in html
    assert "AUDIT: split by pixels" in json.loads((world.root / "tables/about.json").read_text())["label"]
    assert len(pd.read_csv(world.root / "tables/segmentation_mean.csv"))
