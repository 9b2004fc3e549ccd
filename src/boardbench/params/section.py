"""What all blocks of params.yaml share: unknown keys are refused, and an error names the key and its remedy."""

from collections.abc import Iterable
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from boardbench.errors import nearest, shown

MOST = 2**32 - 1
"""No whole number may be above it, nor any number that far from 0: more is a slip, or takes more than a machine has."""
_LONGEST = 1000  # characters of a text
_NAME = 100  # characters of a name: it becomes part of file names

Fraction = Annotated[float, Field(ge=0, le=1)]
Pixels = Annotated[int, Field(ge=16, le=16384)]
Size = tuple[Pixels, Pixels]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$", max_length=_NAME)]
Seeds = list[Annotated[int, Field(ge=0, le=MOST)]]
Channels = Annotated[int, Field(ge=1, le=4096)]
Threads = Annotated[int, Field(ge=1, le=1024)]


def _label(text: str) -> str:
    if not text.strip() or text != text.strip() or not text.isprintable():
        raise ValueError("a class has a name of printable characters, without spaces at its ends")
    return text


def _differ(names: list[str]) -> list[str]:
    lower = [name.casefold() for name in names]
    twice = next((name for name, low in zip(names, lower, strict=True) if lower.count(low) > 1), None)
    if twice is not None:
        raise ValueError(f"two classes are called '{twice}', capitals aside; give each a name of its own")
    return names


Labels = Annotated[list[Annotated[str, Field(max_length=_NAME), AfterValidator(_label)]], AfterValidator(_differ)]
"""Names of classes, in any script and with any sign: each place that they go to escapes them."""


class Section(BaseModel):
    """A block of params.yaml; unknown keys are refused, and numbers and texts that no machine bears."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _bearable(cls, value: Any) -> Any:
        _check_bearable(value)
        return value


def _check_bearable(value: Any) -> None:
    if isinstance(value, list | tuple):
        for one in value:
            _check_bearable(one)
    elif isinstance(value, int | float) and not -MOST <= value <= MOST:
        raise ValueError(f"more than {MOST} is no sensible value")
    elif isinstance(value, str | Path):
        text = str(value)
        if len(text) > _LONGEST or not text.isprintable():
            raise ValueError(f"a text has at most {_LONGEST} printable characters")


class Loop(Section):
    """What every training run needs, in any study."""

    epochs: int = Field(ge=1, description="at most")
    batch_size: int = Field(ge=1, description="samples a step")
    optimizer: Literal["adam", "sgd", "adadelta"] = Field("adam", description="sgd: with momentum")
    momentum: float = Field(0.9, ge=0, lt=1, description="of sgd; one_cycle moves it from 0.95 to 0.85 and back")
    learning_rate: float = Field(gt=0, description="at the start; of one_cycle the highest")
    schedule: Literal["constant", "step", "cosine", "one_cycle"] = Field(
        "cosine", description="learning rate over the epochs; step: a tenth at 1/2 and at 3/4"
    )
    weight_decay: float = Field(0.0, ge=0, description="of the optimizer, on all parameters")
    l1_weight: float = Field(0.0, ge=0, description="of the sum of absolute weights beside the loss (paper 3); 0: none")
    monitor: str = Field("loss", description="validation quantity of early stopping")
    patience: int = Field(ge=1, description="epochs without improvement before stopping")
    keep: Literal["best", "last"] = Field(
        "best", description="weights taken at the end: of the epoch best by monitor, or of the last"
    )
    freeze_batch_norm: Fraction = Field(
        0.0,
        description="share of the epochs, the last ones, with batch normalization fixed as measured just before",
    )
    precision: Literal["32", "bf16"] = Field("32", description="bf16: autocast, for GPUs that have it")
    device: Literal["auto", "cpu", "cuda"] = Field("cpu", description="auto: a GPU where there is one")
    devices: int = Field(
        1, ge=1, le=1024, description="processes of a run on a machine, a GPU each, that share batches"
    )
    nodes: int = Field(1, ge=1, le=1024, description="machines of a run, on each of which torchrun starts it")
    threads: Threads = Field(1, description="torch threads of a process; another number gives other weights")
    workers: int = Field(0, ge=0, le=1024, description="data-loading processes of a run")


def _models(annotation: Any) -> Iterable[type[BaseModel]]:
    """Yield the models inside an annotation such as ``Model | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (Union, UnionType, Annotated):
        for inner in get_args(annotation):
            yield from _models(inner)


def _keys_at(model: type[BaseModel], location: tuple) -> list[str]:
    """Return the valid keys of the block that ``location`` points into."""
    for key in location:
        field = model.model_fields.get(key) if isinstance(key, str) else None
        inner = next(_models(field.annotation), None) if field else None
        if inner is None:
            break
        model = inner
    return list(model.model_fields)


def explain(error: ValidationError, model: type[BaseModel], where: str) -> str:
    """Turn a pydantic error into lines that name each key and its remedy."""
    lines = []
    for problem in error.errors():
        location = problem["loc"]
        key = ".".join(str(part) for part in location if not str(part).startswith(("list[", "literal[")))
        if problem["type"] == "extra_forbidden":
            remedy = nearest(str(location[-1]), _keys_at(model, location[:-1]))
            lines.append(f"  {key}: unknown key. {remedy}")
        else:
            got = "" if isinstance(problem["input"], dict | BaseModel) else f" (got {shown(problem['input'])})"
            lines.append(f"  {key or 'here'}: {problem['msg'].removeprefix('Value error, ')}{got}")
    return f"{where}: parameters not accepted:\n" + "\n".join(dict.fromkeys(lines))
