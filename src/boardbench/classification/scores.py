"""Scores of predicted classes: one confusion matrix first, everything else from it."""

from math import sqrt
from typing import Any

import numpy as np

from boardbench.errors import BoardbenchError

QUANTILE = 1.959963984540054  # of the normal distribution: 95 % lie within


def scores(truth: np.ndarray, predicted: np.ndarray, classes: int) -> dict[str, Any]:
    """Score predicted classes.

    Args:
        truth: (n,) from 0 to classes - 1.
        predicted: (n,) likewise.
        classes: how many there are.

    Returns:
        ``accuracy``; ``low`` and ``high``, its 95 % limits (Wilson 1927: images are a sample of more such images);
        ``precision``, ``recall`` and ``f_score``, means over all classes with 0 where a class was never predicted or
        never there, as scikit-learn's macro average with ``zero_division=0``; ``confusion``, images of each true class
        (rows) by predicted class.

    Raises:
        BoardbenchError: no images, other shapes, or classes that are not whole numbers in range.
    """
    arrays = {"truth": np.asarray(truth), "predicted": np.asarray(predicted)}
    shape = arrays["truth"].shape
    for name, labels in arrays.items():
        if labels.shape != shape or labels.ndim != 1 or labels.size == 0 or labels.dtype.kind not in "iu":
            raise BoardbenchError(
                f"{name}: {labels.dtype} of shape {labels.shape}; as many whole numbers as there are true classes "
                f"are needed ({shape}), one or more. Predict the images that are scored."
            )
        if labels.min() < 0 or labels.max() >= classes:
            raise BoardbenchError(
                f"{name}: classes from {labels.min()} to {labels.max()}, but there are {classes} (0 to {classes - 1}). "
                "Take both from the same samples.csv."
            )
    pairs = arrays["truth"].astype(np.int64) * classes + arrays["predicted"]
    confusion = np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)
    right, there, said = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    accuracy = float(right.sum() / len(pairs))
    low, high = _wilson(accuracy, len(pairs))
    return {
        "accuracy": accuracy,
        "low": low,
        "high": high,
        "precision": float((right / np.maximum(said, 1)).mean()),
        "recall": float((right / np.maximum(there, 1)).mean()),
        "f_score": float((2 * right / np.maximum(said + there, 1)).mean()),
        "confusion": confusion.tolist(),
    }


def _wilson(share: float, n: int) -> tuple[float, float]:
    """Return the limits of a share of n."""
    z2 = QUANTILE**2
    centre, half = share + z2 / (2 * n), QUANTILE * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low, high = (centre - half) / (1 + z2 / n), (centre + half) / (1 + z2 / n)
    # At 0 and 1 a limit is the share itself, but for rounding.
    return max(0.0, min(share, low)), min(1.0, max(share, high))
