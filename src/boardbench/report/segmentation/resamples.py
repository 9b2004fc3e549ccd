"""How sure a score or a difference between strategies is: a bootstrap over the test scenes (and seeds).

A resample draws as many test scenes as there are, with replacement; all conditions of a scene are drawn together. The
confusion matrices of the drawn scenes are summed and scored like the test part itself, and the scores averaged over
the seeds. Where there are several seeds these are drawn too. Both sides of a difference see the same drawn scenes
and seeds: what is hard for all then cancels.

**The interval.** 95 % percentile limits of the resamples are too narrow with few scenes. So their distances from the
score of the full test part are multiplied by t / 1.96 * sqrt(n / (n - 1)), t the 97.5 % quantile of Student's t with
n - 1 degrees of freedom. That is the size of Hesterberg's expanded percentile interval (2015, What Teachers Should
Know About the Bootstrap), which moves the percentiles outwards instead and so cannot reach beyond the worst and the
best single scene. With several seeds the variances over scenes and over seeds (each with its own n / (n - 1)) are
added, and the degrees of freedom are Satterthwaite's (1946). Limits are kept within the score's range.

Coverage of a nominal 95 % for the difference of two strategies on synthetic boards, with 4, 6, 8, 10, 20, 30 scenes
(4000 trials; ``coverage`` in its tests): plain percentiles .82 .86 .88 .89 .92 .93, moved
percentiles at 4, 6 and 10 scenes .90 .95 .94, as here .96 .96 .95 .95 .94 .94. With 3 seeds that differ much, at 4, 10
and 30 scenes (2000 trials): plain .84 .84 .80, as here .97 .94 .93; with 2 seeds as here .97 .93 .89: two seeds
hardly tell a spread. Below 8 scenes a column says that the interval is rough all the same: it rests on an assumption
(resamples spread like Student's t) that so few scenes cannot test.

**Read with care.** Every interval stands alone: of twenty comparisons of equals about one is "conclusion". With one
seed it holds the spread of scenes only, not what training again would change, so nothing is called shown below three
seeds. A class that no drawn scene holds and no run predicts is NaN and left out of that resample's mean, so where a
class lives in few scenes some resamples average over fewer, often easier classes and the interval widens; and a run
that predicts such a class where the other does not scores 0 for it, exactly as in the tables.
"""

from pathlib import Path

import numpy as np
from scipy import stats

from boardbench.errors import BoardbenchError
from boardbench.report.runs import run_name
from boardbench.report.uncertainty import verdict
from boardbench.report.writing import decimals
from boardbench.segmentation.scores import mean_scores, read_confusions

METRICS = ("miou", "mf1")
LEVEL = 0.95
ROUGH = 8  # test scenes, below which an interval is called rough
Scores = tuple[np.ndarray, np.ndarray]
"""What :func:`resampled` returns."""


def resampled(stack: np.ndarray, weights: np.ndarray) -> Scores:
    """Score one run of each seed on the test part and on resamples of its scenes.

    Args:
        stack: (seeds, scenes, classes, classes) counts [truth, prediction].
        weights: (resamples, scenes) how often each scene is drawn.

    Returns:
        METRICS on the test part (2, seeds), and on every resample (2, seeds, resamples).
    """
    drawn = [mean_scores(np.tensordot(weights, confusions, axes=1)) for confusions in stack.astype(float)]
    return np.array(mean_scores(stack.sum(axis=1))), np.array(drawn).swapaxes(0, 1)


