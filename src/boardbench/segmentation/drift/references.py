"""What the white and dark references of the training captures are like, and how far others lie from them."""

from typing import NamedTuple

import numpy as np

from boardbench.captures.references import References

TOLERANCE = {"white_level": 0.02, "white_shape": 0.02, "white_line": 0.02, "dark_level": 0.005}
"""Least threshold of each statistic: a fiftieth of the white, and a two-hundredth of it for the dark, is no drift."""

_ALIKE = 0.5  # of the tolerances: references so near to one that is known are not kept besides
_LEAST = 1e-9


class Seen(NamedTuple):
    """The references of one capture, in what is compared.

    Attributes:
        white: (bands,) mean counts of the white above its dark, a millisecond, or in all where times are not known.
        line: (samples,) likewise, over the bands.
        dark: mean counts of the dark.
        span: mean counts of the white above it.
        timed: whether ``white`` and ``line`` are a millisecond.
    """

    white: np.ndarray
    line: np.ndarray
    dark: float
    span: float
    timed: bool


def seen(found: References, keep: list[int]) -> Seen:
    """Return what is compared of a capture's references; ``keep`` are the bands that a model takes."""
    time = found.tints.get("white")
    return seen_counts(found.white.mean.T - found.white_dark.mean.T, found.dark.mean.T, time, keep)


def seen_counts(span: np.ndarray, dark: np.ndarray, time: float | None, keep: list[int]) -> Seen:
    """Return the same of counts (bands, samples): white above its dark, and dark; ``time`` in ms is the white's."""
    span, dark = (np.nan_to_num(np.asarray(values, np.float64)[keep]) for values in (span, dark))
    scaled = span / (time or 1.0)
    return Seen(scaled.mean(axis=1), scaled.mean(axis=0), float(dark.mean()), float(span.mean()), time is not None)


def compare(known: list[Seen], new: Seen) -> dict[str, float]:
    """Return the statistics of references against the nearest known ones; none where nothing can be compared.

    white_level: natural logarithm of the white's ratio to the known one's, mean over bands; negative: darker.
    white_shape: largest deviation of a band from that level. white_line: largest deviation of a sample; missing where
    lines have another number of samples. dark_level: difference of the dark, over the known white above it.
    """
    known = [one for one in known if one.timed == new.timed and len(one.white) == len(new.white)]
    if not known:
        return {}
    ratios = [_ratio(new.white, one.white) for one in known]
    nearest = int(np.argmin([np.abs(ratio).max() for ratio in ratios]))
    ratio, one = ratios[nearest], known[nearest]
    found = {"white_level": float(ratio.mean()), "white_shape": float(np.abs(ratio - ratio.mean()).max())}
    if len(one.line) == len(new.line):
        line = _ratio(new.line, one.line)
        found["white_line"] = float(np.abs(line - np.median(line)).max())
    return found | {"dark_level": abs(new.dark - one.dark) / max(one.span, _LEAST)}


def _ratio(new: np.ndarray, known: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(new, _LEAST) / np.maximum(known, _LEAST))


def cover(every: list[Seen]) -> list[Seen]:
    """Return references that all the others are near to: one a lamp setting, not one a capture."""
    kept: list[Seen] = []
    for one in every:
        found = compare(kept, one)
        if not found or any(abs(value) > _ALIKE * TOLERANCE[name] for name, value in found.items()):
            kept.append(one)
    return kept


def thresholds(by_scene: dict[str, list[Seen]], quantile: float) -> dict[str, float]:
    """Return a threshold for each statistic: that quantile of scenes compared with the other scenes, at least the
    tolerance.
    """
    found: dict[str, list[float]] = {name: [] for name in TOLERANCE}
    for scene, ones in by_scene.items():
        others = [one for other, more in by_scene.items() if other != scene for one in more]
        for one in ones:
            for name, value in compare(others, one).items():
                found[name].append(abs(value))
    return {
        name: max([TOLERANCE[name], float(np.quantile(values, quantile, method="higher"))] if values else [least])
        for (name, values), least in zip(found.items(), TOLERANCE.values(), strict=True)
    }
