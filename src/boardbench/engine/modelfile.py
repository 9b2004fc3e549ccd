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

USED_BY = {
    "segmentation": "boardbench predict",
    "placement": "boardbench inspect",
    "classification": "boardbench export",
}
# What torch's reader and a foreign content raise.
UNREADABLE = (
    *(KeyError, TypeError, EOFError, OSError, RuntimeError),
    *(IndexError, ValueError, AttributeError, pickle.UnpicklingError),
)


def write_model(content: dict[str, Any], path: Path) -> None:
    """Write a model.pt, whole or not at all; equal contents give equal bytes."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    with atomic_write(path) as beside:
        beside.write_bytes(buffer.getvalue())


def study_of(path: Path) -> str:
    """Return which study a run (its folder, or its model.pt) is of; a file that does not say is segmentation's."""
    file = _file(path, "segmentation")
    with refusing(file):
        return torch.load(file, weights_only=True, map_location="cpu", mmap=True).get("study", "segmentation")


def read_model(path: Path, study: str) -> tuple[dict[str, Any], Path]:
    """Read a model.pt of a study.

    Args:
        path: a run folder, or its model.pt.
        study: what it must be of.

    Returns:
        its content, and the file.

    Raises:
        BoardbenchError: no such file, unreadable, or of another study.
    """
    file = _file(path, study)
    with refusing(file):
        content = torch.load(file, weights_only=True, map_location="cpu")
        found = content.get("study", "segmentation")
    if found != study:
        raise BoardbenchError(
            f"{file}: a run of the {found} study, not of {study}. Use it with '{USED_BY.get(found, 'its own study')}', "
            f"or give a run below results/{study}/."
        )
    return content, file


@contextmanager
def refusing(file: Path) -> Iterator[None]:
    """Turn what a foreign or broken file raises into one message."""
    try:
        yield
    except UNREADABLE as error:
        reason = str(error).split(". ")[0]
        raise BoardbenchError(f"{file}: not a model of boardbench ({reason}). Train the run again.") from None


def _file(path: Path, study: str) -> Path:
    file = path / "model.pt" if path.is_dir() else path
    if not file.is_file():
        examples = {
            "segmentation": "simulated/runs/unet-scrb-seed0",
            "placement": "simulated-photos/runs/random-rectangle-seed0",
            "classification": "digits/runs/small-seed0",
        }
        raise BoardbenchError(
            f"{file}: no such model. Give the folder of a run, such as results/{study}/{examples[study]}, or train one "
            "with 'snakemake --cores all'."
        )
    return file
