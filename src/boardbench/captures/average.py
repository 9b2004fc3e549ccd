"""White and dark references, averaged over their lines without values that do not belong to them.

A dropped line, one with the shutter not yet closed, one transferred in part, or dust that passed over the panel
would move the reflectance of every line of the capture.
"""

from dataclasses import dataclass

import numpy as np

from boardbench.captures.envi import Cube

_BLOCK = 16

_JUDGED = 15
"""Lines that say what is usual: enough for a median with little noise, few enough to be held at once."""

_NEAR = 9.0
"""Values farther from the median than this many spreads are left out: 7.7 standard deviations of clean noise in 15
lines, 3.3 in three lines, which show too little of their noise.
"""

_GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class Reference:
    """A reference averaged over its lines, for each (sample, band).

    ``mean`` is in counts, float64; ``highest`` is the largest stored value of any line; ``left_out`` is the number of
    lines whose value is not in the mean.
    """

    mean: np.ndarray
    highest: np.ndarray
    left_out: np.ndarray


def average_reference(reference: np.ndarray | Cube) -> Reference:
    """Average a reference over its lines, block by block, and leave out values far from the element's median.

    Takes counts: (lines, samples, bands), a ``Cube`` on disk, or (samples, bands), which is an average already.
    One or two lines cannot be judged and are averaged as they are. A value that is not a number, or that the header
    calls not known, makes its element's mean not a number unless it is left out. A cube's gains are applied.
    """
    if isinstance(reference, np.ndarray) and reference.ndim == 2:
        mean = reference.astype(np.float64)
        return Reference(mean, mean, np.zeros(mean.shape, np.int64))
    lines = reference.shape[0]
    if lines > 2:
        low, high = _bounds(reference)
    else:
        low, high = (np.full(reference.shape[1:], bound) for bound in (-np.inf, np.inf))
    # Like the bounds, these are in the order of the values in the file: other orders take several times as long.
    total, left_out = (np.zeros_like(low, kind) for kind in (np.float64, np.int64))
    highest = np.zeros_like(low, reference.dtype.newbyteorder("="))
    # Counts of 16 bits: a block's sum fits in 32 bits, which takes half the time.
    exact = np.uint32 if reference.dtype.kind == "u" and reference.dtype.itemsize <= 2 else np.float64
    for first in range(0, lines, _BLOCK):
        block = _read(reference, first, min(first + _BLOCK, lines))
        least, most = block.min(axis=0), block.max(axis=0)
        unknown = reference.unknown(block) if isinstance(reference, Cube) else None
        np.fmax(highest, most if unknown is None else np.where(unknown, 0, block).max(axis=0), out=highest)
        part = block.sum(axis=0, dtype=exact)
        odd = (least < low) | (most > high)
        if odd.any():
            values = block[:, odd]
            out = (values < low[odd]) | (values > high[odd])
            part[odd] = values.sum(axis=0, dtype=exact, where=~out)
            left_out[odd] += np.count_nonzero(out, axis=0)
        total += part
        if unknown is not None:
            total[(unknown & (block >= low) & (block <= high)).any(axis=0)] = np.nan
    mean = total / (lines - left_out)
    if isinstance(reference, Cube):
        mean = mean if reference.gain is None else mean * reference.gain
        mean = mean if reference.shift is None else mean + reference.shift
    return Reference(mean, highest, left_out)


def _bounds(reference: np.ndarray | Cube) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the largest counts that belong to a reference of three or more lines, (samples, bands).

    Lines from the whole reference say what is usual, so that a lamp's drift counts as usual and is averaged.
    """
    lines = reference.shape[0]
    picked = np.arange(lines)
    if lines > _JUDGED:
        # One in each fifteenth, at uneven steps: even ones could always meet the same phase of a flickering lamp.
        stretch = np.arange(_JUDGED)
        picked = np.unique(((stretch + stretch * _GOLDEN % 1) * lines / _JUDGED).astype(np.int64))
    values = np.concatenate([_read(reference, line, line + 1) for line in picked])
    # A few bands at once: the processor's cache holds them.
    parts = [_usual(values[..., band : band + 8]) for band in range(0, values.shape[-1], 8)]
    low, high = (np.concatenate(bounds, axis=-1) for bounds in zip(*parts, strict=True))
    return low, high


def _usual(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds (samples, bands) around the medians of a few lines, (lines, samples, bands).

    The spread is the distance from the median that two thirds of the lines keep within: fewer lines may be odd, and
    what more lines show is how the reference is, such as steps of the lamp. It is the element's own or, where that is
    smaller, the band's median over samples, because a few lines of one element can lie close by chance. So two
    thirds of the lines judged are always kept.
    """
    count = len(values)
    ordered = _sorted(values).astype(np.result_type(values.dtype, np.float32))
    middle = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
    near_by = -(-2 * count // 3)
    # The nearest values stand side by side: the distance that a run of so many keeps within, least over the runs.
    with np.errstate(invalid="ignore"):
        spread = np.maximum(middle - ordered[: count - near_by + 1], ordered[near_by - 1 :] - middle).min(axis=0)
    common = np.median(np.where(np.isnan(spread), 0, spread), axis=0)
    # One count more: noise below the sensor's step has no spread.
    near = _NEAR * np.maximum(spread, common) + 1
    return middle - near, middle + near


def _sorted(values: np.ndarray) -> np.ndarray:
    """Sort few lines along the first axis by exchanging neighbours: four times as fast as np.sort, which takes one
    element after the other.
    """
    values = values.copy(order="K")
    for turn in range(len(values)):
        upper, lower = values[turn % 2 : -1 : 2], values[turn % 2 + 1 :: 2]
        least = np.minimum(upper, lower)
        np.maximum(upper, lower, out=lower)
        upper[:] = least
    return values


def _read(reference: np.ndarray | Cube, first: int, last: int) -> np.ndarray:
    return reference.read(first, last) if isinstance(reference, Cube) else reference[first:last]
