"""scikit-learn's handwritten digits: 1797 images that need no download."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from boardbench.classification.archives.archive import Images, Part
from boardbench.params.classification import Archive

_GREATEST = 16
_TEST_SHARE = 0.2


def open_digits(raw: Path, params: Archive) -> Images:
    """Return the digits, 8 x 8 x 1; nothing is read from ``raw``."""
    return read_digits(params.seed)


def read_digits(seed: int) -> Images:
    """Return scikit-learn's digits (E. Alpaydin and C. Kaynak, UCI Optical Recognition of Handwritten Digits).

    Counts of 0 to 16 become 0 to 255 by rounding; one image in five, drawn by class with ``seed``, is for the test.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    found = load_digits()
    pixels = np.round(found.images * (255 / _GREATEST)).astype(np.uint8)[..., None]
    labels = found.target.astype(np.int64)
    drawn = train_test_split(np.arange(len(labels)), test_size=_TEST_SHARE, stratify=labels, random_state=seed)
    train, test = (_part(pixels, labels, np.sort(rows)) for rows in drawn)
    metadata = {
        "kind": "digits",
        "encoding": f"counts of 0 to {_GREATEST}, scaled to 0 to 255 and rounded",
        "class_names": "from scikit-learn",
        "split": f"{_TEST_SHARE:.0%} of each class for the test, by seed",
    }
    return Images(train, test, [str(name) for name in found.target_names], pixels.shape[1:], metadata)


def _part(pixels: np.ndarray, labels: np.ndarray, rows: np.ndarray) -> Part:
    def read(wanted: np.ndarray) -> Iterator[np.ndarray]:
        yield pixels[rows[wanted]]

    return Part(labels[rows], read)
