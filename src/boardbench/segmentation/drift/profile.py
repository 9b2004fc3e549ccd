"""What the spectra of the training captures are like, and how far others lie from them.

The distance of a spectrum is Mahalanobis' in the space of the first principal components, plus the squared length of
what lies outside that space over its variance.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

LINES = 32
"""Lines that are judged together, a window."""

EVERY = 4
"""One line in so many is looked at."""

SAMPLES = 128
"""Samples of a line that are looked at, at most."""

FAR = 0.999
"""Share of the training spectra that are nearer than what is called strange."""

STATISTICS = ("strange", "shifted", "clipped")
_FLAT = 1e-8  # variance of reflectance: less is rounding
_OUTSIDE = 1e-5  # least variance outside the axes, over all: float32 tells no less from nothing


class Profile(NamedTuple):
    """What training spectra are like; float32 arrays.

    Attributes:
        mean: (bands,) reflectance.
        axes: (components, bands), orthonormal.
        variance: (components,) along the axes.
        residual: variance outside the axes, summed over bands.
        far: distance that one training spectrum in a thousand exceeds.
        centre: (components,) of the means of training windows, along the axes.
        precision: (components, components), inverse covariance of these means.
    """

    mean: np.ndarray
    axes: np.ndarray
    variance: np.ndarray
    residual: np.ndarray
    far: np.ndarray
    centre: np.ndarray
    precision: np.ndarray


class WindowSums(NamedTuple):
    """Sums over some spectra: how many, the sum of them (bands,), how many are strange, how many values clipped."""

    pixels: int
    total: np.ndarray
    strange: int
    clipped: int

    def plus(self, other: "WindowSums") -> "WindowSums":
        """Return the sums over both."""
        return WindowSums(*(one + another for one, another in zip(self, other, strict=True)))


class Moments(NamedTuple):
    """Number, sum (bands,) and sum of products (bands, bands) of spectra, float64."""

    pixels: int
    total: np.ndarray
    square: np.ndarray

    def plus(self, other: "Moments") -> "Moments":
        """Return the moments of both."""
        return Moments(*(one + another for one, another in zip(self, other, strict=True)))

    def minus(self, other: "Moments") -> "Moments":
        """Return the moments without those of the other."""
        return Moments(*(one - another for one, another in zip(self, other, strict=True)))


def moments(windows: list[np.ndarray]) -> Moments:
    """Return the moments of windows of spectra, each (..., bands) float32."""
    bands = windows[0].shape[-1]
    pixels, total, square = 0, np.zeros(bands), np.zeros((bands, bands))
    for window in windows:
        spectra = window.reshape(-1, bands)
        pixels += len(spectra)
        total += spectra.sum(axis=0, dtype=np.float64)
        square += spectra.T @ spectra
    return Moments(pixels, total, square)


def fit_profile(found: Moments, windows: list[np.ndarray], components: int) -> Profile:
    """Return the profile of windows of spectra, each (..., bands) float32, whose moments are known."""
    mean = found.total / found.pixels
    values, vectors = np.linalg.eigh(found.square / found.pixels - np.outer(mean, mean))
    count = min(components, len(mean))
    variance, axes = np.maximum(values[::-1][:count], _FLAT), vectors[:, ::-1][:, :count].T
    residual = max(float(values[: len(values) - count].sum()), _OUTSIDE * float(values.sum()), _FLAT)
    means = np.stack([(window.reshape(-1, len(mean)).mean(axis=0) - mean) @ axes.T for window in windows])
    spread = np.cov(means.T).reshape(count, count) if len(means) > 1 else np.zeros((count, count))
    # Few windows leave directions in which their means do not vary; a thousandth of the spectra's variance is there.
    spread += np.diag(1e-3 * variance)
    parts = (mean, axes, variance, residual, 0.0, means.mean(axis=0), np.linalg.inv(spread))
    profile = Profile(*(np.asarray(part, np.float32) for part in parts))
    far = np.quantile(np.concatenate([distances(profile, window) for window in windows]), FAR)
    return profile._replace(far=np.float32(far))


def distances(profile: Profile, spectra: np.ndarray) -> np.ndarray:
    """Return how far each spectrum of (..., bands) lies from training's, (pixels,)."""
    centred = spectra.reshape(-1, spectra.shape[-1]) - profile.mean
    scores = centred @ profile.axes.T
    outside = np.maximum(np.einsum("pb,pb->p", centred, centred) - np.einsum("pk,pk->p", scores, scores), 0)
    return (scores**2 / profile.variance).sum(axis=1) + outside / profile.residual


def window_sums(profile: Profile, spectra: np.ndarray) -> WindowSums:
    """Return the sums over spectra (..., bands)."""
    flat = spectra.reshape(-1, spectra.shape[-1])
    strange = int(np.count_nonzero(distances(profile, flat) > profile.far))
    return WindowSums(len(flat), flat.sum(axis=0), strange, int(np.count_nonzero((flat <= 0) | (flat >= 1))))


def statistics(profile: Profile, sums: WindowSums) -> dict[str, float]:
    """Return the statistics of a window.

    strange: share of the spectra that are further away than one in a thousand of training's. shifted: distance of
    their mean from the means of training windows. clipped: share of values at 0 or 1.
    """
    off = (sums.total / sums.pixels - profile.mean) @ profile.axes.T - profile.centre
    return {
        "strange": sums.strange / sums.pixels,
        "shifted": float(off @ profile.precision @ off),
        "clipped": sums.clipped / (sums.pixels * len(profile.mean)),
    }


def looked_at(samples: int) -> slice:
    """Return which samples of a line are looked at."""
    return slice(None, None, -(-samples // SAMPLES))


def windows(cube: np.ndarray) -> Iterator[np.ndarray]:
    """Yield what is looked at of each window of a cube (bands, lines, samples): (lines, samples, bands) float32.

    Lines beyond the last whole window are left out; a cube of fewer lines is one window.
    """
    _, lines, samples = cube.shape
    for first in range(0, max(lines - LINES, 0) + 1, LINES):
        part = cube[:, first : first + LINES : EVERY, looked_at(samples)]
        yield np.ascontiguousarray(np.moveaxis(np.asarray(part, np.float32), 0, -1))
