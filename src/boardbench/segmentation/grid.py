"""The runs of the segmentation study by their names, from its params: what the workflow makes and the tables read.

A run lies in ``results/segmentation/<dataset>/runs/<backbone>-<strategy>-seed<k>``.
"""

from boardbench.params.segmentation import Segmentation
from boardbench.segmentation import reduction


def trained_runs(params: Segmentation) -> list[str]:
    """Return <backbone>-<strategy>-seed<k> of every trained network, in table order."""
    return [
        f"{backbone}-{strategy}-seed{seed}"
        for backbone in params.backbones
        for strategy in params.strategies
        for seed in params.seeds
    ]


def baseline_runs(params: Segmentation) -> list[str]:
    """Return <baseline>-none-seed0 of every baseline: it needs no strategy and no draw."""
    return [f"{baseline}-none-seed0" for baseline in params.baselines]


def normalized_runs(params: Segmentation) -> list[str]:
    """Return <method>/<run> of every run that stands beside the default ones to compare normalizations."""
    methods = [
        method for method in dict.fromkeys(params.normalization.compare) if method != params.normalization.method
    ]
    return [f"{method}/{run}" for method in methods for run in trained_runs(params)]


def audited_runs(params: Segmentation) -> list[str]:
    """Return <protocol>/<run> of every run that stands beside the default ones to say what a leak is worth."""
    return [f"{protocol}/{run}" for protocol in dict.fromkeys(params.split.compare) for run in trained_runs(params)]


def pruned_runs(params: Segmentation) -> list[str]:
    """Return <pruning>/<run> of every pruned run."""
    return [
        f"{pruning.name}/{run}"
        for pruning in params.pruning
        for run in trained_runs(params)
        if not pruning.runs or run.rsplit("-seed", 1)[0] in pruning.runs
    ]


def fitted_strategies(params: Segmentation) -> list[str]:
    """Return the strategies that need a fitted reduction."""
    return [strategy for strategy in params.strategies if reduction.is_fitted(strategy)]


def exported_runs(params: Segmentation) -> list[str]:
    """Return runs/<run> and pruned/<pruning>/<run> of every run that goes to a line: of each network the first seed's.

    A run stays with its captures where its split leaks, where it is normalized or fitted on each of them, needs board
    masks, or is resized by area.
    """
    form = params.reflectance
    stays = params.normalization.method != "none" and params.normalization.fit == "cube"
    stays = stays or params.split.leaking or form.board_mask or (form.size and form.resize == "area")
    if stays or not params.deployment.precisions:
        return []
    first = [
        f"{backbone}-{strategy}-seed{params.seeds[0]}"
        for backbone in params.backbones
        for strategy in params.strategies
        if not _is_fitted_on_cubes(params, strategy)
    ]
    pruned = [f"pruned/{run}" for run in pruned_runs(params) if run.split("/")[1] in first]
    return [f"runs/{run}" for run in first] + pruned


def _is_fitted_on_cubes(params: Segmentation, strategy: str) -> bool:
    fitted_on = reduction.get(strategy).fitted_on
    on = params.reduction.fit if fitted_on == "params" else fitted_on
    return reduction.is_fitted(strategy) and on == "cube"
