import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from boardbench.classification import baselines
from boardbench.classification.baselines import baseline
from boardbench.classification.data import read_samples
from boardbench.classification.neighbours import nearest
from boardbench.params.classification import Baselines

REAL = Path(os.environ.get("BOARDBENCH_CIFAR10", Path(__file__).parents[3] / "shared/data/cifar10"))
COMMON = {"study": "classification", "kind": "baseline", "dataset": "bars", "normalization": "standardize"}


def run(samples, out, method="knn", distance="l2", normalization="standardize", **params):
    baseline(
        method=method,
        distance=distance,
        normalization=normalization,
        samples=samples,
        dataset="bars",
        out=out,
        params=Baselines(**params),
    )
    metrics = json.loads((out / "metrics.json").read_text())
    return metrics, pd.read_csv(out / "predictions.csv"), json.loads((out / "seconds.json").read_text())


@pytest.mark.parametrize("distance", ["l1", "l2", "cosine", "ssim", "ssim_planar"])
@pytest.mark.parametrize("normalization", ["standardize", "minmax"])
def test_knn_tells_bars_apart(samples, tmp_path, distance, normalization):
    metrics, predictions, seconds = run(samples, tmp_path / "run", "knn", distance, normalization, k=[3, 1])
    assert {name: metrics[name] for name in COMMON} == {**COMMON, "normalization": normalization}
    assert (metrics["method"], metrics["distance"]) == ("knn", distance)
    assert metrics.get("window") == (7 if distance.startswith("ssim") else None)
    assert (metrics["train_images"], metrics["test_images"]) == (60, 30)
    assert [scored["k"] for scored in metrics["scores"]] == [3, 1]
    for scored in metrics["scores"]:
        assert scored["accuracy"] == 1 and scored["confusion"] == (10 * np.eye(3)).tolist()
    assert list(predictions) == ["sample", "label", "k3", "k1"]
    assert predictions["sample"].tolist() == [*range(60, 90)]
    for column in ("label", "k1", "k3"):
        assert predictions[column].tolist() == [number % 3 for number in range(60, 90)]
    assert list(seconds) == ["seconds", "images_per_s", "threads", "hardware"]
    assert seconds["images_per_s"] == pytest.approx(30 / seconds["seconds"], rel=0.5) and seconds["threads"] == 2
    assert "," not in seconds["hardware"] and "numpy" in seconds["hardware"]
    assert sorted(path.name for path in (tmp_path / "run").glob("[!.]*")) == [
        "metrics.json",
        "predictions.csv",
        "seconds.json",
    ]


@pytest.mark.parametrize("distance", ["l1", "l2", "cosine", "ssim"])
def test_nearest_centroid_tells_bars_apart(samples, tmp_path, distance):
    metrics, predictions, _ = run(samples, tmp_path / "run", "nearest_centroid", distance)
    assert [(scored["k"], scored["accuracy"]) for scored in metrics["scores"]] == [(None, 1)]
    assert "largest" not in metrics and "lowest_class" not in metrics
    assert list(predictions) == ["sample", "label", "predicted"]
    assert (predictions["predicted"] == predictions["label"]).all()


def test_normalization_reaches_the_distance(write_samples, tmp_path):
    """A standardized image has a zero of its own for cosine: the images differ in brightness alone."""
    file = write_samples(tmp_path / "samples", train=4, test=2, classes=2)
    images = np.empty((6, 8, 8, 1), np.uint8)
    images[:] = np.array([10, 200, 10, 200, 20, 180], np.uint8).reshape(6, 1, 1, 1)
    images[:, 0] += np.array([0, 1, 2, 3, 4, 5], np.uint8).reshape(6, 1, 1)
    np.save(file.with_name("images.npy"), images)
    by_mean, _, _ = run(file, tmp_path / "z", "knn", "cosine", "standardize", k=[1])
    by_least, _, _ = run(file, tmp_path / "m", "knn", "cosine", "minmax", k=[1])
    assert by_mean["scores"][0]["accuracy"] == 1 and by_least["scores"][0]["accuracy"] == 0.5
    # With the sign wrong, the opposite class always wins.
    assert by_mean["largest"][0]["accuracy"] == 0 and by_mean["largest"][0]["k"] == 1


