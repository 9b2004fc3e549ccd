"""The record of a run: what MLflow is told, which files are written, what becomes of its checkpoints."""

import json
import threading

import pytest
import torch

from boardbench.artifacts import read
from boardbench.engine import record
from boardbench.engine.artifacts import Training
from boardbench.engine.record import record_run
from boardbench.engine.system import read_samples


class Tracked:
    """What a training tells MLflow."""

    def __init__(self):
        self.started, self.statuses = [], []
        self.samples = [{"timestamp": 1000, "step": 0, "system/cpu_utilization_percentage": 50.0}]

    def start(self, *what):
        self.started.append(what)
        return self

    def finish(self, status="FINISHED"):
        self.statuses.append(status)


class History:
    """Two epochs of a training."""

    rows = ({"epoch": 0, "train_loss": 0.5}, {"epoch": 1, "train_loss": 0.25})
    seconds = (1.0, 3.0)
    kept_epoch = 1


@pytest.fixture
def tracked(monkeypatch):
    told = Tracked()
    monkeypatch.setattr(record, "Store", lambda path: told)
    return told


def given(tmp_path, tracking=True):
    return {
        "out": tmp_path / "run",
        "description": {"dataset": "bars", "seed": 0, "data": "0"},
        "fingerprint": "abc",
        "settings": {"epochs": 2, "device": "cpu"},
        "tracking": tmp_path / "mlflow.db" if tracking else None,
    }


def test_a_run_that_ends_is_finished_and_its_files_are_the_same_each_time(tmp_path, tracked):
    texts = []
    for name in "one", "two":
        with record_run("placement", "train", "a-seed0", **given(tmp_path / name), shown={"ratio": 0.5}) as run:
            assert run.entry is tracked and run.checkpoints == tmp_path / name / "run/checkpoints/abc"
            run.checkpoints.mkdir(parents=True)
            run.write(torch.nn.Linear(2, 3), History, train_images=8)
        texts.append((run.out / "training.json").read_text())
        assert not (run.out / "checkpoints").exists()
    parameters = {"dataset": "bars", "seed": 0, "data": "0", "epochs": 2, "device": "cpu", "ratio": 0.5}
    assert tracked.started[0] == ("placement", "bars a-seed0", "abc", parameters, "placement train")
    assert tracked.statuses == ["FINISHED", "FINISHED"] and texts[0] == texts[1]
    assert json.loads(texts[0]) == {
        "study": "placement",
        "dataset": "bars",
        "seed": 0,
        "data": "0",
        "fingerprint": "abc",
        "epochs": 2,
        "kept_epoch": 1,
        "parameters": 9,
        "settings": {"epochs": 2, "device": "cpu"},
        "train_images": 8,
    }
    seconds = json.loads((run.out / "seconds.json").read_text())
    assert (seconds["seconds"], seconds["seconds_per_epoch"], seconds["images_per_s"]) == (4.0, 2.0, 4.0)
    assert read_samples(run.out) == tracked.samples
    assert (run.out / "history.csv").read_text() == "epoch,train_loss\n0,0.5\n1,0.25\n"


@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt, "KILLED"), (ValueError, "FAILED")])
def test_a_run_that_breaks_off_keeps_its_checkpoints(tmp_path, tracked, error, status):
    with pytest.raises(error), record_run("placement", "train", "a", **given(tmp_path)) as run:
        run.checkpoints.mkdir(parents=True)
        raise error
    assert tracked.statuses == [status] and run.checkpoints.is_dir()


def test_without_a_store_nothing_is_shown(tmp_path, tracked):
    with record_run("placement", "train", "a", **given(tmp_path, tracking=False)) as run:
        assert run.entry is None
    assert tracked.started == []


TOLD = {"dataset": "bars", "seed": 0, "data": "0", "identity": "abc", "epochs": 4, "best_epoch": 3, "parameters": 9}
TOLD |= {"training": {"width": 8}}


def test_words_of_version_0_1_0_are_read(tmp_path):
    (tmp_path / "training.json").write_text(json.dumps(TOLD))
    found = read(tmp_path / "training.json", Training, "placement train")
    assert (found.fingerprint, found.kept_epoch, found.settings) == ("abc", 3, {"width": 8})


@pytest.mark.parametrize("field", ["fingerprint", "kept_epoch", "settings", "dataset"])
def test_a_folder_without_a_training_is_refused(tmp_path, says, field):
    told = {Training.former.get(name, name): value for name, value in TOLD.items()}
    del told[field]
    path = tmp_path / "training.json"
    path.write_text(json.dumps(told))
    says(lambda: read(path, Training, "placement train"), f"{path}: field {field} is missing", "placement train")


def test_a_run_is_trained_by_one_at_a_time(tmp_path, tracked, capsys):
    order, begun = [], threading.Event()

    def other():
        begun.set()
        with record_run("placement", "train", "a", **given(tmp_path)) as run:
            order.append("other")
            assert not run.checkpoints.exists()

    with record_run("placement", "train", "a", **given(tmp_path)) as run:
        run.checkpoints.mkdir(parents=True)
        waiting = threading.Thread(target=other)
        waiting.start()
        begun.wait()
        waiting.join(0.3)
        order.append("first")
    waiting.join(10)
    assert order == ["first", "other"] and "another process" in capsys.readouterr().out
