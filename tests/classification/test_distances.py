import numpy as np
import pytest
from scipy.spatial.distance import cdist

from boardbench.classification.distances import check_images, get, names
from boardbench.classification.distances._best import keep
from boardbench.classification.distances._dots import CHUNK, centred, dots

SIZE = (5, 6, 3)
SCIPY = {"l1": "cityblock", "l2": "euclidean", "cosine": "cosine"}


def images(count, seed=0, size=SIZE):
    return np.random.default_rng(seed).integers(0, 256, (count, *size), dtype=np.uint8)


def normalized(pictures, offset, scale):
    return (pictures.reshape(len(pictures), -1).astype(float) - offset) / scale


def found(name, tests, trains, offset=0.0, scale=1.0):
    measure = get(name)(tests.shape[1:], offset, scale)
    return measure.distances(measure.values(measure.test(tests), measure.train(trains)))


def pixels(*rows):
    """Return images of 1 x n pixels."""
    return np.array(rows, np.uint8)[:, None, :, None]


def test_names():
    assert names() == ["cosine", "l1", "l2", "ssim", "ssim_planar"]


def test_unknown_name(says):
    says(
        lambda: get("l22"),
        "classification.baselines.distances",
        "'l22'",
        "Did you mean 'l2'",
        "cosine, l1, l2, ssim, ssim_planar",
    )


def test_by_hand():
    test, trains = pixels([3, 4]), pixels([0, 0], [3, 4], [255, 4], [8, 2])
    assert found("l1", test, trains, scale=2).tolist() == [[3.5, 0, 126, 3.5]]
    assert found("l2", test, trains, scale=2)[0] == pytest.approx([2.5, 0, 126, np.sqrt(29) / 2])
    # [8, 2] against [3, 4]: 32 / (5 sqrt(68)); nothing has no direction.
    assert found("cosine", test, trains, scale=2)[0, [0, 1, 3]] == pytest.approx([1, 0, 1 - 32 / (5 * np.sqrt(68))])
    # With 3 as zero, [3, 4] points along the second axis: [3, 4] -> (0, 1), [255, 4] -> (252, 1), [8, 2] -> (5, -1).
    wanted = [1 + 1 / np.sqrt(2), 0, 1 - 1 / np.hypot(252, 1), 1 + 1 / np.sqrt(26)]
    assert found("cosine", test, trains, offset=3)[0] == pytest.approx(wanted)


@pytest.mark.parametrize("name", SCIPY)
@pytest.mark.parametrize(("offset", "scale"), [(0, 1), (120.707, 64.15), (0, 255)])
def test_as_scipy_on_normalized_images(name, offset, scale):
    tests, trains = images(7), images(23, 1)
    wanted = cdist(normalized(tests, offset, scale), normalized(trains, offset, scale), SCIPY[name])
    assert found(name, tests, trains, offset, scale) == pytest.approx(wanted, rel=1e-12)
    measure = get(name)(SIZE, offset, scale)
    assert measure.between(tests, trains.astype(float)) == pytest.approx(wanted, rel=1e-12)


def test_offset_counts_for_cosine_only():
    tests, trains = images(4), images(5, 1)
    for name in ("l1", "l2"):
        assert (found(name, tests, trains) == found(name, tests, trains, offset=90.5)).all()
    assert (found("cosine", tests, trains) == found("cosine", tests, trains, scale=7.5)).all()
    assert abs(found("cosine", tests, trains) - found("cosine", tests, trains, offset=90.5)).min() > 1e-3


@pytest.mark.parametrize("name", ["l2", "cosine"])
def test_test_images_of_their_own_scale(name):
    tests, trains, own = images(7), images(23, 1), (111.25, 50.5)
    wanted = cdist(normalized(tests, *own), normalized(trains, 120.707, 64.15), SCIPY[name])
    measure = get(name)(SIZE, 120.707, 64.15, tests=own)
    assert measure.distances(measure.values(measure.test(tests), measure.train(trains))) == pytest.approx(wanted)
    assert measure.between(tests, trains.astype(float)) == pytest.approx(wanted)


