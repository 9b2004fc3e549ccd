"""One minus the cosine of the angle between two images."""

from math import prod

import numpy as np

from boardbench.classification.distances import Distance
from boardbench.classification.distances._dots import CENTRE, PAIR_BYTES, centred, dots

BLOCK = 1 << 14  # values made float64 at once


class Cosine(Distance):
    """1 - ab / (|a| |b|) of normalized images: the offset of the normalization counts, its scale cancels.

    An image that is all zeros after normalization has no direction: its distance to everything is 1, as if at right
    angles. Dot products are exact, the rest is float64; distances equal but for float64's last digits may rank either
    way.
    """

    pair_bytes = PAIR_BYTES

    def _set_up(self) -> None:
        super()._set_up()
        # From centred counts to counts less the offset, of training and test images.
        self.shift, self.test_shift = CENTRE - self.offset, CENTRE - self.test_offset
        self.train_bytes = self.test_bytes = 4 * prod(self.size)

    def train(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return centred images (n, values) float32, their sums x the tests' shift and their lengths, (n,) float64."""
        rows = centred(images)
        return rows, self.test_shift * rows.sum(axis=1, dtype=np.float64), _lengths(rows, self.shift)

    def test(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the same of test images, their sums x the shift of the training images."""
        rows = centred(images)
        return rows, self.shift * rows.sum(axis=1, dtype=np.float64), _lengths(rows, self.test_shift)

    def values(self, tests: tuple[np.ndarray, ...], trains: tuple[np.ndarray, ...]) -> np.ndarray:
        """Return the distances."""
        out = dots(tests[0], trains[0])
        out += (tests[1] + self.shift * self.test_shift * prod(self.size))[:, None]
        out += trains[1]
        out /= tests[2][:, None]
        out /= trains[2]
        return np.subtract(1, out, out=out)

    def distances(self, values: np.ndarray) -> np.ndarray:
        """Return them as they are."""
        return np.asarray(values, np.float64)

    def between(self, images: np.ndarray, references: np.ndarray) -> np.ndarray:
        """Return the distances, by a float64 matrix product."""
        given = ((images, self.test_offset), (references, self.offset))
        rows = [array.reshape(len(array), -1).astype(np.float64) - offset for array, offset in given]
        left, right = (values / _lengths(values, 0)[:, None] for values in rows)
        return 1 - left @ right.T


def _lengths(rows: np.ndarray, shift: float) -> np.ndarray:
    """Return the lengths (n,) of rows + shift; inf for zero, so that every cosine with it is 0."""
    out, step = np.empty(len(rows)), max(1, BLOCK // rows.shape[1])
    for start in range(0, len(rows), step):
        values = rows[start : start + step].astype(np.float64) + shift
        out[start : start + step] = np.sqrt(np.einsum("ij,ij->i", values, values))
    out[out == 0] = np.inf
    return out


DISTANCE = Cosine
