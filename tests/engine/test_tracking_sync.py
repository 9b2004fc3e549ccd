"""'boardbench sync': the store from the runs on disk."""

import csv
import json
import os
import sqlite3

import pytest
from mlflow import MlflowClient

from boardbench.engine.address import StoreAddress
from boardbench.engine.sync import find_runs, sync
from boardbench.engine.tracking import Store

SCORES = {"miou": 0.5, "mf1": 0.25, "kappa": None, "iou": [1.0, 0.5], "f1": [0.75, None]}
SCORES |= {"precision": [1.0, 0.5], "recall": [1.0, 0.5]}


def trained(results, name="unet-scrb-seed0", fingerprint="abc"):
    """Write a finished run folder of the segmentation study."""
    folder = results / f"segmentation/toy/runs/{name}"
    folder.mkdir(parents=True)
    what = {"dataset": "toy", "backbone": "unet", "strategy": "scrb", "seed": 0, "normalization": "none"}
    what |= {"data": "d1", "fingerprint": fingerprint}
    (folder / "training.json").write_text(
        json.dumps({**what, "epochs": 2, "kept_epoch": 1, "parameters": 9, "settings": {"width": 8, "epochs": 9}})
    )
    (folder / "metrics.json").write_text(
        json.dumps({**what, "study": "segmentation", "classes": ["others", "ic"], "scores": SCORES})
    )
    (folder / "confusion.csv").write_text("truth,others,ic\nothers,8,2\nic,0,5\n")
    (folder / "system.csv").write_text("timestamp,step,system/cpu_utilization_percentage\n1000,0,50.5\n12000,1,\n")
    with (folder / "history.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["epoch", "train_loss"], [0, 1.0], [1, 0.5]])
    return folder


def shown(path):
    """Return name -> run of the segmentation study, and the client."""
    client = MlflowClient(tracking_uri=f"sqlite:///{path}")
    runs = client.search_runs([client.get_experiment_by_name("segmentation").experiment_id])
    names = [run.info.run_name for run in runs]
    assert len(set(names)) == len(names), "duplicates"
    return {run.info.run_name: run for run in runs}, client


def check(path):
    """Hold a store against the run folder of :func:`trained`."""
    runs, client = shown(path)
    run = runs["toy unet-scrb-none-seed0"]
    assert run.info.status == "FINISHED"
    assert run.data.metrics == {
        "train/loss": 0.5,
        "test/miou": 0.5,
        "test/mf1": 0.25,
        "test/iou_others": 1.0,
        "test/iou_ic": 0.5,
        "test/f1_others": 0.75,
        "system/cpu_utilization_percentage": 50.5,
    }
    given = {"dataset": "toy", "backbone": "unet", "strategy": "scrb", "seed": "0", "normalization": "none"}
    assert run.data.params == given | {"width": "8", "epochs": "9", "data": "d1"}
    history = client.get_metric_history(run.info.run_id, "train/loss")
    assert [(metric.step, metric.value) for metric in history] == [(0, 1.0), (1, 0.5)]
    assert {file.path for file in client.list_artifacts(run.info.run_id)} == {
        "metrics.json",
        "confusion.csv",
        "confusion.svg",
    }
    (data,) = run.inputs.dataset_inputs
    assert (data.dataset.name, data.dataset.digest, data.tags[0].value) == ("toy", "d1", "training")
    assert "backbone unet" in run.data.tags["mlflow.note.content"]
    (sample,) = client.get_metric_history(run.info.run_id, "system/cpu_utilization_percentage")
    assert (sample.step, sample.timestamp, sample.value) == (0, 1000, 50.5)
    experiment = client.get_experiment(run.info.experiment_id)
    assert "boardbench sync" in experiment.tags["mlflow.note.content"]


def test_a_damaged_store_is_moved_aside_and_made_anew(tmp_path, capsys):
    results = tmp_path / "results"
    trained(results)
    path = results / "mlflow.db"
    path.write_bytes(b"no database" * 100)
    (results / "mlflow.db.damaged-1").write_text("an earlier one\n")
    sync(results=results, tracking=StoreAddress(path))
    assert (results / "mlflow.db.damaged-2").read_bytes() == b"no database" * 100
    assert (results / "mlflow.db.damaged-1").read_text() == "an earlier one\n"
    told = capsys.readouterr().out
    assert "mlflow.db.damaged-2" in told and "segmentation: 1 runs" in told
    check(path)


def test_damage_behind_the_first_page_is_found(tmp_path):
    results = tmp_path / "results"
    trained(results)
    path = results / "mlflow.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE experiments (value TEXT)")
        database.executemany("INSERT INTO experiments VALUES (?)", [("x" * 900,) for _ in range(50)])
    database.close()
    content = bytearray(path.read_bytes())
    content[2 * 4096 : 4 * 4096] = os.urandom(2 * 4096)
    path.write_bytes(content)
    sync(results=results, tracking=StoreAddress(path))
    assert (results / "mlflow.db.damaged-1").read_bytes() == content
    check(path)


