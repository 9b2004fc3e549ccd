"""Class spectra and what an encoder weighs, by hand."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from boardbench.report.segmentation import spectra
from boardbench.report.segmentation.spectra import band_weights, read_spectra, spectra_figure, spectra_plot

CLASSES = ["others", "ic", "capacitor"]


@pytest.fixture
def captures(tmp_path, world):
    """Two training captures of two bands and two by two pixels; no capacitor."""
    for name, others in {"b1_1": 0.25, "b1_2": 0.75}.items():
        cube = np.zeros((2, 2, 2), np.float16)
        cube[:, 0] = [[others, others], [0.5, 0.5]]
        cube[:, 1] = [[1, 0.125], [1, 0.125]]
        np.save(tmp_path / f"reflectance/{name}.npy", cube)
        Image.fromarray(np.array([[0, 0], [1, 255]], np.uint8)).save(tmp_path / f"reflectance/{name}.png")
        report = json.loads((tmp_path / f"reflectance/{name}.json").read_text())
        (tmp_path / f"reflectance/{name}.json").write_text(json.dumps(report | {"wavelengths": [500.0, 600.0]}))
    return tmp_path


def test_spectra_are_means_of_the_labelled_pixels(captures):
    means, tried = read_spectra(["b1_1", "b1_2"], captures / "reflectance", 3)
    assert means[:2].tolist() == [[0.5, 0.5], [1, 1]] and np.isnan(means[2]).all()
    assert len(tried) == 6 and sorted(tried[:, 0].tolist()) == [0.25, 0.25, 0.75, 0.75, 1, 1]


def test_weights_are_slopes_times_spread(captures):
    encoder = nn.Sequential(nn.Conv2d(3, 2, 1, bias=False), nn.ReLU())
    encoder[0].weight.data = torch.tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 0.0]])[:, :, None, None]
    given = np.float32([[1, 1, 0], [3, 1.5, 9]])  # deviations 1, 0.25, 4.5; all open
    assert band_weights(encoder, given) == pytest.approx(np.array([1, 3 * 0.25, 0]) / 1.75)
    assert band_weights(encoder, -given).tolist() == [0, 0, 0]  # the ReLUs are shut


def test_the_plot_names_classes_and_runs(captures, monkeypatch):
    network = SimpleNamespace(spectral_encoder=nn.Conv2d(2, 1, 1, bias=False))
    model = SimpleNamespace(network=network, normalization=None)
    monkeypatch.setattr("boardbench.segmentation.model.load", lambda run: model)
    given = {"split": captures / "split.csv", "reflectance": captures / "reflectance", "classes": CLASSES}
    first, weights = spectra_plot([captures / "run"], **given)
    assert [line["name"] for line in first["series"]] == ["others", "ic"] and first["series"][0]["x"] == [500, 600]
    assert weights["series"][0]["name"] == "SCRB, run 1"
    assert sum(weights["series"][0]["y"]) == pytest.approx(100, abs=0.1)
    assert [panel["y"]["label"] for panel in spectra_plot([], **given)] == ["mean reflectance"]
    for name in "ab":
        spectra_figure([first, weights], captures / f"{name}.svg")
    assert (captures / "a.svg").read_bytes() == (captures / "b.svg").read_bytes()
    monkeypatch.setattr(spectra, "_weights", lambda run, given: None)  # each cube has a scale of its own
    assert len(spectra_plot([captures / "run"], **given)) == 1
