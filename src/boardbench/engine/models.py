"""MLflow's model registry: a version with its scores, and an alias for the best that is fast enough for the line."""

import contextlib
import tempfile
import time
from dataclasses import dataclass, field
from typing import Any

ALIAS = "in-budget"
"""Of the registered model <dataset>: ``models:/<dataset>@in-budget``."""


_LOGGED = "boardbench.logged_model"  # a search for versions does not say which


@dataclass(frozen=True)
class ModelFacts:
    """What is known of an exported file.

    Attributes:
        scores: of the file on the test part, and what it takes: name -> number.
        score: of ``scores``, the one that models are ranked by; '': none is.
        family: the data set, whose registered model points at its best; '': none.
        milliseconds: what one pass takes on this machine; None: not timed.
        budget_ms: what a pass may take.
        text: one line for a person.
    """

    scores: dict[str, float] = field(default_factory=dict)
    score: str = ""
    family: str = ""
    milliseconds: float | None = None
    budget_ms: float | None = None
    text: str = ""

    @classmethod
    def of_check(cls, checked: dict[str, Any], text: str) -> "ModelFacts":
        """Return the numbers that an export's check found."""
        return cls({key: float(value) for key, value in checked.items() if isinstance(value, int | float)}, text=text)

    @property
    def tags(self) -> dict[str, str]:
        """The same as tags of a version, by which the best is found again."""
        found = {f"boardbench.{name}": f"{value:.6g}" for name, value in self.scores.items()}
        if self.family:
            found["boardbench.family"] = self.family
        if self.milliseconds is not None:
            found["boardbench.p50_ms"] = f"{self.milliseconds:.4g}"
        return found


def register_model(client: Any, experiment: str, name: str, model: Any, signature: Any, facts: ModelFacts) -> int:
    """Log an ONNX model with its scores, give it the next version of its name, and point the alias at the best.

    Not by mlflow.onnx.log_model, which takes store, registry, run and experiment from the whole process.
    """
    import mlflow.onnx
    from mlflow.entities import Metric

    with tempfile.TemporaryDirectory() as folder:
        run = client.create_run(experiment, run_name=name, tags={"mlflow.note.content": facts.text}).info
        logged = client.create_logged_model(run.experiment_id, "onnx", source_run_id=run.run_id)
        mlflow.onnx.save_model(
            model,
            f"{folder}/onnx",
            mlflow_model=mlflow.models.Model(run_id=run.run_id, model_id=logged.model_id),
            signature=signature,
            onnx_execution_providers=["CPUExecutionProvider"],
            pip_requirements=mlflow.onnx.get_default_pip_requirements(),
        )
        client.log_model_artifacts(logged.model_id, f"{folder}/onnx")
        client.finalize_logged_model(logged.model_id, "READY")
        timed = {} if facts.milliseconds is None else {"p50_ms": facts.milliseconds}
        now = int(time.time() * 1000)
        metrics = [Metric(key, value, now, 0, logged.model_id) for key, value in (facts.scores | timed).items()]
        client.log_batch(run.run_id, metrics=metrics)
        tags = facts.tags | {_LOGGED: logged.model_id}
        version = _version(client, name, logged, run.run_id, facts.text, tags)
        client.set_terminated(run.run_id)
    if facts.family and facts.budget_ms is not None:
        _point_at_best(client, facts)
    return int(version.version)


def _version(client: Any, name: str, logged: Any, run_id: str, text: str, tags: dict[str, str]) -> Any:
    """Return a new version of a registered model, which is made where it is not there."""
    from mlflow.exceptions import MlflowException

    with contextlib.suppress(MlflowException):  # it is there
        client.create_registered_model(name, description=text)
    return client.create_model_version(
        name, logged.artifact_location, run_id=run_id, tags=tags, description=text, model_id=logged.model_id
    )


def _point_at_best(client: Any, facts: ModelFacts) -> None:
    """Let the family's alias name the version that scores highest within the budget; none is: there is no alias."""
    found = client.search_model_versions(f"tags.`boardbench.family` = '{facts.family}'")
    newest = {}  # a model that was exported again counts as it is now
    for version in sorted(found, key=lambda one: int(one.version)):
        newest[version.name] = version
    ranked = [
        version
        for version in newest.values()
        if float(version.tags.get("boardbench.p50_ms", "inf")) <= facts.budget_ms
        and f"boardbench.{facts.score}" in version.tags
    ]
    if not ranked:
        return
    best = max(ranked, key=lambda version: float(version.tags[f"boardbench.{facts.score}"]))
    told = f"{best.name}, version {best.version}: highest {facts.score} of those within {facts.budget_ms:g} ms"
    text = f"{told}. Scores of models that differ by less than another seed moves them do not rank them."
    version = _version(client, facts.family, client.get_logged_model(best.tags[_LOGGED]), best.run_id, text, {})
    client.set_registered_model_alias(facts.family, ALIAS, version.version)
