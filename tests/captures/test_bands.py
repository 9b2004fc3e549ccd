import numpy as np

from boardbench.captures.bands import trim

NM = np.array([400.0, 500.0, 600.0, 700.0, 800.0])


def test_by_index_by_wavelength_and_both():
    assert trim(5, None, drop_first=1, drop_last=2).tolist() == [1, 2]
    assert trim(5, NM, min_nm=500, max_nm=700).tolist() == [1, 2, 3]
    assert trim(5, NM, drop_first=2, max_nm=700).tolist() == [2, 3]
    assert trim(224, None, drop_first=10).tolist() == list(range(10, 224))


def test_wavelengths_need_not_be_in_order():
    assert trim(3, np.array([700.0, 400.0, 600.0]), min_nm=500).tolist() == [0, 2]


def test_missing_wavelengths(says):
    says(lambda: trim(5, None, min_nm=450, name="b.hdr"), "b.hdr", "'wavelength'", "drop_first")


def test_nothing_left(says):
    says(lambda: trim(5, None, drop_first=5, name="b.hdr"), "b.hdr", "no band", "drop_first = 5", "Keep more")
    says(lambda: trim(5, NM, min_nm=900, name="b.hdr"), "400-800 nm", "min_nm = 900")


def test_the_short_wave_end_is_dropped_whatever_the_order():
    falling = np.array([700.0, 600, 500, 400])
    np.testing.assert_array_equal(trim(4, falling, drop_first=1), [0, 1, 2])
    np.testing.assert_array_equal(trim(4, falling, drop_last=1), [1, 2, 3])
    np.testing.assert_array_equal(trim(4, falling[::-1], drop_first=1), [1, 2, 3])


def test_bad_bands_are_dropped(says):
    good = np.array([True, False, True, True])
    np.testing.assert_array_equal(trim(4, None, drop_last=1, good=good), [0, 2])
    says(lambda: trim(4, None, drop_first=3, good=~good, name="x.hdr"), "x.hdr", "bbl")
