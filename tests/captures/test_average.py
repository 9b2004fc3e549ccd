import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardbench.captures import calibrate
from boardbench.captures.average import average_reference
from boardbench.captures.envi import Cube, open_cube

LIMIT = 4095


def noisy(lines, level=3000.0, noise=10.0, samples=40, bands=6):
    """Return counts (lines, samples, bands) with noise around ``level``."""
    values = np.random.default_rng(7).normal(level, noise, (lines, samples, bands))
    return values.round().astype(np.uint16)


def test_dropped_line_among_three():
    white = np.full((3, 2, 2), 1100, np.uint16)
    white[1] = 0
    dark, raw = np.full((3, 2, 2), 100, np.uint16), np.full((1, 2, 2), 600, np.uint16)
    np.testing.assert_array_equal(calibrate(raw, white, dark, None, None, None)[0], np.full((1, 2, 2), 0.5))
    got = average_reference(white)
    np.testing.assert_array_equal(got.mean, np.full((2, 2), 1100))
    np.testing.assert_array_equal(got.left_out, np.ones((2, 2)))
    assert got.mean.dtype == np.float64


def test_dropped_line_among_three_noisy_ones():
    white = noisy(3)
    clean = white[[0, 2]].mean(axis=0)
    white[1] = 0
    got = average_reference(white)
    np.testing.assert_array_equal(got.mean, clean)
    assert got.left_out.sum() == 40 * 6


@pytest.mark.parametrize("lines", [1, 2])
def test_one_or_two_lines_are_averaged_as_they_are(lines):
    white = np.array([[[1000, 4095]], [[0, 3000]]], np.uint16)[:lines]
    got = average_reference(white)
    np.testing.assert_array_equal(got.mean, [[1000, 4095]] if lines == 1 else [[500, 3547.5]])
    assert got.left_out.sum() == 0
    np.testing.assert_array_equal(got.highest >= LIMIT, [[False, True]])


def test_an_average_is_taken_as_it_is():
    got = average_reference(np.array([[4094.9, 4095.0]]))
    np.testing.assert_array_equal(got.mean, [[4094.9, 4095.0]])
    np.testing.assert_array_equal(got.highest >= LIMIT, [[False, True]])
    np.testing.assert_array_equal(got.left_out, [[0, 0]])


def test_open_shutter_in_a_dark_of_sixteen():
    # 98 to 102 in turn, and the first three lines before the shutter closed.
    dark = np.broadcast_to(np.array([98, 99, 100, 101, 102] * 4, np.uint16)[:16, None, None], (16, 3, 4)).copy()
    dark[:3] = [[[4095]], [[2500]], [[900]]]
    got = average_reference(dark)
    # Left: 101, 102, then 98 to 102 twice, then 98.
    np.testing.assert_array_equal(got.mean, np.full((3, 4), (101 + 102 + 2 * 500 + 98) / 13))
    np.testing.assert_array_equal(got.left_out, np.full((3, 4), 3))


def test_line_transferred_in_part():
    white = np.full((20, 10, 4), 2000, np.uint16)
    white[11, 6:, :], white[12, :, 3] = 0, 65535
    got = average_reference(white)
    np.testing.assert_array_equal(got.mean, np.full((10, 4), 2000))
    expected = np.zeros((10, 4))
    expected[6:] += 1
    expected[:, 3] += 1
    np.testing.assert_array_equal(got.left_out, expected)
    np.testing.assert_array_equal(got.highest >= LIMIT, np.broadcast_to([False, False, False, True], (10, 4)))


def test_dust_on_some_samples_in_some_lines():
    white = noisy(60)
    clean = white.astype(np.float64)
    clean[20:32, 5:8] = np.nan
    white[20:32, 5:8] = (white[20:32, 5:8] * 0.9).astype(np.uint16)
    got = average_reference(white)
    np.testing.assert_allclose(got.mean, np.nanmean(clean, axis=0), rtol=1e-12)
    expected = np.zeros((40, 6))
    expected[5:8] = 12
    np.testing.assert_array_equal(got.left_out, expected)


@pytest.mark.parametrize(("lines", "least"), [(3, 0.96), (4, 0.99), (16, 0.99), (50, 0.99)])
def test_clean_noise_is_averaged_as_well_as_by_the_mean(lines, least):
    white = noisy(lines, samples=400, bands=20)
    got = average_reference(white)
    assert got.left_out.mean() / lines < 0.003
    assert white.mean(axis=0).var() / got.mean.var() > least


@pytest.mark.parametrize("lines", [5, 16, 29, 100, 101])
@pytest.mark.parametrize(
    "drift",
    [
        lambda part: part,
        lambda part: -(part**2),
        lambda part: np.abs(part - 0.5),
        lambda part: 1 - np.exp(-3 * part),
        lambda part: part > 0.5,
    ],
    ids=["even", "square", "to and fro", "warm-up", "step"],
)
def test_drift_of_the_lamp_is_averaged(lines, drift):
    # 30 times the noise.
    level = drift(np.arange(lines) / (lines - 1))[:, None, None] * 300.0
    white = noisy(lines, 3000 + np.broadcast_to(level, (lines, 40, 6)), bands=6)
    got = average_reference(white)
    assert got.left_out.sum() == 0
    np.testing.assert_allclose(got.mean, white.mean(axis=0), rtol=1e-12)


def test_drift_over_three_lines_is_averaged():
    white = noisy(3, np.broadcast_to(np.array([3000.0, 3100.0, 3300.0])[:, None, None], (3, 40, 6)), noise=3)
    assert average_reference(white).left_out.sum() == 0


