import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.neighbors import KNeighborsClassifier

from boardbench.classification.distances import get, names
from boardbench.classification.neighbours import nearest, vote

SCIPY = {"l1": "cityblock", "l2": "sqeuclidean", "cosine": "cosine"}
OFFSET, SCALE = 120.7, 64.2


def images(count, seed=0, size=(8, 8, 3)):
    return np.random.default_rng(seed).integers(0, 256, (count, *size), dtype=np.uint8)


def ranked(trains, tests, distance, offset, k):
    """Return the first k by a stable sort of float64 distances."""
    values = get(distance)(trains.shape[1:], offset, SCALE).between(tests, trains.astype(float))
    return np.argsort(values, axis=1, kind="stable")[:, :k]


@pytest.mark.parametrize("distance", names())
@pytest.mark.parametrize("k", [1, 3, 90])
def test_as_a_sort_of_all_distances(distance, k):
    trains, tests = images(90), images(12, 1)
    values, where = nearest(trains, tests, k, distance, offset=OFFSET, scale=SCALE)
    assert values.shape == where.shape == (12, k) and values.dtype == np.float64 and where.dtype == np.int64
    assert (where == ranked(trains, tests, distance, OFFSET, k)).all()
    wanted = get(distance)(trains.shape[1:], OFFSET, SCALE).between(tests, trains.astype(float))
    assert values == pytest.approx(np.take_along_axis(wanted, where, axis=1), rel=1e-12)


@pytest.mark.parametrize("distance", names())
def test_blocks_and_threads_change_nothing(distance):
    trains, tests = images(700, size=(16, 16, 3)), images(9, 1, (16, 16, 3))
    once = nearest(trains, tests, 5, distance, offset=OFFSET)
    for memory_mib, threads in ((1, 1), (1, 3), (16, 2)):
        again = nearest(trains, tests, 5, distance, offset=OFFSET, memory_mib=memory_mib, threads=threads)
        assert all((a == b).all() for a, b in zip(once, again, strict=True))


@pytest.mark.parametrize("distance", names())
@pytest.mark.parametrize("largest", [False, True])
def test_of_equals_the_lower_number_comes_first(distance, largest):
    """Five copies of each image, in several blocks."""
    few, tests = images(6, size=(32, 32, 3)), images(4, 1, (32, 32, 3))
    trains = np.tile(few, (50, 1, 1, 1))
    _, where = nearest(trains, tests, 120, distance, offset=OFFSET, memory_mib=1, threads=2, largest=largest)
    _, order = nearest(few, tests, 6, distance, offset=OFFSET, largest=largest)
    wanted = order[:, :3].repeat(50, axis=1)[:, :120] + 6 * np.tile(np.arange(50), 3)[:120]
    assert (where == wanted).all()


@pytest.mark.parametrize("distance", names())
def test_largest(distance):
    trains, tests = images(50), images(6, 1)
    wanted = get(distance)((8, 8, 3), OFFSET).between(tests, trains.astype(float))
    values, where = nearest(trains, tests, 2, distance, offset=OFFSET, largest=True)
    assert (where == np.argsort(-wanted, axis=1, kind="stable")[:, :2]).all()
    assert values == pytest.approx(np.take_along_axis(wanted, where, axis=1))


@settings(max_examples=30, deadline=None)
@given(
    arrays.arrays(np.uint8, (9, 2, 3, 1), elements=st.sampled_from([0, 1, 2, 254, 255])),
    st.sampled_from(["l1", "l2"]),
    st.integers(1, 8),
)
def test_whole_numbers_rank_exactly(pictures, distance, k):
    """Many ties; NumPy's whole numbers are the truth."""
    trains, tests = pictures[:8], pictures[8:]
    differences = trains.reshape(8, -1).astype(np.int64) - tests.reshape(1, -1)
    wanted = np.lexsort((np.arange(8), (abs(differences) ** int(distance[1])).sum(axis=1)))[:k]
    assert nearest(trains, tests, k, distance)[1][0].tolist() == wanted.tolist()


def test_l2_where_float32_would_lose_the_difference():
    """Squares of 199 756 800 that differ by 1 and 509: float32 has steps of 16 there."""
    test = np.zeros((1, 32, 32, 3), np.uint8)
    trains = np.full((4, 32, 32, 3), 255, np.uint8)
    trains[2, 0, 0, 0] -= 1
    trains[0, 0, 0, 0], trains[0, 0, 1, 0] = 254, 254
    test[0, 0, 2, 0] = 1
    trains[1, 0, 2, 0] = 254
    assert nearest(trains, test, 4, "l2")[1].tolist() == [[0, 2, 1, 3]]


