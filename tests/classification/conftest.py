"""Tiny images, and tiny samples as the pipeline writes them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_archives import encoded, write_parquet


@pytest.fixture
def pictures(tmp_path):
    """Return a folder of parquet files, and its pixels: 6 training and 3 test images of 4 x 5 x 3, 3 classes."""
    pixels = np.random.default_rng(0).integers(0, 256, (9, 4, 5, 3), dtype=np.uint8)
    folder = tmp_path / "pictures"
    for part, rows in (("train", range(6)), ("test", range(6, 9))):
        write_parquet(
            folder / f"{part}-00000-of-00001.parquet", [encoded(pixels[i]) for i in rows], [i % 3 for i in rows], rows=4
        )
    return folder, pixels


def _write_samples(
    folder: Path, train: int = 60, test: int = 30, classes: int = 3, size=(8, 8, 1), seed: int = 0
) -> Path:
    """Write samples that can be told apart: a class is a bright bar of its own on noise; return samples.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = np.arange(train + test) % classes
    images = np.random.default_rng(seed).integers(0, 80, (train + test, *size), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[label * size[0] // classes : (label + 1) * size[0] // classes] += 150
    np.save(folder / "images.npy", images)
    frame = pd.DataFrame({"sample": range(len(labels)), "part": ["train"] * train + ["test"] * test, "label": labels})
    frame.to_csv(folder / "samples.csv", index=False)
    metadata = {
        "classes": [f"bar{label}" for label in range(classes)],
        "size": list(size),
        "parts": {"train": train, "test": test},
        "sha256": "0" * 64,
        "source": {"kind": "bars", "encoding": "drawn", "seed": seed},
    }
    (folder / "samples.json").write_text(json.dumps(metadata))
    return folder / "samples.csv"


@pytest.fixture
def samples(tmp_path) -> Path:
    return _write_samples(tmp_path / "samples")


@pytest.fixture
def write_samples():
    """Return a function that writes samples: folder, train, test, classes, size, seed."""
    return _write_samples