def test_drift_of_one_lamp_of_two():
    # It lights a quarter of the samples, so that the band's own spread does not show it.
    white = noisy(60, np.full((60, 40, 6), 3000.0))
    white[:, :10] -= np.linspace(0, 400, 60).astype(np.uint16)[:, None, None]
    got = average_reference(white)
    assert got.left_out.sum() == 0


@pytest.mark.parametrize("period", range(2, 16))
def test_flicker_is_averaged(period):
    # Evenly spaced lines would see some of these always at the same phase.
    for lines in (29, 30, 60, 99, 105):
        # 0.3: no two lines of three are equal, which would make the third one odd.
        phase = np.arange(lines) * 2 * np.pi / period + 0.3
        white = noisy(lines, np.broadcast_to(3000 + 200 * np.cos(phase)[:, None, None], (lines, 40, 6)), noise=3)
        assert average_reference(white).left_out.sum() == 0, lines


def test_an_outlier_in_a_drifting_reference():
    white = noisy(50, np.broadcast_to(np.linspace(3000, 2900, 50)[:, None, None], (50, 40, 6)))
    white[30] = 0
    got = average_reference(white)
    np.testing.assert_array_equal(got.left_out, np.ones((40, 6)))
    np.testing.assert_allclose(got.mean, np.delete(white, 30, axis=0).mean(axis=0), rtol=1e-12)


def test_noise_below_one_count_is_averaged():
    # 1 line in 10 a count higher: no spread at all in the middle.
    dark = np.where(np.arange(40)[:, None, None] % 10 == 0, 101, 100).astype(np.uint16).repeat(5, axis=1)
    np.testing.assert_array_equal(average_reference(dark).mean, np.full((5, 1), 100.1))


@given(st.data())
def test_two_thirds_of_the_lines_are_kept(data):
    lines = data.draw(st.integers(3, 15))
    values = data.draw(st.lists(st.integers(0, 2**16 - 1), min_size=lines * 4, max_size=lines * 4))
    white = np.array(values, np.uint16).reshape(lines, 2, 2)
    got = average_reference(white)
    assert (got.left_out <= lines / 3).all()
    assert ((got.mean >= white.min(axis=0)) & (got.mean <= white.max(axis=0))).all()
    np.testing.assert_array_equal(got.highest >= LIMIT, (white >= LIMIT).any(axis=0))


@pytest.mark.parametrize("dtype", ["int16", "int32", "uint32", "float32", "float64"])
def test_other_types_of_counts(dtype, tmp_path, write_envi):
    values = noisy(37).astype(dtype)
    values[20] = 0
    for interleave in ("bil", "bip", "bsq"):
        got = average_reference(open_cube(write_envi(tmp_path / "w.hdr", values, interleave)))
        np.testing.assert_allclose(got.mean, np.delete(values, 20, axis=0).mean(axis=0, dtype=np.float64), rtol=1e-12)
        np.testing.assert_array_equal(got.left_out, np.ones((40, 6)))


def test_what_is_no_number_is_unknown_in_its_element_only():
    white = noisy(40).astype(np.float32)
    white[0, 3, 2] = white[:, 4, :3] = np.nan
    white[:, :, 5] = np.nan
    unknown = np.isnan(white).any(axis=0)
    white[20, 30:] = 0
    got = average_reference(white)
    np.testing.assert_array_equal(np.isnan(got.mean), unknown)
    np.testing.assert_allclose(got.mean[:30], white[:, :30].mean(axis=0, dtype=np.float64), rtol=1e-12)
    expected = np.delete(white, 20, axis=0)[:, 30:].mean(axis=0, dtype=np.float64)
    np.testing.assert_allclose(got.mean[30:], expected, rtol=1e-12)


def test_counts_too_large_for_half_the_digits():
    white = np.full((20, 3, 2), 1_000_000_007, np.uint32)
    np.testing.assert_array_equal(average_reference(white).mean, np.full((3, 2), 1_000_000_007))
    # The largest sum of a block.
    white = np.full((20, 3, 2), 65535, np.uint16)
    np.testing.assert_array_equal(average_reference(white).mean, np.full((3, 2), 65535))


def test_one_line_at_the_limit_of_many_is_flagged():
    white = noisy(50, 4000)
    white[white >= LIMIT] = LIMIT - 1
    white[33, 2, 1] = LIMIT
    got = average_reference(white)
    assert (got.highest >= LIMIT)[2, 1]
    assert (got.highest >= LIMIT).sum() == 1
    _, _, saturated = calibrate(np.zeros((3, 40, 6), np.uint16), white, np.zeros((1, 40, 6)), None, None, None)
    assert saturated[:, 2, 1].all()
    assert saturated.sum() == 3
    # Of an average alone nobody can tell.
    averaged = white.mean(axis=0)
    assert not calibrate(np.zeros((3, 40, 6)), averaged, np.zeros((40, 6)), None, None, None)[2].any()


def test_a_reference_is_read_in_blocks(tmp_path, write_envi, monkeypatch):
    reads, peaks = [], []
    plain = Cube.read

    def read(cube, first, last):
        reads.append(last - first)
        return plain(cube, first, last)

    monkeypatch.setattr(Cube, "read", read)
    for lines in (100, 1000):
        values = noisy(lines, samples=64, bands=50)
        values[lines // 2] = 0
        cube = open_cube(write_envi(tmp_path / f"{lines}.hdr", values))
        tracemalloc.start()
        average_reference(cube)
        peaks.append(tracemalloc.get_traced_memory()[1] / 2**20)
        tracemalloc.stop()
    assert max(reads) == 16
    assert sum(reads) == 100 + 1000 + 2 * 15
    # The long one holds 5.5 MB more.
    assert peaks[1] - peaks[0] < 0.1, peaks
