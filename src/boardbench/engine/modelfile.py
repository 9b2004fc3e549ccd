"""model.pt files: tensors and plain values only, each of one study."""

import io
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write
from boardbench.integrity import checked
from boardbench.study import FIRST, find_study

# What torch's reader and a foreign content raise.
UNREADABLE = (
    *(KeyError, TypeError, EOFError, OSError, RuntimeError),
    *(IndexError, ValueError, AttributeError, pickle.UnpicklingError),
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
        return torch.load(file, weights_only=True, map_location="cpu", mmap=True).get("study", FIRST)


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
        content = torch.load(file, weights_only=True, map_location="cpu")
        found = content.get("study", FIRST)
    check_study(file, found, wanted)
    return content, file


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
    file = checked(path / "model.pt" if path.is_dir() else path)
    if not file.is_file():
        example = f"results/{wanted}/{find_study(wanted, str(file)).example}"
        raise BoardbenchError(
            f"{file}: no such model. Give the folder of a run, such as {example}, or train one with 'snakemake --cores "
            "all'."
        )
    return file
