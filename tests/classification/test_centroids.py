import numpy as np
import pytest
from skimage.metrics import structural_similarity
from sklearn.neighbors import NearestCentroid

from boardbench.classification.centroids import centroids, nearest_centroid

OFFSET, SCALE = 120.7, 64.2


def images(count, seed=0, size=(8, 8, 3)):
    return np.random.default_rng(seed).integers(0, 256, (count, *size), dtype=np.uint8)


def test_means_by_hand():
    pictures = np.array([0, 255, 10, 20, 255], np.uint8).reshape(5, 1, 1, 1)
    assert centroids(pictures, np.array([1, 0, 1, 1, 0]), 2).ravel().tolist() == [255, 10]


def test_means_of_many_blocks(monkeypatch):
    monkeypatch.setattr("boardbench.classification.centroids.SUMMED", 7)
    pictures, labels = images(50), np.arange(50) % 4
    wanted = [pictures[labels == label].mean(axis=0) for label in range(4)]
    assert centroids(pictures, labels, 4) == pytest.approx(np.array(wanted))


def test_as_scikit_learn():
    trains, tests, labels = images(60), images(40, 1), np.arange(60) % 3
    rows = [(array.reshape(len(array), -1) - OFFSET) / SCALE for array in (trains, tests)]
    rival = NearestCentroid(metric="euclidean").fit(rows[0], labels)
    values, found = nearest_centroid(centroids(trains, labels, 3), tests, "l2", offset=OFFSET, scale=SCALE)
    assert (found == rival.predict(rows[1])).all() and len(set(found)) == 3
    wanted = np.linalg.norm(rows[1][:, None] - rival.centroids_, axis=-1)
    assert values == pytest.approx(wanted)


@pytest.mark.parametrize("distance", ["l1", "cosine", "ssim"])
def test_by_definition(distance):
    tests, centres = images(6), images(30, 1).reshape(3, 10, 8, 8, 3).mean(axis=1)

    def between(a, b):
        a, b = ((array - OFFSET) / SCALE for array in (a, b))
        if distance == "l1":
            return abs(a - b).sum()
        if distance == "cosine":
            return 1 - (a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum())
        return 1 - structural_similarity(a, b, win_size=5, channel_axis=-1, data_range=255 / SCALE)

    wanted = np.array([[between(a, b) for b in centres] for a in tests.astype(float)])
    for memory_mib, threads in ((512, 1), (1, 2)):
        values, found = nearest_centroid(
            centres, tests, distance, offset=OFFSET, scale=SCALE, window=5, memory_mib=memory_mib, threads=threads
        )
        assert values == pytest.approx(wanted)
        assert (found == wanted.argmin(axis=1)).all()


def test_blocks(monkeypatch):
    """One megabyte holds few images of this size."""
    centres, tests = images(3, 2, (64, 64, 3)).astype(float), images(20, 1, (64, 64, 3))
    once = nearest_centroid(centres, tests, "cosine", offset=OFFSET)
    again = nearest_centroid(centres, tests, "cosine", offset=OFFSET, memory_mib=1, threads=2)
    assert once[0] == pytest.approx(again[0]) and (once[1] == again[1]).all()


def test_of_equals_the_lower_class():
    centres = np.array([4.0, 0.0, 4.0]).reshape(3, 1, 1, 1)
    assert nearest_centroid(centres, np.array([2, 5], np.uint8).reshape(2, 1, 1, 1), "l1")[1].tolist() == [0, 0]


@pytest.mark.parametrize("labels", [[0, 0, 2], [0, 2, 2]])
def test_empty_class(labels, says):
    says(lambda: centroids(images(3), np.array(labels), 4), "class 1, 3 ", "train_images", "knn")


@pytest.mark.parametrize("labels", [[0, 1], [0, 1, 4], [0, 1, -1], [0.0, 1.0, 1.0]])
def test_odd_labels(labels, says):
    says(lambda: centroids(images(3), np.array(labels), 4), "labels", "3 training images", "0 to 3", "samples.csv")


def test_odd_arrays(says):
    centres = images(2).astype(float)
    says(lambda: centroids(centres, np.array([0, 1]), 2), "training images", "float64")
    says(lambda: nearest_centroid(centres[:, :4], images(2), "l1"), "(2, 4, 8, 3)", "(2, 8, 8, 3)")
    says(lambda: nearest_centroid(centres[:0], images(2), "l1"), "(0, 8, 8, 3)")
    says(lambda: nearest_centroid(centres, centres, "l1"), "test images", "float64")
    says(lambda: nearest_centroid(centres * np.nan, images(2), "l1"), "centroids", "not finite")
    says(lambda: nearest_centroid(centres, images(2), "ssim", window=9), "baselines.window", "8 x 8")
