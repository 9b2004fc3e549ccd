import numpy as np
import pytest
from skimage.metrics import structural_similarity

from boardbench.classification.distances.ssim_planar import SsimPlanar
from boardbench.classification.neighbours import nearest


def images(count, seed=0, size=(9, 11, 3)):
    return np.random.default_rng(seed).integers(0, 256, (count, *size), dtype=np.uint8)


def planar(image):
    return image.transpose(2, 0, 1).reshape(image.shape)


def as_published(tests, trains, window, of_trains, of_tests):
    """Return what paper 2's code computes: scikit-image, by the range of the normalized test image."""
    found = np.empty((len(tests), len(trains)))
    for row, test in enumerate(tests):
        given = (planar(test) - of_tests[0]) / of_tests[1]
        for column, train in enumerate(trains):
            other = (planar(train) - of_trains[0]) / of_trains[1]
            known = {"win_size": window, "channel_axis": 2, "data_range": given.max() - given.min()}
            found[row, column] = 1 - structural_similarity(given, other, **known)
    return found


def rough(measure, tests, trains):
    return measure.distances(measure.values(measure.test(tests), measure.train(trains)))


@pytest.mark.parametrize(("size", "window"), [((9, 11, 3), 7), ((8, 8, 1), 3)])
@pytest.mark.parametrize("own", [None, (100.5, 40.25)])
def test_as_published(size, window, own):
    tests, trains, scale = images(3, 0, size), images(70, 1, size), (120.707, 64.15)
    tests[1] = 90 + tests[1] // 16
    trains[0] = tests[0]
    measure = SsimPlanar(size, *scale, window=window, tests=own)
    wanted = as_published(tests, trains, window, scale, own or scale)
    assert measure.between(tests, trains.astype(float)) == pytest.approx(wanted, abs=1e-12)
    assert rough(measure, tests, trains) == pytest.approx(wanted, abs=1e-5)


def test_by_hand():
    """Planes of 0 to 8 and of 9 to 17: read as pixels, one channel is 0 2 ... 16, one 1 3 ... 17."""
    image = np.arange(3 * 3 * 2, dtype=np.uint8).reshape(2, 3, 3).transpose(1, 2, 0)[None]
    assert image[0, 0, 1].tolist() == [1, 10]
    # Means of 8 and 9, a variance of 30 in both, a range of 17.
    test, c1, c2 = np.ascontiguousarray(image), (0.01 * 17) ** 2, (0.03 * 17) ** 2
    flat = np.full((1, 3, 3, 2), 8, np.uint8)
    similar = [(2 * mean * 8 + c1) / (mean**2 + 64 + c1) * c2 / (30 + c2) for mean in (8, 9)]
    measure = SsimPlanar((3, 3, 2), window=3)
    assert measure.between(test, flat.astype(float))[0, 0] == pytest.approx(1 - np.mean(similar))
    assert rough(measure, test, flat)[0, 0] == pytest.approx(1 - np.mean(similar), abs=1e-6)


def test_the_range_is_that_of_the_test_image_and_never_nothing():
    """Of one value: C1 = 1e-4 and C2 = 9e-4, of a range of one count."""
    flat = np.array([4, 12], np.uint8).repeat(9).reshape(2, 3, 3, 1)
    measure = SsimPlanar((3, 3, 1), window=3)
    assert measure.between(flat[:1], flat[1:].astype(float))[0, 0] == pytest.approx(1 - (96 + 1e-4) / (160 + 1e-4))
    low, high = 100 + images(1, size=(8, 8, 1)) // 32, images(1, 1, (8, 8, 1))
    measure = SsimPlanar((8, 8, 1))
    assert measure.between(low, high.astype(float))[0, 0] != measure.between(high, low.astype(float))[0, 0]


def test_float32_stays_within_its_slack():
    """Dark, flat and low images, of which C1 and C2 are small and lose most digits."""
    rng, size = np.random.default_rng(0), (32, 32, 3)
    kinds = [
        np.full(size, level) + rng.integers(0, step, size) for level in (0, 60, 128, 200) for step in (1, 2, 9, 50)
    ]
    hard = np.array(kinds).astype(np.uint8)
    for offset in (0.0, 120.7, 255.0):
        measure = SsimPlanar(size, offset)
        error = abs(rough(measure, hard, hard) - measure.between(hard, hard.astype(float)))
        assert (error < measure.slack_of(hard)).all()
    # 0 to 255 in every window: as much as ssim's.
    assert measure.slack_of(images(70, 1, size))[:, 0] == pytest.approx(np.full(70, 5e-4), rel=0.02)


def test_ranks_low_images_as_float64():
    trains, tests = images(200, 1, (16, 16, 3)), images(4, 2, (16, 16, 3))
    tests[1:] = 100 + tests[1:] // 100
    trains[50:] = 100 + trains[50:] // 64
    exact = SsimPlanar((16, 16, 3), 99.9).between(tests, trains.astype(float))
    assert (
        nearest(trains, tests, 9, "ssim_planar", offset=99.9)[1] == exact.argsort(axis=1, kind="stable")[:, :9]
    ).all()
