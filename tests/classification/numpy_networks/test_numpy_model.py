"""A model file comes back as it was."""

import json

import numpy as np

from boardbench.classification.normalization import Normalization
from boardbench.classification.numpy_networks.model import Architecture, Model, load, save
from boardbench.integrity import record_of


def test_a_model_file_comes_back_and_a_wrong_one_is_named(tmp_path, says):
    architecture = Architecture("cnn16_16", (8, 8, 1), ["a", "b", "c"], True, 0.0)
    model = Model(architecture, Normalization("standardize", 100.0, 50.0), architecture.build())
    model.network.parameters[...] = np.random.default_rng(0).normal(size=len(model.network.parameters))
    path = tmp_path / "model.npz"
    save(model, path)
    images = np.random.default_rng(1).integers(0, 256, (20, 8, 8, 1), np.uint8)
    np.testing.assert_array_equal(load(tmp_path).predict(images, 2), model.predict(images))
    with np.load(path) as file:
        held = dict(file)
    record_of(path).unlink()  # what follows are files of others
    old = {"name": "z-score", "offset": 100.0, "scale": 50.0}  # the word that it had before
    np.savez(path, **(held | {"normalization": np.array(json.dumps(old))}))
    assert load(path).normalization == model.normalization
    np.savez(path, **(held | {"0.bias": np.zeros(3)}))
    says(lambda: load(path), path, "0.bias", "Train the run again")
    path.write_bytes(b"no")
    says(lambda: load(path), path, "not a model of boardbench", "Train the run again")
    says(lambda: load(tmp_path / "none"), "no model", "classification numpy-network")
