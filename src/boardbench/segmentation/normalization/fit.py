"""Measure what brings the bands to one scale, before anything is fitted or trained."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import numpy as np

from boardbench.artifacts import read
from boardbench.captures.artifacts import CaptureReport
from boardbench.captures.grid import Grid
from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write
from boardbench.params.segmentation import Normalization
from boardbench.segmentation.data import (
    PARTS,
    blocks_of_lines,
    captures_of,
    closed_test_part,
    labelled_pixels,
    load_cube,
)
from boardbench.segmentation.normalization import EVERY, factors, measure, stacked


def normalization(*, split: Path, reflectance: Path, out: Path, params: Normalization) -> None:
    """Measure what brings the bands to one scale; it is applied when a cube is read, no cube is written again.

    With ``fit: train`` it is measured once, on the labelled pixels of the training part only; ignored ones (255) are
    left out. With ``fit: cube`` every capture of every part is measured by itself, on all its pixels and without its
    mask: a capture then loses its level, and a model trained so cannot go to a line, where no cube is ever whole.

    Args:
        split: split.csv.
        reflectance: folder of cubes, masks and reports.
        out: normalization.npz: method, over, fit, wavelengths (bands,) nm, captures (n,), pixels (n,), minimum,
            maximum, mean and deviation (n, bands); n = 1 and capture ``*`` for ``fit: train``, whose
            captures ``fitted_on`` names.
        params: section ``segmentation.normalization``.

    Raises:
        BoardbenchError: method none, a missing cube or mask, captures of different bands, or bands that do not vary.
    """
    if params.method == "none":
        raise BoardbenchError(
            "segmentation.normalization.method: none has nothing to measure; bands are then taken as they are. Give "
            "--method minmax or standardize, or leave this step out."
        )
    by_cube = params.fit == "cube"
    parts = PARTS if by_cube else ["train"]
    names = [name for part in parts for name in captures_of(split, part)]
    wavelengths = wavelengths_of(reflectance, names)
    groups = {name: [name] for name in names} if by_cube else {EVERY: names}

    def blocks(group: list[str]) -> Iterator[np.ndarray]:
        for name in group:
            if by_cube:
                yield from (pixels for _, pixels in blocks_of_lines(load_cube(reflectance, name)))
            else:
                yield from (pixels for pixels, _ in labelled_pixels(reflectance, name))

    with nullcontext() if by_cube else closed_test_part(split):
        found = [
            measure(blocks(group), f"{reflectance / key}.npy" if by_cube else f"{split}, part train")
            for key, group in groups.items()
        ]
    for key, one in zip(groups, found, strict=True):  # bands without a scale are found here, not in each training
        where = f"{reflectance / key}.npy" if by_cube else f"{split}, part train"
        factors(one, params.method, params.over, wavelengths, where)
    arrays = {"wavelengths": wavelengths, "captures": np.array(list(groups)), **stacked(found)}
    with atomic_write(out, record=True) as beside, beside.open("wb") as file:
        fitted_on = np.array(groups.get(EVERY, []), "U")
        np.savez(file, fitted_on=fitted_on, method=params.method, over=params.over, fit=params.fit, **arrays)


def wavelengths_of(reflectance: Path, names: list[str]) -> np.ndarray:
    """Return the wavelengths of captures, (bands,) nm; (0,) where they are not known.

    Raises:
        BoardbenchError: a missing report, or captures of different grids, naming both.
    """
    first: np.ndarray | None = None
    for name in names:
        path = reflectance / f"{name}.json"
        found = np.array(read(path, CaptureReport, "reflectance").wavelengths or [], np.float64)
        first = found if first is None else first
        if not _grid(found).same(_grid(first)):
            raise BoardbenchError(
                f"{path}: field 'wavelengths': {_grid(found)}, but capture '{names[0]}' has {_grid(first)}. Make all "
                "captures again with one set of segmentation.reflectance parameters, from one camera and binning."
            )
    return np.zeros(0) if first is None else first


def _grid(wavelengths: np.ndarray) -> Grid:
    return Grid(len(wavelengths), wavelengths if len(wavelengths) else None)
