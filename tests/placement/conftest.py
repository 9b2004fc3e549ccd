"""A tiny folder of samples, as the pipeline writes them: a bright square on noise."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from boardbench.placement.corners import COLUMNS

SIZE, PHOTO = (32, 32), (64, 64)
NOMINAL = np.array([[8.0, 8.0], [20.0, 8.0], [8.0, 20.0], [20.0, 20.0]])


def _write_samples(folder: Path, counts: dict[str, int], seed: int = 0) -> Path:
    """Write samples.csv, samples.json and images.npy with so many images a part; return samples.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    parts = [part for part, count in counts.items() for _ in range(count)]
    shifts = rng.integers(-4, 5, (len(parts), 2))
    corners = NOMINAL + shifts[:, None]
    images = rng.integers(0, 60, (len(parts), *SIZE, 3), dtype=np.uint8)
    for image, (x, y) in zip(images, shifts, strict=True):
        image[8 + y : 20 + y, 8 + x : 20 + x] += 150
    np.save(folder / "images.npy", images)
    frame = pd.DataFrame(
        {"sample": range(len(parts)), "part": parts, "photo": [f"photo{i % 2}" for i in range(len(parts))]}
    )
    frame[["shift_x_mm", "shift_y_mm"]] = shifts * 0.2
    frame["rotation_deg"] = 0.0
    frame[list(COLUMNS)] = corners.reshape(-1, 8)
    frame.to_csv(folder / "samples.csv", index=False)
    metadata = {
        "size": SIZE,
        "photo_size": PHOTO,
        "mm_per_pixel": [0.2, 0.2],
        "nominal": NOMINAL.tolist(),
        "photos": {},
    }
    (folder / "samples.json").write_text(json.dumps(metadata))
    return folder / "samples.csv"


@pytest.fixture
def samples(tmp_path) -> Path:
    return _write_samples(tmp_path / "samples", {"train": 12, "validation": 4, "test": 5, "displaced": 3})


@pytest.fixture
def write_samples():
    """Return a function that writes samples of so many images a part."""
    return _write_samples
