"""The verb ``schema``: what params.yaml may hold, and what stands in the JSON files of a run."""

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

import boardbench.captures.artifacts as captures
import boardbench.classification.artifacts as classification
import boardbench.engine.artifacts as engine
import boardbench.placement.artifacts as placement
import boardbench.report.artifacts as report
import boardbench.report.classification.artifacts as classification_report
import boardbench.report.placement.artifacts as placement_report
import boardbench.report.segmentation.artifacts as segmentation_report
import boardbench.segmentation.artifacts as segmentation
import boardbench.stream.artifacts as stream
from boardbench.artifacts import Artifact
from boardbench.files import write_text
from boardbench.params.params import Params

MODULES = (captures, engine, segmentation, placement, classification, stream)
MODULES += (report, segmentation_report, placement_report, classification_report)


def models() -> list[type[Artifact]]:
    """Return the models of all JSON files, and of what stands in them."""
    return [
        value
        for module in MODULES
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Artifact) and value.__module__ == module.__name__
    ]


def write_schema(
    *,
    out: Path = Path("workflow/params.schema.json"),
    artifacts: Path = Path("workflow/artifacts.schema.json"),
) -> None:
    """Write the JSON schema of params.yaml, by which an editor completes and checks keys, and that of all JSON files.

    Args:
        out: JSON schema; the first line of params.yaml names it to the editor's YAML language server.
        artifacts: JSON schema of the files that one step writes and another reads, by model; what a file says besides
            is not described.
    """
    _, files = models_json_schema([(model, "validation") for model in models()])
    for path, schema in ((out, Params.model_json_schema()), (artifacts, files)):
        write_text(path, json.dumps(_untitled(schema), indent=1) + "\n")


def _untitled(schema: Any) -> Any:
    """Return a schema without pydantic's titles, which repeat the keys."""
    if isinstance(schema, dict):
        kept = {key: value for key, value in schema.items() if key != "title" or not isinstance(value, str)}
        return {key: _untitled(value) for key, value in kept.items()}
    return [_untitled(value) for value in schema] if isinstance(schema, list) else schema
