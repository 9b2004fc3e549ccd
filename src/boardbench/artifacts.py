"""JSON files that one step writes and another reads: each has a model, in ``artifacts.py`` beside the step that writes.

A model names what readers need. Whatever else a file says is kept, in its place, so that files of other versions load.
"""

from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    PrivateAttr,
    Strict,
    TypeAdapter,
    ValidationError,
    WrapValidator,
    model_serializer,
    model_validator,
)

from boardbench.errors import BoardbenchError
from boardbench.files import parse_json, write_json
from boardbench.integrity import checked

MADE_BY = "Make it with 'boardbench {verb}' or by running snakemake."
AGAIN = "Delete it and make it again with 'boardbench {verb}' or by running snakemake."


def _unchanged(value: Any, check: Any) -> Any:
    check(value)
    return value


Int = Annotated[int, Strict()]
Number = Annotated[float, Strict(), WrapValidator(_unchanged)]
"""A finite number that is written as it was read: 3 does not become 3.0."""
Read = TypeVar("Read")


class Artifact(BaseModel):
    """A JSON object in a file; ``former`` are field names of version 0.1.0, and what they are called now."""

    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)
    former: ClassVar[dict[str, str]] = {}
    _order: tuple[str, ...] = PrivateAttr(())

    @model_validator(mode="wrap")
    @classmethod
    def _ordered(cls, given: Any, check: Any) -> Self:
        if not isinstance(given, dict):
            return check(given)
        given = {cls.former.get(name, name): value for name, value in given.items()}
        made = check(given)
        made._order = tuple(given)
        return made

    @model_serializer(mode="wrap")
    def _as_given(self, plain: Any) -> dict[str, Any]:
        found = plain(self)
        return {name: found[name] for name in self._order}


def read(path: Path, kind: type[Read], verb: str) -> Read:
    """Read a file that ``verb`` writes.

    Raises:
        BoardbenchError: missing, damaged, no JSON, or a field that is missing or of another form.
    """
    try:
        return TypeAdapter(kind).validate_python(parse_json(checked(path).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise BoardbenchError(f"{path}: no such file. {MADE_BY.format(verb=verb)}") from None
    except ValidationError as error:
        problem = "; ".join(map(_said, error.errors()[:3]))
    except (OSError, ValueError) as error:
        problem = f"not valid JSON ({error})"
    raise BoardbenchError(f"{path}: {problem}. {AGAIN.format(verb=verb)}")


def _said(problem: Any) -> str:
    field = ".".join(map(str, problem["loc"]))
    if field and (problem["type"] == "missing" or problem["input"] is None):
        return f"field {field} is missing"
    text = "not a JSON object" if problem["type"] == "model_type" else problem["msg"].removeprefix("Value error, ")
    return f"field {field}: {text}" if field else text


def write(path: Path, content: Artifact, *, record: bool = True) -> None:
    """Write a file for a later step, with its record; ``record`` is False inside an atomic_write that makes it."""
    write_json(path, content.model_dump(), record=record)
