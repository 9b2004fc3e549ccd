"""A line's counts to channels the straightforward way: NumPy, float64, every layer as it is written."""

import numpy as np


def front64(
    counts: np.ndarray,
    white: np.ndarray,
    dark: np.ndarray,
    exposure: float,
    drop_first: int,
    layers: list[dict[str, np.ndarray]],
) -> np.ndarray:
    """Return channels (channels, samples) of a line's counts (bands, samples) uint16.

    Each layer is a 1x1 convolution (weight), batch normalization (mean, variance, scale, shift, epsilon) and ReLU.
    """
    invalid = white <= dark
    span = np.where(invalid, 1.0, white.astype(np.float64) - dark)
    values = (counts.astype(np.float64) - dark) / span * exposure
    values[invalid] = 0
    values = np.clip(values, 0, 1)[drop_first:]
    for layer in layers:
        values = layer["weight"] @ values
        values = (values - layer["mean"]) / np.sqrt(layer["variance"] + layer["epsilon"])
        values = np.maximum(values * layer["scale"] + layer["shift"], 0)
    return values
