"""Reflectance cubes and masks as torch datasets: lazily read, normalized and augmented."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch.utils.data import Dataset

from boardbench.errors import BoardbenchError
from boardbench.integrity import checked
from boardbench.segmentation.augmentation import WHOLE, apply, corners, cut
from boardbench.segmentation.data import load_cube, load_mask
from boardbench.segmentation.normalization import Factors, load_normalization
from boardbench.segmentation.reduction.pca import load_reduction, project

BLOCK_LINES = 16


class Item(NamedTuple):
    """What a network learns from or predicts, uncopied where possible.

    Attributes:
        cube: (channels, lines, samples): reflectance as it lies on disk, or what a reduction left of it.
        mask: (lines, samples) class ids.
        factors: normalization that the cube still needs; None: it needs none.
    """

    cube: np.ndarray
    mask: np.ndarray
    factors: Factors | None = None


class Cubes:
    """The captures of a data set on their way to the network.

    Args:
        reflectance: folder of ``<scene>_<condition>.npy`` and ``.png``.
        normalization: normalization (``.npz``), or None for bands as they are.
        reduction: fitted reduction (``.npz``), or None for networks that take every band. Reduced cubes are small
            (3 bands) and kept in memory; full ones stay on disk, memory-mapped, and are normalized when a batch is
            made. They are reduced before they are augmented, so what a rotation or shift brings in from outside is 0
            behind the reduction, and reflectance 0 where there is none.
    """

    def __init__(self, reflectance: Path, normalization: Path | None, reduction: Path | None):
        self._folder = reflectance
        self._normalization = load_normalization(normalization) if normalization else None
        self._reduction = load_reduction(reduction) if reduction else None
        self._reduced: dict[str, np.ndarray] = {}

    def __getitem__(self, name: str) -> Item:
        """Return a capture."""
        mask = load_mask(self._folder, name)
        if name in self._reduced:
            return Item(self._reduced[name], mask)
        cube = load_cube(self._folder, name)
        factors = self._normalization.factors(name, len(cube)) if self._normalization else None
        if self._reduction is None:
            return Item(cube, mask, factors)
        self._reduced[name] = project(cube, self._reduction, name, factors)
        return Item(self._reduced[name], mask)


class _Captures(Dataset, ABC):
    """Items are cut from captures: single ones as tensors, those of a batch as they lie in memory or on disk.

    A loader asks for a whole batch; :func:`collate` then converts and turns each cube in one pass over memory.
    """

    @abstractmethod
    def view(self, index: int) -> Item:
        """Return an item as it lies in memory or on disk."""

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        inputs, targets = collate([self.view(index)])
        return inputs[0], targets[0]

    def __getitems__(self, indices: list[int]) -> list[Item]:
        return [self.view(index) for index in indices]


def collate(items: list[Item]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a batch of equal sizes: float32 (N, channels, lines, samples), channels last in memory, and int64 masks.

    Block by block, so that what is converted, turned and normalized is still in the processor's cache.
    """
    channels, lines, samples = items[0].cube.shape
    inputs = torch.empty(len(items), channels, lines, samples, memory_format=torch.channels_last)
    for image, item in zip(inputs.permute(0, 2, 3, 1), items, strict=True):
        offset, gain = map(torch.from_numpy, item.factors) if item.factors else (None, None)
        for first in range(0, lines, BLOCK_LINES):
            block = torch.from_numpy(np.array(item.cube[:, first : first + BLOCK_LINES], order="C"))
            spectra = block.flatten(1).t().contiguous()
            if item.factors:
                spectra = spectra.float().sub_(offset).mul_(gain)
            image[first : first + BLOCK_LINES].flatten(0, 1).copy_(spectra)
    return inputs, torch.from_numpy(np.stack([item.mask for item in items])).long()


class PlannedSamples(_Captures):
    """One item a row of the augmentation plan: float32 (channels, lines, samples), int64 (lines, samples).

    Args:
        cubes: the captures.
        plan: augmentation.csv.
        patch: pixels a side that the plan was written with; None for whole captures.

    Raises:
        BoardbenchError: if the plan was written for patches and ``patch`` is None, or the other way round.
    """

    def __init__(self, cubes: Cubes, plan: Path, patch: int | None = None):
        self._cubes, self._patch = cubes, patch
        table = pd.read_csv(checked(plan), dtype={"capture": str, "transform": str})
        if ("line" in table) != bool(patch):
            form = "patches" if "line" in table else "whole captures"
            raise BoardbenchError(
                f"{plan}: a plan of {form}, but training.patch is {patch or 'null'}. Write the plan again with "
                "'boardbench segmentation augmentation' and the same --patch."
            )
        windows = [WHOLE] * len(table)
        if patch:
            starts = zip(table["line"], table["sample"], strict=True)
            windows = [(slice(line, line + patch), slice(sample, sample + patch)) for line, sample in starts]
        self._rows = list(zip(table["capture"], table["transform"], windows, strict=True))
        self._fixed = table.index[table["epoch"].isna()].tolist()
        self._by_epoch = {int(epoch): rows.index.tolist() for epoch, rows in table.groupby("epoch")}
        self._plan = plan

    @property
    def captures(self) -> set[str]:
        """The captures that samples are drawn from."""
        return {name for name, _, _ in self._rows}

    def __len__(self) -> int:
        return len(self._rows)

    def rows_of(self, epoch: int) -> list[int]:
        """Return the rows of an epoch: its own and the fixed copies."""
        rows = self._fixed + self._by_epoch.get(epoch, [])
        if not rows:
            raise BoardbenchError(
                f"{self._plan}: no sample for epoch {epoch}. Write the plan again with at least that many epochs "
                "('boardbench segmentation augmentation --epochs ...')."
            )
        return rows

    def view(self, row: int) -> Item:
        """Return an item as it lies in memory or on disk."""
        name, transform, window = self._rows[row]
        cube, mask, factors = self._cubes[name]
        cube, mask = apply(transform, cube, mask, window)
        return Item(*(cut(cube, mask, self._patch) if self._patch else (cube, mask)), factors)


class WholeCaptures(_Captures):
    """Captures as they are, in order: for validation and test."""

    def __init__(self, cubes: Cubes, names: list[str]):
        self._cubes, self.names = cubes, names

    def __len__(self) -> int:
        return len(self.names)

    def view(self, index: int) -> Item:
        """Return an item as it lies in memory or on disk."""
        return self._cubes[self.names[index]]


class Patches(_Captures):
    """Captures cut into patches as they are, in order: for validation and test of networks trained on patches.

    Attributes:
        rows: (capture name, (lines, samples) slices) of each item; the last patches of a capture are padded.
    """

    def __init__(self, cubes: Cubes, names: list[str], patch: int):
        self._cubes, self._patch = cubes, patch
        self.rows = [
            (name, (slice(line, line + patch), slice(sample, sample + patch)))
            for name in names
            for line, sample in corners(cubes[name].mask.shape, patch)
        ]

    def __len__(self) -> int:
        return len(self.rows)

    def view(self, index: int) -> Item:
        """Return an item as it lies in memory or on disk."""
        name, window = self.rows[index]
        cube, mask, factors = self._cubes[name]
        return Item(*cut(*apply("identity", cube, mask, window), self._patch), factors)
