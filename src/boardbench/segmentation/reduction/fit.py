"""Fit a strategy's reduction before training."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import numpy as np

from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write
from boardbench.params.segmentation import Reduction
from boardbench.segmentation.data import (
    IGNORED,
    PARTS,
    blocks_of_lines,
    captures_of,
    closed_test_part,
    labelled_pixels,
    load_cube,
)
from boardbench.segmentation.normalization import EVERY, Normalization, load_normalization
from boardbench.segmentation.normalization.fit import wavelengths_of
from boardbench.segmentation.reduction import get, is_fitted, names
from boardbench.segmentation.reduction.pca import Fit
from boardbench.segmentation.reduction.response import projection

Blocks = Iterator[tuple[np.ndarray, np.ndarray]]


def _labelled(reflectance: Path, name: str, normalization: Normalization | None) -> Blocks:
    factors = normalization.factors(name, len(load_cube(reflectance, name))) if normalization else None
    for pixels, truth in labelled_pixels(reflectance, name):
        yield factors.pixels(pixels) if factors else pixels, truth


def _all_pixels(reflectance: Path, name: str, normalization: Normalization | None) -> Blocks:
    """Yield all spectra of a capture in blocks, every class id "ignored": what is fitted cube by cube knows no mask."""
    cube = load_cube(reflectance, name)
    factors = normalization.factors(name, len(cube)) if normalization else None
    for _, pixels in blocks_of_lines(cube):
        yield factors.pixels(pixels) if factors else pixels, np.full(len(pixels), IGNORED, np.uint8)


def reduction(
    *,
    split: Path,
    reflectance: Path,
    normalization: Path | None = None,
    out: Path,
    strategy: str,
    params: Reduction,
) -> None:
    """Fit the reduction of a fitted strategy on normalized spectra, one block of pixels in memory at a time.

    On the training part (``fit: train``, and whatever chooses bands) one fit is made from the labelled pixels of
    that part only; ignored ones (255) are left out. Cube by cube (``fit: cube``, and ``pca3_cube`` always) every
    capture of every part has its own, from all its pixels and no mask, as in PCB-Vision's published code: axes and
    signs then differ from capture to capture, and a capture without a single label can be fitted too.

    Args:
        split: split.csv.
        reflectance: folder of cubes and masks.
        normalization: normalization.npz; none: bands as they are.
        out: ``<strategy>.npz`` with captures (n,) and the arrays of
            :class:`~boardbench.segmentation.reduction.pca.Fit`, each stacked to (n, ...); n = 1 and capture ``*``
            for a fit on the training part, whose captures ``fitted_on`` names.
        strategy: a strategy with something to fit, such as pca3; ``rgb`` reads the captures' wavelengths, too.
        params: section ``segmentation.reduction``; read by ``pca3`` only.

    Raises:
        BoardbenchError: a strategy without a fit, a missing cube or mask, captures of different bands, too
            few pixels or classes, or wavelengths that a camera's response does not fit.
    """
    plan = get(strategy)
    if not plan.fitted:
        raise BoardbenchError(
            f"strategy '{strategy}': nothing to fit before training; it needs no reduction file. "
            f"Name a fitted strategy: {', '.join(filter(is_fitted, names()))}."
        )
    by_cube = (params.fit if plan.fitted_on == "params" else plan.fitted_on) == "cube"
    if by_cube:
        groups = {name: [name] for part in PARTS for name in captures_of(split, part)}
    else:
        groups = {EVERY: captures_of(split, "train")}
    bands: dict[int, str] = {}
    scaling = load_normalization(normalization) if normalization else None

    def blocks(group: list[str]) -> Blocks:
        for name in group:
            read = _all_pixels if by_cube else _labelled
            for pixels, truth in read(reflectance, name, scaling):
                bands.setdefault(pixels.shape[1], name)
                if len(bands) > 1:
                    told = ", ".join(f"{count} in '{first}'" for count, first in bands.items())
                    raise BoardbenchError(
                        f"{reflectance}: captures with different numbers of bands: {told}. "
                        "Make them again with one set of segmentation.reflectance parameters."
                    )
                yield pixels, truth

    def fitted(key: str, group: list[str]) -> Fit:
        where = f"{reflectance / key}.npy" if by_cube else f"{split}, labelled pixels of the training part"
        if plan.response is None:
            return plan.fit(blocks(group), plan.components, where)
        weights = plan.response(wavelengths_of(reflectance, group), f"{reflectance / group[0]}.json")
        return projection(weights, blocks(group), scaling, where)

    with nullcontext() if by_cube else closed_test_part(split):
        fits = [fitted(key, group) for key, group in groups.items()]
    arrays = {field: np.stack([getattr(fit, field) for fit in fits]) for field in Fit._fields}
    with atomic_write(out, record=True) as beside, beside.open("wb") as file:
        np.savez(file, captures=np.array(list(groups)), fitted_on=np.array(groups.get(EVERY, []), "U"), **arrays)
