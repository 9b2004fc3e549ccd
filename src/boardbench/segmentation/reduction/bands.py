"""Picking bands: the best few by class separability, or evenly spaced ones."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from boardbench.errors import BoardbenchError
from boardbench.segmentation.reduction.pca import Fit

PRIOR = 30  # pixels that the pooled covariance counts for in every class
RIDGE = 1e-6  # of the mean variance of a band, added to every variance
TOLERANCE = 1e-9  # a criterion is better only by more than this, so that rounding decides nothing

Blocks = Iterator[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Gaussians:
    """A Gaussian model of every class that has pixels.

    Attributes:
        means: (classes, bands) float64, reflectance.
        covariances: (classes, bands, bands) float64.
    """

    means: np.ndarray
    covariances: np.ndarray


def class_models(blocks: Blocks, components: int, where: str) -> Gaussians:
    """Estimate the Gaussian model of every class in one pass; memory is that of one covariance a class.

    A class's scatter is S_c, its pixels n_c; its covariance is (S_c + PRIOR * pooled) / (n_c + PRIOR) + ridge, with
    the pooled within-class covariance sum(S_c) / sum(n_c): towards one covariance for all where a class has few
    pixels (Friedman 1989, Regularized Discriminant Analysis), its own where it has many. PRIOR is the ten pixels a
    band, for three bands, below which a class covariance is held to be poorly estimated (Swain and Davis 1978,
    Remote Sensing). The ridge, RIDGE times the mean total variance of a band, only keeps bands that depend on each
    other, or do not vary, from a division by zero.

    Args:
        blocks: spectra (pixels, bands) and class ids (pixels,) below 256.
        components: bands to be picked; named in messages, as ``where``.
        where: named in messages.

    Raises:
        BoardbenchError: fewer bands than are to be picked, pixels of fewer than two classes, or no variance at all.
    """
    counts = np.zeros(256, np.int64)
    sums: dict[int, np.ndarray] = {}
    products: dict[int, np.ndarray] = {}
    origin = None
    bands = 0
    for pixels, truth in blocks:
        pixels = pixels.astype(np.float64)
        bands = pixels.shape[1]
        if origin is None:
            origin = pixels.mean(axis=0)  # near the data, so that no digits cancel below
        pixels -= origin
        for label in np.unique(truth):
            members = pixels[truth == label]
            counts[label] += len(members)
            sums[label] = sums.get(label, 0) + members.sum(axis=0)
            products[label] = products.get(label, 0) + members.T @ members
    if len(sums) < 2 or bands < components:
        raise BoardbenchError(
            f"{where}: pixels of {len(sums)} classes and {bands} bands; choosing {components} bands needs two "
            f"classes and {components} bands. Label more pixels in the masks, drop fewer bands, or take another "
            "strategy."
        )
    labels = sorted(sums)
    n = counts[labels].astype(np.float64)
    means = np.stack([sums[label] for label in labels]) / n[:, None]
    scatters = np.stack([products.pop(label) for label in labels])
    total = scatters.sum(axis=0) / n.sum()
    variance = np.trace(total) - np.sum((n @ means / n.sum()) ** 2)
    if not variance > 0:
        raise BoardbenchError(f"{where}: all pixels have the same spectrum; check the reflectance cubes.")
    scatters -= n[:, None, None] * means[:, :, None] * means[:, None, :]
    pooled = scatters.sum(axis=0) / n.sum()
    covariances = (scatters + PRIOR * pooled) / (n + PRIOR)[:, None, None]
    return Gaussians(means + origin, covariances + RIDGE * variance / bands * np.eye(bands))


def separability(models: Gaussians, bands: list[int]) -> float:
    """Return the mean Jeffries-Matusita distance over the class pairs, seen through some bands only.

    Between classes i and j it is 2 (1 - exp(-B)), 0 for equal classes and near 2 for classes apart, with the
    Bhattacharyya distance B = d' C^-1 d / 8 + ln(|C| / sqrt(|C_i| |C_j|)) / 2, d the difference of the means and
    C = (C_i + C_j) / 2 (Richards, Remote Sensing Digital Image Analysis; some write its square root). Every pair
    counts the same, common or rare (Bruzzone et al. 1995 also weigh by the classes' shares).
    """
    means = models.means[:, bands]
    covariances = models.covariances[:, bands][:, :, bands]
    first, second = np.triu_indices(len(means), 1)
    difference = (means[first] - means[second])[:, :, None]
    middle = (covariances[first] + covariances[second]) / 2
    spread = np.linalg.slogdet(covariances).logabsdet
    distance = np.sum(difference * np.linalg.solve(middle, difference), axis=(1, 2)) / 8
    distance += (np.linalg.slogdet(middle).logabsdet - (spread[first] + spread[second]) / 2) / 2
    return float(np.mean(2 * -np.expm1(-distance)))


def _better(models: Gaussians, choices: Iterator[list[int]], best: float) -> tuple[list[int] | None, float]:
    """Return the first of the choices that none beats, and its criterion; None where none beats ``best``."""
    winner = None
    for bands in choices:
        value = separability(models, bands)
        if value > best + TOLERANCE:
            winner, best = bands, value
    return winner, best


def _swaps(chosen: list[int], bands: int) -> Iterator[list[int]]:
    """Yield every choice that differs in one band, ascending."""
    for band in chosen:
        for other in range(bands):
            if other not in chosen:
                yield sorted({*chosen, other} - {band})


def best_bands(blocks: Blocks, components: int, where: str) -> Fit:
    """Choose bands by forward selection, then exchange the best pair until no exchange helps.

    Forward: the band that adds most to the criterion (:func:`separability`), one after the other; on a tie the
    lower band. Exchange: of all swaps of one chosen band for another the best, as long as one helps.
    What is guaranteed: no swap of one band betters the choice (by more than TOLERANCE, in a criterion of 0 to 2).
    Swapping two or more bands at once might: it need not be the best of all choices.

    Raises:
        BoardbenchError: as :func:`class_models`.
    """
    models = class_models(blocks, components, where)
    bands = models.means.shape[1]
    chosen: list[int] = []
    for _ in range(components):
        chosen, criterion = _better(
            models, (sorted([*chosen, band]) for band in range(bands) if band not in chosen), -1.0
        )
    better: list[int] | None = chosen
    while better:
        chosen = better
        better, criterion = _better(models, _swaps(chosen, bands), criterion)
    return _picked(chosen, bands, criterion)


def even_bands(blocks: Blocks, components: int, where: str) -> Fit:
    """Pick the centres of equal parts of the bands; the first block tells how many there are.

    Of n bands and k parts: (2 i + 1) n // (2 k), i = 0 .. k - 1.

    Raises:
        BoardbenchError: no labelled pixels, or fewer bands than are to be picked.
    """
    pixels, _ = next(blocks, (np.empty((0, 0)), None))
    bands = pixels.shape[1]
    if bands < components:
        raise BoardbenchError(
            f"{where}: {len(pixels)} pixels of {bands} bands are too few to pick {components} bands. "
            "Label more pixels in the masks, drop fewer bands, or take another strategy."
        )
    return _picked([(2 * part + 1) * bands // (2 * components) for part in range(components)], bands, np.nan)


def _picked(chosen: list[int], bands: int, criterion: float) -> Fit:
    nothing = np.full(len(chosen), np.nan, np.float32)
    return Fit(
        np.zeros(bands, np.float32), np.eye(bands, dtype=np.float32)[chosen], nothing, np.array(chosen), criterion
    )
