"""Baselines: models without a network: what a network must beat to mean something."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from boardbench.errors import BoardbenchError, nearest
from boardbench.params.placement import Tolerance
from boardbench.placement.corners import centre, moved, rotation

if TYPE_CHECKING:
    from boardbench.placement.data import Samples

TRAIN = "train"
SLACK = 1.5
"""Searched beyond the training images' limits: a chip put down worse than any of them should still be found."""
FOUND = 0.2
"""Least correlation that counts: noise of a template's size stays below it, and a flat picture has none."""
COARSE_DEG = 2.0
FINE_DEG = (1.5, 1.5, 1.5)  # 0.08 degrees off on validation images, 1.0, 0.5, 0.25 were 0.13
MARGINS, TRIED, ALIKE_PX = (1.0, 0.5, 0.0), 40, 0.001
"""Shares of the margin that the template may keep, training images that one is chosen by, and errors that are alike."""
CONTRAST = 1 / 255  # least range of a template, of full scale
COARSE_SIDE = 32  # steps across the chip where the search begins, about
GREY = np.array([0.299, 0.587, 0.114]) / 255  # ITU-R BT.601

Level = tuple[float, np.ndarray]
"""Step of a search in mm, and its template, odd on both sides."""


class Baseline(ABC):
    """Finds a chip's corners from what the training images alone tell.

    Attributes:
        missed: images of the last call of ``predict`` on which nothing was found.
    """

    missed: int = 0

    @abstractmethod
    def fit(self, samples: "Samples") -> None:
        """Learn from the images of part train and their corners, of which there is at least one."""

    @abstractmethod
    def predict(self, images: np.ndarray) -> np.ndarray:
        """Return corners (n, 4, 2) in pixels of images (n, lines, samples, 3) uint8."""


