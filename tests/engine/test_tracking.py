"""The MLflow store: no duplicate, no run left RUNNING, whatever happens to the jobs."""

import os
import signal
import subprocess
import sys

import pytest
from mlflow import MlflowClient

from boardbench.engine import tracking
from boardbench.engine.tracking import Store, fingerprint_of, metric_name
from boardbench.errors import BoardbenchError

JOB = """
import sys, time
from pathlib import Path
from boardbench.engine.tracking import Store
name = sys.argv[2]
run = Store(Path(sys.argv[1])).start("segmentation", name, name, {"width": 8, "seed": 0}, "segmentation train")
run.log([{"epoch": 0, "train_loss": 1.0}])
print("started", flush=True)
time.sleep(float(sys.argv[3]))
run.log([{"epoch": 1, "train_loss": 0.5}])
run.finish()
"""


def job(store, name, seconds):
    command = [sys.executable, "-c", JOB, str(store), name, str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def entries(store):
    client = MlflowClient(tracking_uri=f"sqlite:///{store}")
    experiment = client.get_experiment_by_name("segmentation").experiment_id
    return sorted((run.info.run_name, run.info.status) for run in client.search_runs([experiment]))


def test_two_jobs_at_once_one_killed_and_started_again(tmp_path):
    store = tmp_path / "mlflow.db"
    jobs = [job(store, "first", 0), job(store, "second", 600)]  # both migrate the new database
    assert [process.stdout.readline().strip() for process in jobs] == ["started", "started"]
    assert jobs[0].wait() == 0
    assert entries(store) == [("first", "FINISHED"), ("second", "RUNNING")]

    os.kill(jobs[1].pid, signal.SIGKILL)
    jobs[1].wait()
    assert job(store, "third", 0).wait() == 0
    assert entries(store) == [("first", "FINISHED"), ("second", "KILLED"), ("third", "FINISHED")]

    assert job(store, "second", 0).wait() == 0
    assert entries(store) == [("first", "FINISHED"), ("second", "FINISHED"), ("third", "FINISHED")]


def test_a_living_job_is_not_closed_by_another(tmp_path):
    store = Store(tmp_path / "mlflow.db")
    store.start("segmentation", "alive", "alive", {}, "segmentation train")
    assert store.close_gone() == 0
    assert entries(store.path) == [("alive", "RUNNING")]


def test_history_and_results_are_logged(tmp_path):
    store = Store(tmp_path / "mlflow.db")
    run = store.start("segmentation", "a run", "what", {"width": 8, "backbone": "unet"}, "segmentation train")
    run.log([{"epoch": 0, "train_loss": 1.0}, {"epoch": 1, "train_loss": 0.25}])
    (tmp_path / "metrics.json").write_text("{}")
    found = store.find("segmentation", "what")
    found.results({"test_miou": 0.5}, [tmp_path / "metrics.json"])
    run.finish()
    client = MlflowClient(tracking_uri=f"sqlite:///{store.path}")
    entry = client.get_run(run.run_id)
    assert entry.data.metrics == {"train/loss": 0.25, "test/miou": 0.5}
    assert entry.data.params == {"width": "8", "backbone": "unet"}
    assert entry.data.tags["mlflow.source.name"] == "boardbench segmentation train"
    assert [(m.step, m.value) for m in client.get_metric_history(run.run_id, "train/loss")] == [
        (0, 1.0),
        (1, 0.25),
    ]
    assert [file.path for file in client.list_artifacts(run.run_id)] == ["metrics.json"]
    assert store.find("segmentation", "another") is None


def test_a_run_ends_when_its_training_ends_not_when_its_scores_are_shown(tmp_path):
    store = Store(tmp_path / "mlflow.db")
    store.start("segmentation", "a run", "what", {}, "segmentation train").finish()
    client = MlflowClient(tracking_uri=f"sqlite:///{store.path}")
    (before,) = client.search_runs(list(store.experiments().values()))
    found = store.find("segmentation", "what")
    found.results({"test_miou": 0.5}, [])
    found.finish()
    after = client.get_run(before.info.run_id)
    assert (after.info.end_time, after.info.status) == (before.info.end_time, "FINISHED")
    assert after.data.metrics == {"test/miou": 0.5}


def test_rows_are_written_together_every_few_seconds_and_all_at_the_end(tmp_path, monkeypatch):
    store = Store(tmp_path / "mlflow.db")
    run = store.start("segmentation", "a run", "what", {}, "segmentation train")
    client = MlflowClient(tracking_uri=f"sqlite:///{store.path}")

    def steps():
        return [metric.step for metric in client.get_metric_history(run.run_id, "train/loss")]

    for epoch in range(3):
        run.log([{"epoch": epoch, "train_loss": 1.0}])
    assert steps() == []
    monkeypatch.setattr(tracking, "FLUSH", 0.0)
    run.log([{"epoch": 3, "train_loss": 1.0}])
    assert steps() == [0, 1, 2, 3]
    monkeypatch.setattr(tracking, "FLUSH", 60.0)
    run.log([{"epoch": epoch, "train_loss": 1.0} for epoch in range(4, 1204)])  # more than one batch of the store
    run.finish("FAILED")
    assert steps() == list(range(1204))


def test_metrics_are_grouped_by_part():
    names = ["train_loss", "validation_iou", "test_iou_ic", "displaced_centre_mae_px", "test", "images_per_s"]
    expected = ["train/loss", "validation/iou", "test/iou_ic", "displaced/centre_mae_px", "test", "images_per_s"]
    assert [metric_name(name) for name in names] == expected


def test_the_fingerprint_depends_on_every_value_and_on_nothing_else():
    assert fingerprint_of(seed=0, data="a") == fingerprint_of(data="a", seed=0)
    assert fingerprint_of(seed=0, data="a") != fingerprint_of(seed=1, data="a")


def test_ui_without_a_store_says_what_to_do(tmp_path):
    from boardbench.engine.ui import ui

    with pytest.raises(BoardbenchError, match="snakemake"):
        ui(tracking=tmp_path / "none.db")


def test_ui_of_a_study_without_runs_names_those_that_there_are(tmp_path, says):
    from boardbench.engine.ui import ui

    Store(tmp_path / "mlflow.db").start("placement", "a run", "what", {}, "placement train").finish()
    says(lambda: ui(tracking=tmp_path / "mlflow.db", study="segmentation"), "--study segmentation", "It has: placement")
