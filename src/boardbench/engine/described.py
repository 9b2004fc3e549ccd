"""What MLflow says in words: of an experiment, of a run, and which data a run is of."""

import json
from typing import Any

NOTE = "mlflow.note.content"
"""The tag that MLflow shows as a description."""
_TRUTH = "The run folders below results/ are the truth; 'boardbench sync' makes this view of them again."
EXPERIMENTS = {
    "segmentation": "Components on hyperspectral captures of circuit boards: one run a backbone, input "
    "strategy and seed. Select runs and press Compare; test/miou and test/mf1 are the scores.",
    "placement": "Where a chip sits on photos of boards: one run a start, loss and seed. test/... are made images, "
    "displaced/... boards with the chip put down wrong.",
    "classification": "Small images into classes, as a control of what makes networks smaller: networks, pruned "
    "networks, and baselines without training.",
    "models": "Exported ONNX files; each is a version in the model registry.",
}


def of_experiment(study: str) -> str:
    """Return the description of an experiment."""
    return f"{EXPERIMENTS.get(study, '')} {_TRUTH}".strip()


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
