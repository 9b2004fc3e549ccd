"""Scores of trained networks against the prediction interval of one new training."""

import math
from dataclasses import dataclass, replace
from statistics import mean

from boardbench.report.verify.cells import EQUAL, OUTSIDE, WITHIN, Cell, Compared
from boardbench.report.verify.prediction import Spread, pooled

ALL = "mean of all networks"


def scaled(metric: str, value: str) -> float:
    """Return a score on the scale on which it spreads evenly: errors in pixels by their logarithm."""
    return math.log(max(float(value), 1e-4)) if metric.endswith("_px") else float(value)


def _back(metric: str, value: float) -> float:
    """Return a score from that scale; all but errors lie between 0 and 1."""
    return math.exp(value) if metric.endswith("_px") else min(max(value, 0.0), 1.0)


@dataclass(frozen=True)
class Judged:
    """The trained scores of one metric of a data set.

    Attributes:
        metric: of the scores.
        cells: to be judged, or equal to the reference's own of their seed.
        known: run -> the reference's scores, scaled; of all its networks with two seeds and more.
        spread: of one training.
    """

    metric: str
    cells: list[Cell]
    known: dict[str, list[float]]
    spread: Spread

    @property
    def networks(self) -> list[str]:
        """The runs that are judged."""
        return list(dict.fromkeys(cell.name for cell in self.cells))

    def mean_error(self) -> float:
        """Return the standard deviation of the mean difference of all networks."""
        new = min(sum(cell.name == run for cell in self.cells) for run in self.networks)
        return self.spread.error(min(len(self.known[run]) for run in self.networks), new, len(self.networks))

    def judge(self, judged: int) -> list[Cell]:
        """Return the cells with their limits, and one of the mean difference where there are several networks."""
        cells, differences = [], {}
        for cell in self.cells:
            values = self.known[cell.name]
            centre = math.fsum(values) / len(values)
            half = self.spread.half_width(self.spread.error(len(values)), judged)
            shift = scaled(self.metric, cell.value) - centre
            differences.setdefault(cell.name, []).append(shift)
            low, high = (_back(self.metric, centre + sign * half) for sign in (-1, 1))
            state = cell.state if cell.state == EQUAL else WITHIN if abs(shift) <= half else OUTSIDE
            reference = f"{_back(self.metric, centre):.4f}"
            cells.append(replace(cell, state=state, reference=reference, low=low, high=high))
        if len(differences) > 1:
            shift = mean(mean(values) for values in differences.values())
            half = self.spread.half_width(self.mean_error(), judged)
            state = WITHIN if abs(shift) <= half else OUTSIDE
            state = EQUAL if all(cell.state == EQUAL for cell in cells) else state
            first, seeds = cells[0], min(map(len, self.known.values()))
            name = f"{ALL}, difference of log" if self.metric.endswith("_px") else f"{ALL}, difference"
            limits = {"value": f"{shift:.4f}", "reference": "0", "low": -half, "high": half, "seeds": seeds}
            cells.append(Cell(first.dataset, first.table, name, state, metric=self.metric, **limits))
        return cells


def gather(compared: Compared) -> list[Judged]:
    """Return the trained scores of a data set, by metric."""
    found = []
    for metric in dict.fromkeys(cell.metric for cell in compared.trained):
        scores = {
            run: [scaled(metric, value) for value in values.values()]
            for (run, of), values in compared.known.items()
            if of == metric and len(values) > 1 and all(values.values())
        }
        own = [cell for cell in compared.trained if cell.metric == metric]
        found.append(Judged(metric, own, scores, pooled(list(scores.values()))))
    return found
