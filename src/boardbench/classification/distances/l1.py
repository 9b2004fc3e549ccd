"""Sum of absolute differences: paper 2's pairwise distance."""

import numpy as np
from numba import int32

from boardbench.classification.distances import Distance
from boardbench.engine.compiled import compiled
from boardbench.errors import BoardbenchError

TILE = 8  # training images that stay in the first-level cache


@compiled()
def _sums(tests: np.ndarray, trains: np.ndarray, out: np.ndarray) -> None:
    """Sum |test - train| over uint8 rows; int32 throughout, which LLVM turns into sums of absolute differences."""
    for first in range(0, len(trains), TILE):
        for row in range(len(tests)):
            test = tests[row]
            for column in range(first, min(first + TILE, len(trains))):
                train = trains[column]
                total = int32(0)
                for value in range(test.size):
                    total = int32(total + int32(abs(int32(int32(test[value]) - int32(train[value])))))
                out[row, column] = total


class L1(Distance):
    """Sum over all values of |test - train|, exact; the offset of the normalization cancels, its scale divides."""

    pair_bytes = 4

    def _set_up(self) -> None:
        super()._set_up()
        if (self.test_offset, self.test_scale) != (self.offset, self.scale):
            raise BoardbenchError(
                "classification.baselines.test_statistics: distance l1 adds up whole counts, so it has no test images "
                "with statistics of their own. Give 'training', or leave l1 out of classification.baselines.distances."
            )

    def train(self, images: np.ndarray) -> np.ndarray:
        """Return the images as rows."""
        return np.ascontiguousarray(images).reshape(len(images), -1)

    def values(self, tests: np.ndarray, trains: np.ndarray) -> np.ndarray:
        """Return the sums, int32, in counts."""
        out = np.empty((len(tests), len(trains)), np.int32)
        _sums(tests, trains, out)
        return out

    def distances(self, values: np.ndarray) -> np.ndarray:
        """Return sums of normalized values."""
        return values / self.scale

    def between(self, images: np.ndarray, references: np.ndarray) -> np.ndarray:
        """Return sums of normalized values, by SciPy."""
        from scipy.spatial.distance import cdist

        rows = (array.reshape(len(array), -1).astype(np.float64) for array in (images, references))
        return cdist(*rows, "cityblock") / self.scale


DISTANCE = L1
