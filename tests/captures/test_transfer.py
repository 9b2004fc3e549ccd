import json

import numpy as np
import pytest

from boardbench.captures.envi import open_cube
from boardbench.captures.sensor import sensor
from boardbench.captures.transfer import QUANTITIES, photon_transfer

SAMPLES, BANDS = 40, 12
SIGNS = np.where(np.arange(SAMPLES) % 2, -1.0, 1.0)[:, None]  # from sample to sample
SIGNAL = 100.0 * np.arange(1, BANDS + 1)  # of a band
GAIN, READ = 0.02, 9.0


def two_lines(values, noise=0.0):
    """Return values and noise, then values less noise: the variance of two such lines is 2 noise²."""
    noise = np.broadcast_to(noise, (SAMPLES, BANDS))
    return np.stack([values + noise, values - noise])


@pytest.fixture
def dark():
    return two_lines(np.full((SAMPLES, BANDS), 100.0), SIGNS * np.sqrt(READ / 2))


@pytest.fixture
def white():
    return two_lines(np.tile(100 + SIGNAL, (SAMPLES, 1)), SIGNS * np.sqrt((READ + GAIN * SIGNAL) / 2))


def test_gain_and_offset_of_the_photon_transfer(dark, white):
    found = photon_transfer(dark, [white])
    assert found.dark_level == pytest.approx(100) and found.dark_noise == pytest.approx(3)
    assert found.signal == pytest.approx(SIGNAL) and found.variance == pytest.approx(READ + GAIN * SIGNAL)
    assert (found.transfer_slope, found.transfer_intercept) == (pytest.approx(GAIN), pytest.approx(READ))
    assert found.electrons_a_count == pytest.approx(50)
    assert found.full_scale_snr == pytest.approx(3995 / np.sqrt(9 + 0.02 * 3995))
    assert found.spectrum == pytest.approx(np.arange(1, 13) / 12) and found.full == 0


def test_correlation_with_neighbours(dark, white):
    found = photon_transfer(dark, [white])  # signs turn from sample to sample and are the same in all bands
    assert (found.next_sample, found.third_sample) == (pytest.approx(-1), pytest.approx(-1))
    assert (found.next_band, found.third_band) == (pytest.approx(1), pytest.approx(1))


def test_correlation_of_values_that_share_half_with_the_next():
    noise = np.random.default_rng(0).normal(0, 10, (6, 301, 201))
    light = 1000 + noise[:, 1:, :-1] + noise[:, :-1, :-1]
    found = photon_transfer(np.zeros_like(light), [light])
    assert found.next_sample == pytest.approx(0.5, abs=0.01)
    assert [found.third_sample, found.next_band, found.third_band] == pytest.approx([0, 0, 0], abs=0.01)


def test_a_drift_of_whole_lines_is_no_noise(dark, white):
    dark[1] += 5
    white[1] *= 1.01
    found = photon_transfer(dark, [white])
    assert found.line_drift == pytest.approx(5)
    assert found.dark_noise == pytest.approx(3) and found.row_noise == pytest.approx(0, abs=1e-9)
    assert found.variance == pytest.approx(READ + GAIN * SIGNAL, rel=0.03)  # a hundredth more light has more noise


def test_row_noise_is_apart_from_the_noise_of_elements(white):
    rows = np.where(np.arange(BANDS) % 2, -2.0, 2.0)
    found = photon_transfer(two_lines(np.full((SAMPLES, BANDS), 100.0), rows), [white])
    # Two lines at +-2 have variance 8; the mean over 12 bands, which is drift, is taken off.
    assert found.row_noise == pytest.approx(np.sqrt(8 * 12 / 11)) and found.dark_noise == pytest.approx(0)
    assert found.line_drift == pytest.approx(0)


def test_noise_does_not_enter_what_stays(white):
    pattern = 100 + np.tile(3 * SIGNS, (1, BANDS))
    assert photon_transfer(two_lines(pattern), [white]).dark_spread == pytest.approx(3)
    noisy = pattern + np.random.default_rng(0).normal(0, 2, (200, SAMPLES, BANDS))
    found = photon_transfer(noisy, [white])
    assert found.dark_spread == pytest.approx(3, abs=0.02) and found.dark_noise == pytest.approx(2, rel=0.02)


def test_light_along_the_line(dark):
    ramp = np.stack([np.tile(np.arange(1.0, 50)[:, None], (1, BANDS))] * 2)
    found = photon_transfer(np.zeros_like(ramp), [ramp])
    # Means of 25 of 49 samples from place a on: 13 + a; a goes from 0 to 24.
    assert len(found.white) == 17 and found.white[8] == pytest.approx(25 / 37)
    assert found.white_first == found.white_least == pytest.approx(13 / 37) and found.white_last == 1


def test_photo_response_of_elements_that_differ_by_a_hundredth(dark):
    white = two_lines(100 + 1000 * (1 + 0.01 * SIGNS) * np.ones(BANDS))
    # Of 15 samples around one, 7 have its sign and 8 the other.
    expected = (1.01 / (1 - 0.01 / 15) - 0.99 / (1 + 0.01 / 15)) / 2
    dark[:] = 100
    assert photon_transfer(dark, [white]).response_spread == pytest.approx(100 * expected)
    assert np.isnan(photon_transfer(dark, [white - 500]).response_spread)  # too little light


def test_dust_and_full_elements_are_left_out(dark, white):
    clean = photon_transfer(dark, [white])
    white[1, 20, 3] = 3000
    found = photon_transfer(dark, [white])
    assert found.variance.max() == pytest.approx(clean.variance.max())
    white[:, :, 6:] = 5000
    found = photon_transfer(dark, [white], full_scale=4095)
    assert found.signal.max() < 4000 and found.full == 0.5


def test_more_steady_light_joins_the_photon_transfer_only(dark, white):
    found = photon_transfer(dark, [white, white + 1000])
    assert found.signal.max() == pytest.approx(2150) and found.white == pytest.approx(1)
    assert found.spectrum == pytest.approx(np.arange(1, 13) / 12)


def test_references_that_cannot_be_measured(dark, white, says):
    says(lambda: photon_transfer(dark[:1], [white]), "1 lines", "at least two lines")
    says(lambda: photon_transfer(dark, [white[:, :20]]), "20 samples", "one camera")
    says(lambda: photon_transfer(white, [dark]), "not brighter than the dark")
    says(lambda: photon_transfer(dark, [white], full_scale=150), "full everywhere", "150 counts")


def test_the_verb_writes_every_quantity_with_its_unit(tmp_path, write_envi, dark, white):
    counts = {"dark": dark, "white": white}
    paths = {name: write_envi(tmp_path / f"{name}.hdr", values.round().astype(np.uint16), tint=7.5)
             for name, values in counts.items()}  # fmt: skip
    sensor(**paths, cube=paths["white"], out=tmp_path / "sensor.json")
    said = json.loads((tmp_path / "sensor.json").read_text())
    assert said["quantities"].keys() == QUANTITIES.keys()
    found = photon_transfer(open_cube(paths["dark"]), [open_cube(paths["white"])])
    for name, (unit, words) in QUANTITIES.items():
        value = pytest.approx(getattr(found, name), rel=1e-5, abs=1e-9)
        assert said["quantities"][name] == {"value": value, "unit": unit, "meaning": words}
    assert said["tint_ms"] == {"dark": 7.5, "white": 7.5, "cube": 7.5} and said["wavelengths_nm"] is None
    assert len(said["transfer"]["signal"]) == 12 and len(said["white_along_line"]) == 17
