"""Normalization: reflectance brought to one scale, between ingestion and reduction.

normalized = (reflectance - offset) * gain, band by band or with one offset and gain for all bands:

===========  ==================  ==================================
method       offset              gain
===========  ==================  ==================================
minmax       least value         1 / (greatest - least value)
standardize  mean                1 / standard deviation (divided by n)
===========  ==================  ==================================

Measured on the labelled pixels of the training part, or on all pixels of each cube by itself. NumPy only, no torch.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from boardbench.errors import BoardbenchError
from boardbench.segmentation.data import blocks_of_lines, load_arrays

EVERY = "*"  # stands for every capture: measured once, on the training part
FLAT = 1e-6  # of reflectance: less spread than this is rounding; float16 steps near 0 are finer


class Measured(NamedTuple):
    """What was measured of some spectra, band by band.

    Attributes:
        pixels: number of spectra.
        minimum: (bands,) float64, reflectance.
        maximum: likewise.
        mean: likewise.
        deviation: likewise, the standard deviation (divided by n).
    """

    pixels: int
    minimum: np.ndarray
    maximum: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray


class Factors(NamedTuple):
    """normalized = (reflectance - offset) * gain; both (bands,) float32."""

    offset: np.ndarray
    gain: np.ndarray

    def pixels(self, spectra: np.ndarray) -> np.ndarray:
        """Return normalized spectra (pixels, bands) float32."""
        return (np.asarray(spectra, np.float32) - self.offset) * self.gain

    def cube(self, cube: np.ndarray) -> np.ndarray:
        """Return a normalized cube (bands, lines, samples) float32."""
        return (np.asarray(cube, np.float32) - self.offset[:, None, None]) * self.gain[:, None, None]


@dataclass(frozen=True)
class Normalization:
    """A normalization and what it was measured on, for every capture at once or one a capture.

    Attributes:
        method: minmax or standardize.
        over: band, or all: one offset and gain for all bands.
        fit: train or cube.
        wavelengths: (bands,) nm; (0,) where they are not known.
        captures: (n,) capture names; ``["*"]`` where measured on the training part, none where a model carries only
            the rule to measure each cube by.
        pixels: (n,), as the others an array of :class:`Measured` for each capture.
        minimum: (n, bands).
        maximum: (n, bands).
        mean: (n, bands).
        deviation: (n, bands).
    """

    method: str
    over: str
    fit: str
    wavelengths: np.ndarray
    captures: np.ndarray
    pixels: np.ndarray
    minimum: np.ndarray
    maximum: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray

    @property
    def settings(self) -> dict[str, str]:
        """Method, over and fit, as params.yaml has them."""
        return {"method": self.method, "over": self.over, "fit": self.fit}

    def factors(self, name: str, bands: int) -> Factors:
        """Return offset and gain of a capture.

        Args:
            name: of the capture; chooses what was measured on it where that was done cube by cube.
            bands: of the capture, which must be as many as were measured.

        Raises:
            BoardbenchError: nothing measured for this capture, another number of bands, or bands that do not vary.
        """
        found = np.flatnonzero((self.captures == EVERY) | (self.captures == name))
        if not found.size:
            raise BoardbenchError(
                f"normalization: nothing was measured on capture '{name}'; with fit: cube each capture of the split is "
                "measured by itself. Make it again with `boardbench segmentation normalization`, or set "
                "segmentation.normalization.fit to train."
            )
        if bands != self.mean.shape[1]:
            raise BoardbenchError(
                f"capture '{name}': {bands} bands, but the normalization was measured on {self.mean.shape[1]}. Make it "
                "again on this reflectance with `boardbench segmentation normalization`."
            )
        at = found[0]
        measured = Measured(*(getattr(self, field)[at] for field in Measured._fields))
        return factors(measured, self.method, self.over, self.wavelengths, f"capture '{name}'")

    def of_cube(self, cube: np.ndarray, name: str) -> Self:
        """Return the same rule measured on all pixels of one cube (bands, lines, samples), as ``fit: cube`` does."""
        measured = measure((pixels for _, pixels in blocks_of_lines(cube)), f"capture '{name}'")
        return replace(self, captures=np.array([name]), **stacked([measured]))

    def chosen(self, bands: np.ndarray) -> Self:
        """Return the normalization of some of the bands, by index: each with the offset and gain that it had."""
        offset, gain = (values[bands][None] for values in self.factors(EVERY, self.mean.shape[1]))
        measured = {"minimum": offset, "maximum": offset + 1 / gain, "mean": offset, "deviation": 1 / gain}
        wavelengths = self.wavelengths[bands] if len(self.wavelengths) else self.wavelengths
        return replace(self, over="band", wavelengths=wavelengths, **measured)

    def rule_only(self) -> Self:
        """Return what a model carries: all of it where measured on the training part, else the rule alone."""
        if self.fit == "train":
            return self
        empty = {field: getattr(self, field)[:0] for field in ("captures", *Measured._fields)}
        return replace(self, **empty)


def measure(blocks: Iterable[np.ndarray], where: str) -> Measured:
    """Measure spectra, one block in memory at a time, summed in float64.

    Args:
        blocks: spectra (pixels, bands), reflectance.
        where: named in messages.

    Raises:
        BoardbenchError: no pixel at all, or blocks of different bands.
    """
    pixels = 0
    origin = total = square = minimum = maximum = np.zeros(0)
    for block in blocks:
        values = block.astype(np.float64)
        if not pixels:  # sums around a point among the spectra: no digits are lost to their mean
            origin = values.mean(axis=0)
            total, square = np.zeros_like(origin), np.zeros_like(origin)
            minimum, maximum = np.full_like(origin, np.inf), np.full_like(origin, -np.inf)
        if values.shape[1] != len(origin):
            raise BoardbenchError(
                f"{where}: captures of {len(origin)} and of {values.shape[1]} bands. Make them again with one set of "
                "segmentation.reflectance parameters."
            )
        minimum, maximum = np.minimum(minimum, values.min(axis=0)), np.maximum(maximum, values.max(axis=0))
        values -= origin
        pixels += len(values)
        total += values.sum(axis=0)
        square += np.einsum("pb,pb->b", values, values)
    if not pixels:
        raise BoardbenchError(f"{where}: no pixel to measure. Label pixels in the masks of the training part.")
    shift = total / pixels
    deviation = np.sqrt(np.maximum(square / pixels - shift**2, 0))
    return Measured(pixels, minimum, maximum, origin + shift, deviation)


def factors(measured: Measured, method: str, over: str, wavelengths: np.ndarray, where: str) -> Factors:
    """Return offset and gain of what was measured.

    Args:
        measured: of the training part, or of one cube.
        method: minmax or standardize.
        over: band or all.
        wavelengths: (bands,) nm, or (0,); named in messages.
        where: named in messages.

    Raises:
        BoardbenchError: naming bands that do not vary, which have no scale.
    """
    if method == "minmax":
        offset, scale = measured.minimum, measured.maximum - measured.minimum
        if over == "all":
            scale = np.full_like(offset, measured.maximum.max() - measured.minimum.min())
            offset = np.full_like(offset, measured.minimum.min())
    else:
        offset, scale = measured.mean, measured.deviation
        if over == "all":
            mean = offset.mean()
            spread = np.sqrt((scale**2 + (offset - mean) ** 2).mean())
            offset, scale = np.full_like(offset, mean), np.full_like(scale, spread)
    flat = np.flatnonzero(~(scale > FLAT))
    if flat.size:
        at = [f"{band} ({wavelengths[band]:g} nm)" if len(wavelengths) else str(band) for band in flat[:5]]
        raise BoardbenchError(
            f"{where}: segmentation.normalization: {flat.size} of {len(scale)} bands do not vary, so they have no "
            f"scale: band {', '.join(at)}{' ...' if flat.size > 5 else ''} (counted from 0 after trimming). Drop them "
            "with segmentation.reflectance.drop_first, drop_last, min_nm or max_nm, look whether their values are "
            "valid (white above dark), or set over: all or method: none."
        )
    return Factors(offset.astype(np.float32), (1 / scale).astype(np.float32))


def stacked(found: list[Measured]) -> dict[str, np.ndarray]:
    """Return the arrays of :class:`Normalization` that several measurements make, one row each."""
    return {field: np.stack([getattr(one, field) for one in found]) for field in Measured._fields}


def load_normalization(path: Path) -> Normalization:
    """Read normalization.npz.

    Raises:
        BoardbenchError: if the file is missing, damaged, or lacks an array.
    """
    values = load_arrays(path, [field.name for field in fields(Normalization)], "normalization", "normalization")
    return Normalization(**{name: str(value) if value.ndim == 0 else value for name, value in values.items()})
