"""The verb for runs of either study finds their data by itself, and names what it cannot prune."""

import json
from pathlib import Path

import pytest
import torch

from boardbench.params.pruning import Pruning
from boardbench.prune import prune


@pytest.fixture
def called(monkeypatch):
    """What the study's own step was called with."""
    calls = []
    for study in ("segmentation", "classification"):
        monkeypatch.setattr(
            f"boardbench.{study}.pruning.prune", lambda study=study, **given: calls.append((study, given))
        )
    return calls


def a_run(root: Path, study: str, name: str) -> Path:
    run = root / f"results/{study}/toy/runs/{name}"
    run.mkdir(parents=True)
    torch.save({"study": study}, run / "model.pt")
    told = {
        "dataset": "toy",
        "seed": 0,
        "data": "0",
        "fingerprint": "abc",
        "epochs": 1,
        "kept_epoch": 0,
        "parameters": 9,
    }
    (run / "training.json").write_text(json.dumps(told | {"settings": {"batch_size": 3}}))
    return run


@pytest.fixture
def segmented(tmp_path, monkeypatch):
    run = a_run(tmp_path, "segmentation", "unet-pca3-seed0")
    data = run.parents[1]
    (data / "reduction").mkdir()
    (data / "reflectance").mkdir()
    for name in ("split.csv", "augmentation.csv", "normalization.npz", "reduction/pca3.npz"):
        (data / name).touch()

    class Loaded:
        strategy = "pca3"
        normalization = "of the training part"

    monkeypatch.setattr("boardbench.segmentation.pruning.load", lambda _: Loaded)
    return run, data


def test_the_data_of_a_segmentation_run_are_those_above_it(segmented, called):
    run, data = segmented
    prune(run=run, name="half", params=Pruning(ratio=0.3))
    ((study, given),) = called
    assert study == "segmentation"
    params = given.pop("params")
    assert (params.ratio, params.batch_size) == (0.3, 3)  # a step as in the run's own training
    assert given == {
        "name": "half",
        "run": run,
        "out": data.resolve() / "pruned/half/unet-pca3-seed0",
        "tracking": None,
        "split": data.resolve() / "split.csv",
        "augmentation": data.resolve() / "augmentation.csv",
        "reflectance": data.resolve() / "reflectance",
        "normalization": data.resolve() / "normalization.npz",
        "reduction": data.resolve() / "reduction/pca3.npz",
    }


def test_the_data_of_a_classification_run_are_those_above_it(tmp_path, called):
    run = a_run(tmp_path, "classification", "small-seed0")
    samples = run.parents[1] / "samples.csv"
    samples.touch()
    prune(run=run / "model.pt", out=tmp_path / "out", params=Pruning(batch_size=5))
    ((study, given),) = called
    assert (study, given["samples"], given["out"]) == ("classification", samples.resolve(), tmp_path / "out")
    assert given["params"].batch_size == 5


def test_what_cannot_be_pruned_is_named(tmp_path, segmented, called, says):
    run, data = segmented
    says(lambda: prune(run=a_run(tmp_path, "placement", "x"), params=Pruning()), "placement study", "no pruning")
    empty = tmp_path / "empty"
    empty.mkdir()
    says(lambda: prune(run=empty, params=Pruning()), "model.pt: no such model")
    says(lambda: prune(run=run, samples=data / "split.csv", params=Pruning()), "takes no --samples", "Leave it out")
    lonely = a_run(tmp_path, "classification", "small-seed0")
    says(lambda: prune(run=lonely, split=data / "split.csv", params=Pruning()), "takes no --split")
    says(lambda: prune(run=lonely, params=Pruning()), "no samples.csv in any folder above", "--samples")
    (data / "reduction/pca3.npz").unlink()
    says(lambda: prune(run=run, params=Pruning()), "no reduction/pca3.npz in any folder above", "--reduction")
    path = run / "training.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"settings": {}}))
    says(lambda: prune(run=run, params=Pruning()), "training.json: field settings.batch_size", "--batch-size")
    assert called == []
