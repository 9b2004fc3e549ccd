"""How far seeds move a score, pooled by hand, and which classes are named as not learnt."""

import math

import numpy as np
import pytest

from boardbench.report.segmentation.spread import COLUMNS, spread_table

CLASSES = ["others", "ic", "capacitor"]


def scored(**cells):
    """Return scores by run: cell ``unet_full`` -> the IoU of the classes, one list a seed; ``lda`` is a baseline."""
    found = {}
    for name, seeds in cells.items():
        backbone, _, strategy = name.partition("_")
        for seed, iou in enumerate(seeds):
            scores = {"iou": np.array(iou, float), "miou": float(np.nanmean(iou))}
            found[backbone, strategy or "none", seed] = scores | {"epochs": 14 + seed if strategy else None}
    return found


def rows(**cells):
    frame = spread_table("toy", scored(**cells), CLASSES)
    assert frame.columns.tolist() == list(COLUMNS)
    return frame, frame.to_dict("records")


# Mean IoU .5 .6 .7 (variance .01) and .4 .4 .7 (variance .03); the root of their mean, .02, is .1414.
THREE = [[0.9, 0.5, 0.1], [0.9, 0.6, 0.3], [0.9, 0.7, 0.5]]
OTHER = [[0.9, 0.2, 0.1], [0.8, 0.3, 0.1], [0.9, 0.8, 0.4]]
BASELINES = {"majority": [[0.85, 0.0, 0.0]], "lda": [[0.7, 0.25, 0.05]]}


def test_the_pooled_deviation_by_hand():
    frame, (first, second, pooled) = rows(unet_full=THREE, resunet_full=OTHER, **BASELINES)
    assert frame["backbone"].tolist() == ["unet", "resunet", "pooled"]
    assert list(first.values())[3:-1] == ["16", "3", "0.6000", "0.1000", "2", "0.5000", "0.7000"]
    assert (second["miou_sd"], second["least"], second["greatest"]) == (f"{math.sqrt(0.03):.4f}", "0.4000", "0.7000")
    assert {key: text for key, text in pooled.items() if text} == {
        "dataset": "toy",
        "backbone": "pooled",
        "miou_sd": f"{math.sqrt((0.01 + 0.03) / 2):.4f}",
        "degrees_of_freedom": "4",
    }


def test_a_class_that_is_not_above_the_best_floor_in_every_seed_is_named():
    _, (first, second, _) = rows(unet_full=THREE, resunet_full=OTHER, **BASELINES)
    assert first["unlearnt"] == ""
    # The best baseline differs by class: others .85 (majority), ic .25 and capacitor .05 (discriminant).
    assert second["unlearnt"] == "others; ic"


def test_epochs_that_a_run_does_not_tell_are_empty():
    scores = scored(unet_full=THREE)
    for score in scores.values():
        score["epochs"] = None
    assert spread_table("toy", scores, CLASSES)["epochs"].tolist() == ["", ""]


def test_a_score_equal_to_the_floors_is_not_above_it():
    _, (cell, _) = rows(unet_full=[[0.9, 0.25, 0.1]], **BASELINES)
    assert cell["unlearnt"] == "ic"


def test_a_class_that_the_test_part_lacks_is_not_named():
    nothing = math.nan
    _, (cell, _) = rows(unet_full=[[0.9, 0.5, nothing]], lda=[[0.8, 0.4, nothing]], majority=[[0.8, 0, nothing]])
    assert cell["unlearnt"] == ""


def test_one_seed_has_no_spread():
    _, (cell, pooled) = rows(unet_full=THREE[:1], **BASELINES)
    assert (cell["miou_sd"], cell["least"], cell["greatest"], cell["degrees_of_freedom"]) == (
        "",
        "0.5000",
        "0.5000",
        "0",
    )
    assert (pooled["miou_sd"], pooled["degrees_of_freedom"]) == ("", "0")


def test_without_a_floor_nothing_says_what_is_learnt():
    _, (cell, _) = rows(unet_full=THREE)
    assert cell["unlearnt"] == "not known: no baseline"


def test_a_cell_with_fewer_scores_weighs_less():
    scores = scored(unet_full=THREE, resunet_full=OTHER)
    scores["resunet", "full", 2]["miou"] = math.nan  # .4 and .4 are left: variance 0, one degree of freedom
    frame = spread_table("toy", scores, CLASSES)
    assert float(frame["miou_sd"].iloc[-1]) == pytest.approx(math.sqrt(2 * 0.01 / 3), abs=5e-5)
    assert frame["degrees_of_freedom"].tolist() == ["2", "1", "3"]
