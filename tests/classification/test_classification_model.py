"""model.pt of the classification study: what is saved comes back, what is foreign is refused."""

import numpy as np
import pytest
import torch

from boardbench.classification.data import read_samples
from boardbench.classification.deployment import Deployed
from boardbench.classification.model import Model, load, network_of, save
from boardbench.classification.normalization import Normalization
from boardbench.engine.modelfile import read_model, study_of, write_model
from boardbench.params.networks import Training

SETTINGS = Training(network="resnet18", width=0.05).model_dump(mode="json")


@pytest.fixture
def model():
    torch.manual_seed(0)
    network = network_of(SETTINGS, (8, 8, 1), 3).train()
    network(torch.randn(8, 1, 8, 8))  # statistics that are not those of a start
    scaled = Normalization("standardize", 100.0, 50.0)
    return Model(network.eval(), "small", 2, "bars", ["bar0", "bar1", "bar2"], (8, 8, 1), scaled, SETTINGS)


def test_a_model_comes_back_and_equal_ones_are_equal_bytes(model, tmp_path):
    save(model, tmp_path / "one/model.pt")
    found = load(tmp_path / "one")
    model.network.to(memory_format=torch.channels_last)
    save(model, tmp_path / "two/model.pt")
    assert (tmp_path / "one/model.pt").read_bytes() == (tmp_path / "two/model.pt").read_bytes()
    assert study_of(tmp_path / "one") == "classification"
    for name in ("name", "seed", "dataset", "classes", "size", "normalization", "settings", "pruning"):
        assert getattr(found, name) == getattr(model, name), name
    for key, value in model.network.state_dict().items():
        assert torch.equal(found.network.state_dict()[key], value), key
    assert not found.network.training


def test_a_model_of_old_words_is_read_by_those_of_now(model, tmp_path):
    old = Model(
        **vars(model)
        | {"normalization": Normalization("min-max", 100.0, 50.0), "settings": SETTINGS | {"normalization": "min-max"}}
    )
    save(old, tmp_path / "model.pt")
    found = load(tmp_path)
    assert found.normalization == Normalization("minmax", 100.0, 50.0)
    assert found.settings == SETTINGS | {"normalization": "minmax"}
    images = torch.randint(0, 256, (9, 8, 8, 1), dtype=torch.uint8)
    assert torch.equal(found.logits(images), model.logits(images))


def test_scrambled_pixels_reach_the_network_and_what_is_deployed():
    settings = SETTINGS | {"scrambled": True}
    torch.manual_seed(0)
    network, scaled = network_of(settings, (8, 8, 3), 3).eval(), Normalization("standardize", 100.0, 50.0)
    model = Model(network, "small", 2, "bars", ["a", "b", "c"], (8, 8, 3), scaled, settings)
    images = torch.randint(0, 256, (5, 8, 8, 3), dtype=torch.uint8)
    with torch.inference_mode():
        expected = network((images.float() - 100).div(50).reshape(5, 3, 8, 8))
        torch.testing.assert_close(model.logits(images), expected, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(Deployed(model)(images)[1], expected.softmax(dim=1), rtol=1e-4, atol=1e-5)
        plain = Model(**(vars(model) | {"settings": SETTINGS}))
        assert (plain.logits(images) - expected).abs().max() > 1e-3


def test_predictions_are_those_of_normalized_images_one_by_one(model):
    images = torch.randint(0, 256, (503, 8, 8, 1), dtype=torch.uint8)  # more than are taken at once
    with torch.inference_mode():
        logits = [model.network((image[None, None, :, :, 0].float() - 100) / 50) for image in images]
    expected = torch.cat(logits)
    torch.testing.assert_close(model.logits(images), expected, rtol=1e-4, atol=1e-5)
    model.network.train()
    found = model.predict(images)
    assert found.dtype == np.int64 and len(set(found.tolist())) > 1
    assert (found == expected.argmax(dim=1).numpy()).mean() > 0.99


def test_fewer_channels_are_taken_only_of_a_pruned_run(model, tmp_path, says):
    narrow = network_of(SETTINGS | {"width": 0.03}, (8, 8, 1), 3)
    pruned = Model(**(vars(model) | {"network": narrow, "pruning": {"name": "half"}}))
    save(pruned, tmp_path / "pruned/model.pt")
    found = load(tmp_path / "pruned")
    assert found.pruning == {"name": "half"}
    for key, value in narrow.state_dict().items():
        assert torch.equal(found.network.state_dict()[key], value), key
    save(Model(**(vars(model) | {"network": narrow})), tmp_path / "foreign/model.pt")
    says(lambda: load(tmp_path / "foreign"), "foreign/model.pt", "not a model of boardbench", "size mismatch")
    wide = network_of(SETTINGS | {"width": 0.1}, (8, 8, 1), 3)
    save(Model(**(vars(model) | {"network": wide, "pruning": {}, "settings": SETTINGS})), tmp_path / "wide/model.pt")
    says(lambda: load(tmp_path / "wide"), "wide/model.pt", "not a model of boardbench")


def test_foreign_files_are_refused(model, tmp_path, says):
    says(lambda: load(tmp_path), "model.pt: no such model", "results/classification/digits/runs/")
    (tmp_path / "model.pt").write_bytes(b"text")
    says(lambda: load(tmp_path), "model.pt", "not a model of boardbench")
    write_model({"study": "placement"}, tmp_path / "model.pt")
    says(lambda: load(tmp_path), "a run of the placement study", "boardbench inspect")
    save(model, tmp_path / "whole/model.pt")
    content, _ = read_model(tmp_path / "whole", "classification")
    for key in ("state_dict", "settings", "normalization", "classes", "size", "pruning"):
        write_model({name: value for name, value in content.items() if name != key}, tmp_path / "model.pt")
        says(lambda: load(tmp_path), "model.pt", "not a model of boardbench", key)
    renamed = {key.replace("layer1", "stage1"): value for key, value in content["state_dict"].items()}
    write_model(content | {"state_dict": renamed}, tmp_path / "model.pt")
    says(lambda: load(tmp_path), "model.pt", "layer1.0.conv1.weight")


def test_other_images_are_refused(model, write_samples, tmp_path, says):
    right = write_samples(tmp_path / "right")
    model.check(read_samples(right), right)
    more = write_samples(tmp_path / "more", classes=4)
    model.check(read_samples(more), more)  # it knows some of their classes
    larger = write_samples(tmp_path / "larger", size=(9, 8, 3))
    says(lambda: model.check(read_samples(larger), larger), str(larger), "9 x 8 x 3", "8 x 8 x 1", "bars")
    fewer = write_samples(tmp_path / "fewer", classes=2)
    says(lambda: model.check(read_samples(fewer), fewer), str(fewer), "2 classes", "bar2", "3 that run small")
