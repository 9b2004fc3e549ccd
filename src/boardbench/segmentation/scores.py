"""Counts first, scores second: one confusion matrix, then what is read from it."""

from pathlib import Path

import numpy as np
import pandas as pd

from boardbench.errors import BoardbenchError
from boardbench.files import whole
from boardbench.segmentation.data import IGNORED


def confusion_matrix(truth: np.ndarray, prediction: np.ndarray, classes: int, ignore: int = IGNORED) -> np.ndarray:
    """Count pixels by true and predicted class.

    Args:
        truth: class ids of any shape; pixels equal to ``ignore`` are left out.
        prediction: class ids of the same shape.
        classes: number of classes.
        ignore: class id of unlabelled pixels.

    Returns:
        (classes, classes) int64, confusion[truth, prediction]. Matrices of several captures add up.

    Raises:
        BoardbenchError: if the shapes differ or an id is out of range.
    """
    truth, prediction = np.asarray(truth), np.asarray(prediction)
    if truth.shape != prediction.shape:
        raise BoardbenchError(
            f"truth of shape {truth.shape} against prediction of shape {prediction.shape}: score both at one size."
        )
    known = truth != ignore
    truth, prediction = truth[known].astype(np.int64), prediction[known].astype(np.int64)
    for what, ids in (("truth", truth), ("prediction", prediction)):
        if ids.size and (ids.min() < 0 or ids.max() >= classes):
            wrong = ids.max() if ids.max() >= classes else ids.min()
            raise BoardbenchError(
                f"{what} has class id {wrong}, but there are {classes} classes (ids 0 to {classes - 1}; "
                f"{ignore} is ignored): mend the mask or segmentation.classes."
            )
    return np.bincount(truth * classes + prediction, minlength=classes**2).reshape(classes, classes)


def _ratio(numerator: np.ndarray, denominator: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Divide; an empty denominator is 0 for a class that is present and NaN for one that is not."""
    ratio = np.divide(numerator, denominator, out=np.zeros(len(numerator)), where=denominator > 0)
    return np.where(present, ratio, np.nan)


def _mean(values: np.ndarray) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def scores(confusion: np.ndarray) -> dict[str, np.ndarray | float]:
    """Compute per-class scores and their means from one confusion matrix.

    A class absent from truth and prediction is NaN and is left out of the means. A class present in only one
    of them scores 0 everywhere, also where its precision or recall is 0/0 (as scikit-learn's
    ``zero_division=0``).

    Args:
        confusion: (classes, classes) counts, confusion[truth, prediction].

    Returns:
        Arrays (classes,) ``iou``, ``f1``, ``precision``, ``recall``; floats ``miou``, ``mf1`` (means over
        classes) and ``kappa`` (Cohen 1960; NaN where chance agreement is complete or nothing was counted).
    """
    confusion = np.asarray(confusion, dtype=np.float64)
    hits, true, predicted = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    union = true + predicted - hits
    present = union > 0
    iou = _ratio(hits, union, present)
    f1 = _ratio(2 * hits, true + predicted, present)
    total = confusion.sum()
    kappa = float("nan")
    if total > 0:
        chance = (true @ predicted) / total**2
        kappa = float((hits.sum() / total - chance) / (1 - chance)) if chance < 1 else kappa
    return {
        "iou": iou,
        "f1": f1,
        "precision": _ratio(hits, predicted, present),
        "recall": _ratio(hits, true, present),
        "miou": _mean(iou),
        "mf1": _mean(f1),
        "kappa": kappa,
    }


def write_confusion(path: Path, confusion: np.ndarray, classes: list[str]) -> None:
    """Write a confusion matrix as CSV: one row a true class, one column a predicted class."""
    table = pd.DataFrame(np.asarray(confusion), index=pd.Index(classes, name="truth"), columns=classes)
    with whole(path) as beside:
        table.to_csv(beside, lineterminator="\n")


def read_confusion(path: Path) -> tuple[np.ndarray, list[str]]:
    """Read what :func:`write_confusion` wrote.

    Returns:
        (classes, classes) int64 counts, confusion[truth, prediction], and the class names.

    Raises:
        BoardbenchError: if the file is missing or is no square table of counts.
    """
    if not path.is_file():
        raise BoardbenchError(f"{path}: no confusion matrix. Make it with `boardbench segmentation evaluate`.")
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    classes = list(table.columns[1:])
    try:
        counts = table[classes].to_numpy().astype(np.int64)
    except ValueError:
        counts = None
    if counts is None or table.columns[0] != "truth" or list(table["truth"]) != classes or not classes:
        raise BoardbenchError(
            f"{path}: not a square table of counts (first column truth, then one column a class, rows in "
            "the same order). Delete it and make it again with `boardbench segmentation evaluate`."
        )
    return counts, classes
