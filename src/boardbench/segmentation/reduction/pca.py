"""Fitted reductions of reflectance spectra: principal components, and what stores, loads and applies any fit."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from boardbench.errors import BoardbenchError
from boardbench.segmentation.data import blocks_of_lines, load_arrays
from boardbench.segmentation.normalization import EVERY, Factors

NO_VARIANCE = 1e-15  # summed over bands; float16 steps of reflectance are far above


class Fit(NamedTuple):
    """One fitted reduction: principal axes, or picked bands.

    Attributes:
        mean: (bands,) float32, normalized reflectance; 0 for picked bands.
        components: (k, bands) float32: axes of length 1, largest absolute loading positive; or one 1 a row, at the
            picked band.
        explained_variance_ratio: (k,) float32, share of the variance kept by each component; NaN for picked bands,
            which are no axes of the variance.
        bands: (k,) int64, picked bands counted from 0, ascending; (0,) for principal axes.
        criterion: float, what the picked bands were chosen by, 0 to 2
            (:func:`~boardbench.segmentation.reduction.bands.separability`); NaN where nothing was chosen by it.
    """

    mean: np.ndarray
    components: np.ndarray
    explained_variance_ratio: np.ndarray
    bands: np.ndarray
    criterion: float


@dataclass(frozen=True)
class Axes:
    """Fitted reductions, one for every capture (``captures == ["*"]``) or one a capture.

    Attributes:
        captures: (n,) capture names.
        mean: (n, bands), as the others an array of :class:`Fit` for each capture.
        components: (n, k, bands).
        explained_variance_ratio: (n, k).
        bands: (n, k), or (n, 0) for principal axes.
        criterion: (n,).
    """

    captures: np.ndarray
    mean: np.ndarray
    components: np.ndarray
    explained_variance_ratio: np.ndarray
    bands: np.ndarray
    criterion: np.ndarray


def fit_pca(blocks: Iterable[np.ndarray], components: int, where: str) -> Fit:
    """Fit principal components to blocks of spectra: the eigenvectors of their covariance, summed in float64.

    The result is that of a PCA of all pixels at once (to rounding), at any number of pixels: what is kept in memory is
    one block and bands x bands sums.

    Args:
        blocks: spectra (pixels, bands).
        components: axes to keep, at most the number of bands.
        where: named in messages.

    Raises:
        BoardbenchError: fewer bands or pixels than components, or no variance at all.
    """
    pixels, bands = 0, 0
    origin = total = square = np.zeros(0)
    for block in blocks:
        values = block.astype(np.float64)
        if not pixels:  # sums around a point among the spectra: no digits are lost to their mean
            bands, origin = values.shape[1], values.mean(axis=0)
            total, square = np.zeros(bands), np.zeros((bands, bands))
        values -= origin
        pixels += len(values)
        total += values.sum(axis=0)
        square += values.T @ values
    if pixels <= components or bands < components:
        raise BoardbenchError(
            f"{where}: {pixels} pixels of {bands} bands are too few for {components} components. "
            "Label more pixels in the masks, drop fewer bands, or take another strategy."
        )
    shift = total / pixels
    covariance = square / pixels - np.outer(shift, shift)
    variance, vectors = np.linalg.eigh(covariance)
    if not variance.sum() > NO_VARIANCE:
        raise BoardbenchError(f"{where}: all pixels have the same spectrum; check the reflectance cubes.")
    axes = vectors.T[::-1][:components]
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
    axes = axes * np.where(largest < 0, -1.0, 1.0)
    kept = (origin + shift, axes, variance[::-1][:components] / variance.sum())
    return Fit(*(array.astype(np.float32) for array in kept), bands=np.empty(0, np.int64), criterion=np.nan)


def load_reduction(path: Path) -> Axes:
    """Read a fitted reduction (``<strategy>.npz``).

    Raises:
        BoardbenchError: if the file is missing, damaged, or lacks an array.
    """
    return Axes(**load_arrays(path, Axes.__dataclass_fields__, "fitted reduction", "reduction"))


def project(cube: np.ndarray, reduction: Axes, name: str, factors: Factors | None = None) -> np.ndarray:
    """Reduce a cube: project it on its principal axes by blocks of lines, or pick its bands.

    Args:
        cube: (bands, lines, samples) reflectance.
        reduction: what :func:`load_reduction` returned, fitted behind the same normalization.
        name: capture name; chooses the axes where they were fitted cube by cube.
        factors: normalization, which comes first; None: bands as they are.

    Returns:
        (k, lines, samples) float32: components @ (spectrum - mean), small numbers around 0; or the picked bands.

    Raises:
        BoardbenchError: no axes for this capture, or another number of bands.
    """
    found = np.flatnonzero((reduction.captures == EVERY) | (reduction.captures == name))
    if not found.size:
        raise BoardbenchError(
            f"reduction: no axes for capture '{name}'; it was fitted cube by cube on other captures. "
            "Fit it again with `boardbench segmentation reduction`, or with segmentation.reduction.fit: "
            "train."
        )
    mean, components = reduction.mean[found[0]], reduction.components[found[0]]
    if len(cube) != len(mean):
        raise BoardbenchError(
            f"capture '{name}': {len(cube)} bands, but the reduction was fitted on {len(mean)}. "
            "Fit it again on this reflectance with `boardbench segmentation reduction`."
        )
    bands = reduction.bands[found[0]]
    if bands.size:
        picked = cube[bands].astype(np.float32)
        return picked if factors is None else Factors(*(values[bands] for values in factors)).cube(picked)
    projected = np.empty((len(components), *cube.shape[1:]), np.float32)
    for lines, pixels in blocks_of_lines(cube):
        spectra = pixels if factors is None else factors.pixels(pixels)
        block = components @ (spectra - mean).T
        projected[:, lines] = block.reshape(len(components), -1, cube.shape[2])
    return projected
