import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardbench.errors import BoardbenchError
from boardbench.simulate import spectra


def at(name, *nm):
    return spectra.endmember(name, np.array(nm, dtype=float))


def test_camera_grid_is_that_of_real_headers():
    nm = spectra.wavelengths(224)
    # Entries 0, 1, 39, 117 and 223 of the list that FX10 headers carry.
    np.testing.assert_allclose(nm[[0, 1, 39, 113, 223]], [397.66, 400.28, 500.37, 699.09, 1003.81], atol=0.011)
    assert (np.diff(nm) > 2.6).all() and (np.diff(nm) < 2.83).all()


@given(st.integers(8, 500))
def test_any_number_of_bands_covers_the_same_range(bands):
    nm = spectra.wavelengths(bands)
    assert len(nm) == bands and (np.diff(nm) > 0).all()
    unbinned = 0.66 if bands == 448 else 0  # half a binned band at each end
    assert abs(nm[0] + unbinned - 397.66) < 0.02 and abs(nm[-1] - unbinned - 1003.81) < 0.08


def test_unbinned_bands_are_those_of_a_real_capture_and_their_pairs_the_binned_ones():
    nm = spectra.wavelengths(448)
    np.testing.assert_allclose(nm[[0, 1, 2, 447]], [397.01, 398.32, 399.63, 1004.52], atol=0.011)
    np.testing.assert_allclose(nm.reshape(224, 2).mean(axis=1), spectra.wavelengths(224), atol=0.3)


@given(st.sampled_from(sorted(spectra.ENDMEMBERS)), st.lists(st.floats(380, 1050), min_size=1, max_size=9))
def test_reflectance_is_between_0_and_1_on_any_grid(name, nm):
    reflectance = spectra.endmember(name, np.array(nm))
    assert reflectance.shape == (len(nm),)
    assert (reflectance > 0).all() and (reflectance < 1).all()


def test_copper_and_gold_edges():
    low, high = at("copper", 520, 600)
    assert high - low > 0.35
    below, above = at("copper", 540, 565)
    assert above - below > 0.2  # most of the rise lies around 550 nm
    assert np.ptp(at("gold", 490, 540)) > 0.3 > np.ptp(at("tin", 400, 1000))


@pytest.mark.parametrize("name", [n for n in spectra.ENDMEMBERS if n.startswith("plastic_") and "black" not in n])
def test_plastic_overtones(name):
    shoulder_left, aromatic, between, aliphatic, shoulder_right = at(name, 845, 882, 903, 930, 985)
    assert aromatic < 0.95 * shoulder_left and aliphatic < 0.93 * shoulder_right
    assert between > aromatic and between > aliphatic  # two dips, not one


def test_green_mask_is_green_then_clear_and_copper_below_shows():
    blue, green, red, infrared = at("solder_mask_green", 450, 528, 650, 850)
    assert green > 1.5 * max(blue, red) and infrared > 0.35
    assert at("solder_mask_green_on_copper", 850) > at("solder_mask_green", 850) + 0.1


def test_light_and_response_fall_at_both_edges():
    nm = np.array([400.0, 650.0, 1000.0])
    low, middle, high = spectra.illumination(nm) * spectra.response(nm)
    assert low < 0.03 * middle and high < 0.25 * middle
    # Wien's law for photons: the peak of a 3000 K lamp, 3670 um K / T = 1223 nm, lies beyond the range.
    assert (np.diff(spectra.illumination(np.linspace(400, 1000, 50))) > 0).all()


def test_slit_keeps_slopes_and_blunts_lines():
    nm = np.array([600.0])
    assert spectra.through_slit(lambda x: x / 1000, nm) == pytest.approx(0.6)
    # A Gaussian of FWHM 5.5 seen with FWHM 5.5 is sqrt(2) lower.
    line = spectra.through_slit(lambda x: np.exp(-0.5 * ((x - 600) / (5.5 / 2.3548)) ** 2), nm)
    assert line == pytest.approx(1 / np.sqrt(2), rel=0.01)


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(BoardbenchError, match=r"'cooper' is unknown. Did you mean 'copper'"):
        at("cooper", 500)
    with pytest.raises(BoardbenchError, match=r"colour 'gren'.*'green'"):
        spectra.solder_mask(np.array([500.0]), "gren")
