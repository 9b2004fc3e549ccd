"""Nearest neighbours: exact, in blocks of bounded memory, on some threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from boardbench.classification.distances import Distance, RankedTwice, check_images, get
from boardbench.errors import BoardbenchError

SPARE = 32
"""Images kept beyond k where values are not exact, so that nearly always all that could be among the k are kept."""


def nearest(
    train: np.ndarray,
    test: np.ndarray,
    k: int,
    distance: str,
    *,
    offset: float = 0.0,
    scale: float = 1.0,
    window: int = 7,
    tests: tuple[float, float] | None = None,
    memory_mib: int = 512,
    threads: int = 1,
    largest: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Find the k training images nearest to each test image.

    The ranking is that of exact arithmetic for l1 and l2 and that of float64 for cosine and ssim; of images at equal
    distance the one with the lower number comes first. l1 and l2 do not depend on the offset and cosine and ssim not
    on the scale of the normalization; l1's and l2's ranking depends on neither.

    Args:
        train: (n, lines, samples, channels) uint8, may be mapped from a file.
        test: (m, lines, samples, channels) uint8.
        k: neighbours.
        distance: name of a file in distances/.
        offset: of the normalization, in counts: distances are those of (image - offset) / scale.
        scale: of the normalization, in counts.
        window: side of ssim's window, pixels.
        tests: offset and scale of the test images, where they have their own; not for l1.
        memory_mib: buffers stay below it beside images and results, but for a few images and their distances.
        threads: that work on blocks of test images; results do not depend on it.
        largest: the largest distances in place of the smallest, as if the sign were wrong.

    Returns:
        Distances (m, k) float64, nearest first, and image numbers (m, k) int64.

    Raises:
        BoardbenchError: arrays that are not such images or do not fit each other, a k that is not from 1 to n, an
            unknown distance, a normalization that is not finite, or a window that does not fit.
    """
    check_images(train, "training")
    check_images(test, "test")
    if train.shape[1:] != test.shape[1:]:
        raise BoardbenchError(
            f"test images are {test.shape[1:]}, training images {train.shape[1:]} (lines, samples, channels): they "
            "cannot be compared. Take both from the same samples.csv."
        )
    if not 1 <= k <= len(train):
        raise BoardbenchError(
            f"classification.baselines.k: {k} neighbours of {len(train)} training images. Give 1 to {len(train)}."
        )
    measure = get(distance)(train.shape[1:], offset, scale, window, tests)
    memory, sign = memory_mib << 20, -1 if largest else 1
    if isinstance(measure, RankedTwice):
        values, where = _settled(measure, train, test, k, sign, memory, threads)
    else:
        values, where = _search(measure, train, test, k, sign, memory, threads)
    return measure.distances(sign * values), where


def _search(
    measure: Distance, train: np.ndarray, test: np.ndarray, kept: int, sign: int, memory: int, threads: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ``kept`` smallest of sign x values, (m, kept), and where they are."""
    from threadpoolctl import threadpool_limits

    from boardbench.classification.distances._best import keep

    best = np.full((len(test), kept), np.inf)
    where = np.full((len(test), kept), -1, np.int64)
    # Half of the memory for a block of training images, which all threads share, half for what each thread makes.
    columns = max(1, min(len(train), memory // 2 // (measure.train_bytes or 1)))
    rows = memory // 2 // threads // (measure.test_bytes + measure.pair_bytes * columns)
    if rows < 1:
        rows, columns = 1, max(1, (memory // 2 // threads - measure.test_bytes) // measure.pair_bytes)
    rows = min(rows, -(-len(test) // threads))
    blocks = [slice(start, start + rows) for start in range(0, len(test), rows)]

    def work(block: slice) -> None:
        values = measure.values(measure.test(test[block]), trains)
        keep(values if sign > 0 else np.negative(values, out=values), first, best[block], where[block])

    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        for first in range(0, len(train), columns):
            trains = measure.train(train[first : first + columns])
            for _ in pool.map(work, blocks):
                pass
    return best, where


def _settled(
    measure: RankedTwice, train: np.ndarray, test: np.ndarray, k: int, sign: int, memory: int, threads: int
) -> tuple[np.ndarray, np.ndarray]:
    """Search with values that may be off by ``slack``, and rank those that could be among the k by exact values.

    What lies more than two slacks beyond the k-th cannot be. Where as much as was kept lies within, more is kept.
    """
    values, where = np.empty((len(test), k)), np.empty((len(test), k), np.int64)
    todo = [(np.arange(len(test)), min(k + SPARE, len(train)))]
    while todo:
        rows, kept = todo.pop()
        most = max(1, memory // 4 // (32 * kept))
        if len(rows) > most:
            todo.append((rows[most:], kept))
            rows = rows[:most]
        some = test if len(rows) == len(test) else test[rows]
        rough, found = _search(measure, train, some, kept, sign, memory // 2, threads)
        near = rough <= rough[:, k - 1 : k] + 2 * measure.slack_of(some)
        sure = ~near[:, -1] | (kept == len(train))
        near &= sure[:, None]
        pairs = np.stack([np.nonzero(near)[0], found[near]], axis=1)
        parts = np.array_split(pairs, threads)
        with ThreadPoolExecutor(threads) as pool:
            exact = list(pool.map(lambda part, some=some: measure.exact(some, train, part), parts))
        rough[:] = np.inf
        rough[near] = sign * np.concatenate(exact)
        order = np.lexsort((found, rough), axis=-1)[:, :k]
        values[rows], where[rows] = (np.take_along_axis(array, order, axis=1) for array in (rough, found))
        if not sure.all():
            todo.append((rows[~sure], min(4 * kept, len(train))))
    return values, where


def vote(labels: np.ndarray, lowest: bool = False) -> np.ndarray:
    """Return the class (m,) that most neighbours have; of classes with as many, that of the nearest neighbour.

    Args:
        labels: (m, k) classes of the neighbours from 0 on, nearest first.
        lowest: of classes with as many, the lowest number in place of the nearest: what scikit-learn does, and SciPy's
            mode. On CIFAR-10 it costs 3 neighbours three points of accuracy and turns the order of k = 1 and 3.

    Raises:
        BoardbenchError: no neighbours, or labels that are not whole numbers from 0 on.
    """
    labels = np.asarray(labels)
    if labels.ndim != 2 or labels.size == 0 or labels.dtype.kind not in "iu" or labels.min() < 0:
        raise BoardbenchError(
            f"labels of neighbours: {labels.dtype} of shape {labels.shape}; whole numbers from 0 on are needed, test "
            "images x neighbours. Take them from samples.csv."
        )
    if lowest:
        labels = np.sort(labels, axis=1)
    classes = int(labels.max()) + 1
    flat = labels + classes * np.arange(len(labels))[:, None]
    counts = np.bincount(flat.ravel(), minlength=classes * len(labels))[flat]
    return np.take_along_axis(labels, counts.argmax(axis=1)[:, None], axis=1)[:, 0]