def limits(full: np.ndarray, drawn: np.ndarray, shares: np.ndarray, scenes: int) -> tuple[float, float]:
    """Return the limits of the 95 % interval of the mean over the seeds; NaN for one scene.

    Args:
        full: (seeds,) value on the test part.
        drawn: (seeds, resamples) value on every resample.
        shares: (seeds, resamples) weight of each seed in every resample; columns add up to 1.
        scenes: number of test scenes.
    """
    seeds, value, sample = len(full), full.mean(), np.sum(drawn * shares, axis=0)
    # A resample of scenes without a labelled pixel has no score; one scene tells nothing of others.
    known = np.isfinite(sample)
    if scenes < 2 or not known.any():
        return np.nan, np.nan
    over_scenes = drawn.mean(axis=0)[known].var() * scenes / (scenes - 1)
    over_seeds = full.var(ddof=1) / seeds if seeds > 1 else 0.0
    spread, total = sample[known].var(), over_scenes + over_seeds
    low, high = np.quantile(sample[known], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    if min(spread, total) > 0:
        freedom = total**2 / (over_scenes**2 / (scenes - 1) + over_seeds**2 / max(seeds - 1, 1))
        wider = stats.t.ppf((1 + LEVEL) / 2, freedom) / stats.norm.ppf((1 + LEVEL) / 2) * np.sqrt(total / spread)
        low, high = value - wider * (value - low), value + wider * (high - value)
    return float(low), float(high)


class Resamples:
    """The runs of a grid, scored on the test part and on every resample of it.

    Grids of equal scenes draw equal scenes and seeds from the same seed, so that their runs can be paired.

    Attributes:
        scores: (backbone, strategy) -> what :func:`resampled` returns.
        scenes: number of test scenes.
        note: what the reader must know about the intervals, or nothing.
    """

    def __init__(
        self,
        runs: Path,
        cells: list[tuple[str, str, int]],
        classes: list[str],
        resamples: int,
        seed: int,
        like: Path | None = None,
    ):
        """Read the runs; ``like`` is a confusions.csv of another grid that must be of the same captures and masks."""
        read = {cell: runs / run_name(*cell) / "confusions.csv" for cell in cells}
        like = like or read[cells[0]]
        captures = {path: _read(path, classes) for path in dict.fromkeys([like, *read.values()])}
        for path in captures:
            _check_same(captures, like, path)
        stacks: dict[tuple[str, str], list[np.ndarray]] = {}
        for cell, path in read.items():
            stacks.setdefault(cell[:2], []).append(_by_scene(captures[path]))
        self.scenes = len(next(iter(stacks.values()))[0])
        self.note = f"rough: fewer than {ROUGH} test scenes" if self.scenes < ROUGH else ""
        if self.scenes == 1:
            self.note = "no interval: one test scene"
        self._seed = seed
        weights = self._drawn(0, self.scenes, resamples)
        self.scores = {cell: resampled(np.stack(stack), weights) for cell, stack in stacks.items()}

    def _drawn(self, stream: int, size: int, resamples: int) -> np.ndarray:
        """Return (resamples, size) how often each of ``size`` is drawn; scenes and seeds have a stream each."""
        generator = np.random.default_rng([self._seed, stream])
        return generator.multinomial(size, np.full(size, 1 / size), resamples).astype(float)

    def score(self, cell: tuple[str, str]) -> dict[str, str]:
        """Return the mean IoU of a cell over its seeds: text cells miou, low, high, seeds, scenes, covers, note."""
        full, drawn = self.scores[cell]
        value, low, high = self._interval(full[0], drawn[0], 0.0)
        return {"miou": value, "low": low, "high": high} | self._metadata(full.shape[1])

    def difference(self, pairs: list[tuple[Scores, Scores]], metric: str = METRICS[0]) -> dict[str, str]:
        """Return the mean difference of pairs of ``scores``, first minus second.

        Returns:
            Text cells: difference, low, high, conclusion (:func:`.uncertainty.verdict`), seeds, scenes, covers, note.
        """
        at = METRICS.index(metric)
        full, drawn = (np.mean([one[part][at] - other[part][at] for one, other in pairs], axis=0) for part in (0, 1))
        value, low, high = self._interval(full, drawn, -1.0)
        shown = verdict(low, high, len(full))
        return {"difference": value, "low": low, "high": high, "conclusion": shown} | self._metadata(len(full))

    def _metadata(self, seeds: int) -> dict[str, str]:
        covers = "scenes and seeds" if seeds > 1 else "scenes"
        return {"seeds": str(seeds), "scenes": str(self.scenes), "covers": covers, "note": self.note}

    def _interval(self, full: np.ndarray, drawn: np.ndarray, least: float) -> list[str]:
        """Return the mean over the seeds and its :func:`limits` within [least, 1], as they are printed."""
        shares = self._drawn(1, *drawn.shape).T / len(full)
        low, high = limits(full, drawn, shares, self.scenes)
        # + 0.0: no "-0.0000"
        rounded = (round(float(number), 4) + 0.0 for number in (full.mean(), *np.clip([low, high], least, 1)))
        return [decimals(number, 4) for number in rounded]


def _read(path: Path, classes: list[str]) -> dict[str, np.ndarray]:
    captures, found = read_confusions(path)
    if found != classes:
        raise BoardbenchError(
            f"{path}: classes are {', '.join(found)}, expected {', '.join(classes)} (segmentation.classes): the run is "
            f"of another grid. {_again(path)}"
        )
    return captures


def _check_same(runs: dict[Path, dict[str, np.ndarray]], reference: Path, path: Path) -> None:
    """Refuse two runs that were not scored on the same captures and masks: their scenes could not be paired."""
    odd = sorted(runs[reference].keys() ^ runs[path].keys())
    if odd:
        told = ", ".join(f"'{name}' only in {reference if name in runs[reference] else path}" for name in odd[:5])
        raise BoardbenchError(
            f"{path}: scored on other captures than {reference}: {told}{', ...' if len(odd) > 5 else ''}. Runs are "
            f"compared on one test part. {_again(path)}"
        )
    for name, confusion in runs[reference].items():
        if (confusion.sum(axis=1) != runs[path][name].sum(axis=1)).any():
            raise BoardbenchError(
                f"{path}: capture '{name}' has other pixels of each true class than in {reference}: they were scored "
                f"against different masks. {_again(path)}"
            )


def _again(path: Path) -> str:
    verb = "baseline" if "-none-" in path.parent.name else "evaluate"
    return (
        f"Delete the older of the runs' folders and make it again with 'boardbench segmentation {verb}' or snakemake."
    )


def _by_scene(captures: dict[str, np.ndarray]) -> np.ndarray:
    """Sum the captures ``<scene>_<condition>`` of each scene: (scenes, classes, classes), scenes in name order."""
    scenes: dict[str, np.ndarray] = {}
    for name in captures:
        scene = name.rpartition("_")[0]
        scenes[scene] = scenes.get(scene, 0) + captures[name]
    return np.stack([scenes[scene] for scene in sorted(scenes)])
