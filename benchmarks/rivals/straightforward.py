"""The straightforward way from raw counts to reflectance: load all, float64, mask, clip, slice, save.

What a careful person writes first with NumPy and the spectral package. It makes the same three files as
``boardbench reflectance`` at the captured size.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import spectral.io.envi as envi
from PIL import Image


def straightforward(*, cube: Path, out: Path, mask: Path, white: Path, dark: Path, drop_first: int) -> None:
    """Write reflectance (bands, lines, samples) as float16 .npy with .json and .png beside it."""
    image = envi.open(str(cube))
    counts = np.array(image.open_memmap(interleave="bip"))
    white_image, dark_image = envi.open(str(white)), envi.open(str(dark))
    white_mean = np.array(white_image.open_memmap(interleave="bip")).astype(np.float64).mean(axis=0)
    dark_mean = np.array(dark_image.open_memmap(interleave="bip")).astype(np.float64).mean(axis=0)
    exposure = float(white_image.metadata["tint"]) / float(image.metadata["tint"])

    invalid = white_mean <= dark_mean
    span = np.where(invalid, 1.0, white_mean - dark_mean)
    values = (counts.astype(np.float64) - dark_mean) / span * exposure
    values[:, invalid] = 0
    saturated = int(np.count_nonzero(counts[:, :, drop_first:] >= 4095))
    values = values[:, :, drop_first:]
    low, high = int(np.count_nonzero(values < 0)), int(np.count_nonzero(values > 1))
    values = np.clip(values, 0, 1)
    np.save(out, np.ascontiguousarray(values.transpose(2, 0, 1).astype(np.float16)))

    lines, samples, bands = counts.shape
    metadata = {
        "wavelengths": [float(value) for value in image.metadata["wavelength"][drop_first:]],
        "original": {"lines": lines, "samples": samples, "bands": bands},
        "invalid": int(np.count_nonzero(invalid[:, drop_first:])) * lines,
        "saturated": saturated,
        "clipped_low": low,
        "clipped_high": high,
        "sha256": hashlib.sha256(out.read_bytes()).hexdigest(),
    }
    out.with_suffix(".json").write_text(json.dumps(metadata, indent=2) + "\n")
    with Image.open(mask) as labels:
        labels.save(out.with_suffix(".png"))
