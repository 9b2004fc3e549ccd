"""Finished runs in MLflow: one entry a run, whatever its kind."""

import json
from types import SimpleNamespace

import pytest
from mlflow import MlflowClient

from boardbench.classification.evaluation import _confusion, sync

SCORES = {"accuracy": 0.5, "low": 0.4, "high": 0.6, "precision": 0.3, "recall": 0.2, "f_score": 0.1, "confusion": [[1]]}
NETWORK = {"name": "small", "network": "fc3", "seed": 0, "settings": {"pool": False}, "parameters": 9, "epochs": 1}


@pytest.fixture
def runs(tmp_path):
    one, two = tmp_path / "knn-l2-standardize", tmp_path / "fc3-seed0"
    baseline = {"kind": "baseline", "method": "knn", "distance": "l2", "normalization": "standardize"}
    baseline["scores"] = [{"k": 1, **SCORES}]
    baseline["scores"].append({"k": 3, **SCORES, "accuracy": 0.7})
    training = NETWORK | {"kind": "numpy_network", "name": "fc3", "settings": {"epochs": 2, "pool": False, "folds": 2}}
    for folder, metrics in (
        (one, baseline),
        (two, {**training, "epochs": 1, "macs": 1, "scores": SCORES, "folds": []}),
    ):
        folder.mkdir()
        metrics = {"study": "classification", "dataset": "toys", "test_images": 4, **metrics}
        (folder / "metrics.json").write_text(json.dumps(metrics))
        (folder / "predictions.csv").write_text("sample\n")
    (two / "history.csv").write_text("epoch,train_loss,validation_loss,fold\n0,2.0,,1\n0,1.5,,\n1,1.0,,\n")
    return [one, two]


def test_runs_are_shown_once_with_scores_history_and_settings(runs, tmp_path):
    store, out = tmp_path / "mlflow.db", tmp_path / "synced.json"
    for _ in range(2):
        sync(runs=runs, tracking=store, out=out)
    client = MlflowClient(tracking_uri=f"sqlite:///{store}")
    found = client.search_runs([client.get_experiment_by_name("classification").experiment_id])
    entries = {run.info.run_name: run for run in found}
    assert sorted(entries) == ["toys fc3-seed0", "toys knn-l2-standardize"]
    assert len(found) == 2
    assert {run.info.status for run in found} == {"FINISHED"}
    network, knn = entries["toys fc3-seed0"], entries["toys knn-l2-standardize"]
    assert network.data.metrics["test/accuracy"] == 0.5
    assert network.data.params["epochs"] == "2"
    assert network.data.params["name"] == "fc3"
    assert (network.data.params["kind"], network.data.params["dataset"]) == ("numpy_network", "toys")

    def history(run, name):
        return [(metric.step, metric.value) for metric in client.get_metric_history(run.info.run_id, name)]

    assert history(network, "train/loss") == [(0, 1.5), (1, 1.0)]
    assert history(network, "fold1_train_loss") == [(0, 2.0)]
    assert "validation/loss" not in network.data.metrics
    assert history(knn, "test/accuracy") == [(1, 0.5), (3, 0.7)]
    assert (knn.data.params["method"], knn.data.params["distance"]) == ("knn", "l2")
    names = {file.path for file in client.list_artifacts(network.info.run_id)}
    assert names == {"metrics.json", "predictions.csv", "history.csv", "confusion.svg"}
    assert sorted(json.loads(out.read_text())["runs"]) == ["fc3-seed0", "knn-l2-standardize"]


def test_folders_that_are_no_runs_are_named(runs, tmp_path, says):
    def check(*words):
        says(lambda: sync(runs=runs, tracking=tmp_path / "db"), runs[1] / "metrics.json", *words)
        assert not (tmp_path / "db").exists()

    (runs[1] / "metrics.json").write_text('{"study": "placement", "kind": "numpy_network"}')
    check("field study: ", "classification evaluate")
    (runs[1] / "metrics.json").write_text(
        '{"study": "classification", "kind": "baseline", "dataset": "a", "test_images": 1}'
    )
    check("field method is missing", "classification evaluate")
    (runs[1] / "metrics.json").write_text("{")
    check("not valid JSON", "classification evaluate")
    (runs[1] / "metrics.json").unlink()
    check("no such file", "classification evaluate")


def test_a_trained_network_that_shows_itself_is_not_shown_twice(tmp_path):
    from boardbench.engine.tracking import Store

    folder, store = tmp_path / "small-seed0", tmp_path / "mlflow.db"
    folder.mkdir()
    metrics = NETWORK | {"study": "classification", "dataset": "toys", "kind": "pruned", "fingerprint": "abc"}
    pruning = {"name": "half", "method": "structured", "ratio": 0.5, "parameters": 1, "parameters_before": 2}
    metrics |= {
        "test_images": 4,
        "classes": ["a"],
        "scores": SCORES,
        "pruning": pruning | {"macs": 1, "macs_before": 2},
    }
    (folder / "metrics.json").write_text(json.dumps(metrics))
    (folder / "history.csv").write_text("epoch,train_loss\n0,2.0\n")
    entries = []
    for _ in range(2):
        sync(runs=[folder], tracking=store)
        entries.append(Store(store).find("classification", "abc").run_id)
    assert entries[0] == entries[1]
    client = MlflowClient(tracking_uri=f"sqlite:///{store}")
    (shown,) = client.search_runs([client.get_experiment_by_name("classification").experiment_id])
    assert shown.info.run_name == "toys small-seed0-half" and shown.data.metrics["test/accuracy"] == 0.5


def test_a_confusion_has_names_where_they_are_told():
    scores = SimpleNamespace(confusion=[[2, 1], [0, 3]])
    assert _confusion(SimpleNamespace(scores=scores, classes=["a", "b"])) == ([[2, 1], [0, 3]], ["a", "b"])
    assert _confusion(SimpleNamespace(scores=scores))[1] == ["0", "1"]
    assert _confusion(SimpleNamespace(scores=SimpleNamespace())) is None
