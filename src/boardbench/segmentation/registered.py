"""What MLflow's model registry shows of an exported file of this study."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from boardbench.engine.latency import hardware
from boardbench.engine.models import ModelFacts
from boardbench.params.segmentation import Deployment
from boardbench.segmentation.pareto import time_model

if TYPE_CHECKING:
    from boardbench.segmentation.model import Model


def facts_of(model: "Model", path: Path, checked: dict[str, Any], threads: int) -> ModelFacts:
    """Return what the model registry shows of a file: its scores, and its time where it takes a line's counts.

    Args:
        model: the run.
        path: the file.
        checked: what its export found.
        threads: of ONNX Runtime.
    """
    scores = {key: value for key, value in checked["scores"].items() if isinstance(value, float)}
    scores |= {"same_class": checked["same_class"], "megabytes": path.stat().st_size / 1e6}
    budget, text = Deployment(), f"{model.dataset} {model.name}: {path.name}, checked on {checked['captures']} captures"
    if model.sensor.kind != "raw" or model.size:
        return ModelFacts(scores, "miou", model.dataset, text=text)
    seconds = time_model(path, model.sensor.kind, model.sensor.bands, budget.size, threads)
    lines, samples = budget.size
    text += f"; {1e3 * seconds:.0f} ms for {lines} x {samples} on {threads} threads of {hardware('onnxruntime')}"
    return ModelFacts(scores, "miou", model.dataset, 1e3 * seconds, budget.budget_ms, text)
