"""Distances between images, one file each.

To add one, write ``<name>.py`` here with ``DISTANCE = <a subclass of Distance>`` and add the name to ``Distance`` in
params/classification.py. All work on uint8 images and give the distance of the normalized ones,
(image - offset) / scale, without making these: whole numbers below 256 have exact sums in float32 and int32.
"""

import math
from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from boardbench.engine.registry import Registry
from boardbench.errors import BoardbenchError

LARGEST = 1 << 23  # values an image may have, so that 255 times as many stay below 2^31


class Distance(ABC):
    """A distance between images, in blocks of test images x training images.

    Attributes:
        train_bytes: memory that ``train`` needs an image.
        test_bytes: memory that ``test`` needs an image.
        pair_bytes: memory that ``values`` needs a pair of images.

    Args:
        size: (lines, samples, channels) of an image.
        offset: of the normalization, in counts.
        scale: of the normalization, in counts, above 0.
        window: side of ssim's window, pixels; the others have none.
        tests: offset and scale of test images, where they have their own.

    Raises:
        BoardbenchError: an offset or scale that is not finite, a size that the distance is not made for, or test images
            with an offset and scale of their own where it cannot have these.
    """

    train_bytes = test_bytes = 0
    pair_bytes = 8

    def __init__(
        self,
        size: tuple[int, int, int],
        offset: float = 0.0,
        scale: float = 1.0,
        window: int = 7,
        tests: tuple[float, float] | None = None,
    ):
        self.size, self.offset, self.scale, self.window = tuple(size), float(offset), float(scale), window
        self.test_offset, self.test_scale = map(float, tests or (offset, scale))
        self._set_up()

    def _set_up(self) -> None:
        """Refuse what the distance is not made for, and compute what it needs beside its arguments."""
        if len(self.size) != 3 or not 0 < math.prod(self.size) <= LARGEST:
            raise BoardbenchError(
                f"images of size {self.size}: lines x samples x channels are needed, between 1 and {LARGEST} values. "
                "Give images as `boardbench classification samples` writes them."
            )
        for offset, scale in ((self.offset, self.scale), (self.test_offset, self.test_scale)):
            if not (math.isfinite(offset) and math.isfinite(scale) and scale > 0):
                raise BoardbenchError(
                    f"normalization: offset {offset} and scale {scale} must be finite, and the scale above 0. Fit it "
                    "again."
                )

    @abstractmethod
    def train(self, images: np.ndarray) -> Any:
        """Return what ``values`` needs of training images (n, lines, samples, channels) uint8."""

    def test(self, images: np.ndarray) -> Any:
        """Return what ``values`` needs of test images (m, lines, samples, channels) uint8."""
        return self.train(images)

    @abstractmethod
    def values(self, tests: Any, trains: Any) -> np.ndarray:
        """Return numbers (m, n) that rank as the distances do; the caller may write to them."""

    @abstractmethod
    def distances(self, values: np.ndarray) -> np.ndarray:
        """Return the distances, float64, that belong to ``values``."""

    @abstractmethod
    def between(self, images: np.ndarray, references: np.ndarray) -> np.ndarray:
        """Return distances (m, n), float64, from images (m, ...) to few float64 references (n, ...), both in counts."""


class RankedTwice(Distance):
    """A distance whose ``values`` are rough: the nearest of them are ranked again by exact ones.

    Attributes:
        slack: largest error of ``values``.
    """

    slack: float

    def slack_of(self, test: np.ndarray) -> float | np.ndarray:
        """Return the largest error of ``values`` of test images, or of each of them (m, 1)."""
        return self.slack

    @abstractmethod
    def exact(self, test: np.ndarray, train: np.ndarray, pairs: np.ndarray) -> np.ndarray:
        """Return ``values`` in float64 of pairs (p, 2) of image numbers."""


_registry = Registry(__name__, kind="distance", key="classification.baselines.distances", attribute="DISTANCE")


def names() -> list[str]:
    """Return the names of all distances."""
    return _registry.names()


def get(name: str) -> type[Distance]:
    """Return a distance.

    Raises:
        BoardbenchError: for an unknown name, with the nearest one and all valid ones.
    """
    return _registry.get(name)


def check_images(images: np.ndarray, what: str) -> None:
    """Refuse anything but (n, lines, samples, channels) uint8 with one image or more.

    Raises:
        BoardbenchError: naming ``what`` and what was found.
    """
    if images.dtype != np.uint8:
        odd = images.dtype.kind == "f" and not np.isfinite(images).all()
        found = f"{images.dtype}{' with values that are not finite' if odd else ''}"
        raise BoardbenchError(
            f"{what} images: {found}, not uint8. Give them as `boardbench classification samples` writes them, with "
            "offset and scale of the normalization beside them."
        )
    if images.ndim != 4 or len(images) == 0:
        raise BoardbenchError(
            f"{what} images: shape {images.shape}; (images, lines, samples, channels) with one image or more is needed."
        )
