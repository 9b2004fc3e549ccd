"""What a capture's white and dark references say of the camera: dark, noise, photon transfer, light along the line.

Noise is the change from one line to the next, divided by the root of two, after each band of a line has lost what its
samples have in common: row noise, a drift of whole lines and the lamp's flicker are apart. Two lines are enough. A
pattern that stays is what two halves of the lines (even and odd ones) share, so that noise does not enter it.

Cameras that correct smile and keystone mix neighbours, which takes variances to 4/9 on average. That is measured as it
is, so gain and signal to noise are called apparent: the wells themselves hold fewer electrons.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from boardbench.captures.envi import Cube
from boardbench.captures.references import SATURATED
from boardbench.errors import BoardbenchError

# Field of Transfer -> unit, and a reader's name.
QUANTITIES = {
    "dark_level": ("counts", "dark level"),
    "dark_spread": ("counts", "dark spread from element to element"),
    "dark_noise": ("counts", "dark noise"),
    "row_noise": ("counts", "row noise"),
    "line_drift": ("counts", "drift of the dark from line to line"),
    "transfer_slope": ("counts² a count", "slope of the photon transfer"),
    "transfer_intercept": ("counts²", "intercept of the photon transfer"),
    "electrons_a_count": ("electrons a count", "apparent electrons a count"),
    "full_scale_snr": ("1", "apparent signal to noise at full scale"),
    "next_band": ("1", "correlation of noise with the next band"),
    "next_sample": ("1", "correlation of noise with the next sample"),
    "third_band": ("1", "correlation of noise three bands on"),
    "third_sample": ("1", "correlation of noise three samples on"),
    "white_least": ("of the largest", "least white along the line"),
    "white_first": ("of the largest", "white at the first samples"),
    "white_last": ("of the largest", "white at the last samples"),
    "response_spread": ("%", "photo-response from element to element"),
}

_BLOCK = 16
_POINTS, _PLACES, _WINDOW = 12, 17, 25
_PATCH, _EDGE = 15, 10  # samples: of the running mean, and left out at each end of the line
_LIT = 800 / 4095  # of full scale: less light says little of the photo-response
_FAR = 6.0  # a change beyond so many spreads is dust or a hit, not noise


@dataclass(frozen=True)
class Transfer:
    """One camera as its references show it.

    Attributes:
        dark_level: mean of the dark, counts.
        dark_spread: standard deviation over elements of what stays of the dark, counts.
        dark_noise: standard deviation over time of one element of the dark, counts; row noise and drift are apart.
        row_noise: standard deviation over time of what all samples of a band of a line share in the dark, counts.
        line_drift: root mean square of the dark's change as a whole from one line to the next, counts.
        transfer_slope: of a line through variance against signal, counts of variance a count, weighted by the
            relative error of each point.
        transfer_intercept: of that line, counts squared: the variance without light.
        electrons_a_count: 1 / slope; apparent.
        full_scale_snr: signal to noise of that line at full scale; apparent.
        next_band: correlation of an element's noise with the same sample of the next band, in the white.
        next_sample: with the next sample of the same band.
        third_band: with the third band on.
        third_sample: with the third sample on.
        white_least: smallest of ``white``.
        white_first: first of ``white``.
        white_last: last of ``white``.
        response_spread: standard deviation over elements of the photo-response, percent: white minus dark relative to
            its mean over 15 samples of the line; elements with a signal above 800 of 4095 counts, without 10 samples
            at each end. Of a pattern of independent elements the running mean hides 3 %.
        signal: (points,) mean of bright minus dark, counts, of equally many elements each; full ones are left out.
        variance: (points,) mean variance over time of these elements, counts squared.
        white: (17,) white minus dark along the line: mean over bands and 25 samples at equal distances, largest 1.
        spectrum: (bands,) white minus dark, mean over samples, largest 1.
        full: share of the white's elements that are at full scale in any line.
    """

    dark_level: float
    dark_spread: float
    dark_noise: float
    row_noise: float
    line_drift: float
    transfer_slope: float
    transfer_intercept: float
    electrons_a_count: float
    full_scale_snr: float
    next_band: float
    next_sample: float
    third_band: float
    third_sample: float
    white_least: float
    white_first: float
    white_last: float
    response_spread: float
    signal: np.ndarray
    variance: np.ndarray
    white: np.ndarray
    spectrum: np.ndarray
    full: float


@dataclass(frozen=True)
class _Lines:
    """What the lines of one source share, and how they differ; maps are (samples, bands).

    ``variance`` is not a number where no change was noise. ``near`` has the correlation of noise by (axis, distance),
    axis 0 along samples and 1 along bands.
    """

    mean: np.ndarray
    halves: np.ndarray
    variance: np.ndarray
    full: np.ndarray
    row: float
    drift: float
    near: dict[tuple[int, int], float]


def photon_transfer(
    dark: np.ndarray | Cube, bright: Sequence[np.ndarray | Cube], full_scale: float = SATURATED
) -> Transfer:
    """Measure a camera; see :class:`Transfer` for what and in which units.

    Args:
        dark: counts with the shutter closed, (lines >= 2, samples, bands).
        bright: counts of steady light; the first is the white panel, which all else than the photon transfer is taken
            from. Lines of a moving scene differ by more than noise.
        full_scale: counts at which the sensor is full.

    Raises:
        BoardbenchError: fewer than two lines, other samples or bands than the dark's, or a white that is not brighter
            than the dark or full everywhere.
    """
    for source in (dark, *bright):
        if source.shape[0] < 2 or source.shape[1:] != dark.shape[1:]:
            raise BoardbenchError(
                f"{_name(source)} has {source.shape[0]} lines, {source.shape[1]} samples and {source.shape[2]} bands; "
                f"the dark has {dark.shape[1]} samples and {dark.shape[2]} bands. Give references of one camera "
                "setting, with at least two lines each."
            )
    still, *lit = (_lines(source, full_scale) for source in (dark, *bright))
    white = lit[0]
    signal = white.mean - still.mean
    if not signal.mean() > 0 or white.full.all():
        why = "full everywhere" if white.full.all() else "not brighter than the dark"
        raise BoardbenchError(f"{_name(bright[0])} is {why}. Give a white that is lit and below {full_scale:g} counts.")
    level = float(still.mean.mean())
    good = [~one.full & np.isfinite(one.variance) for one in lit]
    points, variance = _points(
        np.concatenate([(one.mean - still.mean)[kept] for one, kept in zip(lit, good, strict=True)]),
        np.concatenate([one.variance[kept] for one, kept in zip(lit, good, strict=True)]),
    )
    slope, intercept = _fit(points, variance)
    noise = intercept + slope * (full_scale - level)
    along = _along(signal.mean(axis=1))
    spectrum = signal.mean(axis=0)
    return Transfer(
        dark_level=level,
        dark_spread=_shared(*still.halves),
        dark_noise=float(np.sqrt(np.nanmean(still.variance))),
        row_noise=still.row,
        line_drift=still.drift,
        transfer_slope=slope,
        transfer_intercept=intercept,
        electrons_a_count=1 / slope if slope > 0 else np.nan,
        full_scale_snr=float((full_scale - level) / np.sqrt(noise)) if noise > 0 else np.nan,
        next_band=white.near[1, 1],
        next_sample=white.near[0, 1],
        third_band=white.near[1, 3],
        third_sample=white.near[0, 3],
        white_least=float(along.min()),
        white_first=float(along[0]),
        white_last=float(along[-1]),
        response_spread=_response_spread(white, still, full_scale),
        signal=points,
        variance=variance,
        white=along,
        spectrum=spectrum / spectrum.max(),
        full=float(white.full.mean()),
    )


def _name(source: np.ndarray | Cube) -> str:
    return str(source.header) if isinstance(source, Cube) else "an array"


def _each(source: np.ndarray | Cube) -> Iterator[np.ndarray]:
    """Give the lines one after the other, (samples, bands), float64."""
    for first in range(0, source.shape[0], _BLOCK):
        last = min(first + _BLOCK, source.shape[0])
        block = source.read(first, last) if isinstance(source, Cube) else source[first:last]
        yield from (line.astype(np.float64) for line in block)


def _lines(source: np.ndarray | Cube, full_scale: float) -> _Lines:
    lines, samples, bands = source.shape
    halves, (variance, kept) = (np.zeros((2, samples, bands)) for _ in range(2))
    full = np.zeros((samples, bands), bool)
    power, row, drift = np.zeros(bands), 0.0, 0.0
    products = {(axis, step): 0.0 for axis, size in enumerate((samples, bands)) for step in (1, 3) if step < size}
    before = None
    for number, line in enumerate(_each(source)):
        halves[number % 2] += line
        full |= line >= full_scale
        if before is not None:
            change = (line - before) / np.sqrt(2)
            drift += 2 * change.mean() ** 2
            # What both halves of a line have in common, band by band, is no noise of single elements.
            left, right = (half.mean(axis=0) for half in np.array_split(change, 2))
            row += (left - left.mean()) @ (right - right.mean()) / max(bands - 1, 1)
            noise, odd = _noise(change)
            variance += noise**2
            kept += ~odd
            power += (noise**2).sum(axis=0)
            for axis, step in products:
                products[axis, step] = products[axis, step] + _product(noise, axis, step)
        before = line
    near = dict.fromkeys(((axis, step) for axis in (0, 1) for step in (1, 3)), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance /= kept
        for (axis, step), product in products.items():
            scale = np.sqrt(power[:-step] * power[step:]) if axis else power * (1 - step / samples)
            near[axis, step] = float(np.mean(product / scale))
    counts = np.array([(lines + 1) // 2, lines // 2])[:, None, None]
    root = np.sqrt(np.maximum([row, drift], 0) / (lines - 1))
    return _Lines(halves.sum(axis=0) / lines, halves / counts, variance, full, *map(float, root), near)


def _noise(change: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a change (samples, bands) without what a band's samples share, and where it is dust or a hit; there 0.

    The share is the mean of the middle half of the samples: as robust as a median, but not in steps of a count.
    """
    quarter = len(change) // 4
    middle = np.sort(change, axis=0)[quarter : len(change) - quarter]
    noise = change - middle.mean(axis=0)
    spread = (middle[-1] - middle[0]) / 1.349  # the middle half's width, as a standard deviation
    odd = np.abs(noise) > _FAR * np.maximum(spread, 1)
    noise[odd] = 0
    return noise, odd