def test_test_images_scaled_by_their_own_statistics(write_samples, tmp_path):
    """Test images are the training images, 100 brighter: by statistics of their own they are the same."""
    file = write_samples(tmp_path / "samples", train=2, test=2, classes=2, size=(1, 2, 1))
    np.save(
        file.with_name("images.npy"), np.array([[0, 2], [40, 42], [100, 102], [140, 142]], np.uint8)[:, None, :, None]
    )
    for method, distance, others in (("knn", "l2", 0.5), ("nearest_centroid", "l2", 0.5), ("knn", "cosine", 0.5)):
        for statistics, accuracy in (("training", others), ("own", 1)):
            out = tmp_path / f"{method}-{distance}-{statistics}"
            metrics, _, _ = run(file, out, method, distance, k=[1], test_statistics=statistics, distances=[distance])
            assert metrics["scores"][0]["accuracy"] == accuracy
            assert metrics.get("test_statistics") == ("own" if statistics == "own" else None)


def test_own_statistics_are_of_all_test_images(samples, tmp_path, monkeypatch):
    """Where a part of them is scored, too."""
    seen = []
    monkeypatch.setattr(baselines, "nearest", lambda *a, **known: seen.append(known["tests"]) or nearest(*a, **known))
    known = {"k": [1], "test_statistics": "own", "distances": ["l2"]}
    run(samples, tmp_path / "part", **known, test_images={"l2": 3})
    every = read_samples(samples).part("test")[0]
    assert seen and all(own == pytest.approx((every.mean(), every.std())) for own in seen)


def test_ties_of_classes(write_samples, tmp_path):
    """Two neighbours of other classes: the nearest wins, and beside it the lowest class."""
    file = write_samples(tmp_path / "samples", train=2, test=2, classes=2, size=(1, 2, 1))
    np.save(file.with_name("images.npy"), np.array([[0, 0], [9, 9], [1, 1], [8, 8]], np.uint8).reshape(4, 1, 2, 1))
    metrics, predictions, _ = run(file, tmp_path / "run", k=[1, 2])
    assert [scored["accuracy"] for scored in metrics["scores"]] == [1, 1]
    assert [(scored["k"], scored["accuracy"]) for scored in metrics["lowest_class"]] == [(1, 1), (2, 0.5)]
    assert predictions["k2"].tolist() == [0, 1] and "largest" not in metrics


def test_every_k_counts_its_own_neighbours(write_samples, tmp_path):
    """The nearest is of class 0, the next two are of class 1."""
    file = write_samples(tmp_path / "samples", train=4, test=1, classes=2, size=(1, 2, 1))
    np.save(
        file.with_name("images.npy"), np.array([[1, 1], [4, 4], [99, 99], [5, 5], [2, 2]], np.uint8)[:, None, :, None]
    )
    metrics, predictions, _ = run(file, tmp_path / "run", distance="l1", k=[1, 3])
    assert predictions[["k1", "k3"]].to_numpy().tolist() == [[0, 1]]
    for name in ("scores", "lowest_class"):
        assert [scored["accuracy"] for scored in metrics[name]] == [1, 0]


def test_subset_is_drawn_by_the_seed_of_the_samples(samples, tmp_path):
    metrics, predictions, _ = run(samples, tmp_path / "run", distance="l1", test_images={"l1": 9, "l2": 3})
    assert metrics["test_images"] == 9 and len(predictions) == 9
    assert np.bincount(predictions["label"]).tolist() == [3, 3, 3]
    assert predictions["sample"].tolist() == read_samples(samples).subset("test", 9, "").tolist()
    assert np.sum(metrics["scores"][0]["confusion"]) == 9
    more, whole, _ = run(samples, tmp_path / "more", distance="l1", test_images={"l1": 900})
    assert more["test_images"] == len(whole) == 30


