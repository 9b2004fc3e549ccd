"""A tiny reflectance folder with its split, written by hand."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


class World:
    """Writes cubes, masks and split.csv as the pipeline does."""

    def __init__(self, folder: Path):
        self.reflectance = folder / "reflectance"
        self.reflectance.mkdir()
        self.split = folder / "split.csv"
        self._rows = ["scene,condition,part"]
        self._save()

    def _save(self) -> None:
        self.split.write_text("\n".join(self._rows) + "\n")

    def add(self, name: str, part: str, cube: np.ndarray, mask: np.ndarray) -> None:
        """Write a capture (bands, lines, samples) with its mask and give it to a part."""
        self.write(name, cube, mask)
        self._rows.append(",".join([*name.split("_"), part]))
        self._save()

    def write(self, name: str, cube: np.ndarray, mask: np.ndarray) -> None:
        np.save(self.reflectance / f"{name}.npy", np.asarray(cube, dtype=np.float16))
        wavelengths = np.linspace(400, 1000, len(cube)).tolist()
        size = dict(zip(("bands", "lines", "samples"), np.shape(cube), strict=True))
        report = {
            "wavelengths": wavelengths,
            "kind": "reflectance",
            "sensor": {"wavelengths": wavelengths, "keep": list(range(len(cube))), "panel": 1.0},
            "resize": "bilinear",
            "original": size,
            "working": size,
            "values": int(np.size(cube)),
            "invalid": 0,
            "saturated": None,
            "clipped_low": 0,
            "clipped_high": 0,
        }
        (self.reflectance / f"{name}.json").write_text(json.dumps(report))
        Image.fromarray(np.asarray(mask, dtype=np.uint8)).save(self.reflectance / f"{name}.png")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def random_capture() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Make a cube of correlated bands, and a mask of classes 0..2 with some pixels ignored."""

    def make(seed: int, bands: int = 6, lines: int = 20, samples: int = 15) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        mixing = np.random.default_rng(99).normal(size=(bands, bands)) * np.geomspace(1, 0.05, bands)
        cube = 0.5 + 0.05 * np.einsum("bk,kls->bls", mixing, rng.normal(size=(bands, lines, samples)))
        mask = rng.choice([0, 1, 2, 255], size=(lines, samples), p=[0.5, 0.2, 0.2, 0.1])
        return cube.astype(np.float16), mask.astype(np.uint8)

    return make
