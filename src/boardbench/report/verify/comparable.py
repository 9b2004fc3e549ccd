"""What the cells of two runs must have in common to be comparable: each hangs on some settings, and on no others.

Seeds, devices, threads, times and exports are left out: they change bits or omit steps, not what is asked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from boardbench.params.classification import Classification
from boardbench.params.placement import Placement
from boardbench.params.pruning import NamedPruning
from boardbench.params.section import Section
from boardbench.params.segmentation import Segmentation

_TECHNICAL = {"device", "threads", "workers", "memory_mib", "path", "url"}
PARAMS: dict[str, type[Section]] = {
    "segmentation": Segmentation,
    "placement": Placement,
    "classification": Classification,
}


@dataclass(frozen=True)
class Scored:
    """A row of a study's table of runs.

    Attributes:
        settings: that its scores hang on.
        seeds: that are asked for.
        trained: whether its scores differ from machine to machine.
    """

    settings: dict[str, Any]
    seeds: list[int]
    trained: bool = True


@dataclass(frozen=True)
class Table:
    """A table whose cells are the same on every machine.

    Attributes:
        keys: columns that name a row.
        settings: that its cells hang on.
        asks: tells whether the run's params ask for a row.
    """

    keys: tuple[str, ...]
    settings: dict[str, Any]
    asks: Callable[[dict[str, str]], bool] = lambda row: True


def _dump(section: Section, *left_out: str) -> dict[str, Any]:
    return section.model_dump(mode="json", exclude=_TECHNICAL | set(left_out))


def _pruned(prunings: list[NamedPruning], runs: dict[str, Scored]) -> dict[str, Scored]:
    """Return <pruning>/<run> of every run that is pruned."""
    return {
        f"{pruning.name}/{name}": Scored(run.settings | {"pruning": _dump(pruning, "runs")}, run.seeds)
        for pruning in prunings
        for name, run in runs.items()
        if not pruning.runs or name in pruning.runs
    }


def _captures(params: Segmentation) -> dict[str, Any]:
    made = {params.source: _dump(getattr(params, params.source))} if params.source in ("simulate", "pcbvision") else {}
    shared = {"source": params.source, "classes": params.classes, "reflectance": _dump(params.reflectance)}
    return shared | made | {"split": _dump(params.split)}


def _bands(params: Segmentation) -> dict[str, Any]:
    return _captures(params) | {
        "normalization": _dump(params.normalization, "compare"),
        "reduction": _dump(params.reduction),
    }


def _segmentation_runs(params: Segmentation) -> dict[str, Scored]:
    scored = _bands(params) | {"evaluation.truth": params.evaluation.truth}
    learnt = scored | {"augmentation": _dump(params.augmentation), "training": _dump(params.training)}
    runs = {f"{b}-{s}": Scored(learnt, params.seeds) for b in params.backbones for s in params.strategies}
    baselines = {f"{baseline}-none": Scored(scored, [0], trained=False) for baseline in params.baselines}
    return runs | _pruned(params.pruning, runs) | baselines


def _segmentation_tables(params: Segmentation) -> dict[str, Table]:
    tables = {
        "segmentation_captures": Table(("scene", "condition"), _captures(params)),
        "segmentation_reduction": Table(
            ("strategy",), _bands(params), lambda row: row["strategy"] in params.strategies
        ),
        "segmentation_complexity": Table(
            ("backbone", "strategy"),
            {"classes": len(params.classes), "complexity": _dump(params.complexity)},
            lambda row: row["backbone"] in params.backbones and row["strategy"] in params.strategies,
        ),
    }
    if params.source == "simulate":
        tables["segmentation_sensor"] = Table(("quantity",), {"simulate": _dump(params.simulate)})
    return tables


def _placement_runs(params: Placement) -> dict[str, Scored]:
    made = {"simulate": _dump(params.simulate)} if params.source == "simulate" else {}
    made |= {key: getattr(params, key) for key in ("source", "mm_per_pixel")}
    made |= {"split": _dump(params.split), "synthesis": _dump(params.synthesis)}
    learnt = made | {"training": _dump(params.training)}
    runs = {f"{init}-{loss}": Scored(learnt, params.seeds) for init in params.init for loss in params.losses}
    return runs | {f"{baseline}-none": Scored(made, [0], trained=False) for baseline in params.baselines}


def _placement_tables(params: Placement) -> dict[str, Table]:
    counted = {"synthesis.size": list(params.synthesis.size), "training.width": params.training.width}
    return {"placement_complexity": Table(("network",), counted)}


def _images(params: Classification) -> dict[str, Any]:
    return {"source": params.source, "archive": _dump(params.archive)}


def _classification_runs(params: Classification) -> dict[str, Scored]:
    images, networks = _images(params), params.networks.trainings
    runs = {run.name: Scored(images | _dump(run), params.numpy_networks.seeds) for run in params.numpy_networks.runs}
    trained = {}
    for name, run in networks.items():
        line, start = [], run
        while start:  # a network that starts from another one's weights hangs on its settings too
            line.append(_dump(start, "seeds", "grid"))
            start = networks.get(start.weights)
        trained[name] = Scored(images | {"run": line}, run.seeds or params.networks.seeds)
    return runs | trained | _pruned(params.pruning, trained)


def _classification_tables(params: Classification) -> dict[str, Table]:
    settings = _images(params) | {"baselines": _dump(params.baselines)}
    keys = ("method", "k", "distance", "normalization")
    return {
        "classification_baselines": Table(keys, settings),
        "classification_variants": Table(("variant", *keys), settings),
    }


RUNS: dict[str, Callable[[Any], dict[str, Scored]]] = {
    "segmentation": _segmentation_runs,
    "placement": _placement_runs,
    "classification": _classification_runs,
}
TABLES: dict[str, Callable[[Any], dict[str, Table]]] = {
    "segmentation": _segmentation_tables,
    "placement": _placement_tables,
    "classification": _classification_tables,
}


def differing(ours: Any, theirs: Any, key: str = "") -> str:
    """Return the first setting that differs, as 'training.epochs 2, reference 32'; '' where none does."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in dict.fromkeys([*ours, *theirs]):
            found = differing(ours.get(name), theirs.get(name), f"{key}.{name}" if key else name)
            if found:
                return found
        return ""
    return "" if ours == theirs else f"{key} {ours}, reference {theirs}"
