"""Band grids: same or not, and interpolation along the wavelength."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardbench.captures.grid import TOLERANCE_NM, Grid, resampling


def grid(*wavelengths):
    return Grid(len(wavelengths), np.array(wavelengths, float))


def test_half_a_nanometre_is_the_same_grid():
    assert TOLERANCE_NM == 0.5
    assert grid(400, 410).same(grid(400.5, 409.5))
    assert not grid(400, 410).same(grid(400, 410.6))
    assert not grid(400, 410).same(grid(400, 410, 420))
    assert Grid(2).same(grid(400, 410))
    assert not Grid(3).same(grid(400, 410))


def test_a_grid_in_words():
    assert str(grid(400, 410, 430)) == "3 bands, 400.00 to 430.00 nm, mean step 15.00 nm"
    assert str(grid(400)) == "1 band, 400.00 to 400.00 nm"
    assert str(Grid(7)) == "7 bands, wavelengths not known"
    assert str(grid(400, 410, 430).chosen([1, 2])) == "2 bands, 410.00 to 430.00 nm, mean step 20.00 nm"


def test_interpolation_by_hand():
    plan = resampling(grid(400, 410, 420, 440), grid(405, 420, 435), "x")
    assert plan.keep.tolist() == [0, 1, 2, 3]
    cube = np.array([1.0, 2.0, 4.0, 8.0], np.float16)[:, None, None] * np.ones((4, 2, 3), np.float16)
    found = plan.apply(cube)
    assert found.dtype == np.float16
    assert found[:, 1, 2].tolist() == [1.5, 4.0, 7.0]


def test_only_the_bands_needed_are_read_in_any_order():
    plan = resampling(grid(450, 440, 430, 420, 410, 400), grid(422.5), "x")
    assert plan.keep.tolist() == [2, 3]  # 430 and 420 nm
    assert plan.apply(np.array([1.0, 0.0], np.float32)[:, None, None])[0, 0, 0] == 0.25


@given(
    st.lists(st.integers(0, 3000), min_size=2, max_size=30, unique=True),
    st.lists(st.floats(0, 1), min_size=1, max_size=20),
)
def test_as_numpy_interpolates(places, shares):
    known = np.sort(np.array(places, float))
    wanted = known[0] + np.array(shares) * (known[-1] - known[0])
    spectrum = np.sin(known)
    plan = resampling(Grid(len(known), known), Grid(len(wanted), wanted), "x")
    found = plan.apply(spectrum[plan.keep][:, None, None])[:, 0, 0]
    np.testing.assert_allclose(found, np.interp(wanted, known, spectrum), atol=1e-5)


def test_what_cannot_be_interpolated_is_refused(says):
    wanted = grid(410, 420)
    says(lambda: resampling(grid(412, 430), wanted, "c.hdr"), "c.hdr", "412.00 to 430.00", "410.00 to 420.00", "min_nm")
    says(lambda: resampling(Grid(3), wanted, "c.hdr"), "c.hdr", "'wavelength'", "Add the wavelengths to the header")
    says(lambda: resampling(wanted, Grid(3), "c.hdr"), "the model has none", "3 bands")
    # Within the tolerance the end itself serves.
    assert resampling(grid(410.4, 430), wanted, "x").apply(np.array([2.0, 3.0])[:, None, None])[0, 0, 0] == 2.0


@pytest.mark.parametrize("nm", [[410.2], [410.0, 410.0]])
def test_degenerate_grids(nm):
    assert resampling(grid(*nm), grid(410), "x").apply(np.full((len(nm), 1, 1), 0.5))[0, 0, 0] == 0.5
