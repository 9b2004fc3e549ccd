"""The runs of the classification study by their names, from its params: what the workflow makes and the tables read."""

from boardbench.params.classification import Classification


def baseline_runs(params: Classification) -> list[str]:
    """Return <method>-<distance>-<normalization> of every classifier without training."""
    given = params.baselines
    return [
        f"{method}-{distance}-{normalization}"
        for method in given.methods
        for distance in given.distances
        for normalization in given.normalizations
    ]


def numpy_runs(params: Classification) -> list[str]:
    """Return <name>-seed<k> of every network in NumPy."""
    given = params.numpy_networks
    return [f"{name}-seed{seed}" for name in dict.fromkeys(run.name for run in given.runs) for seed in given.seeds]


def network_runs(params: Classification) -> list[str]:
    """Return <name>-seed<k> of every network in PyTorch."""
    given = params.networks
    return [f"{name}-seed{seed}" for name, run in given.trainings.items() for seed in run.seeds or given.seeds]


def pruned_runs(params: Classification) -> list[str]:
    """Return <pruning>/<name>-seed<k> of every pruned network."""
    return [
        f"{pruning.name}/{run}"
        for pruning in params.pruning
        for run in network_runs(params)
        if not pruning.runs or run.rsplit("-seed", 1)[0] in pruning.runs
    ]