def test_own_scale_by_hand():
    """[6, 8] of scale 2 is [3, 4] of scale 1, and [7, 9] less an offset of 1 likewise: no distance, and never nan."""
    test, train = pixels([7, 9]), pixels([3, 4])
    measure = get("l2")((1, 2, 1), tests=(1, 2))
    assert measure.distances(measure.values(measure.test(test), measure.train(train))).tolist() == [[0]]
    assert measure.distances(np.array([-1e-9])).tolist() == [0]


def test_l1_has_one_scale(says):
    says(lambda: get("l1")(SIZE, 1.0, 2.0, tests=(1.0, 3.0)), "classification.baselines.test_statistics", "'training'")
    assert get("l1")(SIZE, 1.0, 2.0, tests=(1.0, 2.0)).scale == 2


@pytest.mark.parametrize("value", [0, 255])
def test_sums_do_not_round(value):
    """The largest sums there are, and the same less one count in one pixel."""
    extreme = np.full((2, 64, 64, 3), value, np.uint8)
    extreme[1, 5, 5, 1] = abs(value - 1)
    far = np.full((1, 64, 64, 3), 255 - value, np.uint8)
    products = dots(centred(far), centred(extreme))
    whole = [centred(array).astype(np.int64) for array in (far, extreme)]
    assert (products == whole[0] @ whole[1].T).all()
    size, one = extreme[0].size, get("l2")(extreme.shape[1:])
    squares = one.values(one.test(far), one.train(extreme))
    assert squares.tolist() == [[size * 255**2, (size - 1) * 255**2 + 254**2]]
    assert found("l1", far, extreme).tolist() == [[size * 255, size * 255 - 1]]


def test_products_are_exact_where_float32_is_not():
    rng = np.random.default_rng(0)
    tests, trains = (rng.integers(0, 2, (40, CHUNK * 3 + 5), dtype=np.uint8) for _ in range(2))
    left, right = centred(tests), centred(trains)
    wanted = left.astype(np.int64) @ right.astype(np.int64).T
    assert (dots(left, right) == wanted).all()
    assert (left @ right.T != wanted).any()


def test_zero_vector_is_at_right_angles_to_everything():
    flat = np.full((2, *SIZE), 40, np.uint8)
    assert (found("cosine", flat, images(3), offset=40) == 1).all()
    assert (found("cosine", images(3), flat, offset=40) == 1).all()
    assert (found("cosine", flat, flat, offset=40) == 1).all()
    assert (get("cosine")(SIZE, 40.0).between(flat, flat.astype(float)) == 1).all()


def test_keep_takes_the_first_of_equals():
    best, where = np.full((1, 3), np.inf), np.full((1, 3), -1)
    keep(np.array([[5.0, 2.0, 2.0]]), 0, best, where)
    keep(np.array([[2.0, 1.0, 2.0]]), 3, best, where)
    assert best.tolist() == [[1, 2, 2]] and where.tolist() == [[4, 1, 2]]


@pytest.mark.parametrize(("offset", "scale"), [(np.nan, 1), (0, np.inf), (0, 0), (0, -1)])
@pytest.mark.parametrize("name", ["l1", "l2", "cosine", "ssim"])
def test_odd_normalization(name, offset, scale, says):
    says(lambda: get(name)((8, 8, 1), offset, scale), "normalization", offset, scale, "Fit it again")
    says(lambda: get(name)((8, 8, 1), tests=(offset, scale)), "normalization", offset, scale, "Fit it again")


@pytest.mark.parametrize("size", [(4, 4), (0, 4, 1), (4096, 4096, 3)])
def test_odd_size(size, says):
    says(lambda: get("l1")(size), size, "lines x samples x channels", "boardbench classification samples")


def test_odd_images(says):
    says(lambda: check_images(np.array([[[[np.nan]]]]), "test"), "test images", "not finite", "not uint8")
    assert "finite" not in says(lambda: check_images(np.zeros((1, 2, 2, 1)), "test"), "float64", "not uint8")
    says(lambda: check_images(np.zeros((2, 2, 1), np.uint8), "training"), "training images", "(2, 2, 1)")
    says(lambda: check_images(np.zeros((0, 2, 2, 1), np.uint8), "training"), "one image or more")
