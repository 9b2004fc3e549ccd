import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardbench.placement.corners import moved, rotation
from boardbench.placement.synthesis import cut, distance, grown, light_and_noise, paste, resize_photo, room
from boardbench.simulate.raster import Canvas, Frame

DARK, BRIGHT = 0.25, 0.75
SQUARE = np.array([[40.0, 40.0], [60.0, 40.0], [40.0, 60.0], [60.0, 60.0]])


def rectangle(corners, lines, samples):
    """Render a bright rectangle on dark, (lines, samples, 3), as far from full scale as a spline's ringing reaches."""
    canvas = Canvas(max(lines, samples), 1.0, over=8)
    canvas.pixels[:] = DARK
    side = np.linalg.norm(corners[1] - corners[0])
    canvas.box(Frame(*corners.mean(axis=0), float(rotation(corners))), side, side, 3 * (BRIGHT,))
    return canvas.mean()[:lines, :samples]


def edges_off(grey, corners):
    """Return how far each edge of a bright quadrilateral lies from its label, in pixels, by sums of intensity.

    For each column under the top edge, the light from well outside to well inside tells where the edge is, however
    soft. The other edges: the picture transposed, flipped.
    """
    grey = (grey - DARK) / (BRIGHT - DARK)
    off = []
    for _ in range(2):
        for _ in range(2):
            left, right = corners[0], corners[1]  # the top edge as the picture now stands
            first, last = int(np.ceil(left[0] + 4)), int(np.floor(right[0] - 4))
            columns = np.arange(first, last)
            label = left[1] + (right[1] - left[1]) * (columns + 0.5 - left[0]) / (right[0] - left[0])
            inner = int(label.max() + 6)
            outer = int(label.min() - 6)
            off.append((inner - grey[outer:inner, columns].sum(axis=0) - label).mean())
            grey, corners = grey[::-1], (corners * [1, -1] + [0, len(grey)])[[2, 3, 0, 1]]
        grey, corners = grey.T, corners[[0, 2, 1, 3], ::-1]
    return np.array(off)


def test_the_measure_sees_a_tenth_of_a_pixel():
    corners = moved(SQUARE, [0.37, -0.21], 7)
    seen = rectangle(corners, 100, 100)[..., 0]
    np.testing.assert_allclose(edges_off(seen, corners), 0, atol=0.01)
    np.testing.assert_allclose(edges_off(seen, corners + np.array([0.1, 0])), [0, 0, -0.1, 0.1], atol=0.02)


@settings(max_examples=25, deadline=None)
@given(
    at=st.tuples(*2 * [st.floats(-3, 3)]),
    own=st.floats(-5, 5),
    shift=st.tuples(*2 * [st.floats(-15, 15)]),
    turn=st.floats(-12, 12),
)
def test_edges_of_a_pasted_chip_lie_where_the_labels_say(at, own, shift, turn):
    outline = moved(SQUARE, at, own)
    pixels, corners = paste(cut(rectangle(outline, 100, 100), outline, 5, 2), np.array(shift), turn)
    np.testing.assert_allclose(corners, moved(outline, shift, turn))
    assert np.abs(edges_off(pixels[..., 0], corners)).max() < 0.05


@pytest.mark.parametrize("size", [(50, 50), (37, 41)])
def test_labels_hold_at_the_working_size(size):
    big = np.array([[80.0, 90.0], [170.0, 90.0], [80.0, 180.0], [170.0, 180.0]]) + 0.3
    pixels, corners = paste(cut(rectangle(big, 256, 256), big, 8, 2), np.array([7.3, -11.8]), 6)
    image, factor = resize_photo(pixels, size), np.array(size[::-1]) / 256
    seen = image[..., 0]
    assert np.abs(edges_off(np.pad(seen, 4, mode="edge"), corners * factor + 4)).max() < 0.05


def test_positive_rotation_is_clockwise():
    photo = np.zeros((100, 100, 3), np.float32)
    photo[48:52, 56:60] = 1  # a mark at the right of the chip
    pixels, _ = paste(cut(photo, SQUARE, 4, 2), np.zeros(2), 40)
    lines, samples = np.nonzero(pixels[..., 0] > 0.5)
    turned = 50 + 8 * np.array([np.sin(np.radians(40)), np.cos(np.radians(40))])
    np.testing.assert_allclose([lines.mean() + 0.5, samples.mean() + 0.5], turned, atol=0.2)


def test_an_unmoved_chip_is_the_photo_and_far_pixels_stay():
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (100, 100, 3), dtype=np.uint8)
    taken = cut(photo, SQUARE, 5, 2)
    pixels, corners = paste(taken, np.zeros(2), 0.0)
    np.testing.assert_array_equal(corners, SQUARE)
    np.testing.assert_allclose(pixels[36:64, 36:64], photo[36:64, 36:64] / 255, atol=1e-4)
    far = np.ones((100, 100), bool)
    far[25:75, 25:75] = False
    np.testing.assert_array_equal(pixels[far], (photo / np.float32(255))[far])


