"""Nearest centroid: the class whose mean image is nearest."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from boardbench.classification.distances import check_images, get
from boardbench.errors import BoardbenchError

SUMMED = 4096  # images summed at once


def centroids(images: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Return the mean image of each class.

    The mean for every distance, as in paper 2; scikit-learn's NearestCentroid takes the median for l1.

    Args:
        images: (n, lines, samples, channels) uint8.
        labels: (n,) from 0 to classes - 1.
        classes: how many there are.

    Returns:
        (classes, lines, samples, channels) float64, in counts.

    Raises:
        BoardbenchError: no such images or labels, or a class without images.
    """
    check_images(images, "training")
    labels = np.asarray(labels)
    if labels.shape != (len(images),) or labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= classes:
        raise BoardbenchError(
            f"labels: {labels.dtype} of shape {labels.shape} for {len(images)} training images; a whole number from 0 "
            f"to {classes - 1} is needed for each. Take them from samples.csv."
        )
    counts = np.bincount(labels, minlength=classes)
    if not counts.all():
        empty = ", ".join(map(str, np.flatnonzero(counts == 0)))
        raise BoardbenchError(
            f"labels: class {empty} has no training images, so it has no centroid. Make the samples with more "
            "(classification.archive.train_images) or take method knn."
        )
    sums = np.zeros((classes, *images.shape[1:]), np.int64)
    for start in range(0, len(images), SUMMED):
        some, theirs = images[start : start + SUMMED], labels[start : start + SUMMED]
        for label in np.unique(theirs):
            sums[label] += some[theirs == label].sum(axis=0, dtype=np.int64)
    return sums / counts[:, None, None, None]


def nearest_centroid(
    centres: np.ndarray,
    images: np.ndarray,
    distance: str,
    *,
    offset: float = 0.0,
    scale: float = 1.0,
    window: int = 7,
    tests: tuple[float, float] | None = None,
    memory_mib: int = 512,
    threads: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the distances from images to centroids, and the class of the nearest; of equal ones the lower class.

    Args:
        centres: (classes, lines, samples, channels) float64, in counts, as ``centroids`` returns them.
        images: (m, lines, samples, channels) uint8.
        distance: name of a file in distances/.
        offset: of the normalization, in counts: distances are those of (image - offset) / scale.
        scale: of the normalization, in counts.
        window: side of ssim's window, pixels.
        tests: offset and scale of the test images, where they have their own; not for l1.
        memory_mib: of all blocks together, beside the images.
        threads: that work on blocks of images.

    Returns:
        Distances (m, classes) float64 and classes (m,) int64.

    Raises:
        BoardbenchError: arrays that are not such images or do not fit each other, or are not finite, an unknown
            distance, or a window that does not fit.
    """
    check_images(images, "test")
    centres = np.asarray(centres, np.float64)
    if centres.ndim != 4 or len(centres) == 0 or centres.shape[1:] != images.shape[1:]:
        raise BoardbenchError(
            f"centroids of shape {centres.shape} for images of shape {images.shape}: lines, samples and channels must "
            "be the same. Take both from the same samples.csv."
        )
    if not np.isfinite(centres).all():
        raise BoardbenchError("centroids hold values that are not finite. Compute them anew from the training images.")
    measure = get(distance)(images.shape[1:], offset, scale, window, tests)
    # Three float64 copies of an image at most: as it is, less the offset, over its length.
    rows = max(1, (memory_mib << 20) // threads // (24 * centres[0].size + 32 * len(centres)))
    out = np.empty((len(images), len(centres)))

    def work(start: int) -> None:
        out[start : start + rows] = measure.between(images[start : start + rows], centres)

    rows = min(rows, -(-len(images) // threads))
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, range(0, len(images), rows)):
            pass
    return out, out.argmin(axis=1)
