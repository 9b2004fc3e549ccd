"""Euclidean distance; paper 2's mean squared error is its square over the number of values, and ranks the same."""

from math import prod

import numpy as np

from boardbench.classification.distances import Distance
from boardbench.classification.distances._dots import PAIR_BYTES, centred, dots


class L2(Distance):
    """Root of the sum of (test - train)^2; the offset of the normalization cancels, its scale divides.

    Squares are exact: |a|^2 + |b|^2 - 2 ab loses digits in floating point, but of uint8 images every term is a whole
    number that float64 holds, and ``dots`` does not round.
    """

    pair_bytes = PAIR_BYTES

    def __init__(self, size: tuple[int, int, int], offset: float = 0.0, scale: float = 1.0, window: int = 7):
        super().__init__(size, offset, scale, window)
        self.train_bytes = self.test_bytes = 4 * prod(size)

    def train(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return centred images (n, values) float32 and their squares (n,) float64."""
        rows = centred(images)
        return rows, np.einsum("ij,ij->i", rows, rows, dtype=np.float64)

    def values(self, tests: tuple[np.ndarray, np.ndarray], trains: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """Return the squared distances in counts, whole numbers in float64."""
        out = dots(tests[0], trains[0])
        out *= -2
        out += tests[1][:, None]
        out += trains[1]
        return out

    def distances(self, values: np.ndarray) -> np.ndarray:
        """Return distances of normalized values."""
        return np.sqrt(values) / self.scale

    def between(self, images: np.ndarray, references: np.ndarray) -> np.ndarray:
        """Return distances of normalized values, by SciPy."""
        from scipy.spatial.distance import cdist

        rows = (array.reshape(len(array), -1).astype(np.float64) for array in (images, references))
        return cdist(*rows, "euclidean") / self.scale


DISTANCE = L2
