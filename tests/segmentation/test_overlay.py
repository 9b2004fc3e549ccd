import numpy as np
import pytest

from boardbench.segmentation.overlay import class_colours, legend, overlay, overlay_prediction, pseudo_rgb, rgb_bands

CLASSES = ["others", "ic", "capacitor", "connectors"]


def test_pixels_lie_where_the_docstring_says():
    cube = np.zeros((3, 64, 80), dtype=np.float16)  # black: an overlay pixel is 65 % of the class colour
    truth = np.zeros((64, 80), dtype=np.uint8)
    prediction = truth.copy()
    truth[10, 20] = 1
    prediction[30, 40] = 2
    truth[50, 60], prediction[50, 60] = 1, 3
    image = np.asarray(overlay(cube, None, truth, prediction, CLASSES))
    scale = 4  # 256 / 64

    def pixel(panel, line, sample):
        x = 6 + panel * (scale * 80 + 6) + scale * sample
        block = image[20 + scale * line : 20 + scale * (line + 1), x : x + scale]
        assert (block == block[0, 0]).all()
        return tuple(int(value) for value in block[0, 0])

    orange, blue = (0xE6, 0x9F, 0x00), (0x56, 0xB4, 0xE9)
    assert pixel(1, 10, 20) == tuple(round(0.65 * part) for part in orange)
    assert pixel(2, 30, 40) == tuple(round(0.65 * part) for part in blue)
    assert pixel(0, 10, 20) == pixel(1, 0, 0) == pixel(2, 10, 20) == pixel(3, 0, 0) == (0, 0, 0)
    assert pixel(3, 10, 20) == (0xFF, 0x3D, 0xBB)  # missed
    assert pixel(3, 30, 40) == (255, 255, 255)  # false alarm
    assert pixel(3, 50, 60) == (0xFF, 0xE1, 0x00)  # wrong class


def test_ignored_pixels_are_grey_and_no_error():
    cube = np.zeros((3, 256, 8), dtype=np.float32)
    truth = np.full((256, 8), 255, dtype=np.uint8)
    image = np.asarray(overlay(cube, None, truth, np.ones((256, 8), np.uint8), CLASSES))
    for panel in (1, 3):
        part = image[20:276, 6 + panel * 14 : 14 + panel * 14].reshape(-1, 3)
        assert {tuple(colour) for colour in part.tolist()} == {(64, 64, 64), (96, 96, 96)}


def test_bands_nearest_to_red_green_blue():
    wavelengths = [400, 460, 500, 550, 600, 640, 700]
    cube = np.zeros((7, 4, 4), dtype=np.float32)
    cube[5, 0, 0], cube[3, 1, 1], cube[1, 2, 2] = 1, 1, 1
    picture = pseudo_rgb(cube, wavelengths)
    for place in range(3):
        assert picture[place, place].tolist() == [255 * (channel == place) for channel in range(3)]


@pytest.mark.parametrize("wavelengths", [None, [900, 950, 1000, 1050, 1100, 1150, 1200]])
def test_without_visible_wavelengths_three_spaced_bands(wavelengths):
    cube = np.zeros((7, 4, 4), dtype=np.float32)
    cube[5, 0, 0], cube[3, 1, 1], cube[1, 2, 2] = 1, 1, 1
    assert pseudo_rgb(cube, wavelengths)[0, 0].tolist() == [255, 0, 0]
    assert pseudo_rgb(cube[:1]).shape == (4, 4, 3)


@pytest.mark.parametrize("count", [2, 16, 40])
def test_every_class_has_its_own_colour(count):
    colours = class_colours([f"c{index}" for index in range(count)])
    assert len(set(colours.values())) == count
    assert 0 not in class_colours(["others", "ic"])


def test_large_captures_are_not_enlarged_and_long_legends_wrap():
    truth = np.zeros((300, 50), dtype=np.uint8)
    image = overlay(np.zeros((2, 300, 50)), None, truth, truth, CLASSES)
    assert image.width == 6 + 4 * 56
    entries = {f"a rather long name {index}": (index, 0, 0) for index in range(16)}
    assert legend(entries, 300).height > 4 * legend(entries, 5000).height


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="must agree"):
        overlay(np.zeros((2, 3, 4)), None, np.zeros((3, 4)), np.zeros((4, 3)), CLASSES)


def test_a_picture_without_truth_has_two_panels():
    picture = np.zeros((64, 80, 3), np.uint8)
    prediction = np.zeros((64, 80), np.uint8)
    prediction[30, 40] = 2
    picture[5, 7] = 200
    image = np.asarray(overlay_prediction(picture, prediction, CLASSES))
    assert image.shape[1] == 6 + 2 * (4 * 80 + 6)
    second = 6 + 4 * 80 + 6

    def pixel(start, line, sample):
        return tuple(image[20 + 4 * line + 3, start + 4 * sample].tolist())

    assert pixel(second, 30, 40) == tuple(round(0.65 * part) for part in (0x56, 0xB4, 0xE9))
    assert pixel(6, 30, 40) == pixel(second, 30, 41) == (0, 0, 0)
    assert pixel(6, 5, 7) == pixel(second, 5, 7) == (200, 200, 200)  # the background class stays as it is
    with pytest.raises(ValueError, match="must agree"):
        overlay_prediction(picture, prediction[1:], CLASSES)


def test_the_bands_shown_by_number():
    assert rgb_bands(3) == [2, 1, 0]
    assert rgb_bands(214, np.linspace(420, 1000, 214)) == [81, 48, 15]
    assert rgb_bands(1) == [0, 0, 0]
