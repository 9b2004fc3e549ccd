"""Reflectance cubes and masks as torch datasets: lazily read, lazily augmented."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.utils.data import Dataset

from boardbench.errors import BoardbenchError
from boardbench.segmentation.augmentation import apply
from boardbench.segmentation.data import load_cube, load_mask
from boardbench.segmentation.reduction.pca import load_reduction, project

IGNORED = 255


class Cubes:
    """The captures of a data set as the network receives them.

    Args:
        reflectance: folder of ``<scene>_<condition>.npy`` and ``.png``.
        reduction: fitted reduction (``.npz``), or None for networks that take every band. Reduced cubes are small
            (3 bands) and kept in memory; full ones stay on disk, memory-mapped. They are reduced before they are
            augmented, so what a rotation or shift brings in from outside is the mean spectrum, not reflectance 0.
    """

    def __init__(self, reflectance: Path, reduction: Path | None):
        self._folder = reflectance
        self._reduction = load_reduction(reduction) if reduction else None
        self._reduced: dict[str, np.ndarray] = {}

    def __getitem__(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return cube (channels, lines, samples) and mask (lines, samples) of a capture."""
        mask = load_mask(self._folder, name)
        if self._reduction is None:
            return load_cube(self._folder, name), mask
        if name not in self._reduced:
            self._reduced[name] = project(load_cube(self._folder, name), self._reduction, name)
        return self._reduced[name], mask


def _tensors(cube: np.ndarray, mask: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    inputs = torch.from_numpy(np.ascontiguousarray(cube, dtype=np.float32))
    return inputs, torch.from_numpy(np.ascontiguousarray(mask)).long()


class PlannedSamples(Dataset):
    """One item a row of the augmentation plan: float32 (channels, lines, samples), int64 (lines, samples)."""

    def __init__(self, cubes: Cubes, plan: Path):
        self._cubes = cubes
        table = pd.read_csv(plan, dtype={"capture": str, "transform": str})
        self._rows = list(zip(table["capture"], table["transform"], strict=True))
        self._fixed = table.index[table["epoch"].isna()].tolist()
        self._by_epoch = {int(epoch): rows.index.tolist() for epoch, rows in table.groupby("epoch")}
        self._plan = plan

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

    def __getitem__(self, row: int) -> tuple[torch.Tensor, torch.Tensor]:
        name, transform = self._rows[row]
        return _tensors(*apply(transform, *self._cubes[name]))


class WholeCaptures(Dataset):
    """Captures as they are, in order: for validation and test."""

    def __init__(self, cubes: Cubes, names: list[str]):
        self._cubes, self.names = cubes, names

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        return _tensors(*self._cubes[self.names[index]])
