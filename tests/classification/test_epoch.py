import os

import pandas as pd
import pytest
import torch

from boardbench.classification.epoch import COLUMNS, WARM_UP, epoch


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def test_whole_steps_are_timed_and_a_missing_device_says_so(tmp_path, no_gpu, monkeypatch):
    steps, original = [], torch.optim.SGD.step

    def watched(self, *given):
        (group,) = self.param_groups
        steps.append((group["params"][0].grad is not None, torch.get_num_threads()))
        return original(self, *given)

    before = torch.get_num_threads()
    monkeypatch.setattr(torch.optim.SGD, "step", watched)
    epoch(out=tmp_path / "e.csv", networks=["mobilenet_v2"], images=100, batch_size=3, steps=2, threads=1)
    table = pd.read_csv(tmp_path / "e.csv", keep_default_na=False)
    assert tuple(table) == COLUMNS
    assert table[["network", "stem", "device", "images", "batch_size", "threads", "steps"]].to_numpy().tolist() == [
        ["mobilenet_v2", "imagenet", "cpu", 100, 3, 1, "2"],
        ["mobilenet_v2", "imagenet", "cuda", 100, 3, 1, ""],
    ]
    assert float(table["seconds_per_epoch"][0]) > 0 and table["seconds_per_epoch"][1] == ""
    assert table["hardware"][0].startswith(f"{os.cpu_count()} x ")
    assert table["hardware"][1] == "not run: no CUDA device"
    # ``measure`` begins with one that is not timed.
    assert steps == [(True, 1)] * (WARM_UP + 1 + 2 + 1)
    assert torch.get_num_threads() == before


def test_an_epoch_is_reckoned_from_the_median_step(tmp_path, no_gpu, monkeypatch):
    monkeypatch.setattr("boardbench.engine.latency.measure", lambda _, repeats: [2.0, 90.0, 1.0, 2.0][:repeats])
    out = tmp_path / "e.csv"
    epoch(out=out, networks=["mobilenet_v2"], devices=["cpu"], images=1000, batch_size=64, steps=4)
    assert pd.read_csv(out)["seconds_per_epoch"][0] == 31.25  # 2 s x 1000 / 64
    epoch(out=out, networks=["mobilenet_v2"], devices=["cpu"], images=100, batch_size=64, steps=4)
    row = pd.read_csv(out).iloc[0]
    assert (row["steps"], row["seconds_per_epoch"]) == (2, 71.875)  # an epoch has but two: 46 s x 100 / 64
    epoch(out=out, networks=["mobilenet_v2"], devices=["cpu"], images=10, batch_size=64, steps=4)
    row = pd.read_csv(out).iloc[0]
    assert (row["steps"], row["batch_size"], row["seconds_per_epoch"]) == (1, 10, 2)


def test_a_gpu_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("boardbench.classification.epoch._step", lambda *given: 0.5)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Model, 40 GB")
    epoch(out=tmp_path / "e.csv", devices=["cuda"], images=640, stem="cifar")
    table = pd.read_csv(tmp_path / "e.csv")
    assert table["network"].tolist() == ["resnet18", "vgg16", "mobilenet_v2"]
    assert set(table["seconds_per_epoch"]) == {5.0} and set(table["stem"]) == {"cifar"}
    assert set(table["hardware"]) == {f"Model; 40 GB; torch {torch.__version__}"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"networks": ["resnet19"]}, ("--networks resnet19", "Did you mean 'resnet18'?")),
        ({"devices": ["tpu9"]}, ("--devices tpu9", "cpu, cuda")),
        ({"stem": "cifr"}, ("--stem cifr", "cifar")),
        ({"images": 0}, ("--images is 0",)),
        ({"batch_size": 0}, ("--batch-size is 0",)),
        ({"steps": 0}, ("--steps is 0",)),
        ({"threads": 0}, ("--threads is 0", "at least 1")),
    ],
)
def test_bad_input_is_named_and_leaves_no_table(tmp_path, says, changed, words):
    says(lambda: epoch(out=tmp_path / "e.csv", **changed), "e.csv", *words)
    assert list(tmp_path.iterdir()) == []
