"""What one new training may score where a reference has several: prediction intervals, and what they can find."""

import math
from dataclasses import dataclass

from scipy import stats

FAMILY = 0.95  # level at which all cells of a repeated run lie within
POWER = 0.9


@dataclass(frozen=True)
class Spread:
    """How far training again moves a score.

    Attributes:
        sd: standard deviation of a training around the mean of its network, pooled over the reference's networks.
        freedom: its degrees of freedom.
    """

    sd: float
    freedom: int

    def error(self, seeds: int, new: int = 1, networks: int = 1) -> float:
        """Return the standard deviation of a new score less the reference's.

        Args:
            seeds: trainings behind the reference's mean, of each network.
            new: trainings behind the new mean, of each network.
            networks: that both are the mean of.
        """
        return self.sd * math.sqrt((1 / new + 1 / seeds) / networks)

    def half_width(self, error: float, judged: int) -> float:
        """Return how far a new score may lie from the reference's (Student's t, Bonferroni over ``judged`` scores)."""
        return float(stats.t.ppf(1 - (1 - FAMILY) / (2 * judged), self.freedom)) * error

    def found_from(self, error: float, judged: int) -> float:
        """Return the smallest shift that falls outside nine times in ten."""
        return self.half_width(error, judged) + float(stats.norm.ppf(POWER)) * error


def pooled(groups: list[list[float]]) -> Spread:
    """Return the spread within groups of scores.

    Args:
        groups: scores of each network, one a seed; at least one has two.
    """
    freedom = sum(len(group) - 1 for group in groups)
    squares = sum(sum((value - math.fsum(group) / len(group)) ** 2 for value in group) for group in groups)
    return Spread(math.sqrt(squares / freedom), freedom)
