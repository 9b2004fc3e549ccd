import numpy as np
import pytest
from PIL import Image

from boardbench.placement.overlay import FOUND, NOMINAL, TRUTH, overlay, sheet

SQUARE = np.array([[20.0, 20], [40, 20], [20, 40], [40, 40]])
ASIDE = np.array([[5.0, 30], [25, 30], [5, 50], [25, 50]])
GREY = np.full((64, 80, 3), 90, np.uint8)


def coloured(image, colour):
    """Return the places (x, y) of pixels of one colour."""
    rows, columns = np.nonzero((np.asarray(image) == colour).all(axis=-1))
    return np.stack([columns, rows], axis=-1)


def test_lines_lie_where_the_corners_say():
    image = overlay(GREY, SQUARE, SQUARE + 15, truth=ASIDE, key=False)
    assert image.size == (80 * 8, 64 * 8)  # 512 / 64
    for colour, corners in ((NOMINAL, SQUARE), (FOUND, SQUARE + 15), (TRUTH, ASIDE)):
        found = coloured(image, colour)
        # The middle of a line: corner pixels of an edge at x = 20 are 159 and 160 of the enlarged photo.
        np.testing.assert_allclose((found.min(axis=0) + found.max(axis=0)) / 2, corners.mean(axis=0) * 8 - 0.5, atol=1)
        np.testing.assert_allclose(found.max(axis=0) - found.min(axis=0), 160, atol=4)


def test_nominal_is_dashed_and_shows_on_a_found_line_at_the_same_place():
    image = overlay(GREY, SQUARE, SQUARE, key=False)
    top = np.asarray(image)[159, 165:315]
    blue, orange = ((top == colour).all(axis=-1) for colour in (NOMINAL, FOUND))
    assert blue.sum() > 40 and orange.sum() > 30
    assert np.count_nonzero(np.diff(blue.astype(int)) == 1) >= 4


def test_text_and_key_are_beside_the_photo_not_on_it():
    plain = np.asarray(overlay(GREY, SQUARE, SQUARE, key=False, scale=2))
    assert plain.shape == (128, 160, 3)
    long = np.asarray(overlay(GREY, SQUARE, SQUARE, text="word " * 40, scale=2))
    short = np.asarray(overlay(GREY, SQUARE, SQUARE, text="word", scale=2))
    assert len(long) > len(short) > len(plain)
    top = 23
    np.testing.assert_array_equal(short[top : top + 128], plain)
    assert (short[:top] < 100).any() and (short[top + 128 :] < 100).any()


def test_corners_outside_the_photo_or_all_in_one_place_are_drawn_without_complaint():
    for outline in (SQUARE - 200, SQUARE * 0 + 30):
        assert overlay(GREY, SQUARE, outline, truth=outline).width == 640


def test_sheet_puts_pictures_in_rows():
    colours = ["red", "lime", "blue"]
    pictures = [Image.new("RGB", (10 + place, 20), colour) for place, colour in enumerate(colours)]
    image = np.asarray(sheet(pictures, 2))
    assert image.shape == (6 + 2 * 26, 6 + 2 * 18, 3)
    assert image[6, 6].tolist() == [255, 0, 0]
    assert image[6, 6 + 18].tolist() == [0, 255, 0]
    assert image[6 + 26, 6].tolist() == [0, 0, 255]
    assert image[6 + 26, 6 + 18].tolist() == [255, 255, 255]
    assert sheet(pictures[:1], 4).width == 10 + 12


@pytest.mark.parametrize(("count", "columns"), [(0, 2), (1, 0)])
def test_an_empty_sheet_is_refused(count, columns):
    with pytest.raises(ValueError, match="at least one"):
        sheet([Image.new("RGB", (4, 4))] * count, columns)
