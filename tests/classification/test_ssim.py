import numpy as np
import pytest
from skimage.metrics import structural_similarity

from boardbench.classification.distances.ssim import LANES, SLACK, Ssim
from boardbench.classification.neighbours import SPARE, nearest


def images(count, seed=0, size=(9, 11, 3)):
    return np.random.default_rng(seed).integers(0, 256, (count, *size), dtype=np.uint8)


def reference(tests, trains, offset, scale, window):
    """Return scikit-image's distances of normalized images."""
    tests, trains = ((array.astype(float) - offset) / scale for array in (tests, trains))
    named = {"win_size": window, "channel_axis": -1, "data_range": 255 / scale}
    return np.array([[1 - structural_similarity(a, b, **named) for b in trains] for a in tests])


def rough(measure, tests, trains):
    return measure.distances(measure.values(measure.test(tests), measure.train(trains)))


@pytest.mark.parametrize("size", [(9, 11, 3), (8, 8, 1), (7, 12, 2)])
@pytest.mark.parametrize("window", [3, 7])
@pytest.mark.parametrize(("offset", "scale"), [(0, 255), (120.707, 64.15), (300, 2)])
def test_as_scikit_image(size, window, offset, scale):
    tests, trains = images(3, 0, size), images(LANES + 3, 1, size)
    trains[:2] = tests[:2]
    trains[2], trains[3] = 0, 255
    wanted = reference(tests, trains, offset, scale, window)
    measure = Ssim(size, offset, scale, window)
    assert rough(measure, tests, trains) == pytest.approx(wanted, abs=1e-6)
    assert measure.between(tests, trains.astype(float)) == pytest.approx(wanted, abs=1e-12)


def test_by_hand():
    """One window of 3 x 3: 0 0 0 / 9 9 9 / 18 18 18 and its mirror image; mean 9, variance 60.75."""
    test = np.repeat(np.array([0, 9, 18], np.uint8), 3).reshape(1, 3, 3, 1)
    measure = Ssim((3, 3, 1), window=3)
    c1, c2 = 2.55**2, 7.65**2
    wanted = [[0, 1 - (-2 * 60.75 + c2) / (2 * 60.75 + c2)]]
    both = np.concatenate([test, test[:, ::-1]])
    assert measure.between(test, both.astype(float)) == pytest.approx(np.array(wanted))
    assert rough(measure, test, both) == pytest.approx(np.array(wanted), abs=1e-6)
    # Flat windows: luminance alone. From 4 and 12 with 8 as zero, means are -4 and 4.
    flat = np.array([4, 12], np.uint8).repeat(9).reshape(2, 3, 3, 1)
    for offset, similar in ((0, (2 * 48 + c1) / (160 + c1)), (8, (-32 + c1) / (32 + c1))):
        assert Ssim((3, 3, 1), offset, window=3).between(flat[:1], flat[1:].astype(float))[0, 0] == pytest.approx(
            1 - similar
        )


def test_scale_cancels_and_offset_does_not():
    tests, trains = images(2), images(3, 1)
    assert (rough(Ssim((9, 11, 3), 90.5, 3.0), tests, trains) == rough(Ssim((9, 11, 3), 90.5), tests, trains)).all()
    assert abs(rough(Ssim((9, 11, 3), 90.5), tests, trains) - rough(Ssim((9, 11, 3)), tests, trains)).min() > 1e-4


@pytest.mark.parametrize("window", [7, 31])
def test_float32_stays_far_within_its_slack(window):
    """Flat, dark, bright and hard images: the values that lose most digits."""
    rng, size = np.random.default_rng(0), (32, 32, 3)
    kinds = [np.full(size, level) + rng.integers(0, 2, size) for level in (0, 1, 60, 127, 128, 200, 254)]
    kinds += [rng.integers(0, 2, size) * 255, np.indices(size[:2])[0][..., None] * np.full(3, 8)]
    hard = np.array(kinds).astype(np.uint8)
    for offset in (0.0, 120.7, 255.0):
        measure = Ssim(size, offset, window=window)
        error = abs(rough(measure, hard, hard) - measure.between(hard, hard.astype(float))).max()
        assert error < 1e-5 < SLACK


def test_ranks_as_float64_where_float32_cannot_tell():
    """More near-equal images than are kept at first, so that more must be kept, with ties between them."""
    base = images(1, 3, (16, 16, 3))
    trains = np.repeat(base, 2 * SPARE + 20, axis=0)
    for number, image in enumerate(trains):
        image[4 + number % 7, 4 + number % 5, 0] ^= 1
    trains = np.concatenate([images(30, 4, (16, 16, 3)), trains, trains[:9]])
    measure = Ssim((16, 16, 3), 99.9)
    exact = measure.between(base, trains.astype(float))
    order = np.lexsort((np.arange(len(trains)), exact[0]))
    assert len(set(rough(measure, base, trains)[0][order[:40]])) < len(set(exact[0][order[:40]]))
    for k in (1, 5, 60, len(trains)):
        values, where = nearest(trains, base, k, "ssim", offset=99.9)
        assert where[0].tolist() == order[:k].tolist()
        assert values[0] == pytest.approx(exact[0][order[:k]], abs=1e-15)


@pytest.mark.parametrize(("window", "most"), [(9, 7), (4, 7), (1, 7), (33, 7)])
def test_odd_window(window, most, says):
    says(lambda: Ssim((8, 12, 1), window=window), "baselines.window", window, "8 x 12", f"odd number from 3 to {most}")


def test_window_of_a_large_image(says):
    says(lambda: Ssim((64, 64, 1), window=33), "from 3 to 31")
    assert Ssim((7, 7, 1), window=7).window == 7
