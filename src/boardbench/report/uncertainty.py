"""Limits of a mean over seeds, and of a paired difference over images and seeds."""

import math
from statistics import mean, stdev

import numpy as np
from scipy import stats

LEVEL = 0.95


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
