"""Scores of found corners: how far they lie off, and which boards they pass or fail.

A board fails when its chip lies more than a tolerance off its nominal place: the centre by more millimetres, or the
rotation by more degrees. The true corners say what should have been decided, the predicted ones what was.
"""

from typing import Any

import numpy as np
import pandas as pd

from boardbench.errors import BoardbenchError
from boardbench.params.placement import Tolerance
from boardbench.placement.corners import centre, deviation


def severity(
    corners: np.ndarray, nominal: np.ndarray, mm_per_pixel: np.ndarray | tuple[float, float], tolerance: Tolerance
) -> np.ndarray:
    """Return how many times its tolerance a chip lies off: above 1, its board fails.

    Args:
        corners: (n, 4, 2) pixels.
        nominal: (4, 2) pixels, where the chip should be.
        mm_per_pixel: (2,) along x and y.
        tolerance: of offset and rotation.

    Returns:
        (n,), the larger of offset and rotation, each over its tolerance.

    Raises:
        BoardbenchError: for corners that are not finite, which would pass every comparison.
    """
    if not np.isfinite(corners).all():
        raise BoardbenchError(
            "corners hold values that are not finite, so no board can be judged. A training that diverged leaves such "
            "a model: lower placement.training.learning_rate and train again."
        )
    offset, rotation = deviation(corners, nominal, mm_per_pixel)
    return np.maximum(offset / tolerance.offset_mm, np.abs(rotation) / tolerance.rotation_deg)


def _severities(
    truth: np.ndarray, predicted: np.ndarray, nominal: np.ndarray, mm_per_pixel: np.ndarray, tolerance: Tolerance
) -> tuple[np.ndarray, np.ndarray]:
    """Return the severities (n,) by true and by predicted corners, of which there must be as many."""
    if np.shape(truth) != np.shape(predicted) or np.shape(truth)[1:] != (4, 2) or len(truth) == 0:
        raise BoardbenchError(
            f"true corners of shape {np.shape(truth)} against predicted ones of {np.shape(predicted)}: both must be "
            "samples x 4 x 2, with one sample or more. Predict the part of the images that is scored."
        )
    return tuple(severity(corners, nominal, mm_per_pixel, tolerance) for corners in (truth, predicted))


def scores(
    truth: np.ndarray,
    predicted: np.ndarray,
    nominal: np.ndarray,
    mm_per_pixel: np.ndarray | tuple[float, float],
    tolerance: Tolerance,
) -> dict[str, Any]:
    """Score predicted corners.

    Args:
        truth: (n, 4, 2) pixels.
        predicted: (n, 4, 2) pixels.
        nominal: (4, 2) pixels.
        mm_per_pixel: (2,) along x and y.
        tolerance: of offset and rotation.

    Returns:
        ``samples``; of the centre ``centre_mae_px`` and ``centre_mae_mm`` (paper 4's metric: mean of |error| over
        samples and both coordinates), ``centre_mean_mm`` and ``centre_worst_mm`` (distances); ``corner_mae_px`` (a
        list of 4); ``rotation_mae_deg``, ``rotation_worst_deg``; ``bad`` (boards that should fail),
        ``false_accepts`` (bad and passed), ``false_rejects`` (good and failed), ``false_accept_rate`` of the bad and
        ``false_reject_rate`` of the good, ``auc`` of the ROC curve; a rate or area is None where its class is empty.

    Raises:
        BoardbenchError: no samples, other shapes, or corners that are not finite.
    """
    true_severity, found_severity = _severities(truth, predicted, nominal, mm_per_pixel, tolerance)
    bad, failed = true_severity > 1, found_severity > 1
    number_bad, number_good = int(bad.sum()), int((~bad).sum())
    false_accepts, false_rejects = int((bad & ~failed).sum()), int((~bad & failed).sum())
    scale = np.asarray(mm_per_pixel, dtype=np.float64)
    error = centre(predicted) - centre(truth)
    distance, rotation = deviation(predicted, truth, scale)
    return {
        "samples": len(bad),
        "centre_mae_px": float(np.abs(error).mean()),
        "centre_mae_mm": float(np.abs(error * scale).mean()),
        "centre_mean_mm": float(distance.mean()),
        "centre_worst_mm": float(distance.max()),
        "corner_mae_px": np.abs(np.subtract(predicted, truth)).mean(axis=(0, 2)).tolist(),
        "rotation_mae_deg": float(np.abs(rotation).mean()),
        "rotation_worst_deg": float(np.abs(rotation).max()),
        "bad": number_bad,
        "false_accepts": false_accepts,
        "false_rejects": false_rejects,
        "false_accept_rate": false_accepts / number_bad if number_bad else None,
        "false_reject_rate": false_rejects / number_good if number_good else None,
        "auc": _auc(bad, found_severity) if number_bad and number_good else None,
    }


def _auc(bad: np.ndarray, severities: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(bad, severities))


def roc(
    truth: np.ndarray,
    predicted: np.ndarray,
    nominal: np.ndarray,
    mm_per_pixel: np.ndarray | tuple[float, float],
    tolerance: Tolerance,
) -> pd.DataFrame:
    """Return the ROC curve of failing bad boards; arguments and errors as of :func:`scores`.

    Returns:
        ``threshold`` (of the severity: boards at or above it fail; the tolerance itself is at 1),
        ``false_reject_rate`` of good boards and ``true_reject_rate`` of bad ones, from (0, 0), where the threshold is
        NaN (no board fails), to (1, 1). No rows where boards are all good or all bad.
    """
    true_severity, found_severity = _severities(truth, predicted, nominal, mm_per_pixel, tolerance)
    bad = true_severity > 1
    columns = ["threshold", "false_reject_rate", "true_reject_rate"]
    if bad.all() or not bad.any():
        return pd.DataFrame(columns=columns, dtype=float)
    from sklearn.metrics import roc_curve

    false_rejects, true_rejects, thresholds = roc_curve(bad, found_severity, drop_intermediate=False)
    thresholds = np.where(np.isfinite(thresholds), thresholds, np.nan)
    return pd.DataFrame(dict(zip(columns, (thresholds, false_rejects, true_rejects), strict=True)))
