"""A store that cannot be used, the environment of another project, a copied project: MLflow is a view, no more."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys

import pytest
from mlflow import MlflowClient

from boardbench.engine import store as opening
from boardbench.engine.tracking import Store

TRAINING = """
import sys
from boardbench.engine.tracking import Store
run = Store(sys.argv[1]).start("segmentation", "a run", "what", {"seed": 0}, "segmentation train")
run.log([{"epoch": 0, "train_loss": 1.0}])
run.results({"test_miou": 0.5}, [])
run.finish()
print("trained")
"""


def train(store, **environment):
    """Run a training of no epochs in a process of its own; return what it said."""
    return subprocess.run(
        [sys.executable, "-c", TRAINING, str(store)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def entries(path):
    client = MlflowClient(tracking_uri=f"sqlite:///{path}")
    return client.search_runs([client.get_experiment_by_name("segmentation").experiment_id])


@pytest.mark.slow
def test_a_damaged_store_costs_a_training_one_warning(tmp_path):
    store = tmp_path / "mlflow.db"
    store.write_bytes(b"no database" * 100)
    done = train(store)
    assert (done.returncode, done.stdout) == (0, "trained\n")
    assert done.stderr.count("warning: ") == 1 and "Traceback" not in done.stderr
    for word in (str(store), "damaged", "boardbench sync"):
        assert word in done.stderr
    assert store.read_bytes() == b"no database" * 100, "left as it is"


@pytest.mark.parametrize("lock", ["file", "database"])
def test_a_locked_store_costs_a_training_one_warning(lock, tmp_path, monkeypatch, capsys):
    from filelock import FileLock

    path = tmp_path / "mlflow.db"
    store = Store(path)
    store.start("segmentation", "before", "before", {}, "segmentation train").finish()
    monkeypatch.setattr(opening, "WAIT", 0.3)
    monkeypatch.setattr(opening, "BUSY", 0.1)
    held, database = FileLock(f"{path}.lock"), sqlite3.connect(path)
    if lock == "file":
        held.acquire()
    else:
        database.execute("BEGIN EXCLUSIVE")
    run = Store(path).start("segmentation", "a run", "what", {}, "segmentation train")
    run.log([{"epoch": 0, "train_loss": 1.0}])
    run.finish()
    held.release()
    database.close()
    told = capsys.readouterr().err
    assert told.count("warning: ") == 1 and str(path) in told
    assert [run.info.run_name for run in entries(path)] == ["before"]


def test_a_store_that_breaks_in_the_middle_ends_the_view_and_not_the_training(tmp_path, capsys):
    path = tmp_path / "mlflow.db"
    store = Store(path)
    run = store.start("segmentation", "a run", "what", {}, "segmentation train")
    with sqlite3.connect(path) as database:
        database.execute("DROP TABLE metrics")
    run.log([{"epoch": 0, "train_loss": 1.0}])
    run.finish()
    run.results({"test_miou": 0.5}, [])
    assert capsys.readouterr().err.count("warning: ") == 1
    assert store.failure and str(path) in store.failure


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_is_a_warning(tmp_path):
    (tmp_path / "results").write_text("a file\n")
    done = train(tmp_path / "results/mlflow.db")
    assert (done.returncode, done.stdout) == (0, "trained\n")
    assert done.stderr.count("warning: ") == 1 and "Traceback" not in done.stderr


@pytest.mark.slow
def test_mlflows_environment_changes_nothing(tmp_path):
    other, store = tmp_path / "other", tmp_path / "mlflow.db"
    done = train(
        store,
        MLFLOW_TRACKING_URI=f"sqlite:///{other}/tracking.db",
        MLFLOW_REGISTRY_URI=f"sqlite:///{other}/registry.db",
        MLFLOW_RUN_ID="0123456789abcdef0123456789abcdef",
        MLFLOW_EXPERIMENT_ID="7",
        MLFLOW_EXPERIMENT_NAME="another project",
        MLFLOW_WORKSPACE="another",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [run.info.run_name for run in entries(store)] == ["a run"]
    assert not other.exists()


def test_of_mlflows_environment_only_credentials_are_seen_and_all_of_it_stays(monkeypatch):
    given = {"MLFLOW_RUN_ID": "0123", "MLFLOW_WORKSPACE": "another", "MLFLOW_TRACKING_TOKEN": "hush"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    with opening.own_environment():
        assert {name: os.environ.get(name) for name in given} == dict.fromkeys(given) | {
            "MLFLOW_TRACKING_TOKEN": "hush"
        }
    assert dict(os.environ) == before


def test_a_model_goes_to_the_stores_own_registry(tmp_path, monkeypatch):
    import onnx

    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["y"])], "g", [value], [])
    graph.output.append(onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1]))
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    for name, value in {
        "MLFLOW_REGISTRY_URI": f"sqlite:///{tmp_path}/registry.db",
        "MLFLOW_RUN_ID": "0123456789abcdef0123456789abcdef",
        "MLFLOW_EXPERIMENT_NAME": "another project",
    }.items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "mlflow.db"
    assert [Store(path).register("models", "toy", model, None) for _ in range(2)] == [1, 2]
    assert os.environ["MLFLOW_EXPERIMENT_NAME"] == "another project", "the environment is left as it was"
    assert not (tmp_path / "registry.db").exists()
    monkeypatch.delenv("MLFLOW_RUN_ID")
    client = MlflowClient(tracking_uri=f"sqlite:///{path}", registry_uri=f"sqlite:///{path}")
    version = client.get_model_version("toy", "2")
    assert client.get_run(version.run_id).info.status == "FINISHED"
    assert list((tmp_path / "mlartifacts").rglob("MLmodel"))


def test_a_copied_project_leaves_its_original_alone(tmp_path):
    original, copy = tmp_path / "original/results", tmp_path / "copy/results"
    original.mkdir(parents=True)
    score = original / "metrics.json"
    score.write_text("{}")
    first = Store(original / "mlflow.db").start("segmentation", "a run", "what", {}, "segmentation train")
    first.results({}, [score])
    shutil.copytree(original.parent, copy.parent)
    before = sorted(original.rglob("*"))

    score = copy / "metrics.json"
    score.write_text('{"copy": 1}')
    store = Store(copy / "mlflow.db")
    store.find("segmentation", "what").results({}, [score])
    store.start("segmentation", "another", "another", {}, "segmentation train").results({}, [score])
    assert sorted(original.rglob("*")) == before
    folder = original / f"mlartifacts/{first.run_id}/artifacts"
    assert (folder / "metrics.json").read_text() == "{}"
    client = MlflowClient(tracking_uri=f"sqlite:///{copy}/mlflow.db")
    for run in entries(copy / "mlflow.db"):
        assert run.info.artifact_uri == f"{copy.as_uri()}/mlartifacts/{run.info.run_id}/artifacts"
        assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["metrics.json"]
    assert json.loads((copy / f"mlartifacts/{first.run_id}/artifacts/metrics.json").read_text()) == {"copy": 1}


@pytest.mark.slow
def test_a_home_that_is_no_folder_stops_nothing(tmp_path):
    done = train(tmp_path / "mlflow.db", HOME="/dev/null/home", XDG_CONFIG_HOME="", XDG_CACHE_HOME="")
    assert (done.returncode, done.stdout) == (0, "trained\n"), done.stderr
    assert [run.info.status for run in entries(tmp_path / "mlflow.db")] == ["FINISHED"]


def test_a_user_without_a_home_is_given_one():
    code = "import os, pwd; pwd.getpwuid = {}.__getitem__; import boardbench; print(os.environ['HOME'])"
    environment = {name: value for name, value in os.environ.items() if name != "HOME"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "/nonexistent\n"), done.stderr


@pytest.mark.parametrize("name", ["MLFLOW_DISABLE_TELEMETRY", "ORT_DISABLE_TELEMETRY", "DVC_NO_ANALYTICS"])
def test_no_library_reports_to_anybody(name):
    environment = {key: value for key, value in os.environ.items() if key != name}
    code = f"import os, boardbench; print(os.environ['{name}'])"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("1", "true")