class Mean(Baseline):
    """The mean corners of the training images, whatever the image shows."""

    def fit(self, samples: "Samples") -> None:
        """Average the corners."""
        self.corners = samples.corners[samples.parts == TRAIN].mean(axis=0)

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Return the same corners for every image."""
        return np.repeat(self.corners[None], len(images), axis=0)


class Template(Baseline):
    """The chip, averaged over the training images and found by normalized cross-correlation.

    Every training image is turned upright about its chip by its label and averaged in grey. An image to search is
    turned upright by each rotation of a grid about the nominal place and correlated with that template (scikit-image's
    ``match_template``; Lewis 1995), which is blind to brightness and contrast. The best place is then refined, the
    image being cut anew at each estimate by cubic splines, with parabolas through the correlation in x, y and rotation.
    The search reaches 1.5 times as far as the training images do; a chip beyond that is given the best place within.

    How much of the margin round the outline the template keeps (all, half, none) is chosen by the corners' error on
    at most 40 training images, the wider where errors are alike: legs help where they show, but the pads under them
    stay when the chip moves.

    Where nothing correlates by at least 0.2, as on a flat image, the answer is the nominal corners; ``missed`` counts
    these images of the last call. Angles and lengths are those on the board also where pixels are not square.
    """

    def fit(self, samples: "Samples") -> None:
        """Average the training images' chips with each margin and keep the best."""
        limits = samples.metadata.synthesis
        chosen = np.flatnonzero(samples.parts == TRAIN)
        self.scale = np.asarray(samples.mm_per_pixel, np.float64)
        self.nominal = np.asarray(samples.nominal, np.float64)
        corners = samples.corners[chosen] * self.scale
        poses = list(zip(centre(corners), rotation(corners), strict=True))
        self.outline = moved(corners - centre(corners)[:, None], (0, 0), -rotation(corners), about=(0, 0)).mean(axis=0)
        self.shift_mm = SLACK * limits["shift_mm"]
        turn = SLACK * limits["rotation_deg"]
        self.grid = np.linspace(-turn, turn, 2 * int(np.ceil(turn / COARSE_DEG)) + 1)
        whole = self._levels(samples.images, dict(zip(chosen, poses, strict=True)), limits["margin_mm"])
        tried = chosen[:: -(-len(chosen) // TRIED)]
        errors, levels = [], []
        for share in MARGINS:
            reach = self._reach(share * limits["margin_mm"])
            self.levels = [_cropped(*level, reach) for level in whole]
            levels.append(self.levels)
            errors.append(np.abs(self.predict(samples.images[tried]) - samples.corners[tried]).mean())
        self.levels = levels[int(np.argmax(np.array(errors) <= min(errors) + ALIKE_PX))]

    def _reach(self, margin_mm: float) -> np.ndarray:
        """Return how far the upright chip with its margin reaches from its centre (x, y in mm)."""
        return np.abs(self.outline).max(axis=0) + margin_mm

    def _levels(self, images: np.ndarray, poses: dict[int, tuple[np.ndarray, float]], margin_mm: float) -> list[Level]:
        """Return the coarse and the fine search's step and template; one where they are the same."""
        reach, fine = self._reach(margin_mm), self.scale.min()
        factor = max(1, int(2 * reach.min() / fine) // COARSE_SIDE)
        levels = []
        for step in dict.fromkeys((fine * factor, fine)):
            half = _steps(reach, step)
            template = np.zeros(2 * half[::-1] + 1)
            for index, (place, turned) in poses.items():
                template += self._cut(self._splines(images[index], step), place, turned, half, step) / len(poses)
            levels.append((step, template))
        return levels

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Search each image by itself; ``missed`` is how many of them got the nominal corners."""
        self.missed = 0
        return np.stack([self._search(image) for image in images])

    def _search(self, image: np.ndarray) -> np.ndarray:
        """Return the corners (4, 2) of one image."""
        (step, template), (fine, fine_template) = self.levels[0], self.levels[-1]
        upright = rotation(self.nominal * self.scale)
        place = centre(self.nominal * self.scale)
        coarse = self._splines(image, step)
        room = int(np.ceil(self.shift_mm / step)) + 1
        tried = [(*self._best(coarse, place, upright + turn, room, step, template), turn) for turn in self.grid]
        score, offset, turn = max(tried, key=lambda found: found[0])
        if not (score >= FOUND and np.ptp(template) >= CONTRAST):  # both sides of a ratio of nothing to nothing
            self.missed += 1
            return self.nominal.copy()
        turned = upright + turn
        place = place + _turned(offset, turned)
        splines = coarse if fine == step else self._splines(image, fine)
        room = 2 * round(step / fine)
        for by in FINE_DEG:
            tried = [self._best(splines, place, turned + turn, room, fine, fine_template) for turn in (-by, 0, by)]
            best = int(np.argmax([found[0] for found in tried]))
            turn = by * (best - 1 if best != 1 else _peak(*(found[0] for found in tried)))
            place = place + _turned(tried[best][1], turned + by * (best - 1))
            turned, room = turned + turn, 2
        return moved(self.outline, place, turned, about=(0, 0)) / self.scale

    def _splines(self, image: np.ndarray, step: float) -> np.ndarray:
        """Return the cubic spline coefficients of an image in grey, smoothed where steps are longer than pixels."""
        from scipy import ndimage

        grey = image @ GREY
        wide = step / self.scale[::-1]
        if (wide >= 2).any():
            grey = ndimage.gaussian_filter(grey, wide / 2)
        return ndimage.spline_filter(grey, order=3)

    def _cut(self, splines: np.ndarray, place: np.ndarray, turned: float, half: np.ndarray, step: float) -> np.ndarray:
        """Return what surrounds ``place`` (x, y in mm), upright: (2 half[1] + 1, 2 half[0] + 1), ``step`` mm apart."""
        from scipy import ndimage

        down, across = (step * np.arange(-n, n + 1) for n in half[::-1])
        x, y = np.moveaxis(_turned(np.stack(np.meshgrid(across, down), axis=-1), turned), -1, 0)
        x, y = ((part + begin) / size - 0.5 for part, begin, size in zip((x, y), place, self.scale, strict=True))
        return ndimage.map_coordinates(splines, (y, x), order=3, prefilter=False, mode="mirror")

    def _best(
        self,
        splines: np.ndarray,
        place: np.ndarray,
        turned: float,
        room: int,
        step: float,
        template: np.ndarray,
    ) -> tuple[float, np.ndarray]:
        """Return the largest correlation within ``room`` steps of ``place``, and where: x, y in mm, upright."""
        from skimage.feature import match_template

        half = np.array(template.shape[::-1]) // 2
        scores = match_template(self._cut(splines, place, turned, half + room, step), template)
        row, column = np.unravel_index(np.argmax(scores), scores.shape)
        at = np.array([column, row], np.float64) - room
        if 0 < row < len(scores) - 1:
            at[1] += _peak(*scores[row - 1 : row + 2, column])
        if 0 < column < scores.shape[1] - 1:
            at[0] += _peak(*scores[row, column - 1 : column + 2])
        return float(scores[row, column]), at * step


def _steps(reach: np.ndarray, step: float) -> np.ndarray:
    """Return half the sides of a template, in whole steps across and down."""
    return np.maximum(np.round(reach / step).astype(int), 2)


def _cropped(step: float, template: np.ndarray, reach: np.ndarray) -> Level:
    """Return the middle of a template as far as ``reach`` (x, y in mm)."""
    rows, columns = (
        slice(side // 2 - half, side // 2 + half + 1)
        for side, half in zip(template.shape, _steps(reach, step)[::-1], strict=True)
    )
    return step, template[rows, columns]


def _turned(vector: np.ndarray, degrees: float) -> np.ndarray:
    """Turn vectors (..., 2) clockwise."""
    sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    return vector @ np.array([[cosine, sine], [-sine, cosine]])


def _peak(before: float, middle: float, after: float) -> float:
    """Return where a parabola through three values one apart has its top, from the middle one: in [-0.5, 0.5]."""
    bend = before - 2 * middle + after
    return 0.0 if bend >= 0 else float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5))


BASELINES: dict[str, type[Baseline]] = {"mean": Mean, "template": Template}


def baseline(*, name: str, samples: Path, dataset: str, out: Path, tolerance: Tolerance) -> None:
    """Fit one baseline on the training images, score it and write a run folder.

    Args:
        name: mean or template.
        samples: samples.csv, with samples.json and images.npy beside it.
        dataset: written into metrics.json.
        out: run folder for predictions.csv, roc.csv and metrics.json.
        tolerance: what passes.

    Raises:
        BoardbenchError: unknown baseline, samples without training images or without any to score.
    """
    from boardbench.placement.data import read_samples
    from boardbench.placement.evaluation import PARTS, write_run

    if name not in BASELINES:
        raise BoardbenchError(f"placement.baselines: unknown baseline '{name}'. {nearest(name, list(BASELINES))}")
    read = read_samples(samples)
    if not (read.parts == TRAIN).any():
        raise BoardbenchError(
            f"{samples}: column part: no image is of part train, so there is nothing to fit '{name}' on. Make the "
            "samples again with 'boardbench placement samples'."
        )
    parts = {part: read.images[read.parts == part] for part in PARTS}
    if not any(map(len, parts.values())):
        raise BoardbenchError(
            f"{samples}: column part: no image is of part {', '.join(PARTS[:-1])} or {PARTS[-1]}, so there is nothing "
            "to score. Make the samples again with 'boardbench placement samples'."
        )
    model = BASELINES[name]()
    model.fit(read)
    predicted, missed = {}, {}
    for part, images in parts.items():
        if len(images):
            predicted[part] = model.predict(images)
            missed[part] = model.missed
    write_run(
        out,
        dataset=dataset,
        init=name,
        loss="none",
        seed=0,
        samples=read,
        predicted=predicted,
        tolerance=tolerance,
        extra={"training_images": int((read.parts == TRAIN).sum()), "missed": missed},
    )
