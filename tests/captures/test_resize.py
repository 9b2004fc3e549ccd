import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardbench.captures.resize import add_lines, resize, resize_mask, taps

SIZES = st.tuples(st.integers(1, 13), st.integers(1, 13))
METHODS = st.sampled_from(["bilinear", "area"])


def cube(size, seed=0):
    return np.random.default_rng(seed).random((2, *size), np.float32)


@given(SIZES, SIZES, METHODS)
def test_constants_are_preserved(size, new, method):
    np.testing.assert_allclose(resize(np.full((2, *size), 0.7), new, method), 0.7, rtol=1e-5)


@given(SIZES, SIZES, METHODS)
def test_flips_commute(size, new, method):
    values = cube(size)
    for axis in (-2, -1):
        np.testing.assert_allclose(
            resize(np.flip(values, axis), new, method), np.flip(resize(values, new, method), axis), atol=1e-5
        )


@given(SIZES, METHODS)
def test_same_size_changes_nothing(size, method):
    np.testing.assert_array_equal(resize(cube(size), size, method), cube(size))


@given(SIZES, st.integers(1, 4), st.integers(1, 4))
def test_area_is_the_mean_of_boxes(size, rows, columns):
    values = cube((size[0] * rows, size[1] * columns))
    boxes = values.reshape(2, size[0], rows, size[1], columns).mean(axis=(2, 4))
    np.testing.assert_allclose(resize(values, size, "area"), boxes, atol=1e-5)


@given(SIZES, SIZES)
def test_area_keeps_the_mean(size, new):
    values = cube(size)
    np.testing.assert_allclose(resize(values, new, "area").mean(), values.mean(), atol=1e-5)


def test_linear_ramp_stays_linear_inside():
    ramp = np.arange(8, dtype=np.float32)[None, :].repeat(2, axis=0)
    # Centres of 4 outputs over 8 inputs: 0.5, 2.5, 4.5, 6.5.
    np.testing.assert_allclose(resize(ramp, (2, 4))[0], [0.5, 2.5, 4.5, 6.5])
    np.testing.assert_allclose(resize(ramp[:, :2], (2, 4))[0], [0, 0.25, 0.75, 1])


@settings(max_examples=30, deadline=None)
@given(SIZES, SIZES)
def test_bilinear_equals_torch(size, new):
    torch = pytest.importorskip("torch")
    values = cube(size)
    theirs = torch.nn.functional.interpolate(
        torch.from_numpy(values)[None], size=new, mode="bilinear", align_corners=False, antialias=False
    )
    np.testing.assert_allclose(resize(values, new), theirs[0].numpy(), atol=1e-5)


@given(SIZES, SIZES)
def test_mask_is_nearest_as_in_torch(size, new):
    torch = pytest.importorskip("torch")
    mask = np.random.default_rng(0).integers(0, 256, size, np.uint8)
    theirs = torch.nn.functional.interpolate(
        torch.from_numpy(mask.astype(np.float64))[None, None], size=new, mode="nearest-exact"
    )
    ours = resize_mask(mask, new)
    assert ours.dtype == np.uint8
    np.testing.assert_array_equal(ours, theirs[0, 0].numpy())


@given(SIZES, st.integers(1, 13), METHODS, st.integers(1, 5))
def test_blocks_of_lines_make_the_whole(size, lines, method, step):
    values = cube(size)
    total = np.zeros((2, lines, size[1]), np.float32)
    for first in range(0, size[0], step):
        add_lines(total, 0, values[:, first : first + step], first, taps(size[0], lines, method))
    np.testing.assert_array_equal(total, resize(values, (lines, size[1]), method))


def test_unknown_method():
    with pytest.raises(ValueError, match="'bilinear'"):
        taps(4, 2, "bilinaer")
