"""The model registry: a version with its scores, and the alias of the best within the budget."""

from pathlib import Path

import onnx
import pytest
from mlflow import MlflowClient

from boardbench.engine.models import ALIAS, ModelFacts
from boardbench.engine.tracking import Store


@pytest.fixture
def model():
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["y"])], "g", [value], [])
    graph.output.append(onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1]))
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.slow
def test_the_alias_is_the_best_of_those_that_are_fast_enough(tmp_path, model, monkeypatch):
    import mlflow.onnx

    monkeypatch.setattr(mlflow.onnx, "save_model", lambda model, path, **_: Path(path).mkdir())
    store = Store(tmp_path / "mlflow.db")
    client = MlflowClient(tracking_uri=f"sqlite:///{store.path}", registry_uri=f"sqlite:///{store.path}")

    def register(name, miou, milliseconds, family="toy"):
        facts = ModelFacts({"miou": miou}, "miou", family, milliseconds, budget_ms=100.0, text=f"{name} in words")
        store.register("models", name, model, None, facts)

    def best():
        version = client.get_model_version_by_alias("toy", ALIAS)
        return version.description.split(",")[0]

    register("slow", 0.9, 100.5)
    assert client.search_registered_models("name = 'toy'") == [], "none is fast enough"
    register("fast", 0.5, 10.0)
    assert best() == "fast"
    register("better", 0.7, 100.0)
    assert best() == "better"
    register("of-another", 0.99, 1.0, family="other")
    register("worse", 0.6, 1.0)
    assert best() == "better"
    register("better", 0.4, 90.0)  # exported again: the former version no longer counts
    assert best() == "worse"

    version = client.get_model_version("better", "1")
    assert version.tags["boardbench.miou"] == "0.7" and version.tags["boardbench.p50_ms"] == "100"
    assert version.description == "better in words"
    logged = client.get_logged_model(version.tags["boardbench.logged_model"])
    assert {metric.key: metric.value for metric in logged.metrics} == {"miou": 0.7, "p50_ms": 100.0}
    pointed = client.get_model_version_by_alias("toy", ALIAS)
    assert pointed.source == client.get_model_version("worse", "1").source, "no second copy of the file"


def test_numbers_of_a_check_are_scores():
    facts = ModelFacts.of_check({"images": 3, "accuracy": 0.5, "words": "x"}, "text")
    assert facts.scores == {"images": 3.0, "accuracy": 0.5} and facts.text == "text"
    assert facts.tags == {"boardbench.images": "3", "boardbench.accuracy": "0.5"}
