"""Training a run: same seed same bytes, frozen means frozen, the parent's weights arrive, mistakes are named."""

import json
from dataclasses import replace
from math import exp, log

import numpy as np
import pandas as pd
import pytest
import torch

from boardbench.classification import dataset, training
from boardbench.classification.data import read_samples
from boardbench.classification.evaluation import evaluate
from boardbench.classification.model import load, network_of, save
from boardbench.classification.scores import scores
from boardbench.classification.start import freeze
from boardbench.classification.training import train
from boardbench.engine.history import History
from boardbench.params.networks import Training

PARAMS = Training(
    network="resnet18", width=0.05, epochs=2, batch_size=16, learning_rate=0.05, crop=1, flip=False, validation=0.2
)


@pytest.fixture(autouse=True)
def _settings_of_the_process():
    """Training sets them for the whole process; other tests count and compare without them."""
    yield
    torch.set_flush_denormal(False)
    torch.use_deterministic_algorithms(False)


def start(samples, out, seed=0, parent=None, **changed):
    params = Training.model_validate({**PARAMS.model_dump(), **changed})
    train(name=out.name, seed=seed, samples=samples, dataset="bars", start=parent, out=out, params=params)
    evaluate(samples=samples, out=out)
    return out


def metrics(run):
    return json.loads((run / "metrics.json").read_text())


SAME = ("model.pt", "history.csv", "training.json", "predictions.csv", "metrics.json")


def test_same_seed_same_bytes_and_everything_is_written(samples, tmp_path):
    one, two = (start(samples, tmp_path / name / "small") for name in ("one", "two"))
    for name in SAME:
        assert (one / name).read_bytes() == (two / name).read_bytes(), name
    other = start(samples, tmp_path / "other/small", seed=1)
    assert (other / "model.pt").read_bytes() != (one / "model.pt").read_bytes()
    assert sorted(path.name for path in one.glob("[!.]*")) == sorted([*SAME, "seconds.json"])
    history = pd.read_csv(one / "history.csv")
    assert {"epoch", "train_loss", "validation_loss", "validation_accuracy"} <= set(history)
    assert history["epoch"].tolist() == [0, 1]
    found, model = metrics(one), load(one)
    plain = ("study", "kind", "dataset", "name", "network", "seed", "parent", "epochs")
    assert [found[key] for key in plain] == [
        *("classification", "network", "bars", "small", "resnet18", 0, None, 2),
    ]
    assert [found[f"{part}_images"] for part in ("train", "validation", "test")] == [48, 12, 30]
    assert found["parameters"] == found["trained_parameters"] == sum(w.numel() for w in model.network.parameters())
    assert found["settings"] == model.settings == PARAMS.model_dump(mode="json")
    table = pd.read_csv(one / "predictions.csv")
    images, labels = read_samples(samples).part("test")
    assert table["sample"].tolist() == list(range(60, 90)) and table["label"].tolist() == labels.tolist()
    assert table["predicted"].tolist() == model.predict(torch.from_numpy(images.copy())).tolist()
    assert found["scores"] == json.loads(json.dumps(scores(labels, table["predicted"].to_numpy(), 3)))
    seconds = json.loads((one / "seconds.json").read_text())
    assert 0 < seconds["seconds_per_epoch"] < seconds["seconds"] and seconds["device"] == "cpu"
    assert seconds["images_per_s"] == pytest.approx(48 / seconds["seconds_per_epoch"], rel=0.01)


def test_it_learns_and_keeps_its_best_epoch(samples, tmp_path):
    run = start(samples, tmp_path / "small", epochs=8, monitor="accuracy")
    assert metrics(run)["scores"]["accuracy"] > 0.9
    history = pd.read_csv(run / "history.csv")
    assert metrics(run)["kept_epoch"] == history["validation_accuracy"].idxmax()


def test_a_run_cut_off_resumes_and_ends_with_the_same_bytes(samples, tmp_path, monkeypatch, capsys):
    settings = {"epochs": 4, "schedule": "one_cycle", "crop": 1, "flip": True, "label_smoothing": 0.1}
    whole = start(samples, tmp_path / "whole/small", **settings)

    def cut(self, epoch):
        if epoch == 2:
            raise RuntimeError("cut off")

    with monkeypatch.context() as patched, pytest.raises(RuntimeError, match="cut off"):
        patched.setattr(History, "start_epoch", cut)
        start(samples, tmp_path / "cut/small", **settings)
    assert not (tmp_path / "cut/small/training.json").exists()
    torch.rand(7)
    np.random.default_rng().random(3)
    resumed = start(samples, tmp_path / "cut/small", **settings)
    assert "resuming from epoch 2" in capsys.readouterr().out
    for name in SAME:
        assert (resumed / name).read_bytes() == (whole / name).read_bytes(), name
    assert not (resumed / "checkpoints").exists()


