"""Which of several networks none beats in both score and cost."""

import numpy as np


def on_front(cost: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Return which models are on the Pareto front: no other is at least as cheap and as good, and better in one.

    Args:
        cost: (models,), less is better.
        score: (models,), more is better; NaN is on no front and beats nobody.

    Returns:
        (models,) bool; models equal in both are on it together, or not at all.
    """
    cheaper, better = cost[:, None] < cost, score[:, None] > score
    no_worse = (cost[:, None] <= cost) & (score[:, None] >= score)
    beaten = (no_worse & (cheaper | better)).any(axis=0)
    return ~beaten & ~np.isnan(score) & ~np.isnan(cost)
