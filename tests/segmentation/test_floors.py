"""Rivals without a network, on spectra that can be checked by hand."""

import json

import numpy as np
import pytest

from boardbench.errors import BoardbenchError
from boardbench.segmentation.floors import FLOORS, floor

CLASSES = ["others", "ic", "capacitor"]
SPECTRA = np.array([[1, 0, 0.1], [0, 1, 0.1], [0.1, 0.1, 1]])


@pytest.fixture
def boards(world):
    """Pixels are scaled copies of three spectra with a little noise; the test board is twice as bright."""
    rng = np.random.default_rng(0)
    for name, part, bright in (("a_1", "train", 0.4), ("b_1", "validation", 0.4), ("c_1", "test", 0.8)):
        mask = np.zeros((16, 16), np.uint8)
        mask[:4] = 1
        mask[12:, :8] = 2
        cube = bright * SPECTRA[mask].transpose(2, 0, 1) + rng.normal(0, 0.01, (3, 16, 16))
        world.add(name, part, cube, mask)
    return world


def score(world, name):
    out = world.split.with_name(name)
    floor(name=name, split=world.split, reflectance=world.reflectance, out=out, classes=CLASSES, dataset="toy")
    return json.loads((out / "metrics.json").read_text()), out


def test_majority_scores_by_hand(boards):
    metrics, out = score(boards, "majority")
    others = 160 / 256  # 256 - 64 - 32 pixels
    assert metrics["scores"]["iou"] == [pytest.approx(others), 0, 0]
    assert metrics["scores"]["miou"] == pytest.approx(others / 3)
    assert (metrics["backbone"], metrics["strategy"], metrics["seed"]) == ("majority", "none", 0)
    assert (out / "confusion.csv").read_text().splitlines() == [
        "truth,others,ic,capacitor",
        "others,160,0,0",
        "ic,64,0,0",
        "capacitor,32,0,0",
    ]
    assert (out / "predictions/c_1.png").is_file()


def test_the_spectral_angle_does_not_see_brightness(boards):
    assert score(boards, "spectral_angle")[0]["scores"]["miou"] == 1


def test_the_discriminant_finds_what_is_linear(boards):
    assert score(boards, "lda")[0]["scores"]["miou"] > 0.9


def test_only_training_pixels_count(boards):
    first = score(boards, "lda")[0]
    cube, mask = np.zeros((3, 16, 16)), np.full((16, 16), 1)
    boards.write("b_1", cube, mask)
    assert score(boards, "lda")[0] == first


def test_a_class_absent_from_training_is_refused(boards):
    with pytest.raises(BoardbenchError, match=r"split\.csv: no training pixel of class 'screws'"):
        floor(
            name="lda",
            split=boards.split,
            reflectance=boards.reflectance,
            out=boards.split.with_name("run"),
            classes=[*CLASSES, "screws"],
            dataset="toy",
        )


def test_an_unknown_floor_names_the_nearest(boards):
    with pytest.raises(BoardbenchError, match="majority"):
        score(boards, "majorty")
    assert set(FLOORS) == {"majority", "spectral_angle", "lda"}