@pytest.mark.parametrize(("distance", "metric"), SCIPY.items())
@pytest.mark.parametrize("k", [1, 3, 5])
def test_as_scikit_learn(distance, metric, k):
    trains, tests = images(200, size=(4, 4, 1)), images(80, 1, (4, 4, 1))
    labels = np.random.default_rng(2).integers(0, 3, 200)
    rows = [(array.reshape(len(array), -1) - OFFSET) / SCALE for array in (trains, tests)]
    rival = KNeighborsClassifier(k, algorithm="brute", metric=metric).fit(rows[0], labels)
    values, where = nearest(trains, tests, k, distance, offset=OFFSET, scale=SCALE)
    distances, theirs = rival.kneighbors(rows[1])
    assert values ** (2 if distance == "l2" else 1) == pytest.approx(distances)
    alike = (np.sort(where) == np.sort(theirs)).all(axis=1)  # it breaks ties otherwise
    assert alike.mean() > 0.9
    votes = vote(labels[where])
    counts = np.array([np.bincount(row, minlength=3) for row in labels[where]])
    clear = alike & ((counts == counts.max(axis=1, keepdims=True)).sum(axis=1) == 1)
    assert clear.sum() > 40 and (votes[clear] == rival.predict(rows[1])[clear]).all()
    assert (vote(labels[where], lowest=True)[alike] == rival.predict(rows[1])[alike]).all()


@pytest.mark.parametrize("distance", names())
def test_memory_stays_within_its_limit(distance):
    """Unblocked, the images alone would take 33 MB as float32, and as much again for SSIM's means and variances."""
    trains, tests = images(2700, size=(32, 32, 3)), images(300, 1, (32, 32, 3))
    nearest(trains[:2], tests[:2], 1, distance)  # compiled before
    tracemalloc.start()
    nearest(trains, tests, 1, distance, memory_mib=16, threads=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 17 << 20


@pytest.mark.parametrize("distance", ["l1", "l2", "cosine"])
def test_memory_of_many_pairs(distance):
    """The distances alone would take 48 MB or more."""
    trains, tests = images(6000), images(2000, 1)
    nearest(trains[:2], tests[:2], 1, distance)
    tracemalloc.start()
    nearest(trains, tests, 1, distance, memory_mib=4, threads=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5 << 20


def test_vote():
    # Majority; tie of 2 and 0: nearest; all differ: nearest; a majority of later ones beats the nearest.
    labels = np.array([[1, 1, 0, 2, 1], [2, 0, 0, 2, 1], [4, 3, 2, 1, 0], [3, 0, 1, 0, 1]])
    assert vote(labels).tolist() == [1, 2, 4, 0]
    assert vote(labels[:, :1]).tolist() == [1, 2, 4, 3]
    assert vote(labels, lowest=True).tolist() == [1, 0, 0, 0]


@pytest.mark.parametrize(
    "labels", [np.zeros((0, 3), int), np.zeros((3, 0), int), np.zeros(3, int), np.zeros((2, 2)), np.array([[-1]])]
)
def test_odd_votes(labels, says):
    says(lambda: vote(labels), "labels of neighbours", labels.shape, "samples.csv")


@pytest.mark.parametrize("k", [0, 6])
def test_odd_k(k, says):
    says(lambda: nearest(images(5), images(2), k, "l1"), "baselines.k", f"{k} neighbours of 5", "Give 1 to 5")


def test_odd_images(says):
    float_images = np.full((5, 8, 8, 3), np.nan)
    says(lambda: nearest(float_images, images(2), 1, "l2"), "training images", "not finite", "not uint8")
    says(lambda: nearest(images(5), float_images, 1, "l2"), "test images", "not finite")
    says(lambda: nearest(images(5), images(2, size=(8, 8, 1)), 1, "l2"), "(8, 8, 1)", "(8, 8, 3)", "same samples.csv")
    says(lambda: nearest(images(5), images(2), 1, "mse"), "unknown distance 'mse'")
    says(lambda: nearest(images(5), images(2), 1, "l1", offset=np.nan), "offset nan")
