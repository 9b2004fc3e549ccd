import warnings

import numpy as np
import pytest

from boardbench.captures import calibrate
from boardbench.captures.average import average_reference
from boardbench.captures.calibration import exposure_ratio
from boardbench.captures.envi import open_cube

RAW = np.array([[[600, 1100], [100, 4095]]], np.uint16)  # 1 line, 2 samples, 2 bands
WHITE = np.array([[[1100, 2100], [1100, 4000]]], np.uint16)
DARK = np.full((1, 2, 2), 100, np.uint16)


def test_by_hand():
    values, invalid, saturated = calibrate(RAW, WHITE, DARK, 5.0, 5.0, 5.0)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, [[[0.5, 0.5], [0.0, 3995 / 3900]]], rtol=1e-6)
    assert not invalid.any()
    np.testing.assert_array_equal(saturated, [[[False, False], [False, True]]])


def test_integration_times_and_panel_are_used():
    # White taken with half the time: at the sample's time it would have shown twice the counts.
    values, _, _ = calibrate(RAW, WHITE, DARK, 10.0, 5.0, 10.0, panel=0.9)
    np.testing.assert_allclose(values[0, 0], [0.5 * 0.5 * 0.9] * 2, rtol=1e-6)


def test_absent_times_are_equal_ones():
    np.testing.assert_array_equal(
        calibrate(RAW, WHITE, DARK, None, None, None)[0], calibrate(RAW, WHITE, DARK, 3.0, 3.0, 3.0)[0]
    )


def test_white_not_above_dark_is_invalid_and_zero_without_a_warning():
    white = WHITE.copy()
    white[0, 0] = [100, 90]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        raw = RAW.copy()
        raw[0, 0, 0] = 50
        values, invalid, _ = calibrate(raw, white, DARK, None, None, None)
    np.testing.assert_array_equal(invalid, [[[True, True], [False, False]]])
    np.testing.assert_array_equal(values[0, 0], [0, 0])
    assert not np.signbit(values).any()


def test_saturated_white_marks_its_element_everywhere():
    white = WHITE.copy()
    white[0, 1, 0] = 4095
    _, _, saturated = calibrate(np.zeros((3, 2, 2), np.uint16), white, DARK, None, None, None)
    assert saturated[:, 1, 0].all()
    assert saturated.sum() == 3


def test_references_are_averaged_over_lines():
    white = np.stack([WHITE[0] - 50, WHITE[0] + 50])
    once = calibrate(RAW, WHITE[0].astype(float), DARK[0], 1.0, 1.0, 1.0)[0]
    np.testing.assert_array_equal(calibrate(RAW, white, DARK, 1.0, 1.0, 1.0)[0], once)


def test_long_reference_on_disk_is_averaged_in_blocks(tmp_path, write_envi):
    values = np.random.default_rng(0).integers(0, 4096, (37, 3, 4), np.uint16)
    cube = open_cube(write_envi(tmp_path / "w.hdr", values))
    np.testing.assert_allclose(average_reference(cube).mean, values.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(average_reference(values).mean, values.mean(axis=0), rtol=1e-12)


def test_reference_of_another_width_or_band_count(says):
    wide, deep = np.zeros((1, 5, 2), np.uint16), np.zeros((1, 2, 7), np.uint16)
    says(lambda: calibrate(RAW, wide, DARK, 1, 1, 1), "white", "samples = 5", "samples = 2", "crop")
    says(lambda: calibrate(RAW, WHITE, deep, 1, 1, 1), "dark", "bands = 7", "bands = 2")


@pytest.mark.parametrize("kind", ["raw", "white", "dark"])
def test_one_absent_time_names_the_header(says, kind):
    tints = {"raw": 5.0, "white": 5.0, "dark": 5.0} | {kind: None}
    names = {name: f"{name}.hdr" for name in tints}
    says(lambda: exposure_ratio(*tints.values(), **names), f"{kind}.hdr", "'tint'", "missing", "Add 'tint")


def test_nonsense_time(says):
    says(lambda: calibrate(RAW, WHITE, DARK, 5.0, 0.0, 5.0), "white", "0.0", "'tint'")
