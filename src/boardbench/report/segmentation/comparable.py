"""What the cells of two segmentation runs must have in common to be comparable."""

from typing import Any

from boardbench.params.segmentation import Segmentation
from boardbench.report.verify.comparable import Scored, Table, dump, pruned


def _captures(params: Segmentation) -> dict[str, Any]:
    made = {params.source: dump(getattr(params, params.source))} if params.source in ("simulate", "pcbvision") else {}
    unused = () if params.split.protocol == "patches" else ("patch", "stride")
    shared = {"source": params.source, "classes": params.classes, "reflectance": dump(params.reflectance)}
    return shared | made | {"split": dump(params.split, "audit", "compare", *unused)}


def _bands(params: Segmentation) -> dict[str, Any]:
    return _captures(params) | {
        "normalization": dump(params.normalization, "compare"),
        "reduction": dump(params.reduction),
    }


def runs(params: Segmentation) -> dict[str, Scored]:
    """Return run -> the settings that its scores hang on, and the seeds that are asked for."""
    scored = _bands(params) | {"evaluation.truth": params.evaluation.truth}
    learnt = scored | {"augmentation": dump(params.augmentation), "training": dump(params.training)}
    trained = {f"{b}-{s}": Scored(learnt, params.seeds) for b in params.backbones for s in params.strategies}
    baselines = {f"{baseline}-none": Scored(scored, [0], trained=False) for baseline in params.baselines}
    return trained | pruned(params.pruning, trained) | baselines


def tables(params: Segmentation) -> dict[str, Table]:
    """Return table -> its keys and the settings that its cells hang on, of tables equal on every machine."""
    found = {
        "segmentation_captures": Table(("scene", "condition"), _captures(params)),
        "segmentation_reduction": Table(
            ("strategy",), _bands(params), lambda row: row["strategy"] in params.strategies
        ),
        "segmentation_complexity": Table(
            ("backbone", "strategy"),
            {"classes": len(params.classes), "complexity": dump(params.complexity)},
            lambda row: row["backbone"] in params.backbones and row["strategy"] in params.strategies,
        ),
    }
    if params.source == "simulate":
        found["segmentation_sensor"] = Table(("quantity",), {"simulate": dump(params.simulate)})
    return found
