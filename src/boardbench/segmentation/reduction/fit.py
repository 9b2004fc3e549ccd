"""Fit a strategy's reduction before training."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from boardbench.errors import BoardbenchError
from boardbench.files import whole
from boardbench.params import Reduction
from boardbench.segmentation.data import PARTS, captures_of, labelled_pixels
from boardbench.segmentation.reduction import get
from boardbench.segmentation.reduction.pca import EVERY, fit_pca


def reduction(*, split: Path, reflectance: Path, out: Path, strategy: str, params: Reduction) -> None:
    """Fit the principal axes of a fitted strategy, one block of pixels in memory at a time.

    ``fit: train`` gives one set of axes from the labelled pixels of the training part only. ``fit: cube``
    gives every capture of every part its own axes, as PCB-Vision's published code does: axes and signs then
    differ from capture to capture. Ignored pixels (255) are left out of both.

    Args:
        split: split.csv.
        reflectance: folder of cubes and masks.
        out: ``<strategy>.npz`` with captures (n,), mean (n, bands), components (n, k, bands) and
            explained_variance_ratio (n, k), float32; n = 1 and capture ``*`` for ``fit: train``.
        strategy: a strategy with something to fit, such as pca3.
        params: section ``segmentation.reduction``.

    Raises:
        BoardbenchError: a strategy without a fit, a missing cube or mask, captures of different bands, too
            few pixels.
    """
    components = get(strategy).components
    if components is None:
        raise BoardbenchError(
            f"strategy '{strategy}': nothing to fit before training; it needs no reduction file. "
            "Name a fitted strategy, such as pca3."
        )
    if params.fit == "train":
        names = captures_of(split, "train")
        groups = {EVERY: names}
    else:
        names = [name for part in PARTS for name in captures_of(split, part)]
        groups = {name: [name] for name in names}
    bands: dict[int, str] = {}

    def blocks(group: list[str]) -> Iterator[np.ndarray]:
        for name in group:
            for pixels, _ in labelled_pixels(reflectance, name):
                bands.setdefault(pixels.shape[1], name)
                if len(bands) > 1:
                    told = ", ".join(f"{count} in '{first}'" for count, first in bands.items())
                    raise BoardbenchError(
                        f"{reflectance}: captures with different numbers of bands: {told}. "
                        "Make them again with one set of segmentation.reflectance parameters."
                    )
                yield pixels

    fits = [
        fit_pca(
            blocks(group),
            components,
            f"{split}, training part" if key == EVERY else f"{reflectance / key}.png",
        )
        for key, group in groups.items()
    ]
    mean, axes, ratio = (np.stack(arrays) for arrays in zip(*fits, strict=True))
    with whole(out) as beside, beside.open("wb") as file:
        np.savez(file, captures=np.array(list(groups)), mean=mean, components=axes, explained_variance_ratio=ratio)
