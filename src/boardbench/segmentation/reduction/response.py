"""The spectral response of a camera with few channels, as a projection of the bands that a capture has."""

from collections.abc import Callable, Iterator

import numpy as np

from boardbench.errors import BoardbenchError
from boardbench.segmentation.normalization import Factors, Normalization, factors, measure
from boardbench.segmentation.reduction.pca import Fit

VISIBLE = (380.0, 780.0)  # nm, of the tables of the CIE
LOST = 0.15  # of the area under a curve, outside the bands; an FX10 without its ten noisiest bands loses 0.11 of z
STEP = 20.0  # nm; ASTM E308 sums colours over steps of at most 20 nm

Blocks = Iterator[tuple[np.ndarray, np.ndarray]]


def sampled(curves: Callable[[np.ndarray], np.ndarray], wavelengths: np.ndarray, where: str) -> np.ndarray:
    """Return weights (k, bands) that sum a spectrum as an integral under curves does: the curve times the band's width.

    Args:
        curves: from wavelengths (n,) in nm to (k, n).
        wavelengths: (bands,) nm, in order; (0,) where they are not known.
        where: named in messages.

    Raises:
        BoardbenchError: no wavelengths, bands that end inside the curves, or visible bands that lie too far apart.
    """
    if not len(wavelengths):
        raise BoardbenchError(
            f"{where}: field 'wavelengths': none, so nothing says which bands a colour camera would see. Give the "
            "captures' headers their wavelengths, or leave strategy 'rgb' out of segmentation.strategies."
        )
    fine = np.arange(VISIBLE[0], VISIBLE[1] + 1)
    whole = np.abs(curves(fine))
    seen = (fine >= wavelengths.min()) & (fine <= wavelengths.max())
    lost = 1 - (whole[:, seen].sum(axis=1) / whole.sum(axis=1)).min()
    visible = wavelengths[(wavelengths >= VISIBLE[0]) & (wavelengths <= VISIBLE[1])]
    step = np.abs(np.diff(visible)).max() if len(visible) > 1 else np.inf
    if lost > LOST or step > STEP:
        why = f"{lost:.0%} of a colour's curve lies outside (at most {LOST:.0%})"
        if lost <= LOST:
            why = f"visible bands lie up to {step:.0f} nm apart (at most {STEP:.0f})"
        raise BoardbenchError(
            f"{where}: field 'wavelengths': {len(wavelengths)} bands of {wavelengths.min():.0f} to "
            f"{wavelengths.max():.0f} nm, but a colour camera sees 400 to 700 nm: {why}. Keep more bands with "
            "segmentation.reflectance.drop_first, drop_last, min_nm and max_nm, or leave strategy 'rgb' out of "
            "segmentation.strategies."
        )
    return curves(wavelengths) * np.abs(np.gradient(wavelengths))


def white_balanced(weights: np.ndarray) -> np.ndarray:
    """Scale weights (k, bands) so that reflectance 1 in every band gives 1 in every channel."""
    return weights / weights.sum(axis=1, keepdims=True)


def projection(weights: np.ndarray, blocks: Blocks, scaling: Normalization | None, where: str) -> Fit:
    """Return the fit whose channels are those of a camera, brought to one scale as segmentation.normalization says.

    A camera sums reflectance; what is fitted gets bands that are normalized already, so the axes undo that first. The
    camera's channels are then scaled over the training part by the same rule as bands are elsewhere. Without
    normalization they stay as they are, and black is 0.

    Args:
        weights: (k, bands), from reflectance to channels.
        blocks: normalized spectra (pixels, bands) and class ids, of the training part.
        scaling: what normalized them; None: nothing did.
        where: named in messages.

    Raises:
        BoardbenchError: a normalization of each cube by itself, which no camera has, or channels that do not vary.
    """
    if scaling is None:
        return _fit(weights, np.zeros(len(weights)))
    if scaling.fit == "cube":
        raise BoardbenchError(
            f"{where}: segmentation.normalization.fit: cube scales every capture's bands otherwise, which no camera "
            "does. Set it to train, or leave strategy 'rgb' out of segmentation.strategies."
        )
    offset, gain = (values.astype(np.float64) for values in scaling.factors("", weights.shape[1]))
    undone, shift = weights / gain, weights @ offset  # channels = undone @ normalized + shift
    measured = measure((pixels @ undone.T + shift for pixels, _ in blocks), where)
    scale: Factors = factors(measured, scaling.method, scaling.over, np.zeros(0), where)
    return _fit(undone * scale.gain[:, None], (shift - scale.offset) * scale.gain)


def _fit(components: np.ndarray, constant: np.ndarray) -> Fit:
    """Return components @ spectrum + constant as components @ (spectrum - mean): the shortest mean that does it."""
    mean = -np.linalg.pinv(components) @ constant
    ratio = np.full(len(components), np.nan)
    return Fit(*(array.astype(np.float32) for array in (mean, components, ratio)), np.empty(0, np.int64), np.nan)
