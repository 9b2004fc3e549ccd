"""The runs of the placement study by their names, from its params: what the workflow makes and the tables read."""

from boardbench.params.placement import Placement


def trained_runs(params: Placement) -> list[str]:
    """Return <init>-<loss>-seed<k> of every network, in table order."""
    return [f"{init}-{loss}-seed{seed}" for init in params.init for loss in params.losses for seed in params.seeds]


def baseline_runs(params: Placement) -> list[str]:
    """Return <baseline>-none-seed0 of every baseline: it needs no draw."""
    return [f"{baseline}-none-seed0" for baseline in params.baselines]
