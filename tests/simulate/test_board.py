import numpy as np
import pytest

from boardbench.simulate.board import AREAS, make_board
from boardbench.simulate.spectra import wavelengths

NM = wavelengths(16)


@pytest.fixture(scope="module")
def boards():
    return [make_board(i, 128, 128, NM, seed=0) for i in range(18)]


def test_class_areas_stay_within_a_factor_of_two(boards):
    wanted = np.array([1 - sum(AREAS), *AREAS])
    shares = np.array([[(b.mask == k).mean() for k in range(4)] for b in boards])
    for part in (slice(None), slice(0, 12), slice(12, 14), slice(14, 18)):
        ratio = shares[part].mean(axis=0) / wanted
        assert (ratio > 0.5).all() and (ratio < 2).all()
    assert min((b.mask == 2).sum() for b in boards) >= 20


def test_another_seed_has_the_areas_too():
    shares = np.mean([[(make_board(i, 128, 128, NM, 7).mask == k).mean() for k in range(4)] for i in range(4)], 0)
    ratio = shares / [1 - sum(AREAS), *AREAS]
    assert (ratio > 0.5).all() and (ratio < 2).all()


@pytest.mark.parametrize("size", [(16, 16), (32, 32), (64, 200), (200, 64)])
def test_every_size_has_every_class(size):
    board = make_board(3, *size, NM, seed=0)
    assert board.mask.shape == board.height.shape == size
    assert set(np.unique(board.mask)) == {0, 1, 2, 3}


def test_a_larger_capture_shows_the_same_board():
    small, large = make_board(2, 64, 64, NM, 0), make_board(2, 256, 256, NM, 0)
    assert (small.mask == large.mask[2::4, 2::4]).mean() > 0.97


def test_materials_mix_at_edges_only_and_sum_to_one(boards):
    share = boards[0].abundance(40, 56)
    assert share.shape == (16, len(boards[0].spectra), 128)
    np.testing.assert_allclose(share.sum(axis=1), 1, atol=1e-5)
    purest = share[:, :-1].max(axis=1)
    assert (purest < 0.9).mean() > 0.1 and (purest > 0.9).mean() > 0.2


def test_blocks_do_not_matter(boards):
    whole = boards[0].abundance(0, 12)
    np.testing.assert_array_equal(whole[5:12], boards[0].abundance(5, 12))


def test_reflectance_is_a_mixture_between_0_and_1(boards):
    board = boards[4]
    cube = board.reflectance(board.abundance(0, 128), 0)
    assert cube.shape == (128, 16, 128) and cube.dtype == np.float32
    assert cube.min() >= 0 and cube.max() <= 1
    infrared = np.abs(NM - 650).argmin()
    assert cube[:, infrared][board.mask == 1].mean() < 0.25  # packages are black, legs are few
