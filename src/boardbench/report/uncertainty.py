"""Limits of a mean over seeds and of a paired difference over images and seeds, and what they show."""

import math
from statistics import mean, stdev

import numpy as np
from scipy import stats

LEVEL = 0.95
LEAST_SEEDS = 3  # trainings, below which a difference between trained networks is not judged
HIGHER, LOWER, NOTHING = "higher", "lower", "no difference shown"
_UNTESTED = {1: "one seed: not tested", 2: "two seeds: not tested"}


def verdict(low: str, high: str, seeds: int, below: str = LOWER, above: str = HIGHER) -> str:
    """Return what the 95 % limits of a difference show of trained networks.

    Training again moves a score more than other test images do, so the limits of one or two trainings show nothing.

    Args:
        low: limit as printed; empty where there is none.
        high: the other limit.
        seeds: trainings of each side that the limits cover.
        below: word for a difference below 0.
        above: word for a difference above 0.

    Returns:
        ``below`` or ``above`` where the limits leave out 0, "no difference shown" where they hold it; below three
        seeds "one seed: not tested" or "two seeds: not tested".
    """
    shown = below if high and float(high) < 0 else above if low and float(low) > 0 else NOTHING
    return untested(seeds) or shown


def untested(seeds: int) -> str:
    """Return the verdict on so few trainings, or '' for three and more."""
    return _UNTESTED[seeds] if seeds < LEAST_SEEDS else ""


def is_untested(shown: str) -> bool:
    """Tell whether a verdict is that too few seeds were trained."""
    return shown in _UNTESTED.values()


def interval(values: list[float]) -> tuple[float, float]:
    """Return the limits of the mean of ``values`` by Student's t; NaN for a single one."""
    if len(values) < 2:
        return math.nan, math.nan
    half = float(stats.t.ppf((1 + LEVEL) / 2, len(values) - 1)) * stdev(values) / math.sqrt(len(values))
    return mean(values) - half, mean(values) + half


def image_interval(paired: np.ndarray) -> tuple[float, float]:
    """Return the limits of the mean of paired differences over images and seeds; NaN for a single image.

    The variances of the mean over images and over seeds are added; the degrees of freedom are those of Welch and
    Satterthwaite (1946). One seed adds nothing: its limits are over images only.

    Args:
        paired: (seeds, images).
    """
    seeds, images = paired.shape
    if images < 2:
        return math.nan, math.nan
    over_images = paired.mean(axis=0).var(ddof=1) / images
    over_seeds = paired.mean(axis=1).var(ddof=1) / seeds if seeds > 1 else 0.0
    value, total = float(paired.mean()), float(over_images + over_seeds)
    if total == 0:
        return value, value
    freedom = total**2 / (over_images**2 / (images - 1) + over_seeds**2 / max(seeds - 1, 1))
    half = float(stats.t.ppf((1 + LEVEL) / 2, freedom)) * math.sqrt(total)
    return value - half, value + half
