"""What a flag may be, for help and completion; the verbs themselves refuse the rest, and name the nearest."""

import types
import typing
from typing import Annotated, Any, Literal

from boardbench.params.classification import Baselines, Classification
from boardbench.params.placement import Placement
from boardbench.params.placement import Training as PlacementTraining
from boardbench.params.segmentation import Deployment, Segmentation


def of_annotation(annotation: Any) -> list[str]:
    """Return the texts that a type names: of Literal, inside Annotated, lists and unions."""
    inner = typing.get_args(annotation)
    origin = typing.get_origin(annotation)
    if origin is Literal:
        return [str(value) for value in inner]
    if origin is Annotated:
        return of_annotation(inner[0])
    if origin in (list, typing.Union, types.UnionType):
        return [value for one in inner for value in of_annotation(one)]
    return []


def of_argument(verb: str, name: str) -> list[str]:
    """Return the known values of a verb's argument whose type is any text; none where there is no list of them."""
    found = _LISTED.get(f"{verb} {name}") or _LISTED.get(name)
    return found() if found else []


def _key(section: type, name: str) -> Any:
    return lambda: of_annotation(section.model_fields[name].annotation)


def _backbones() -> list[str]:
    from boardbench.segmentation import backbones

    return backbones.names()


def _strategies() -> list[str]:
    from boardbench.segmentation import reduction

    return reduction.names()


def _studies() -> list[str]:
    from boardbench.study import STUDIES

    return list(STUDIES)


def _presets() -> list[str]:
    from boardbench.project import presets

    return presets()


def _networks() -> list[str]:
    from boardbench.classification.networks import NETWORKS

    return list(NETWORKS)


# Argument, or verb and argument -> where its values are listed.
_LISTED = {
    "backbone": _backbones,
    "backbones": _backbones,
    "strategy": _strategies,
    "strategies": _strategies,
    "precisions": _key(Deployment, "precisions"),
    "runtimes": _key(Deployment, "runtimes"),
    "runtime": _key(Deployment, "runtimes"),
    "precision": lambda: ["bf16"],
    "study": _studies,
    "preset": _presets,
    "size": lambda: ["any"],
    "placement complexity size": list,
    "placement complexity backbone": _key(PlacementTraining, "backbone"),
    "segmentation baseline name": _key(Segmentation, "baselines"),
    "placement baseline name": _key(Placement, "baselines"),
    "placement latency baselines": _key(Placement, "baselines"),
    "placement train init": _key(Placement, "init"),
    "placement train loss": _key(Placement, "losses"),
    "classification samples source": _key(Classification, "source"),
    "classification baseline method": _key(Baselines, "methods"),
    "classification baseline distance": _key(Baselines, "distances"),
    "classification baseline normalization": _key(Baselines, "normalizations"),
    "bench epoch networks": _networks,
    "bench epoch devices": lambda: ["cpu", "cuda"],
    "bench epoch stem": lambda: ["cifar", "imagenet"],
}