def test_some_classes_alone_keep_the_data_sets_labels(samples, tmp_path):
    run = start(samples, tmp_path / "two", classes=["bar2", "bar0"], epochs=8)
    table, found = pd.read_csv(run / "predictions.csv"), metrics(run)
    assert found["classes"] == ["bar2", "bar0"] == load(run).classes
    given = read_samples(samples)
    assert given.labels[table["sample"]].tolist() == table["label"].tolist()
    assert set(table["label"]) == {0, 2} >= set(table["predicted"]) and len(table) == 20
    right = (table["label"] == table["predicted"]).mean()
    assert found["scores"]["accuracy"] == pytest.approx(right) and right > 0.9
    assert len(load(run).network.fc.weight) == 2


def test_the_parents_weights_are_taken_but_not_its_head(samples, tmp_path):
    parent = start(samples, tmp_path / "parent", classes=["bar0", "bar1"])
    child = start(
        samples,
        tmp_path / "child",
        seed=3,
        weights="parent",
        parent=parent / "model.pt",
        learning_rate=1e-12,
        weight_decay=0.0,
        epochs=1,
    )
    before, after = (load(run).network.state_dict() for run in (parent, child))
    kernels = [key for key, value in before.items() if value.ndim == 4]
    assert len(kernels) == 20
    for key in kernels:
        torch.testing.assert_close(after[key], before[key], rtol=0, atol=1e-8)
    assert after["fc.weight"].shape != before["fc.weight"].shape
    found = metrics(child)
    assert found["parent"]["source"] == "parent" and found["parent"]["classes"] == ["bar0", "bar1"]
    assert found["settings"]["weights"] == "parent"
    again = start(samples, tmp_path / "again", seed=3, weights=str(parent), learning_rate=1e-12, epochs=1)
    torch.testing.assert_close(load(again).network.conv1.weight, load(parent).network.conv1.weight, rtol=0, atol=1e-8)


def test_a_head_of_the_same_size_is_new_too(samples, tmp_path):
    parent = start(samples, tmp_path / "parent")
    child = start(samples, tmp_path / "child", seed=1, weights=str(parent), learning_rate=1e-12, epochs=1)
    assert not torch.allclose(load(child).network.fc.weight, load(parent).network.fc.weight, atol=1e-3)


def test_frozen_blocks_keep_weights_and_statistics(samples, tmp_path):
    parent = start(samples, tmp_path / "parent", classes=["bar0", "bar1"])
    runs = {k: start(samples, tmp_path / f"last{k}", weights=str(parent), unfrozen=k) for k in (0, 1)}
    before = load(parent).network.state_dict()
    for k, run in runs.items():
        network, started = load(run).network, network_of(PARAMS.model_dump(), (8, 8, 1), 3)
        after = network.state_dict()
        last = {key for key in before if key.startswith("layer4.1.")}
        rest = {key for key in before if not key.startswith("fc.")} - last
        for key in rest if k else rest | last:
            assert torch.equal(after[key], before[key]), key
        if k:
            changed = [key for key in last if not torch.equal(after[key], before[key])]
            assert {"layer4.1.conv1.weight", "layer4.1.bn1.running_mean"} <= set(changed)
        torch.manual_seed(0)
        assert not torch.equal(after["fc.weight"], started.state_dict()["fc.weight"])
        trained = [network.fc, network.layer4[1]][: k + 1]
        found = metrics(run)
        assert found["trained_parameters"] == sum(w.numel() for part in trained for w in part.parameters())
        assert found["parameters"] == sum(w.numel() for w in network.parameters()) > found["trained_parameters"]
    heads = [load(run).network.fc.weight for run in runs.values()]
    assert not torch.equal(*heads)


def test_freezing_counts_blocks_from_the_end(says):
    network = network_of(PARAMS.model_dump(), (8, 8, 1), 3)
    freeze(network, 9)
    assert all(weight.requires_grad for weight in network.parameters())
    freeze(network, 2)
    trains = {name.split(".")[0] for name, weight in network.named_parameters() if weight.requires_grad}
    assert trains == {"layer4", "fc"}
    says(lambda: freeze(network, 10), "unfrozen: 10", "9 blocks", "null")


