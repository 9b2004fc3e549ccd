"""What the cells of two placement runs must have in common to be comparable."""

from boardbench.params.placement import Placement
from boardbench.report.verify.comparable import Scored, Table, dump


def runs(params: Placement) -> dict[str, Scored]:
    """Return run -> the settings that its scores hang on, and the seeds that are asked for."""
    made = {"simulate": dump(params.simulate)} if params.source == "simulate" else {}
    made |= {key: getattr(params, key) for key in ("source", "mm_per_pixel")}
    made |= {"split": dump(params.split), "synthesis": dump(params.synthesis)}
    learnt = made | {"training": dump(params.training)}
    trained = {f"{init}-{loss}": Scored(learnt, params.seeds) for init in params.init for loss in params.losses}
    return trained | {f"{baseline}-none": Scored(made, [0], trained=False) for baseline in params.baselines}


def tables(params: Placement) -> dict[str, Table]:
    """Return table -> its keys and the settings that its cells hang on, of tables equal on every machine."""
    network = {f"training.{key}": getattr(params.training, key) for key in ("backbone", "width")}
    counted = {"synthesis.size": list(params.synthesis.size), **network}
    return {"placement_complexity": Table(("network",), counted)}
