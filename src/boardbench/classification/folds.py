"""Parts of the training images, as many of each class as there are: a validation part, and folds."""

import numpy as np

from boardbench.errors import BoardbenchError


def holdout(labels: np.ndarray, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows (int64, ascending) that train and those that validate.

    Of each class the nearest whole number to ``share`` validates, at least one, and at least one trains; with a
    share of 0 all train.
    """
    generator = np.random.default_rng([seed, 1])
    chosen = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label))
        count = min(max(1, round(share * len(rows))), len(rows) - 1) if share else 0
        chosen[rows[:count]] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def folds(labels: np.ndarray, count: int, seed: int) -> list[np.ndarray]:
    """Return the rows (int64, ascending) that each fold holds out; every row is in one of them.

    Folds differ by one image at most, and by one in each class.

    Raises:
        BoardbenchError: if a class has fewer images than there are folds.
    """
    generator = np.random.default_rng([seed, 2])
    classes, sizes = np.unique(labels, return_counts=True)
    for label, size in zip(classes, sizes, strict=True):
        if size < count:
            remedy = f"Set folds to {size} at most" if size > 1 else "Set folds to null"
            raise BoardbenchError(
                f"folds: {count}, but class {label} has only {size} of the training images, and every fold needs one. "
                f"{remedy}, or take more images."
            )
    # Dealt out class after class like cards, so that the rests of the classes do not all fall to the first folds.
    order = np.concatenate([generator.permutation(np.flatnonzero(labels == label)) for label in classes])
    return [np.sort(order[first::count]) for first in range(count)]
