"""Separable resizing of cubes and masks with half-pixel centres.

The geometry is that of ``torch.nn.functional.interpolate(align_corners=False)`` and of OpenCV: output
pixel i covers input pixels i*s to (i+1)*s, where s = n_in / n_out. Masks use the same geometry with the
nearest pixel.
"""

from dataclasses import dataclass

import numpy as np

from boardbench.errors import nearest


@dataclass(frozen=True)
class Taps:
    """Which inputs make an output along one axis: ``index`` and ``weight`` are (n_out, k); weights of a row
    sum to 1.
    """

    index: np.ndarray
    weight: np.ndarray
    n_in: int

    @property
    def n_out(self) -> int:
        """Length of the output."""
        return len(self.index)

    @property
    def identity(self) -> bool:
        """Whether nothing changes along this axis."""
        return self.n_in == self.n_out


def taps(n_in: int, n_out: int, method: str) -> Taps:
    """Return the taps of one axis; ``method`` is 'bilinear' (two neighbours) or 'area' (exact box overlap).

    Raises:
        ValueError: for another method.
    """
    if method not in ("bilinear", "area"):
        raise ValueError(f"no resize method {method!r}. {nearest(method, ['bilinear', 'area'])}")
    out = np.arange(n_out)
    scale = n_in / n_out
    if n_in == n_out:
        index, weight = out[:, None], np.ones((n_out, 1))
    elif method == "bilinear":
        centre = np.maximum((out + 0.5) * scale - 0.5, 0)
        left = np.minimum(centre.astype(np.int64), n_in - 1)
        index = np.stack([left, np.minimum(left + 1, n_in - 1)], axis=1)
        right_weight = np.minimum(centre - left, 1)
        weight = np.stack([1 - right_weight, right_weight], axis=1)
    else:
        # Edges in units of 1 / n_out of an input pixel: whole numbers, so overlaps are exact.
        start, end = out * n_in, (out + 1) * n_in
        first = start // n_out
        width = int((-(-end // n_out) - first).max())
        index = first[:, None] + np.arange(width)
        overlap = np.minimum(end[:, None], (index + 1) * n_out) - np.maximum(start[:, None], index * n_out)
        weight = np.maximum(overlap, 0) / n_in
        index = np.minimum(index, n_in - 1)
    return Taps(index, weight.astype(np.float32), n_in)


def add_lines(total: np.ndarray, first_out: int, block: np.ndarray, first_in: int, lines: Taps) -> None:
    """Add what input lines of ``block`` give to output lines of ``total``, both (..., lines, samples)
    float32.

    ``first_out`` and ``first_in`` are the line numbers of their first lines. Called with all blocks of the
    input in order, this makes the whole resized axis while only one block is in memory.
    """
    index = lines.index[first_out : first_out + total.shape[-2]] - first_in
    weight = lines.weight[first_out : first_out + total.shape[-2]]
    for row, tap in np.argwhere((index >= 0) & (index < block.shape[-2]) & (weight > 0)):
        total[..., row, :] += weight[row, tap] * block[..., index[row, tap], :]


def resize_samples(block: np.ndarray, samples: Taps) -> np.ndarray:
    """Resize the last axis of a float32 array."""
    if samples.identity:
        return block
    total = np.take(block, samples.index[:, 0], axis=-1) * samples.weight[:, 0]
    for index, weight in zip(samples.index.T[1:], samples.weight.T[1:], strict=True):
        total += np.take(block, index, axis=-1) * weight
    return total


def resize(cube: np.ndarray, size: tuple[int, int], method: str = "bilinear") -> np.ndarray:
    """Resize (..., lines, samples) to ``size`` = (lines, samples); float32. Equal sizes change nothing."""
    cube = np.asarray(cube, np.float32)
    lines, samples = (taps(n_in, n_out, method) for n_in, n_out in zip(cube.shape[-2:], size, strict=True))
    if not lines.identity:
        total = np.zeros((*cube.shape[:-2], size[0], cube.shape[-1]), np.float32)
        add_lines(total, 0, cube, 0, lines)
        cube = total
    return resize_samples(cube, samples)


def resize_mask(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize a mask (lines, samples) by the nearest pixel, in the geometry of ``resize``."""
    # (2 i + 1) n_in / (2 n_out) in whole numbers: the pixel that holds the output pixel's centre.
    rows, columns = (
        (2 * np.arange(n_out) + 1) * n_in // (2 * n_out) for n_in, n_out in zip(mask.shape, size, strict=True)
    )
    return mask[rows[:, None], columns]
