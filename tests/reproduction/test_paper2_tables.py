"""Paper 2's tables 4 to 7 by the JSON files of its author: each verdict, and what changes it."""

import pytest

from boardbench.reproduction.checks import NETWORKS, SECONDS


@pytest.mark.parametrize(
    ("label", "column", "verdict", "recomputed", "why"),
    [
        # 0.105964 is printed 0.1059, 0.502670 is printed 0.5026.
        ("numpy_fc3 dropout 100 epochs", "precision", "explained", "0.1060", "cut off instead of rounded"),
        ("numpy_fc3 dropout 100 epochs", "f_score", "matches", "0.0596", "has 0.059578"),
        ("numpy_fc3 dropout 30 epochs 5 folds", "accuracy", "explained", "0.1361", "as the validation of fold 1"),
        ("numpy_fc3 lr 0.01", "f_score", "matches", "0.0182", "one class for every image"),
        ("resnet18 default", "accuracy", "matches", "0.5026", "gpu A100; run on another device: cpu i5-8400 0.5130"),
        ("resnet18 StepLR", "precision", "explained", "0.5027", "one 3 x 3 convolution"),
        ("vgg16 20 epochs lr 0.0001", "accuracy", "matches", "0.5147", "cpu i5-8400; run on another device: gpu A100"),
        ("mobilenet_v2 default", "f_score", "matches", "0.3951", "without its skip connections"),
    ],
)
def test_scores_by_the_authors_runs(cell, label, column, verdict, recomputed, why):
    found = cell(label, column, NETWORKS)
    assert (found.verdict, found.recomputed) == (verdict, recomputed) and why in found.why, found


@pytest.mark.parametrize(
    ("file", "old", "new", "label", "column", "verdict"),
    [
        ("author_runs.csv", "0.105964", "0.106964", "numpy_fc3 dropout 100 epochs", "precision", "contradicted"),
        ("author_runs.csv", "0.105964", "0.105910", "numpy_fc3 dropout 100 epochs", "precision", "matches"),
        (
            "cifar10_networks.csv",
            "0.1049,0.0320,0.1049,0.0313",
            "0.1361,0.1071,0.1361,0.0816",
            "numpy_fc3 dropout 30 epochs 5 folds",
            "accuracy",
            "matches",
        ),
        (
            "cifar10_networks.csv",
            "0.5026,0.5126,0.5026,0.5011",
            "0.5130,0.5071,0.5130,0.5065",
            "resnet18 default",
            "accuracy",
            "matches",
        ),
        ("cifar10_networks.csv", "0.4023,0.3981", "0.4423,0.3981", "mobilenet_v2 default", "accuracy", "contradicted"),
    ],
)
def test_another_number_or_run_gets_another_verdict(cell, edit, file, old, new, label, column, verdict):
    edit(file, old, new)
    found = cell(label, column, NETWORKS)
    assert found.verdict == verdict, found


def test_a_row_without_a_run_of_the_author_is_open(cell, edit):
    edit("cifar10_networks.csv", "numpy_fc5,lr 0.001", "numpy_fc5,lr 0.1")
    found = cell("numpy_fc5 lr 0.1", "accuracy", NETWORKS)
    assert (found.verdict, found.reason) == ("not run", "no record published")
    edit("cifar10_networks.csv", "resnet18,default", "resnet18,other")
    found = cell("resnet18 other", "accuracy", NETWORKS)
    assert (found.verdict, found.reason) == ("not run", "too long on two cores")
    assert "no run of this network" in found.why and found.ours == ""


@pytest.mark.parametrize(
    ("label", "file", "old", "new", "verdict", "recomputed"),
    [
        ("numpy_cnn filters 16-16, 3x3, batch 1000 cpu i5-8400", "", "", "", "matches", "75.90"),
        ("resnet18 default cpu i5-8400", "", "", "", "matches", "16.22"),  # StepLR's took 16.44
        ("vgg16 default gpu A100", "", "", "", "matches", "6.55"),
        ("mobilenet_v2 default gpu A100", "cifar10_epoch_seconds.csv", "10.34", "10.33", "explained", "10.34"),
        ("mobilenet_v2 default cpu i5-8400", "author_runs.csv", "241.673770", "240.1", "contradicted", "240.10"),
    ],
)
def test_times_by_the_authors_runs(cell, edit, label, file, old, new, verdict, recomputed):
    if file:
        edit(file, old, new)
    found = cell(label, "seconds_per_epoch", SECONDS)
    assert (found.verdict, found.recomputed) == (verdict, recomputed)


def test_a_time_on_a_gpu_without_a_run_needs_one(cell, edit):
    edit("author_runs.csv", "default,gpu A100", "default,gpu H100")
    found = cell("resnet18 default gpu A100", "seconds_per_epoch", SECONDS)
    assert (found.verdict, found.reason) == ("not run", "needs a GPU")
