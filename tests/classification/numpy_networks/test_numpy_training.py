"""The loop and the verb: it learns, resumes to the same bytes, stops where it diverges, and names mistakes."""

import io
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image

from boardbench.classification.folds import folds, holdout
from boardbench.classification.normalization import Normalization
from boardbench.classification.numpy_networks import run as run_module
from boardbench.classification.numpy_networks import training as loop
from boardbench.classification.numpy_networks.loss import cross_entropy
from boardbench.classification.numpy_networks.model import load
from boardbench.classification.numpy_networks.networks import build_network
from boardbench.classification.numpy_networks.run import numpy_network
from boardbench.classification.numpy_networks.training import Part, fit
from boardbench.classification.numpy_networks.workers import Workers
from boardbench.integrity import record_of
from boardbench.params.classification import NamedRun, Run

SIZE, CLASSES = (8, 8, 1), 3
PARAMS = Run(network="cnn16_16", pool=True, epochs=4, batch_size=16, learning_rate=0.003, validation=0.2)
FILES = ("model.npz", "history.csv", "training.json", "metrics.json", "predictions.csv")


def bars(count, seed=0):
    """A bright bar at the left, in the middle or at the right, in noise: (images, labels)."""
    generator, labels = np.random.default_rng(seed), np.arange(count) % CLASSES
    images = generator.integers(0, 120, (count, *SIZE)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[:, 1 + 2 * label] += 110
    return images, labels


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy")
    images, labels = bars(132)
    parts = np.array(["train"] * 90 + ["test"] * 42)
    np.save(folder / "images.npy", images)
    frame = pd.DataFrame({"sample": np.arange(132), "part": parts, "label": labels})
    frame.to_csv(folder / "samples.csv", index=False)
    metadata = {
        "classes": ["left", "middle", "right"],
        "size": SIZE,
        "parts": {"train": 90, "test": 42},
        "sha256": "0",
        "source": {"kind": "toy", "seed": 0},
    }
    (folder / "samples.json").write_text(json.dumps(metadata))
    return folder / "samples.csv"


def start(samples, out, params=PARAMS, seed=0, **more):
    numpy_network(name="toy", seed=seed, samples=samples, dataset="toys", out=out, params=params, **more)
    return out


def same(one, two):
    for name in FILES:
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


@pytest.fixture(scope="module")
def done(samples, tmp_path_factory):
    return start(samples, tmp_path_factory.mktemp("done"))


def test_a_run_learns_and_writes_what_it_is(done, samples):
    assert sorted(path.name for path in done.glob("[!.]*")) == sorted([*FILES, "seconds.json"])
    metrics = json.loads((done / "metrics.json").read_text())
    expected = {
        "study": "classification",
        "kind": "numpy_network",
        "dataset": "toys",
        "name": "toy",
        "network": "cnn16_16",
        "seed": 0,
        "settings": PARAMS.model_dump(mode="json"),
        "parameters": 160 + 2320 + 16 * 16 * 3 + 3,
        "macs": 64 * (9 * 16 + 144 * 16) + 256 * 3,
        "epochs": 4,
        "train_images": 72,
        "validation_images": 18,
        "test_images": 42,
        "folds": [],
    }
    assert {key: metrics[key] for key in expected} == expected
    assert set(metrics["scores"]) == {"accuracy", "low", "high", "precision", "recall", "f_score", "confusion"}
    table = pd.read_csv(done / "predictions.csv")
    assert list(table) == ["sample", "label", "predicted"]
    assert table["sample"].tolist() == [*range(90, 132)]
    assert table["label"].tolist() == [row % 3 for row in range(90, 132)]
    assert (table["label"] == table["predicted"]).mean() == pytest.approx(metrics["scores"]["accuracy"])
    assert metrics["scores"]["accuracy"] > 0.9
    assert sum(map(sum, metrics["scores"]["confusion"])) == 42
    # The file holds the best epoch's weights: the validation part again, by hand.
    history = pd.read_csv(done / "history.csv")
    assert list(history) == [
        "epoch",
        "learning_rate",
        "train_loss",
        "train_accuracy",
        "validation_loss",
        "validation_accuracy",
    ]
    images, labels = bars(132)
    _, validating = holdout(labels[:90], 0.2, 0)
    found = (load(done).predict(images[validating]) == labels[validating]).mean()
    best = history.iloc[metrics["best_epoch"]]
    assert found == pytest.approx(best["validation_accuracy"])
    assert best["validation_accuracy"] == history["validation_accuracy"].max()
    seconds = json.loads((done / "seconds.json").read_text())
    assert set(seconds) >= {"seconds", "seconds_per_epoch", "images_per_s", "threads", "hardware"}
    assert seconds["images_per_s"] == pytest.approx(72 / seconds["seconds_per_epoch"], rel=0.05)


def test_the_normalization_is_fitted_on_those_that_train(done):
    images, labels = bars(132)
    learning, _ = holdout(labels[:90], 0.2, 0)
    assert load(done).normalization.offset == pytest.approx(images[learning].mean(), abs=1e-3)


def test_same_seed_same_bytes_another_seed_others(done, samples, tmp_path):
    same(done, start(samples, tmp_path / "again"))
    other = start(samples, tmp_path / "other", seed=1)
    assert (other / "model.npz").read_bytes() != (done / "model.npz").read_bytes()


def killed(monkeypatch, steps, samples, out, params=PARAMS, **more):
    """Start a run that is interrupted in one of its steps."""
    real, calls = Workers.gradient, []

    def gradient(self, *arguments):
        calls.append(1)
        if len(calls) > steps:
            raise KeyboardInterrupt
        return real(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Workers, "gradient", gradient)
        with pytest.raises(KeyboardInterrupt):
            start(samples, out, params, **more)
    assert not (out / "metrics.json").exists()


@pytest.mark.parametrize(
    ("change", "steps"),
    [
        ({}, 13),  # 5 steps an epoch: in the third
        ({"optimizer": "sgd", "schedule": "step"}, 10),
        ({"network": "fc3", "pool": False, "dropout": 0.5, "epochs": 3, "folds": 2}, 3 * 3 + 4),
        ({"validation": 0.0}, 3),
    ],
)
def test_a_killed_run_ends_with_the_same_bytes(change, steps, samples, tmp_path, monkeypatch, capsys):
    params = PARAMS.model_copy(update=change)
    out = tmp_path / "killed"
    killed(monkeypatch, steps, samples, out, params, threads=2)
    kept = [path.name for path in out.iterdir()] if out.exists() else []
    assert bool(kept) == (steps >= 5)
    capsys.readouterr()
    start(samples, out, params, threads=2)
    assert ("resuming after epoch" in capsys.readouterr().out) == (steps >= 5)
    same(start(samples, tmp_path / "whole", params, threads=2), out)
    assert not list(out.glob("checkpoint*"))


def test_folds_are_scored_and_named_in_the_history(samples, tmp_path):
    params = PARAMS.model_copy(update={"folds": 3, "epochs": 2})
    out = start(samples, tmp_path / "folds", params)
    metrics = json.loads((out / "metrics.json").read_text())
    assert [(fold["fold"], fold["images"]) for fold in metrics["folds"]] == [(1, 30), (2, 30), (3, 30)]
    assert all(sum(map(sum, fold["confusion"])) == 30 for fold in metrics["folds"])
    assert all(0.2 < fold["accuracy"] <= 1 and fold["low"] < fold["accuracy"] for fold in metrics["folds"])
    history = pd.read_csv(out / "history.csv")
    assert history["fold"].fillna(0).tolist() == [1, 1, 2, 2, 3, 3, 0, 0]
    assert metrics["train_images"] == 72
    plain = start(samples, tmp_path / "plain", params.model_copy(update={"folds": None}))
    assert json.loads((plain / "metrics.json").read_text())["scores"] == metrics["scores"]


def test_a_run_that_diverges_keeps_its_last_good_checkpoint(samples, tmp_path, says, monkeypatch, capsys):
    out = tmp_path / "run"
    params = PARAMS.model_copy(update={"optimizer": "sgd", "learning_rate": 1e9})
    says(lambda: start(samples, out, params), "toy", "epoch 1", "the loss is nan in step", "Lower learning_rate")
    assert not out.exists() or not list(out.iterdir())
    # In the third epoch the weights go.
    real, calls = Workers.gradient, []

    def poisoned(self, *arguments):
        calls.append(1)
        answer = real(self, *arguments)
        if len(calls) == 15:
            self.gradients[0][3] = np.inf
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(Workers, "gradient", poisoned)
        says(lambda: start(samples, out), "epoch 3", "diverged", "epoch 2 is kept", out / "checkpoint.npz")
    capsys.readouterr()
    start(samples, out)
    assert "resuming after epoch 2" in capsys.readouterr().out


def test_weights_that_are_not_finite_are_found_without_validation(says, monkeypatch):
    images, labels = bars(16)
    real = Workers.gradient

    def poisoned(self, *arguments):
        answer = real(self, *arguments)
        self.gradients[0][3] = np.nan
        return answer

    monkeypatch.setattr(Workers, "gradient", poisoned)
    says(lambda: trained(images, labels, epochs=1, validation=0.0), "epoch 1", "weights are not finite")


def trained(images, labels, validating=None, seed=0, **change):
    params = PARAMS.model_copy(update=change)
    network = build_network(params.network, SIZE, CLASSES, params.pool, params.dropout)
    held = Part(*(validating if validating else (images[:0], labels[:0])))
    return network, fit(
        network, Part(images, labels), held, Normalization("standardize", 0.0, 100.0).apply, params=params, seed=seed
    )


def test_without_validation_the_last_epoch_stays():
    images, labels = bars(30)
    network, found = trained(images, labels, epochs=3)
    assert (found.best_epoch, len(found.rows)) == (2, 3)
    assert set(found.rows[0]) == {"epoch", "learning_rate", "train_loss", "train_accuracy"}
    np.testing.assert_array_equal(network.parameters, found.best)


def test_patience_stops_and_the_best_epoch_comes_back(monkeypatch):
    """Validation accuracies by hand: the best is epoch 2 (by its loss), then two without improvement."""
    told = iter([(0.5, 1.0), (0.6, 2.0), (0.6, 1.5), (0.6, 1.5), (0.5, 0.1), (0.9, 0.1)])
    seen = []

    def score(workers, part):
        seen.append(workers.network.parameters.copy())
        accuracy, loss = next(told)
        return {"validation_loss": loss, "validation_accuracy": accuracy}

    monkeypatch.setattr(loop, "_score", score)
    images, labels = bars(30)
    network, found = trained(images, labels, (images, labels), epochs=9, patience=2)
    assert (len(found.rows), found.best_epoch) == (5, 2)
    np.testing.assert_array_equal(network.parameters, seen[2])


def test_the_schedule_is_followed(done):
    rates = pd.read_csv(done / "history.csv")["learning_rate"]
    assert rates.tolist() == pytest.approx([0.003 * (1 + np.cos(np.pi * epoch / 4)) / 2 for epoch in range(4)])


def test_a_batch_larger_than_the_data_is_one_batch(capsys):
    images, labels = bars(30)
    one, _ = trained(images, labels, epochs=2, batch_size=30)
    assert "batch_size" not in capsys.readouterr().out
    two, _ = trained(images, labels, epochs=2, batch_size=1000)
    assert "batch_size 1000: one batch of all 30 images" in capsys.readouterr().out
    np.testing.assert_array_equal(one.parameters, two.parameters)


def test_every_image_once_an_epoch_in_another_order(monkeypatch):
    met, real = [], Workers.gradient

    def gradient(self, images, labels, rows, seed):
        met.append(rows)
        return real(self, images, labels, rows, seed)

    monkeypatch.setattr(Workers, "gradient", gradient)
    starts = []
    monkeypatch.setattr(loop, "initialize", lambda layers, name, generator: starts.append(generator.random()))
    trained(*bars(30), epochs=2, batch_size=8)
    epochs = [np.concatenate(met[:4]), np.concatenate(met[4:])]
    assert [len(rows) for rows in met] == [8, 8, 8, 6] * 2
    assert all(sorted(rows) == [*range(30)] for rows in epochs)
    assert (epochs[0] != epochs[1]).any()
    trained(*bars(30), epochs=1, batch_size=8, seed=1)
    assert (np.concatenate(met[8:]) != epochs[0]).any()
    assert starts[0] != starts[1]


def test_images_and_labels_out_of_range_are_named(says):
    images, labels = bars(30)
    wrong = labels.copy()
    wrong[7] = 3
    says(lambda: loop.check(Part(images, wrong), CLASSES, "a.csv"), "a.csv", "label", "3 of image 7", "0 to 2")
    wrong[7] = -1
    says(lambda: loop.check(Part(images, wrong), CLASSES, "a.csv"), "-1 of image 7", "Make the samples again")
    floats = images.astype(np.float32)
    loop.check(Part(floats, labels), CLASSES, "a.csv")
    floats[4, 2, 2] = np.nan
    says(lambda: loop.check(Part(floats, labels), CLASSES, "a.csv"), "a.csv", "image 4", "not finite", "Repair")


def test_networks_that_do_not_fit_the_images_are_named(samples, tmp_path, says):
    params = PARAMS.model_copy(update={"network": "cnn16_16", "dropout": 0.5})
    says(lambda: start(samples, tmp_path, params), "numpy_networks.runs, toy", "dropout", "Set it to 0")
    says(lambda: start(samples, tmp_path, threads=0), "--threads 0")
    params = PARAMS.model_copy(update={"folds": 31})
    says(lambda: start(samples, tmp_path, params), "folds: 31", "class 0", "30", "Set folds to 30")


@pytest.fixture
def broken_off(samples, tmp_path, monkeypatch):
    killed(monkeypatch, 7, samples, tmp_path / "run")
    return tmp_path / "run" / "checkpoint.npz"


def test_a_checkpoint_of_other_settings_is_dropped(broken_off, samples, tmp_path, capsys):
    params = PARAMS.model_copy(update={"learning_rate": 0.01})
    out, fresh = start(samples, broken_off.parent, params), start(samples, tmp_path / "fresh", params)
    assert "of other settings: learning_rate" in capsys.readouterr().out
    assert (out / "model.npz").read_bytes() == (fresh / "model.npz").read_bytes() and not broken_off.exists()


def without(key, held):
    return {name: vector for name, vector in held.items() if name != key}


def shorter(key, held):
    return held | {key: held[key][:-1]}


@pytest.mark.parametrize(
    "damage",
    [
        lambda path, _: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        lambda path, _: path.write_bytes(b""),
        lambda path, _: path.write_bytes(b"no zip at all" * 9),
        lambda path, held: np.savez(path, **shorter("best", held)),
        lambda path, held: np.savez(path, **without("state.mean", held)),
    ],
)
@pytest.mark.parametrize("recorded", [True, False])
def test_a_broken_checkpoint_is_dropped(damage, recorded, broken_off, samples, done, capsys):
    with np.load(broken_off) as file:
        held = dict(file)
    damage(broken_off, held)
    if not recorded:
        record_of(broken_off).unlink()
    out = start(samples, broken_off.parent)
    assert "dropped, and the run starts over" in capsys.readouterr().out
    assert (out / "model.npz").read_bytes() == (done / "model.npz").read_bytes() and not broken_off.exists()


def test_progress_prints_a_line_an_epoch(samples, tmp_path, capsys):
    named = NamedRun(name="toy", **PARAMS.model_dump() | {"epochs": 2})
    out = start(samples, tmp_path / "run", named)
    assert "name" not in json.loads((out / "metrics.json").read_text())["settings"]
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[:2] for line in lines] == [["toy", "epoch 1/2"], ["toy", "epoch 2/2"]]
    assert "validation_accuracy" in lines[0]


