"""Classifiers without training, on the images themselves: the baseline under every network."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from boardbench.artifacts import write
from boardbench.classification.artifacts import BaselineMetrics
from boardbench.classification.centroids import centroids, nearest_centroid
from boardbench.classification.data import Samples, read_samples
from boardbench.classification.neighbours import nearest, vote
from boardbench.classification.normalization import fit
from boardbench.classification.scores import scores
from boardbench.engine.artifacts import Seconds
from boardbench.engine.latency import hardware
from boardbench.errors import BoardbenchError
from boardbench.errors import nearest as nearest_word
from boardbench.files import atomic_write
from boardbench.params.classification import Baselines

METHODS = ["knn", "nearest_centroid"]


def baseline(
    *, method: str, distance: str, normalization: str, samples: Path, dataset: str, out: Path, params: Baselines
) -> None:
    """Classify the test images by the training images they lie nearest to, and write a run folder.

    Beside the scores, metrics.json of knn has ``lowest_class``: scores where of classes with as many neighbours the
    lowest wins, as in scikit-learn; and that of cosine ``largest``: where besides the largest distance wins, as if its
    sign were wrong, which paper 2's numbers look like.

    Args:
        method: knn, for every k of params in one search, or nearest_centroid.
        distance: l1, l2, cosine, ssim or ssim_planar.
        normalization: standardize or minmax, fitted on the training images.
        samples: samples.csv, with samples.json and images.npy beside it.
        dataset: written into metrics.json.
        out: run folder for predictions.csv, seconds.json and, last, metrics.json.
        params: k, test images and their statistics, window, memory, threads; what to run is in the arguments above.

    Raises:
        BoardbenchError: unknown method, distance or normalization, samples without training or test images, k above
            the number of training images, a class without them (nearest_centroid), or a window that does not fit.
    """
    if method not in METHODS:
        raise BoardbenchError(f"classification.baselines.methods: unknown '{method}'. {nearest_word(method, METHODS)}")
    read = read_samples(samples)
    train, train_labels = read.part("train")
    test, truth, numbers = _tested(read, samples, params.test_images.get(distance))
    if len(train) == 0:
        raise BoardbenchError(
            f"{samples}: column part: no image is of part train. Make the samples again with "
            "`boardbench classification samples`."
        )
    if method == "knn" and max(params.k) > len(train):
        raise BoardbenchError(
            f"classification.baselines.k: {max(params.k)} neighbours, but {samples} has {len(train)} training images. "
            f"Give {len(train)} or less, or make samples with more."
        )
    fitted = fit(normalization, train)
    how: dict[str, Any] = {
        "offset": fitted.offset,
        "scale": fitted.scale,
        "window": params.window,
        "tests": None,
        "memory_mib": params.memory_mib,
        "threads": params.threads,
    }
    if params.test_statistics == "own":
        own = fit(normalization, read.part("test")[0])
        how["tests"] = own.offset, own.scale
    classes = len(read.classes)
    # What is imported and compiled at the first call is not part of the time.
    if method == "knn":
        nearest(train[:1], test[:1], 1, distance, **how)
    else:
        nearest_centroid(train[:1].astype(np.float64), test[:1], distance, **how)
    begun = time.perf_counter()
    if method == "knn":
        near = train_labels[nearest(train, test, max(params.k), distance, **how)[1]]
        predicted = {k: vote(near[:, :k]) for k in params.k}
    else:
        predicted = {None: nearest_centroid(centroids(train, train_labels, classes), test, distance, **how)[1]}
    spent = time.perf_counter() - begun

    def scored(found: dict[int | None, np.ndarray]) -> list[dict[str, Any]]:
        return [{"k": k, **scores(truth, classified, classes)} for k, classified in found.items()]

    others = {}
    if method == "knn":  # ways that others go, to be compared with
        others["lowest_class"] = scored({k: vote(near[:, :k], lowest=True) for k in params.k})
        if distance == "cosine":
            far = train_labels[nearest(train, test, max(params.k), distance, largest=True, **how)[1]]
            others["largest"] = scored({k: vote(far[:, :k], lowest=True) for k in params.k})
    metrics = BaselineMetrics(
        study="classification",
        kind="baseline",
        dataset=dataset,
        method=method,
        distance=distance,
        normalization=normalization,
        **({"window": params.window} if distance.startswith("ssim") else {}),
        **({"test_statistics": "own"} if params.test_statistics == "own" else {}),
        train_images=len(train),
        test_images=len(test),
        scores=scored(predicted),
        **others,
    )
    columns = {"predicted" if k is None else f"k{k}": found for k, found in predicted.items()}
    table = pd.DataFrame({"sample": numbers, "label": truth, **columns})
    seconds = Seconds(
        seconds=round(spent, 3),
        images_per_s=round(len(test) / spent, 3),
        threads=params.threads,
        hardware=hardware("numpy"),
    )
    files = (out / name for name in ("metrics.json", "seconds.json", "predictions.csv"))
    # All three are written before the first is put in place; metrics.json, the truth of a run, comes last.
    with ExitStack() as stack:
        metrics_beside, seconds_beside, table_beside = (
            stack.enter_context(atomic_write(file, record=True)) for file in files
        )
        write(metrics_beside, metrics, record=False)
        write(seconds_beside, seconds, record=False)
        table.to_csv(table_beside, index=False, lineterminator="\n")


def _tested(read: Samples, path: Path, count: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the test images, their labels and their sample numbers: all, or as many of each class by the seed."""
    rows = read.rows("test")
    numbers = np.arange(rows.start, rows.stop)
    if len(numbers) == 0:
        raise BoardbenchError(
            f"{path}: column part: no image is of part test. Make the samples again with "
            "`boardbench classification samples`."
        )
    if count is not None and count < len(numbers):
        numbers = read.subset("test", count, "classification.baselines.test_images")
        return read.images[numbers], read.labels[numbers], numbers
    return *read.part("test"), numbers
