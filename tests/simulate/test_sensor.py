import numpy as np
import pytest

from boardbench.simulate import sensor
from boardbench.simulate.spectra import wavelengths

NM = wavelengths(32)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_named_conditions_differ_and_more_are_drawn_in_place():
    first, second, third = sensor.conditions(3, seed=1)
    assert len({first.level, second.level, third.level}) == 3
    assert len({first.angle, second.angle, third.angle}) == 3
    assert len({first.tint, second.tint, third.tint}) == 3
    assert sensor.conditions(5, 1)[:4] == sensor.conditions(4, 1)
    assert sensor.conditions(5, 1)[4] != sensor.conditions(5, 2)[4]


@pytest.mark.parametrize("condition", sensor.conditions(6, seed=3), ids=lambda c: c.name)
def test_white_is_near_saturation_but_not_saturated_and_dark_is_dark(condition):
    camera = sensor.camera(NM, 40, seed=0)
    shape = (8, 32, 40)
    white = sensor.expose(camera, condition, 1.0, condition.white_tint, shape, rng())
    dark = sensor.expose(camera, condition, 0.0, condition.tint, shape, rng(1))
    assert white.dtype == dark.dtype == np.uint16
    assert 0.75 * 4095 < white.max() < 4095
    assert dark.mean() == pytest.approx(274, abs=8)  # as on a real FX10


def test_dark_current_grows_with_integration_time():
    camera = sensor.camera(NM, 40, seed=0)
    short, long = (sensor.expose(camera, sensor.NAMED[0], 0.0, t, (50, 32, 40), rng()).mean() for t in (2, 52))
    # 50 ms of the camera's mean dark current.
    assert long - short == pytest.approx(50 * camera.dark.mean() / sensor.ELECTRONS_A_COUNT, rel=0.03)


@pytest.mark.parametrize(("bands", "binning"), [(448, 1), (224, 2)])
def test_noise_is_shot_and_read_noise_of_the_binned_wells_and_correlated_with_neighbours_only(bands, binning):
    camera = sensor.camera(wavelengths(bands), 64, seed=0)
    assert camera.binning == binning
    white, dark = (
        sensor.expose(camera, sensor.NAMED[0], level, 7.5, (60, bands, 64), rng(k + 5)).astype(float)
        for k, level in enumerate((1.0, 0.0))
    )
    signal = white.mean(0) - dark.mean(0)
    # Bilinear resampling along two axes takes variances to 2/3 each; 85 000 electrons are 3821 counts.
    slope = (white.var(0, ddof=1) - dark.var(0, ddof=1)).sum() / signal.sum()
    assert slope == pytest.approx(4 / 9 * 3821 / 85_000 / binning, rel=0.05)
    read = 113 * 3821 / 85_000
    assert dark.var(0, ddof=1).mean() == pytest.approx(4 / 9 * read**2 / binning + 0.13 / binning, rel=0.05)
    noise = dark - dark.mean(0)
    for axis in (1, 2):
        near, far = (
            (noise.take(range(k, noise.shape[axis]), axis) * noise.take(range(noise.shape[axis] - k), axis)).mean()
            for k in (1, 3)
        )
        assert near / noise.var() == pytest.approx(0.27, abs=0.05) and abs(far / noise.var()) < 0.04


def test_the_line_is_darker_at_one_end_as_on_a_real_camera():
    light = sensor.shading(sensor.NAMED[0], 1024)
    assert light[0] == pytest.approx(0.61, abs=0.001) and light[-1] == 1
    assert light[512] == pytest.approx(0.902, abs=0.002)


def test_saturation_stops_at_4095():
    camera = sensor.camera(NM, 4, seed=0)
    counts = sensor.expose(camera, sensor.NAMED[0], 3.0, 9.0, (3, 32, 4), rng())
    assert counts.max() == 4095 and (counts == 4095).mean() > 0.1


@pytest.mark.parametrize("condition", sensor.NAMED, ids=lambda c: c.name)
def test_calibration_by_hand_returns_the_reflectance(condition):
    camera = sensor.camera(NM, 30, seed=5)
    shape = (60, 32, 30)
    sample, white, dark = (
        sensor.expose(camera, condition, level, tint, shape, rng(k)).astype(float)
        for k, (level, tint) in enumerate(((0.4, condition.tint), (1.0, condition.white_tint), (0.0, condition.tint)))
    )
    w, d = white.mean(0), dark.mean(0)
    reflectance = (sample - d) / (w - d) * (condition.white_tint / condition.tint)
    middle = reflectance[:, 6:-6]
    assert middle.mean() == pytest.approx(0.4, abs=0.002)
    assert middle.std() < 0.01
    if condition.tint != condition.white_tint:  # ignoring the integration times would be seen
        wrong = ((sample - d) / (w - d))[:, 6:-6].mean()
        assert abs(wrong - 0.4) > 0.05


def test_a_tower_throws_shadows_of_the_right_length():
    height = np.zeros((40, 3), dtype=np.float32)
    height[20] = 5.3
    condition = sensor.NAMED[0]  # 45 degrees: 5.3 mm throw 5 lines of 1 mm above the tolerance of 0.3
    lit = sensor.light(height, condition, mm_a_line=1.0)[:, 1]
    shaded = np.flatnonzero(lit < 0.99)
    assert 4 <= (shaded > 20).sum() <= 5 and (shaded > 20).sum() == (shaded < 20).sum()
    assert lit[21] == pytest.approx(0.3 + 0.7 / 2)  # one of two lamps is hidden
    assert lit[20] == pytest.approx(1 + 2 * 5.3 / 250)  # nearer to the lamps
