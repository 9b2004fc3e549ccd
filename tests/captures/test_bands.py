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