def test_same_bytes_again(samples, tmp_path):
    for name, threads in (("a", 1), ("b", 3)):
        run(samples, tmp_path / name, distance="ssim", threads=threads)
    for file in ("metrics.json", "predictions.csv"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_window_reaches_ssim(samples, tmp_path):
    metrics, _, _ = run(samples, tmp_path / "run", distance="ssim", window=5)
    assert metrics["window"] == 5


def test_nothing_is_left_of_a_run_that_fails(samples, tmp_path, monkeypatch):
    def fails(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(pd.DataFrame, "to_csv", fails)
    with pytest.raises(OSError, match="disk full"):
        run(samples, tmp_path / "run")
    assert list((tmp_path / "run").iterdir()) == []


def test_metrics_come_last(samples, tmp_path, monkeypatch):
    order = []
    replace = Path.replace

    def noted(path, target):
        order.append(Path(target).name)
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", noted)
    run(samples, tmp_path / "run")
    assert order[-1] == "metrics.json" and set(order[-3:]) == {"metrics.json", "seconds.json", "predictions.csv"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"method": "kmeans"}, ["classification.baselines.methods", "'kmeans'", "knn"]),
        ({"distance": "l22"}, ["classification.baselines.distances", "'l22'", "Did you mean 'l2'"]),
        ({"method": "nearest_centroid", "distance": "l22"}, ["classification.baselines.distances", "'l22'"]),
        ({"normalization": "z"}, ["normalization 'z'"]),
        ({"k": [1, 61]}, ["classification.baselines.k", "61 neighbours", "60 training images", "samples.csv"]),
        ({"distance": "ssim", "window": 9}, ["classification.baselines.window", "9", "8 x 8", "3 to 7"]),
        ({"test_images": {"l2": 2}}, ["classification.baselines.test_images", "3 classes"]),
    ],
)
def test_refused(samples, tmp_path, given, words, says):
    says(lambda: run(samples, tmp_path / "run", **given), *words)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("empty", "train", "test"), [("train", 0, 6), ("test", 6, 0)])
def test_empty_part(write_samples, tmp_path, empty, train, test, says):
    file = write_samples(tmp_path / "samples", train=train, test=test)
    says(lambda: run(file, tmp_path / "run"), file, "column part", f"part {empty}", "classification samples")


def test_class_without_training_images(write_samples, tmp_path, says):
    file = write_samples(tmp_path / "samples", train=2, test=3)
    says(lambda: run(file, tmp_path / "run", "nearest_centroid"), "class 2", "train_images")


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason="no CIFAR-10 beside the project; name its folder in BOARDBENCH_CIFAR10")
def test_known_numbers_of_cifar10(tmp_path):
    """Nearest centroid; k-NN on all images takes a minute, its accuracies stand in the ledger."""
    from boardbench.classification.samples import samples
    from boardbench.params.classification import Archive

    file = tmp_path / "samples.csv"
    samples(source="cifar10", raw=tmp_path / "raw", out=file, params=Archive(path=REAL))
    for distance, accuracy in (("l2", 0.2781), ("cosine", 0.2830)):
        metrics, _, _ = run(file, tmp_path / distance, "nearest_centroid", distance)
        assert metrics["scores"][0]["accuracy"] == pytest.approx(accuracy, abs=0.00005)
    # By paper 2's code the paper prints .1955 and .2853, on the images as they are; these are recoded to JPEG.
    for distance, statistics, accuracy in (
        ("ssim_planar", "training", 0.1955),
        ("ssim_planar", "own", 0.1958),
        ("cosine", "own", 0.2852),
    ):
        known = {"test_statistics": statistics, "distances": [distance]}
        metrics, _, _ = run(file, tmp_path / f"{distance}-{statistics}", "nearest_centroid", distance, **known)
        assert metrics["scores"][0]["accuracy"] == pytest.approx(accuracy, abs=0.00005)