def test_it_learns_real_images():
    """On 1,500 of CIFAR-10 in three epochs: well above the tenth that guessing gets."""
    beside = Path(__file__).resolve().parents[4] / "shared" / "data" / "cifar10"
    folder = Path(os.environ.get("BOARDBENCH_CIFAR10", beside))
    files = sorted(folder.glob("train-*.parquet"))
    if not files:
        pytest.skip("no CIFAR-10 here")
    table = next(pq.ParquetFile(files[0]).iter_batches(2000)).to_pydict()
    pictures = [Image.open(io.BytesIO(image["bytes"])) for image in table["img"]]
    images, labels = np.stack([np.asarray(picture) for picture in pictures]), np.array(table["label"])
    params = Run(network="cnn16_16", pool=True, epochs=3, batch_size=32, learning_rate=0.003)
    network = build_network(params.network, (32, 32, 3), 10, pool=True)
    parts = Part(images[:1500], labels[:1500]), Part(images[1500:], labels[1500:])
    found = fit(network, *parts, Normalization("standardize", 120.7, 64.2).apply, params=params, seed=0)
    assert found.rows[found.best_epoch]["validation_accuracy"] > 0.3


def test_a_fold_is_not_trained_on(samples, tmp_path, monkeypatch):
    trained_on, real = [], run_module._train

    def spy(architecture, training, rows, *others):
        trained_on.append(rows)
        return real(architecture, training, rows, *others)

    monkeypatch.setattr(run_module, "_train", spy)
    start(samples, tmp_path / "run", PARAMS.model_copy(update={"folds": 3, "epochs": 1}))
    labels = bars(132)[1][:90]
    for rows, fold in zip(trained_on, folds(labels, 3, 0), strict=False):
        assert sorted([*rows, *fold]) == [*range(90)]
    assert [len(rows) for rows in trained_on] == [60, 60, 60, 90]


def test_the_history_holds_the_mean_loss_of_the_batches():
    """With steps that are too small to change a weight: the loss of the first weights."""
    images, labels = bars(30)
    network, found = trained(images, labels, epochs=1, batch_size=8, optimizer="sgd", learning_rate=1e-20)
    with Workers(network, Normalization("standardize", 0.0, 100.0).apply) as workers:
        logits = workers.logits(images)
    assert found.rows[0]["train_loss"] == pytest.approx(cross_entropy(logits, labels)[0] / 30, rel=1e-5)
    assert found.rows[0]["train_accuracy"] == pytest.approx((logits.argmax(axis=1) == labels).mean())
