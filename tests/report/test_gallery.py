"""Strips and their sizes by hand: four panels of 20 x 10 pixels, 6 apart, below 20 white rows and above a key."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from boardbench.report.gallery import gallery, picture_size, strip_crop
from boardbench.segmentation.overlay import overlay


@pytest.fixture
def strip(tmp_path):
    pixels = np.full((20 + 10 + 25, 6 + 4 * (20 + 6)), 255, np.uint8)
    for panel in range(4):
        pixels[20:30, 6 + 26 * panel :][:, :20] = 60
    pixels[38:48, 6:100] = 90  # the key
    Image.fromarray(pixels).save(tmp_path / "segmentation_prediction_a.png")
    return tmp_path / "segmentation_prediction_a.png"


def lengths(css):
    return {name: float(value) for name, value in (one.split(": ") for one in css.split("; "))}


def test_a_crop_shows_one_panel(strip):
    expected = {"--panel": 110 / 20, "--left": 6 / 20, "--step": 26 / 20, "--top": 1.0, "--high": 0.5}
    assert lengths(strip_crop(strip)) == pytest.approx(expected)


def test_the_crop_is_that_of_the_pictures_that_are_drawn(tmp_path):
    cube = np.random.default_rng(0).random((3, 64, 64))
    truth = np.zeros((64, 64), int)
    overlay(cube, None, truth, truth, ["others", "ic"]).save(tmp_path / "a.png")
    found = lengths(strip_crop(tmp_path / "a.png"))
    assert found["--high"] == pytest.approx(1) and found["--top"] == pytest.approx(20 / 256, abs=1e-3)
    assert found["--step"] == pytest.approx(262 / 256, abs=1e-3)


def test_what_is_no_strip_has_no_crop(tmp_path):
    Image.new("L", (40, 40), 255).save(tmp_path / "white.png")
    (tmp_path / "text.png").write_text("no picture")
    for name in ("white.png", "text.png", "none.png"):
        assert strip_crop(tmp_path / name) == ""


def test_sizes_of_png_and_svg(strip, tmp_path):
    (tmp_path / "a.svg").write_text('<svg width="517.5pt" height="30pt" viewBox="0 0 1 1">')
    assert picture_size(strip) == (110, 55) and picture_size(tmp_path / "a.svg") == (690, 40)
    assert picture_size(tmp_path / "none.svg") is None and picture_size(Path("none.png")) is None


def test_pictures_of_a_capture_stand_together(strip):
    figures = {}
    for at, (shown, capture) in enumerate([("SCRB", "b1_1"), ("SCRB", "b2_1"), ("PCA, 3 axes", "b1_1")]):
        name = f"segmentation_prediction_{at}.png"
        strip.with_name(name).write_bytes(strip.read_bytes())
        figures[name] = {"caption": f"U-Net, {shown}, test capture {capture}."}
    figures["segmentation_scores.svg"] = {"caption": "Scores, test capture x."}
    found = [(one["input"], one["capture"]) for one in gallery(figures, strip.parent)]
    assert found == [("U-Net, SCRB", "b1_1"), ("U-Net, PCA, 3 axes", "b1_1"), ("U-Net, SCRB", "b2_1")]
