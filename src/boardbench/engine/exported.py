"""What every study does with an exported file: its name, its metadata, its report, its entry in the model registry."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

from boardbench.engine.commit import git_commit
from boardbench.errors import BoardbenchError
from boardbench.files import write_json

FILES = {"float32": "model.onnx", "int8": "model-int8.onnx"}
"""Precision -> name of its file."""


def check_precisions(precisions: list[str] | None) -> list[str]:
    """Return the precisions that are wanted: float32 where none is given.

    Raises:
        BoardbenchError: an unknown one.
    """
    for precision in precisions or []:
        if precision not in FILES:
            raise BoardbenchError(f"--precisions {precision}: not known. Valid: {', '.join(FILES)}.")
    return precisions or ["float32"]


def metadata_of(study: str, model: Any, names: tuple[str, ...], precision: str, **more: Any) -> dict[str, Any]:
    """Return what a file says of itself.

    Args:
        study: of the run.
        model: of the run.
        names: of its attributes that are said.
        precision: of the file.
        more: said besides.
    """
    return {
        "boardbench": version("boardbench"),
        "study": study,
        **{name: getattr(model, name) for name in names},
        **more,
        "precision": precision,
        "git_commit": git_commit(),
    }


def report_on(path: Path, precision: str, checked: dict[str, Any], said: str, fault: str = "") -> None:
    """Write export.json beside a file that was held against its run, say in one line what was found, refuse a fault.

    Args:
        path: the file.
        precision: of it.
        checked: what was found.
        said: the same as half a sentence.
        fault: why the file must not be used; '': it may.

    Raises:
        BoardbenchError: a fault.
    """
    report = path.with_name(path.name.replace("model", "export")).with_suffix(".json")
    write_json(report, {"precision": precision, "bytes": path.stat().st_size, **checked}, record=True)
    print(f"{path}: {said}")
    if fault:
        raise BoardbenchError(f"{path}: {fault} Do not use it; please report it with {report}.")
