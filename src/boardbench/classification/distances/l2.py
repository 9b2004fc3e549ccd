"""Euclidean distance; paper 2's mean squared error is its square over the number of values, and ranks the same."""

from math import prod

import numpy as np

from boardbench.classification.distances import Distance
from boardbench.classification.distances._dots import CENTRE, PAIR_BYTES, centred, dots


class L2(Distance):
    """Root of the sum of (test - train)^2; the offset of the normalization cancels, its scale divides.

    Squares are exact: |a|^2 + |b|^2 - 2 ab loses digits in floating point, but of uint8 images every term is a whole
    number that float64 holds, and ``dots`` does not round.
    """

    pair_bytes = PAIR_BYTES

    def _set_up(self) -> None:
        super()._set_up()
        self.train_bytes = self.test_bytes = 4 * prod(self.size)
        self._ratio = self.scale / self.test_scale
        # A test image is ratio x (image + lead) in centred counts of the training images; as a rule 1 and 0.
        self._lead = (CENTRE - self.test_offset) - (CENTRE - self.offset) / self._ratio

    def train(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return centred images (n, values) float32 and their squares less what depends on them of products (n,)."""
        rows = centred(images)
        lead = 2 * self._ratio * self._lead * rows.sum(axis=1, dtype=np.float64)
        return rows, np.einsum("ij,ij->i", rows, rows, dtype=np.float64) - lead

    def test(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return centred images (m, values) float32 and the squares of what they are in centred counts (m,) float64."""
        rows = centred(images)
        squares = np.einsum("ij,ij->i", rows, rows, dtype=np.float64)
        lead = 2 * self._lead * rows.sum(axis=1, dtype=np.float64) + rows.shape[1] * self._lead**2
        return rows, self._ratio**2 * (squares + lead)

    def values(self, tests: tuple[np.ndarray, np.ndarray], trains: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """Return the squared distances in counts of the training images, float64; without ``tests`` whole numbers."""
        out = dots(tests[0], trains[0])
        out *= -2 * self._ratio
        out += tests[1][:, None]
        out += trains[1]
        return out

    def distances(self, values: np.ndarray) -> np.ndarray:
        """Return distances of normalized values."""
        return np.sqrt(np.maximum(values, 0)) / self.scale  # of equal images by statistics of their own, -1e-10

    def between(self, images: np.ndarray, references: np.ndarray) -> np.ndarray:
        """Return distances of normalized values, by SciPy."""
        from scipy.spatial.distance import cdist

        tests, trains = (array.reshape(len(array), -1).astype(np.float64) for array in (images, references))
        if (self.test_offset, self.test_scale) != (self.offset, self.scale):
            tests = (tests - self.test_offset) * self._ratio + self.offset
        return cdist(tests, trains, "euclidean") / self.scale


DISTANCE = L2