def test_label_smoothing_and_accuracy_by_hand(samples, tmp_path, monkeypatch):
    given = {}

    def caught(network, loss, batch_statistics, score, training, validation, **_):
        given.update(
            loss=loss, batch_statistics=batch_statistics, score=score, training=training, validation=validation
        )
        raise RuntimeError("caught")

    monkeypatch.setattr(training, "fit", caught)
    logits, first = torch.tensor([[2.0, 0.0]]), torch.tensor([0])
    wrong = 2 + log(1 + exp(-2))  # -log of the probability 0.1192 of the other class
    for smoothing, expected in ((0.0, wrong - 2), (0.1, 0.95 * (wrong - 2) + 0.05 * wrong)):
        with pytest.raises(RuntimeError, match="caught"):
            start(samples, tmp_path / "small", label_smoothing=smoothing, flip=True)
        assert given["loss"](logits, first).item() == pytest.approx(expected, abs=1e-6)
    assert given["loss"](logits.bfloat16(), first).dtype == torch.float32
    statistics = [
        given["batch_statistics"](logits, first),
        given["batch_statistics"](logits.expand(3, -1), torch.tensor([0, 1, 1])),
    ]
    assert given["score"](statistics) == {"accuracy": 0.5}
    images, labels = next(iter(given["validation"]))
    scaled = read_samples(samples).images[:60]
    assert len(labels) == 12 and images.mean().abs() < 0.2 and scaled.mean() > 50
    assert [len(labels) for _, labels in given["training"]] == [16, 16, 16]


def test_bf16_and_adadelta_train_on_the_processor(samples, tmp_path):
    run = start(samples, tmp_path / "small", precision="bf16", optimizer="adadelta", learning_rate=1.0, epochs=1)
    assert all(value.dtype != torch.bfloat16 for value in load(run).network.state_dict().values())


def test_published_weights_are_taken_strictly(samples, tmp_path, says):
    published = network_of(PARAMS.model_dump(), (8, 8, 1), 1000)
    torch.save(published.state_dict(), tmp_path / "published.pth")
    run = start(samples, tmp_path / "tuned", weights=str(tmp_path / "published.pth"), learning_rate=1e-12, epochs=1)
    torch.testing.assert_close(load(run).network.conv1.weight, published.conv1.weight, rtol=0, atol=1e-8)
    parent = metrics(run)["parent"]
    assert parent["source"].endswith("published.pth") and parent["classes"] == 1000 and len(parent["sha256"]) == 64
    other = network_of(PARAMS.model_dump() | {"network": "mobilenet_v2", "width": 0.1}, (8, 8, 1), 1000)
    torch.save(other.state_dict(), tmp_path / "other.pth")
    weights = str(tmp_path / "other.pth")
    says(lambda: start(samples, tmp_path / "x", weights=weights), "other.pth", "conv1.weight", "features.0.0.weight")
    torch.save(network_of(PARAMS.model_dump(), (8, 8, 1), 3).state_dict(), tmp_path / "ten.pth")
    weights = str(tmp_path / "ten.pth")
    says(lambda: start(samples, tmp_path / "x", weights=weights), "ten.pth", "fc.weight (3,", "(1000,")
    assert not (tmp_path / "x").exists()


def test_mistakes_are_named(samples, tmp_path, write_samples, says):
    parent = start(samples, tmp_path / "parent", epochs=1)
    says(
        lambda: start(samples, tmp_path / "x", weights=str(parent), width=0.1, network="se_resnet18"),
        *("parent", "network resnet18 there, se_resnet18 here", "width 0.05 there, 0.1 here"),
    )
    save(replace(load(parent), pruning={"name": "half"}), tmp_path / "pruned" / "model.pt")
    says(lambda: start(samples, tmp_path / "x", weights=str(tmp_path / "pruned")), "pruned", "it is pruned")
    coloured = write_samples(tmp_path / "coloured", size=(8, 8, 3))
    says(lambda: start(coloured, tmp_path / "x", weights=str(parent)), "channels 1 there, 3 here")
    (tmp_path / "empty").mkdir()
    says(lambda: start(samples, tmp_path / "x", weights=str(tmp_path / "empty")), "empty/model.pt: no such model")
    says(lambda: start(samples, tmp_path / "x", weights="parrent"), "parrent", "no file or folder", "--start")
    says(lambda: start(samples, tmp_path / "x", weights=str(parent), unfrozen=10), "unfrozen: 10", "9 blocks")
    says(lambda: start(samples, tmp_path / "x", classes=["bar0", "bar9"]), "runs, x, classes", "bar9")
    says(lambda: start(samples, tmp_path / "x", network="lenet", width=1.0), "lenet")
    assert not (tmp_path / "x").exists()


def test_scrambled_pixels_train_and_validate(samples, tmp_path, monkeypatch):
    seen, init = [], dataset.Batches.__init__

    def noted(self, *given, **known):
        seen.append(known["scrambled"])
        init(self, *given, **known)

    monkeypatch.setattr(dataset.Batches, "__init__", noted)
    start(samples, tmp_path / "small", epochs=1, scrambled=True)
    assert seen == [True, True]
