"""model.pt files: tensors and plain values only, each of one study."""

import io
import pickle
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_type_hints

import torch
from pydantic import TypeAdapter, ValidationError

from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write
from boardbench.integrity import checked
from boardbench.study import FIRST, find_study

# What torch's reader and a foreign content raise.
UNREADABLE = (
    *(LookupError, TypeError, EOFError, OSError, RuntimeError, ArithmeticError, AssertionError, struct.error),
    *(ValueError, AttributeError, SyntaxError, ImportError, pickle.UnpicklingError),
)


def write_model(content: dict[str, Any], path: Path) -> None:
    """Write a model.pt, whole or not at all; equal contents give equal bytes."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    with atomic_write(path, record=True) as beside:
        beside.write_bytes(buffer.getvalue())


def study_of(path: Path) -> str:
    """Return the name of the study that a run (its folder, or its model.pt) is of."""
    file = _file(path, FIRST)
    with refusing(file):
        return _study(torch.load(checked(file), weights_only=True, map_location="cpu", mmap=True))


def read_model(path: Path, wanted: str) -> tuple[dict[str, Any], Path]:
    """Read a model.pt of a study.

    Args:
        path: a run folder, or its model.pt.
        wanted: study that it must be of.

    Returns:
        its content, and the file.

    Raises:
        BoardbenchError: no such file, unreadable, or of another study.
    """
    file = _file(path, wanted)
    with refusing(file):
        content = torch.load(checked(file), weights_only=True, map_location="cpu")
        found = _study(content)
    check_study(file, found, wanted)
    return content, file


def _study(content: Any) -> str:
    return TypeAdapter(str).validate_python(content.get("study", FIRST))


def plain_fields(saved: dict[str, Any], kind: type, names: Iterable[str]) -> dict[str, Any]:
    """Return fields of a file, each of the type that a dataclass gives the attribute of its name.

    Raises:
        ValueError: naming the field; see :func:`refusing`.
    """
    kinds, found = get_type_hints(kind), {}
    for name in names:
        try:
            found[name] = TypeAdapter(kinds[name]).validate_python(saved[name])
        except ValidationError as error:
            raise ValueError(f"field '{name}': {error.errors()[0]['msg']}") from None
    return found


def check_study(file: Path, found: str, wanted: str) -> None:
    """Refuse a file of another study.

    Args:
        file: that is given.
        found: study that it is of.
        wanted: study that it must be of.

    Raises:
        BoardbenchError: naming what takes it.
    """
    if found != wanted:
        use = find_study(found, str(file)).used_by
        raise BoardbenchError(
            f"{file}: a run of the {found} study, not of {wanted}. Use it with '{use}', or give a run below "
            f"results/{wanted}/."
        )


@contextmanager
def refusing(file: Path) -> Iterator[None]:
    """Turn what a foreign or broken file raises into one message."""
    try:
        yield
    except UNREADABLE as error:
        reason = str(error).split(". ")[0]
        raise BoardbenchError(f"{file}: not a model of boardbench ({reason}). Train the run again.") from None


def _file(path: Path, wanted: str) -> Path:
    file = path / "model.pt" if path.is_dir() else path
    if not file.is_file():
        example = f"results/{wanted}/{find_study(wanted, str(file)).example}"
        raise BoardbenchError(
            f"{file}: no such model. Give the folder of a run, such as {example}, or train one with 'snakemake --cores "
            "all'."
        )
    return file