def _product(noise: np.ndarray, axis: int, step: int) -> np.ndarray:
    pair = (noise[:, :-step], noise[:, step:]) if axis else (noise[:-step], noise[step:])
    return np.multiply(*pair).sum(axis=0)


def _points(signal: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the means of both in bins of signal that hold equally many elements."""
    bins = np.array_split(np.argsort(signal, kind="stable"), min(_POINTS, len(signal)))
    return tuple(np.array([values[part].mean() for part in bins]) for values in (signal, variance))


def _fit(signal: np.ndarray, variance: np.ndarray) -> tuple[float, float]:
    """Return slope and intercept; of equally many elements, a variance's error is proportional to itself."""
    if np.ptp(signal) == 0:
        return np.nan, np.nan
    slope, intercept = np.polyfit(signal, variance, 1, w=1 / np.maximum(variance, 1e-3 * max(variance.max(), 1e-9)))
    return float(slope), float(intercept)


def _shared(first: np.ndarray, second: np.ndarray) -> float:
    """Return the standard deviation of the pattern that two independent means share."""
    return float(np.sqrt(max(np.mean((first - first.mean()) * (second - second.mean())), 0)))


def _along(line: np.ndarray) -> np.ndarray:
    """Return means of 25 samples at 17 equal distances from end to end, largest 1."""
    window = min(_WINDOW, len(line))
    first = np.round(np.linspace(0, len(line) - window, _PLACES)).astype(int)
    means = np.array([line[at : at + window].mean() for at in first])
    return means / means.max()


def _response_spread(white: _Lines, dark: _Lines, full_scale: float) -> float:
    half = _PATCH // 2
    inside = slice(_EDGE, len(white.mean) - _EDGE)
    lit = ((white.mean - dark.mean > _LIT * full_scale) & ~white.full)[inside]
    if not lit.any():
        return np.nan
    parts = []
    for light in white.halves - dark.halves:
        total = np.cumsum(np.vstack([np.zeros((1, light.shape[1])), light]), axis=0)
        around = (total[_PATCH:] - total[:-_PATCH]) / _PATCH
        near = slice(_EDGE - half, len(around) - (_EDGE - half))
        parts.append(light[inside][lit] / around[near][lit] - 1)
    return 100 * _shared(*parts)
