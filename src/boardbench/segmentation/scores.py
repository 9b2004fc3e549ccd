"""Counts first, scores second: one confusion matrix, then what is read from it."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd

from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write
from boardbench.integrity import checked
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
    ratio = np.divide(numerator, denominator, out=np.zeros(np.shape(numerator)), where=denominator > 0)
    return np.where(present, ratio, np.nan)


def _mean(values: np.ndarray) -> np.ndarray:
    """Return the mean over the last axis without NaN; NaN where there is nothing else."""
    present = np.isfinite(values)
    count = present.sum(axis=-1)
    total = np.where(present, values, 0).sum(axis=-1)
    return np.divide(total, count, out=np.full(np.shape(count), np.nan), where=count > 0)


def _iou_f1(hits: np.ndarray, true: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return IoU and F1 of each class (..., classes) from its counts; NaN where it is absent from both sides."""
    union = true + predicted - hits
    present = union > 0
    return _ratio(hits, union, present), _ratio(2 * hits, true + predicted, present)


def mean_scores(confusions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute mean IoU and mean F1 of a stack of confusion matrices, each by the rules of :func:`scores`.

    Args:
        confusions: (..., classes, classes) counts, [truth, prediction] in the last two axes.

    Returns:
        miou (...) and mf1 (...), means over the classes present; NaN where nothing was counted.
    """
    confusions = np.asarray(confusions, dtype=np.float64)
    hits = np.diagonal(confusions, axis1=-2, axis2=-1)
    iou, f1 = _iou_f1(hits, confusions.sum(axis=-1), confusions.sum(axis=-2))
    return _mean(iou), _mean(f1)


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
    present = true + predicted > 0
    iou, f1 = _iou_f1(hits, true, predicted)
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
        "miou": float(_mean(iou)),
        "mf1": float(_mean(f1)),
        "kappa": kappa,
    }


def write_confusion(path: Path, confusion: np.ndarray, classes: list[str]) -> None:
    """Write a confusion matrix as CSV: one row a true class, one column a predicted class."""
    table = pd.DataFrame(np.asarray(confusion), index=pd.Index(classes, name="truth"), columns=classes)
    with atomic_write(path, record=True) as beside:
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
    table = pd.read_csv(checked(path), dtype=str, keep_default_na=False)
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


def write_confusions(path: Path, confusions: dict[str, np.ndarray], classes: list[str]) -> None:
    """Write the confusion matrix of each capture as CSV: columns capture, truth, then one a predicted class.

    Their sum is the run's confusion matrix (:func:`write_confusion`). Rows stand in the order given, the classes of
    a capture together.
    """
    table = pd.DataFrame(
        [
            [name, truth, *map(int, row)]
            for name, matrix in confusions.items()
            for truth, row in zip(classes, np.asarray(matrix), strict=True)
        ],
        columns=["capture", "truth", *classes],
    )
    with atomic_write(path, record=True) as beside:
        table.to_csv(beside, index=False, lineterminator="\n")


def read_confusions(path: Path) -> tuple[dict[str, np.ndarray], list[str]]:
    """Read what :func:`write_confusions` wrote.

    Returns:
        capture name -> (classes, classes) int64 counts [truth, prediction], in the order of the file; class names.

    Raises:
        BoardbenchError: if the file is missing, holds no capture, or a line is out of order or no line of counts.
    """
    again = "again with `boardbench segmentation evaluate` (a baseline: `boardbench segmentation baseline`)."
    if not path.is_file():
        raise BoardbenchError(f"{path}: no confusion matrices by capture. Make the run's scores {again}")
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        header, *lines = list(csv.reader(file)) or [[]]
    classes = header[2:]
    if header[:2] != ["capture", "truth"] or not classes or not lines:
        raise BoardbenchError(
            f"{path}: no confusion matrices by capture (columns capture, truth, then one a class, and a row for each "
            f"capture and class). Delete it and make it {again}"
        )
    found: dict[str, list[list[int]]] = {}
    for number, line in enumerate(lines):
        rows = found.setdefault(line[0] if line else "", [])
        expected = classes[number % len(classes)]
        counts = [int(cell) for cell in line[2:] if cell.isascii() and cell.isdigit() and len(cell) < 19]
        # Classes in order, none missing: the rows of a capture so far are as many as its classes so far.
        if (
            line[1:2] != [expected]
            or len(rows) != number % len(classes)
            or len(counts) != len(classes)
            or len(line) != len(header)
        ):
            raise BoardbenchError(
                f"{path}, line {number + 2}: expected capture, truth '{expected}' and {len(classes)} counts, each "
                f"capture with its classes in the header's order, but it is '{','.join(line)}'. Delete the file and "
                f"make it {again}"
            )
        rows.append(counts)
    if len(lines) % len(classes):
        raise BoardbenchError(
            f"{path}: the last capture '{lines[-1][0]}' has {len(lines) % len(classes)} of {len(classes)} rows: cut "
            f"short. Delete it and make it {again}"
        )
    return {name: np.array(rows, dtype=np.int64) for name, rows in found.items()}, classes
