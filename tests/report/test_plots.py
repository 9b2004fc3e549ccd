"""Charts as data, by hand."""

import math

import pandas as pd

from boardbench.report.charts import COLOURS
from boardbench.report.plots import curves, series


def test_a_series_has_four_digits_and_no_number_that_is_none():
    made = series("a", [1, 2], [0.123456, math.nan], "#000000", low=[0.111111, math.inf])
    assert made["y"] == [0.1235, None] and made["low"] == [0.1111, None] and made["show"] == "line"


def test_curves_have_a_panel_a_group_and_score_and_a_line_a_run_and_part():
    frame = pd.DataFrame({"epoch": [0, 1], "train_loss": [3, 1], "validation_loss": [4, 2], "validation_iou": [0, 1]})
    histories = [("U-Net", "SCRB", frame), ("U-Net", "all bands", frame), ("U-Net", "SCRB", frame)]
    loss, iou = curves(histories, "iou", "mean IoU", log=(True, False))
    runs = ("SCRB, run 1", "all bands, run 1", "SCRB, run 2")
    named = [f"{run}, {part}" for run in runs for part in ("training", "validation")]
    assert [line["name"] for line in loss["series"]] == named
    assert [line["colour"] for line in iou["series"]] == [COLOURS[0], COLOURS[1], COLOURS[0]]
    assert loss["y"] == {"label": "loss", "log": True} and iou["y"] == {
        "label": "mean IoU",
        "log": False,
        "min": 0,
        "max": 1,
    }
    assert loss["series"][0]["dash"] and not loss["series"][1]["dash"] and loss["series"][1]["y"] == [4, 2]
