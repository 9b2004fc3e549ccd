"""Pruned classification runs: what they write, resume, the test images left alone while anything is chosen."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from test_classification_training import PARAMS, metrics, start

from boardbench.classification.data import read_samples
from boardbench.classification.evaluation import evaluate
from boardbench.classification.model import load
from boardbench.classification.pruning import prune
from boardbench.engine import training as engine
from boardbench.engine.channels import weighted
from boardbench.params.pruning import Pruning

SAME = ("model.pt", "history.csv", "training.json", "predictions.csv", "metrics.json")


@pytest.fixture(autouse=True)
def _settings_of_the_process():
    yield
    torch.set_flush_denormal(False)
    torch.use_deterministic_algorithms(False)


@pytest.fixture
def run(samples, tmp_path):
    return start(samples, tmp_path / "runs/small", width=0.125)


def pruned(run, samples, out, **changes):
    knobs = {"epochs": 2, "batch_size": 16, "learning_rate": 0.01, "ratio": 0.5} | changes
    prune(name="half", run=run, samples=samples, out=out, params=Pruning(**{"multiple": 1, **knobs}))
    evaluate(samples=samples, out=out)
    return metrics(out)


def test_a_structured_run_is_written_whole_and_the_same_every_time(run, samples, tmp_path):
    before = {name: (run / name).read_bytes() for name in SAME}
    found = pruned(run, samples, tmp_path / "one")
    pruned(run, samples, tmp_path / "two")
    for name in SAME:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name
        assert (run / name).read_bytes() == before[name], name
    assert sorted(path.name for path in (tmp_path / "one").glob("[!.]*")) == sorted([*SAME, "seconds.json"])
    assert (found["kind"], found["name"], found["parent"], found["seed"]) == ("pruned", "small", "small", 0)
    metadata, model = found["pruning"], load(tmp_path / "one")
    assert metadata == model.pruning and (metadata["name"], metadata["ratio"]) == ("half", 0.5)
    assert metadata["macs"] <= 0.5 * metadata["macs_before"]
    assert found["parameters"] == metadata["parameters"] == sum(weight.numel() for weight in model.network.parameters())
    assert model.network.fc.out_features == 3
    predictions = pd.read_csv(tmp_path / "one/predictions.csv")
    images, _ = read_samples(samples).part("test")
    assert model.predict(torch.from_numpy(np.array(images))).tolist() == predictions["predicted"].tolist()
    assert found["settings"]["network"] == PARAMS.network and metadata["settings"]["epochs"] == 2


def test_zeros_are_chosen_on_the_validation_images_only(run, samples, tmp_path):
    grid = {"method": "unstructured", "ratio": None, "ratios": [0.3, 0.6, 0.95], "tolerance": 0.05}
    metadata = pruned(run, samples, tmp_path / "one", **grid)["pruning"]
    images = np.load(samples.with_name("images.npy"))
    images[60:] = 255 - images[60:]  # other test images: whatever they decide would change
    np.save(samples.with_name("images.npy"), images)
    assert pruned(run, samples, tmp_path / "two", **grid)["pruning"] == metadata
    assert load(tmp_path / "one").pruning == metadata
    assert [row["ratio"] for row in metadata["ratios"]] == [0.3, 0.6, 0.95]
    assert metadata["parameters_nonzero"] < metadata["parameters"] == metadata["parameters_before"]
    weights = [layer.weight for layer in weighted(load(tmp_path / "one").network).values()]
    zeros = sum(int((weight == 0).sum()) for weight in weights) / sum(weight.numel() for weight in weights)
    assert zeros == pytest.approx(metadata["ratio"], abs=1e-3)


def test_a_killed_pruning_goes_on_and_ends_with_the_same_bytes(run, samples, tmp_path, monkeypatch, capsys):
    pruned(run, samples, tmp_path / "whole", epochs=3)
    kept = engine.History.start_epoch

    def killed(self, epoch):
        if epoch == 2:
            raise RuntimeError("killed")
        kept(self, epoch)

    monkeypatch.setattr(engine.History, "start_epoch", killed)
    with pytest.raises(RuntimeError, match="killed"):
        pruned(run, samples, tmp_path / "killed", epochs=3)
    monkeypatch.setattr(engine.History, "start_epoch", kept)
    assert not (tmp_path / "killed/model.pt").exists()
    capsys.readouterr()
    pruned(run, samples, tmp_path / "killed", epochs=3)
    assert "resuming" in capsys.readouterr().out
    for name in SAME:
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


def test_mistakes_are_named_and_the_run_stays(run, samples, write_samples, tmp_path, says):
    before = (run / "model.pt").read_bytes()
    says(lambda: pruned(run, samples, run), "own folder", "Name another")
    says(lambda: pruned(run, samples, tmp_path / "a", ratio=0.9999), "ratio 0.9999", "lower ratio")
    empty = tmp_path / "empty"
    empty.mkdir()
    says(lambda: pruned(empty, samples, tmp_path / "b"), "model.pt: no such model")
    other = write_samples(tmp_path / "other", classes=2)
    says(lambda: pruned(run, other, tmp_path / "c"), "2 classes, without bar2", "samples of its data set")
    pruned(run, samples, tmp_path / "once", epochs=1)
    says(lambda: pruned(tmp_path / "once", samples, tmp_path / "d"), "pruned already ('half')")
    assert (run / "model.pt").read_bytes() == before and not (tmp_path / "a/model.pt").exists()
    assert json.loads((run / "metrics.json").read_text())["kind"] == "network"
