"""What every reader gives: labels at once, pixels when they are asked for, and checks of both."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from boardbench.errors import BoardbenchError

BLOCK = 4096
"""Images at a time between an archive and images.npy."""


@dataclass(frozen=True)
class Part:
    """Labelled images in the order of their archive.

    Attributes:
        labels: (n,) int64, index into the classes.
        read: gives the images of ascending indices, in blocks of (at most ``BLOCK``, lines, samples, channels) uint8.
    """

    labels: np.ndarray
    read: Callable[[np.ndarray], Iterator[np.ndarray]]


@dataclass(frozen=True)
class Images:
    """An opened archive.

    Attributes:
        train: images to train with.
        test: images to test with.
        classes: names.
        size: (lines, samples, channels) of an image.
        metadata: kind, files with their checksums, and how the pixels were stored; for samples.json.
    """

    train: Part
    test: Part
    classes: list[str]
    size: tuple[int, int, int]
    metadata: dict[str, Any]


def check_labels(labels: np.ndarray, classes: list[str], where: str) -> None:
    """Refuse labels that name no class; ``where`` names the file.

    Raises:
        BoardbenchError: naming the first bad row.
    """
    for row in np.flatnonzero((labels < 0) | (labels >= len(classes)))[:1]:
        raise BoardbenchError(
            f"{where}, row {row}, label: {labels[row]} is out of range, there are {len(classes)} classes "
            f"(0 to {len(classes) - 1}). Get the file again."
        )


def check_counts(labels: np.ndarray, classes: list[str], expected: int, where: str) -> None:
    """Refuse a part that has not the published number of images of each class.

    Raises:
        BoardbenchError: naming the classes that differ.
    """
    counts = np.bincount(labels, minlength=len(classes))
    wrong = [f"{name} {count}" for name, count in zip(classes, counts, strict=True) if count != expected]
    if wrong:
        shown = ", ".join(wrong[:5]) + (f" and {len(wrong) - 5} more" if len(wrong) > 5 else "")
        raise BoardbenchError(
            f"{where}: not the published images, which are {expected} of each class: {shown}. Get it again, or use "
            "source 'parquet' for images of your own."
        )