def test_a_whole_store_keeps_its_entries_and_gets_what_is_missing(tmp_path):
    results = tmp_path / "results"
    trained(results)
    path = results / "mlflow.db"
    store = Store(path)
    ended = store.start("segmentation", "toy unet-scrb-none-seed0", "abc", {"by": "training"}, "segmentation train")
    ended.finish()
    elsewhere = store.start("segmentation", "no longer on disk", "def", {}, "segmentation train")
    elsewhere.finish()
    trained(results, "unet-scrb-seed1", "ghi")
    killed = store.start("segmentation", "killed", "ghi", {}, "segmentation train")
    killed.log([{"epoch": 0, "train_loss": 1.0}])
    killed.finish("KILLED")
    for _ in range(2):
        sync(results=results, tracking=StoreAddress(path))
    assert not list(results.glob("*damaged*"))
    client = MlflowClient(tracking_uri=f"sqlite:///{path}")
    runs = {run.info.run_id: run for run in client.search_runs(list(store.experiments().values()))}
    assert len(runs) == 3 and killed.run_id not in runs
    assert runs[ended.run_id].data.params == {"by": "training"} and elsewhere.run_id in runs
    assert runs[ended.run_id].data.metrics["test/miou"] == 0.5
    (again,) = [run for run in runs.values() if run.info.run_id not in (ended.run_id, elsewhere.run_id)]
    assert (again.info.status, again.data.metrics["train/loss"]) == ("FINISHED", 0.5)


def test_runs_are_found_by_their_study_at_every_depth(tmp_path):
    results = tmp_path / "results"
    folder = trained(results)
    pruned = results / "segmentation/toy/pruned/half/unet-scrb-seed0"
    placed = results / "placement/photos/runs/mean"
    for other in (pruned, placed, results / "report/tables", results / "mlartifacts/1/artifacts", results):
        other.mkdir(parents=True, exist_ok=True)
        (other / "metrics.json").write_text("{}")
    assert find_runs(results) == {"segmentation": [pruned, folder], "placement": [placed], "classification": []}


def test_no_runs_and_broken_ones_are_named(tmp_path, says):
    results = tmp_path / "results"
    says(lambda: sync(results=results, tracking=StoreAddress(tmp_path / "mlflow.db")), results, "metrics.json")
    assert not (tmp_path / "mlflow.db").exists()
    trained(results)
    broken = trained(results, "broken", "def") / "metrics.json"
    broken.write_text('{"study": "segmentation"}')
    says(lambda: sync(results=results, tracking=StoreAddress(tmp_path / "mlflow.db")), broken.parent)
    check(tmp_path / "mlflow.db")


def test_a_store_that_cannot_be_used_is_an_error(tmp_path, says):
    trained(tmp_path / "results")
    says(lambda: sync(results=tmp_path / "results", tracking=StoreAddress(tmp_path)), tmp_path)


@pytest.mark.parametrize("given", ["a.db", "http://host:5000"])
def test_the_verb_takes_every_address(given, monkeypatch):
    from click.testing import CliRunner

    from boardbench import cli
    from boardbench.engine import sync as module

    calls = []
    monkeypatch.setattr(module, "sync", lambda **given: calls.append(given))
    CliRunner().invoke(cli.program(), ["sync", "--tracking", given], catch_exceptions=False)
    assert calls[0]["tracking"] == StoreAddress(given)
