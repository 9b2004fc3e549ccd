"""Band grids: whether a capture has the bands that a model was trained on, and how to get them if not."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from boardbench.errors import BoardbenchError

TOLERANCE_NM = 0.5
"""Two bands are the same up to this distance. Cameras of one type differ by their calibration by a few tenths of
a nm; half of a band step (1.3 nm on an FX10) would let another camera's grid pass, shifted by half a band."""


@dataclass(frozen=True)
class Grid:
    """Bands of a capture or a model; ``wavelengths`` in nm, (bands,), or None where they are not known."""

    bands: int
    wavelengths: np.ndarray | None = None

    def __str__(self) -> str:
        text = f"{self.bands} band{'s' * (self.bands != 1)}"
        if self.wavelengths is None:
            return f"{text}, wavelengths not known"
        first, last = self.wavelengths[0], self.wavelengths[-1]
        step = f", mean step {(last - first) / (self.bands - 1):.2f} nm" if self.bands > 1 else ""
        return f"{text}, {first:.2f} to {last:.2f} nm{step}"

    def same(self, other: "Grid") -> bool:
        """Say whether two grids are the same; without wavelengths only the number of bands is compared."""
        if self.bands != other.bands:
            return False
        if self.wavelengths is None or other.wavelengths is None:
            return True
        return bool(np.abs(self.wavelengths - other.wavelengths).max() <= TOLERANCE_NM)

    def chosen(self, keep: list[int]) -> "Grid":
        """Return the grid of some of the bands."""
        return Grid(len(keep), None if self.wavelengths is None else np.asarray(self.wavelengths)[keep])


@dataclass(frozen=True)
class Resampling:
    """Linear interpolation along the wavelength: wanted band i lies between two of a capture's bands.

    ``left`` and ``right`` are band indices of the capture, ``weight`` is that of the right one; all (wanted bands,).
    A spectrum's resolution is not changed: bands much wider or narrower than the model's stay so.
    """

    left: np.ndarray
    right: np.ndarray
    weight: np.ndarray

    @cached_property
    def keep(self) -> np.ndarray:
        """The capture's bands that are needed, ascending."""
        return np.unique(np.concatenate([self.left, self.right]))

    def apply(self, cube: np.ndarray) -> np.ndarray:
        """Return (wanted bands, lines, samples) of a cube (bands of ``keep``, lines, samples), in its own type."""
        result = np.empty((len(self.left), *cube.shape[1:]), cube.dtype)
        left, right = (np.searchsorted(self.keep, index) for index in (self.left, self.right))
        for band, weight in enumerate(self.weight.astype(np.float32)):
            one, other = cube[left[band]].astype(np.float32), cube[right[band]].astype(np.float32)
            result[band] = one + weight * (other - one)
        return result


def resampling(found: Grid, wanted: Grid, name: str) -> Resampling:
    """Return how the bands of ``found`` become those of ``wanted``; ``name`` is the capture that an error names.

    Raises:
        BoardbenchError: wavelengths that are not known, or wanted bands outside those found.
    """
    if found.wavelengths is None or wanted.wavelengths is None:
        whose = "the capture's header" if found.wavelengths is None else "the model"
        raise BoardbenchError(
            f"{name}: field 'wavelength': --resample needs the wavelengths of both, and {whose} has none. The capture "
            f"has {found}; the model wants {wanted}. "
            + (
                "Add the wavelengths to the header."
                if found.wavelengths is None
                else "Train it on captures whose headers have them."
            )
        )
    order = np.argsort(found.wavelengths, kind="stable")
    known = found.wavelengths[order]
    low, high = wanted.wavelengths.min(), wanted.wavelengths.max()
    if low < known[0] - TOLERANCE_NM or high > known[-1] + TOLERANCE_NM:
        raise BoardbenchError(
            f"{name}: field 'wavelength': the capture has {found}, the model wants {wanted}: beyond the capture's "
            "ends nothing can be interpolated. Take a capture over the whole range, or train with "
            "segmentation.reflectance.min_nm and max_nm within it."
        )
    if len(known) == 1:
        same = np.zeros(wanted.bands, np.intp)
        return Resampling(same, same, np.zeros(wanted.bands))
    right = np.clip(np.searchsorted(known, wanted.wavelengths), 1, len(known) - 1)
    span = known[right] - known[right - 1]
    # Two bands of one wavelength: take the first.
    share = np.divide(wanted.wavelengths - known[right - 1], span, out=np.zeros(len(right)), where=span > 0)
    return Resampling(order[right - 1], order[right], np.clip(share, 0, 1))
