"""Figures of the classification study, from hand-made runs."""

import json

import numpy as np
import pytest
from PIL import Image

from boardbench.params.classification import Exploration
from boardbench.report.classification.charts import run_called
from boardbench.report.classification.figures import HISTORY, _confusions, _draw, project, write_figures
from boardbench.report.classification.runs import read_baselines, read_networks, read_truth
from boardbench.report.runs import read_history

NAMES = ["classification_samples.png", "classification_classes.svg", "classification_scatter.png"]
NAMES += ["classification_loss.svg", "classification_confusion.svg"]
EXPLORATION = Exploration(grid=5, scatter_images=15, perplexity=4, seed=0)


@pytest.fixture
def drawn(images):
    images.figures = images.members | {"out": images.root / "figures", "params": EXPLORATION}
    write_figures(**images.figures)
    return images


def entries(images):
    return json.loads((images.root / "figures/classification_figures.json").read_text())


def test_every_figure_is_there_with_caption_and_alt_text(drawn):
    assert [entry["file"] for entry in entries(drawn)] == NAMES
    assert all(entry["caption"] and entry["alt"] for entry in entries(drawn))
    assert {path.name for path in (drawn.root / "figures").glob("[!.]*")} == {
        *NAMES,
        "classification_figures.json",
        "classification_loss.json",
    }
    captions = " ".join(entry["caption"] for entry in entries(drawn))
    assert "5 training images" in captions and "15 training images as points" in captions
    assert "k-NN, L1, k = 1, standardize" in entries(drawn)[-1]["alt"] and "good" in entries(drawn)[-1]["alt"]


def test_same_runs_same_bytes_and_stale_figures_go(drawn):
    out = drawn.root / "figures"
    before = {path.name: path.read_bytes() for path in out.glob("[!.]*")}
    (out / "classification_old.svg").write_text("x")
    (out / "segmentation_scores.svg").write_text("x")
    write_figures(**drawn.figures)
    assert {name: (out / name).read_bytes() for name in before} == before
    assert not (out / "classification_old.svg").exists() and (out / "segmentation_scores.svg").exists()


def test_another_seed_draws_other_images(drawn):
    before = (drawn.root / "figures/classification_samples.png").read_bytes()
    write_figures(**drawn.figures | {"params": EXPLORATION.model_copy(update={"seed": 1})})
    assert (drawn.root / "figures/classification_samples.png").read_bytes() != before
    assert list(_draw(9, 5, 0)) == [0, 1, 2, 3, 4] and len(set(_draw(4, 5, 0))) == 4


def test_colour_images_and_many_classes_are_drawn(images):
    images.cifar10()
    write_figures(**images.members, out=images.root / "figures", params=EXPLORATION)
    with Image.open(images.root / "figures/classification_samples.png") as opened:
        pixels = np.asarray(opened.convert("RGB")).astype(int)
    assert (np.ptp(pixels, axis=-1) > 60).mean() > 0.1  # noise in colour, not grey


def test_the_plane_of_pca_is_that_of_the_largest_spread():
    # Points on a line through the pixels (0, 0), with a little of (1, 1): the first component is the line.
    values = np.zeros((12, 2, 2, 1))
    values[:, 0, 0, 0] = np.arange(12) * 20
    values[:, 1, 1, 0] = [0, 9] * 6
    found = project(values, 3, 0)
    first, second = found["PCA, first two components"].T
    line = np.arange(12) * 20 / 255
    assert np.abs(np.corrcoef(first, line)[0, 1]) > 0.999 and np.ptp(second) < 0.05
    assert found["t-SNE, perplexity 3"].shape == (12, 2)


def test_the_best_are_shown_and_seeds_are_added_up(images):
    truth = read_truth(images.members["samples"])
    runs = images.root / "runs"
    baselines = read_baselines(runs, "toy-digits", list(images.wrong), truth)
    networks = read_networks(runs, "toy-digits", ["weak", "good"], [0, 1], truth)
    found = _confusions(baselines, networks)
    assert list(found) == ["best baseline: k-NN, L1, k = 1, standardize", "best network: good, 2 seeds added up"]
    baseline, network = found.values()
    assert baseline.sum() == 20 and np.trace(baseline) == 12
    assert network.sum() == 40 and np.trace(network) == 37
    assert list(_confusions(baselines, {})) == ["best baseline: k-NN, L1, k = 1, standardize"]


def test_folds_are_no_epochs_of_the_final_training(images):
    images.network("good", 0, range(1), folds=(0.5, 0.7))
    frame = read_history(images.root / "runs/good-seed0/history.csv", "classification numpy-network", HISTORY)
    assert frame["train_loss"].tolist() == [2, 1] and frame["validation_accuracy"].tolist() == [0.25, 0.5]


def test_without_networks_there_are_no_losses(images):
    write_figures(**images.members | {"names": None}, out=images.root / "figures", params=EXPLORATION)
    assert [entry["file"] for entry in entries(images)] == [*NAMES[:3], NAMES[4]]


def test_names_for_a_reader():
    assert run_called("knn-ssim-standardize-k3") == "k-NN, SSIM, k = 3, standardize"
    assert run_called("nearest_centroid-l2-minmax") == "nearest centroid, L2, minmax"
    assert run_called("a-b-seed0") == "a-b-seed0"


def test_bad_input_names_file_and_verb(drawn, says):
    few = EXPLORATION.model_copy(update={"perplexity": 15.0})
    says(lambda: write_figures(**drawn.figures | {"params": few}), "exploration.perplexity: 15", "15 training images")
    history = drawn.root / "runs/good-seed0/history.csv"
    history.write_text(history.read_text().splitlines()[0] + "\n")
    says(lambda: write_figures(**drawn.figures), "history.csv: no epoch", "train again")
    history.write_text("epoch\n")
    says(
        lambda: write_figures(**drawn.figures),
        "history.csv: column train_loss",
        "boardbench classification numpy-network",
    )
    history.unlink()
    says(lambda: write_figures(**drawn.figures), "history.csv: no such file", "boardbench classification numpy-network")
    (drawn.root / "images.npy").unlink()
    says(lambda: write_figures(**drawn.figures), "images.npy: missing", "classification samples")