def test_the_soft_edge_goes_from_chip_to_background():
    photo = np.zeros((100, 100, 3), np.float32)
    photo[20:80, 20:80] = 1
    taken = cut(photo, SQUARE, 4, 4)
    taken.background[:] = 0
    line = paste(taken, np.zeros(2), 0.0)[0][50, :, 0]
    # Chip and margin end at 36; a pixel's centre d beyond has the share 1 - d / 4.
    np.testing.assert_allclose(line[31:38], [0, 0.125, 0.375, 0.625, 0.875, 1, 1], atol=1e-5)


def test_the_hole_takes_the_colour_round_it():
    photo = np.full((100, 120, 3), (0.1, 0.4, 0.2), np.float32)
    photo[36:64, 36:64] = 0.9
    background = cut(photo, SQUARE, 5, 2).background
    np.testing.assert_allclose(background, np.full_like(photo, (0.1, 0.4, 0.2)), atol=1e-3)


def test_filling_stays_within_what_is_round_the_hole():
    """Red that rises towards the hole, which ends 19 pixels from its middle, is not carried on beyond what was seen."""
    across = np.abs(np.arange(100) + 0.5 - 50)
    away = np.maximum(across, across[:, None])
    photo = np.stack([np.clip(0.5 - 0.05 * (away - 19), 0.1, 0.5), *2 * [np.full((100, 100), 0.9)]], axis=-1)
    photo[away < 14] = 0
    background = cut(photo, SQUARE, 5, 2).background
    assert background[..., 0].min() > 0.099 and background[..., 0].max() < 0.501
    np.testing.assert_allclose(background[..., 1:], 0.9, atol=1e-3)


def test_a_hole_at_the_rim_of_the_picture_is_filled():
    photo = np.full((64, 64, 3), 0.5, np.float32)
    photo[:20, :20] = 1
    assert cut(photo, SQUARE - 39, 2, 1).background.max() == pytest.approx(0.5, abs=1e-3)


def test_distance_and_grown_outline():
    x, y = np.array([50.0, 30.0, 62.0, 70.0]), np.array([41.0, 50.0, 65.0, 50.0])
    np.testing.assert_allclose(distance(SQUARE, x, y), [-1, 10, 5, 10])
    np.testing.assert_allclose(grown(SQUARE, 5), [[35, 35], [65, 35], [35, 65], [65, 65]])
    turned = moved(SQUARE, [0, 0], 30)
    np.testing.assert_allclose(grown(turned, 5), moved(grown(SQUARE, 5), [0, 0], 30))


def test_room():
    # Centre 50 of 100 x 110, half side 10 and border 5: 35 in x; of the lines 50 above, 50 below.
    np.testing.assert_allclose(room(SQUARE, (100, 110), 5, 0), [35, 35])
    np.testing.assert_allclose(room(SQUARE + np.array([10, 0]), (100, 110), 5, 0), [35, 35])
    np.testing.assert_allclose(room(SQUARE, (100, 100), 5, 45), 50 - 15 * np.sqrt(2))
    assert room(SQUARE, (70, 100), 5, 0)[1] == 5


@given(shift=st.tuples(*2 * [st.floats(-1, 1)]), turn=st.floats(-1, 1))
def test_within_the_room_everything_stays_inside(shift, turn):
    left = room(SQUARE, (100, 90), 6, 20)
    around = moved(grown(SQUARE, 6), left * shift, 20 * turn, about=[50, 50])
    assert around.min() > -0.01 and (around < [90.01, 100.01]).all()


def test_light():
    image = np.full((40, 60, 3), 0.5, np.float32)
    np.testing.assert_array_equal(light_and_noise(image, np.random.default_rng(0), 0, 0), image)
    for seed in range(20):
        lit = light_and_noise(image, np.random.default_rng(seed), 0.2, 0)
        # Brightness and slope 0.2 each, colour 0.05, in the corner of the slope sqrt(2) of it.
        assert 0.5 * 0.8 * 0.71 * 0.95 < lit.min() < lit.max() < 0.5 * 1.2 * 1.29 * 1.05
    noisy = light_and_noise(np.full((100, 100, 3), 0.5, np.float32), np.random.default_rng(0), 0, 0.02)
    assert noisy.std() == pytest.approx(0.02, rel=0.03) and noisy.mean() == pytest.approx(0.5, abs=1e-3)


def test_shrinking_is_the_mean_over_areas():
    image = np.arange(2 * 6 * 3, dtype=np.float32).reshape(2, 6, 3)
    np.testing.assert_allclose(resize_photo(image, (1, 2)), image.reshape(2, 2, 3, 3).mean(axis=(0, 2))[None])
