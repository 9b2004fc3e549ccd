"""Images to numbers around zero, or between 0 and 1: two scalars over all pixels, fitted on training images."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from boardbench.errors import BoardbenchError, nearest
from boardbench.params.scaling import FORMER

_LEVELS = 256
_BLOCK = 1 << 22  # values; bincount works on a copy of eight bytes each


@dataclass(frozen=True)
class Normalization:
    """``(x - offset) / scale``, with one offset and one scale for all pixels and channels.

    Attributes:
        name: standardize (mean and standard deviation) or minmax (least value, and greatest less least).
        offset: in counts of a uint8 image.
        scale: likewise, above 0.
    """

    name: str
    offset: float
    scale: float

    def apply(self, images: np.ndarray) -> np.ndarray:
        """Return uint8 images of any shape as float32 of that shape.

        Raises:
            BoardbenchError: for anything but uint8, which the fit does not hold for.
        """
        _check(images)
        values = ((np.arange(256) - self.offset) / self.scale).astype(np.float32)  # of every pixel value, rounded once
        return values[images]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Return what ``to_dict`` gave; a name of old runs (z-score, min-max) is read as the one of now.

        Raises:
            BoardbenchError: for other fields, an unknown name, or a scale that is not above 0.
        """
        try:
            name = str(fields["name"])
            found = cls(FORMER.get(name, name), float(fields["offset"]), float(fields["scale"]))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise BoardbenchError(
                f"normalization: name, offset and scale are needed, found {fields} ({error}). Train the run again."
            ) from None
        _check_name(found.name)
        if not (math.isfinite(found.offset) and math.isfinite(found.scale) and found.scale > 0):
            raise BoardbenchError(f"normalization, scale: {fields} has no finite scale above 0. Train the run again.")
        return found


def fit(name: str, images: np.ndarray) -> Normalization:
    """Fit a normalization on uint8 images of any shape, exactly: sums of whole numbers, read in blocks.

    Paper 2's formulas: standardize (its z-score) by mean and (population) standard deviation of all pixel values,
    minmax by the least and the greatest.

    Raises:
        BoardbenchError: an unknown name, no uint8 images, or images that are all of one value.
    """
    _check_name(name)
    _check(images)
    values = images.reshape(-1)
    counts = np.zeros(_LEVELS, np.int64)
    for start in range(0, values.size, _BLOCK):
        counts += np.bincount(values[start : start + _BLOCK], minlength=_LEVELS)
    present = np.flatnonzero(counts)
    if len(present) < 2:
        found = f"all pixels have the value {present[0]}" if len(present) else "there are no images"
        raise BoardbenchError(f"normalization '{name}': {found}, so there is nothing to scale by. Check the samples.")
    return Normalization(name, *_FITS[name](counts))


def _standardize(counts: np.ndarray) -> tuple[float, float]:
    # Python's whole numbers have no limit: the only rounding is at the end.
    pairs = [(level, int(count)) for level, count in enumerate(counts)]
    n = sum(count for _, count in pairs)
    total = sum(level * count for level, count in pairs)
    squares = sum(level * level * count for level, count in pairs)
    return total / n, math.sqrt((n * squares - total * total) / (n * n))


def _minmax(counts: np.ndarray) -> tuple[float, float]:
    present = np.flatnonzero(counts)
    return float(present[0]), float(present[-1] - present[0])


_FITS: dict[str, Callable[[np.ndarray], tuple[float, float]]] = {"standardize": _standardize, "minmax": _minmax}


def _check_name(name: str) -> None:
    if name not in _FITS:
        remedy = f"It is called '{FORMER[name]}' now." if name in FORMER else nearest(name, list(_FITS))
        raise BoardbenchError(f"normalization '{name}': unknown. {remedy}")


def _check(images: np.ndarray) -> None:
    if images.dtype != np.uint8:
        raise BoardbenchError(
            f"normalization: images are {images.dtype}, not uint8. Give them as `samples` wrote them."
        )
