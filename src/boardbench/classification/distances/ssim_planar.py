"""Structural similarity as the code of paper 2 computes it (emily-palaska/cifar10-nn@0485c69, source/baselines).

It reads the bytes of an image, which CIFAR-10's files hold plane by plane, as lines x samples x channels: a "pixel" of
it is three neighbours of one colour, and a third of its lines is red, a third green, a third blue.
"""

import numpy as np

from boardbench.classification.distances.ssim import K2, SLACK, Ssim

BLOCK = 64  # test images spread at once
FULL = (K2 * 255) ** 2
LEAST = 1.0  # counts: range of an image of one value, which has none to divide by


class SsimPlanar(Ssim):
    """As Ssim, of images whose planar bytes are read as lines x samples x channels, by the range of the test image.

    Equal to ``skimage.metrics.structural_similarity(test, train, channel_axis=2, data_range=test.max() - test.min())``
    of normalized images so read; not symmetric, as the range is the test image's.
    """

    def _set_up(self) -> None:
        super()._set_up()
        self._order = np.ascontiguousarray(self._order.transpose(2, 0, 1)).reshape(self.size)

    def _ranges(self, tests: np.ndarray) -> np.ndarray:
        rows = np.asarray(tests).reshape(len(tests), -1)
        return np.maximum(rows.max(axis=1).astype(np.float64) - rows.min(axis=1), LEAST)

    def slack_of(self, test: np.ndarray) -> np.ndarray:
        """Return Ssim's slack, which holds for variance + C2 of at least 58.5 and C1 of 6.5, for what theirs are."""
        slack = np.empty((len(test), 1))
        for start in range(0, len(test), BLOCK):
            some = test[start : start + BLOCK]
            share = FULL / np.moveaxis(self.test(some)[2], 0, -1).reshape(-1, len(some))
            slack[start : start + BLOCK, 0] = SLACK * np.maximum(255 / self._ranges(some), share).mean(axis=0)
        return slack


DISTANCE = SsimPlanar
