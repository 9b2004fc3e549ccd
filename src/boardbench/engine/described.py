"""What MLflow says in words: of an experiment, of a run, and which data a run is of."""

import json
from typing import Any

from boardbench.study import STUDIES, find_study

NOTE = "mlflow.note.content"
"""The tag that MLflow shows as a description."""
_TRUTH = "The run folders below results/ are the truth; 'boardbench sync' makes this view of them again."
_MODELS = "Exported ONNX files; each is a version in the model registry."


def of_experiment(study: str) -> str:
    """Return the description of an experiment: a study's, or the exported models'."""
    said = find_study(study, "MLflow").description if study in STUDIES else _MODELS
    return f"{said} {_TRUTH}"


def of_run(study: str, parameters: dict[str, Any], verb: str) -> str:
    """Return the description of a run.

    Args:
        study: name of the experiment.
        parameters: of the run.
        verb: that made it.
    """
    known = ("dataset", "backbone", "strategy", "network", "init", "loss", "normalization", "pruning", "seed")
    said = ", ".join(f"{name} {parameters[name]}" for name in known if parameters.get(name) not in (None, ""))
    simulated = "simulated" in str(parameters.get("dataset"))
    warned = "\n\nThe data are **simulated**: no result about real boards." if simulated else ""
    return f"{study}: {said}. Made by `boardbench {verb}`.{warned}"


def inputs_of(parameters: dict[str, Any]) -> list[Any]:
    """Return the data that a run is of as MLflow's dataset: name, and the hash of its files as digest."""
    name, digest = parameters.get("dataset"), parameters.get("data")
    if not name or not digest:
        return []
    from mlflow.entities import Dataset, DatasetInput, InputTag

    source = json.dumps({"uri": f"data/raw/{name}"})
    dataset = Dataset(name=str(name), digest=str(digest)[:36], source_type="local", source=source)
    return [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])]
