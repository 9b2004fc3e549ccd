"""Baselines: models without a network: what a score must beat to mean something."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from boardbench.engine.address import StoreAddress
from boardbench.errors import BoardbenchError, nearest
from boardbench.segmentation.data import (
    blocks_of_lines,
    captures_of,
    check_classes,
    class_counts,
    labelled_pixels,
    load_capture,
    load_cube,
)

SAMPLE = 200_000  # training pixels that the discriminant is fitted on, at most


class Baseline(ABC):
    """A per-pixel classifier: fitted on labelled training pixels, blind to their neighbours."""

    @abstractmethod
    def fit(self, reflectance: Path, names: list[str], counts: np.ndarray) -> int:
        """Fit on captures; return the number of pixels used.

        Args:
            reflectance: folder of cubes and masks.
            names: training captures.
            counts: (classes,) labelled pixels of each class in them, none zero.
        """

    @abstractmethod
    def predict_pixels(self, pixels: np.ndarray) -> np.ndarray:
        """Return class ids (pixels,) of spectra (pixels, bands)."""

    def predict(self, cube: np.ndarray) -> np.ndarray:
        """Return the class map (lines, samples) uint8 of a cube (bands, lines, samples)."""
        classes = np.empty(cube.shape[1:], np.uint8)
        for lines, pixels in blocks_of_lines(cube):
            classes[lines] = self.predict_pixels(pixels).reshape(-1, cube.shape[2])
        return classes


class Majority(Baseline):
    """The most frequent class of the training pixels, everywhere; on a tie the first in class order."""

    def fit(self, reflectance: Path, names: list[str], counts: np.ndarray) -> int:
        """Find the most frequent class."""
        self.winner = int(np.argmax(counts))
        return int(counts.sum())

    def predict_pixels(self, pixels: np.ndarray) -> np.ndarray:
        """Return the most frequent class for every pixel."""
        return np.full(len(pixels), self.winner)


class SpectralAngle(Baseline):
    """The class whose mean training spectrum makes the smallest angle with the pixel's (Kruse et al. 1993).

    A spectrum of zeros has no angle and goes to class 0.
    """

    def fit(self, reflectance: Path, names: list[str], counts: np.ndarray) -> int:
        """Average the training spectra of each class; the length of a mean has no influence on its angle."""
        sums = 0.0
        for name in names:
            for pixels, truth in labelled_pixels(reflectance, name):
                members = np.eye(len(counts), dtype=np.float64)[:, truth]
                sums = sums + members @ pixels
        length = np.linalg.norm(sums, axis=1, keepdims=True)
        self.directions = (sums / np.where(length > 0, length, 1)).astype(np.float32)
        return int(counts.sum())

    def predict_pixels(self, pixels: np.ndarray) -> np.ndarray:
        """Return the class of the largest cosine; the pixel's own length scales all cosines alike."""
        return np.argmax(pixels @ self.directions.T, axis=1)


class LinearDiscriminant(Baseline):
    """Linear discriminant analysis (scikit-learn) on at most ``SAMPLE`` training pixels.

    The sample is drawn with seed 0, as many pixels of each class (all of a rare class). Priors are the true
    shares of the classes, and they also weigh the class covariances, so that the sampling does not favour
    rare classes.
    """

    def __init__(self, sample: int = SAMPLE):
        self.sample = sample

    def _drawn(self, counts: np.ndarray) -> list[np.ndarray]:
        """Return which pixels of each class, counted over all captures, are in the sample (sorted)."""
        rng = np.random.default_rng(0)
        share = self.sample // len(counts)
        return [
            np.arange(count) if count <= share else np.sort(rng.choice(count, share, replace=False, shuffle=False))
            for count in counts
        ]

    def fit(self, reflectance: Path, names: list[str], counts: np.ndarray) -> int:
        """Draw the sample capture by capture and fit."""
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        drawn = self._drawn(counts)
        passed = np.zeros(len(counts), np.int64)
        spectra, labels = [], []
        for name in names:
            cube, mask = load_capture(reflectance, name)
            flat = cube.reshape(len(cube), -1)
            for label in range(len(counts)):
                members = np.flatnonzero(mask == label)
                begin, end = np.searchsorted(drawn[label], [passed[label], passed[label] + len(members)])
                picked = members[drawn[label][begin:end] - passed[label]]
                passed[label] += len(members)
                spectra.append(flat[:, picked].T.astype(np.float32))
                labels.append(np.full(len(picked), label, np.uint8))
        # lsqr weighs class covariances by the priors and bears bands that depend on each other.
        self.model = LinearDiscriminantAnalysis(solver="lsqr", priors=counts / counts.sum())
        self.model.fit(np.concatenate(spectra), np.concatenate(labels))
        return sum(map(len, labels))

    def predict_pixels(self, pixels: np.ndarray) -> np.ndarray:
        """Return the class of the largest posterior."""
        return self.model.predict(pixels)


BASELINES: dict[str, type[Baseline]] = {
    "majority": Majority,
    "spectral_angle": SpectralAngle,
    "lda": LinearDiscriminant,
}


def baseline(
    *,
    name: str,
    split: Path,
    reflectance: Path,
    out: Path,
    classes: list[str],
    dataset: str,
    truth: Path | None = None,
    tracking: StoreAddress | None = None,
) -> None:
    """Fit one baseline on the training pixels, score it on the test part and write a run folder.

    Args:
        name: majority, spectral_angle or lda.
        split: split.csv.
        reflectance: folder of cubes and masks.
        out: run folder for confusion.csv, metrics.json and predictions/.
        classes: class names in order of their ids.
        dataset: written into metrics.json.
        truth: folder of masks of another size to score at; None: masks at working size.
        tracking: MLflow store that shows the scores.

    Raises:
        BoardbenchError: unknown baseline, a class absent from training, a missing cube or mask.
    """
    from boardbench.segmentation.evaluation import sync, write_run

    if name not in BASELINES:
        raise BoardbenchError(f"segmentation.baselines: unknown baseline '{name}'. {nearest(name, list(BASELINES))}")
    train, test = captures_of(split, "train"), captures_of(split, "test")
    counts = class_counts(reflectance, train, classes)
    check_classes(counts, classes, split)
    model = BASELINES[name]()
    used = model.fit(reflectance, train, counts)

    def predictions() -> Iterator[tuple[str, np.ndarray]]:
        for capture in test:
            yield capture, model.predict(load_cube(reflectance, capture))

    write_run(
        out,
        dataset=dataset,
        backbone=name,
        strategy="none",
        seed=0,
        classes=classes,
        reflectance=reflectance,
        truth=truth,
        predictions=predictions(),
        extra={"training_pixels": int(counts.sum()), "fitted_pixels": used},
    )
    if tracking:
        sync(runs=[out], tracking=tracking)
