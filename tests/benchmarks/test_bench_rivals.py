import json

import numpy as np
import pytest
import torch
from PIL import Image

import exported
import inference
import reflectance
import stream
import training_step
from boardbench.segmentation.deployment import Deployed
from rivals.eager import eager
from rivals.front64 import front64
from rivals.paper_loop import paper_loop, sample
from rivals.whole_file import WholeFile


@pytest.fixture(scope="module")
def model():
    return exported.untrained("unet", "scrb", 4, 24)


@pytest.fixture
def given():
    return exported.capture(32, 32, 24)


def test_eager_gives_the_classes_of_the_deployed_module(model, given):
    arrays = [given[name] for name in ("counts", "white", "dark")]
    theirs = eager(model.network, *arrays, 0.8, exported.DROP_FIRST)
    with torch.inference_mode():
        ours = Deployed(model).eval()(*map(torch.from_numpy, given.values()))[0].numpy()
    assert len(np.unique(ours)) > 1  # a constant map would prove nothing
    assert np.mean(ours == theirs) >= inference.SAME_CLASS


def test_front64_gives_the_channels_of_the_deployed_module(model, given):
    layers = []
    for place in (0, 3):
        convolution, norm = model.network.spectral_encoder[place], model.network.spectral_encoder[place + 1]
        statistics = {
            "mean": norm.running_mean,
            "variance": norm.running_var,
            "scale": norm.weight,
            "shift": norm.bias,
        }
        layer = {name: value.detach().numpy().astype(float)[:, None] for name, value in statistics.items()}
        layers.append(layer | {"weight": convolution.weight.detach().numpy()[:, :, 0, 0], "epsilon": norm.eps})
    theirs = front64(given["counts"][5], given["white"], given["dark"], 0.8, exported.DROP_FIRST, layers)
    with torch.inference_mode():
        ours = Deployed(model).eval()(*map(torch.from_numpy, given.values()))[-1].numpy()[0, :, 5]
    assert ours.max() > 0.01
    np.testing.assert_allclose(ours, theirs, atol=stream.TOLERANCE)


@pytest.mark.parametrize("strategy", ["scrb", "scrb12"])
def test_what_was_exported_before_gives_what_is_exported_now(given, strategy):
    network = exported.untrained("unet", strategy, 4, 24)
    with torch.inference_mode():
        ours, theirs = (kind(network).eval()(*map(torch.from_numpy, given.values())) for kind in (Deployed, WholeFile))
    assert len(np.unique(ours[0])) > 1
    assert (ours[0] == theirs[0]).float().mean() >= inference.SAME_CLASS
    torch.testing.assert_close(ours[1], theirs[1], atol=1e-6, rtol=0)
    torch.testing.assert_close(ours[-1], theirs[-1], atol=1e-5, rtol=0)


def test_paper_loop_has_the_loss_of_class_ids(tmp_path):
    generator = np.random.default_rng(0)
    mask = generator.integers(0, 4, (16, 16), np.uint8)
    np.save(tmp_path / "a.npy", generator.random((5, 16, 16)).astype(np.float16))
    Image.fromarray(mask).save(tmp_path / "a.png")
    torch.manual_seed(0)
    network = torch.nn.Conv2d(5, 4, 1)
    weights = [0.1, 0.5, 4.0, 2.0]
    cube = torch.from_numpy(np.load(tmp_path / "a.npy").astype(np.float32))[None]
    with torch.no_grad():
        expected = torch.nn.functional.cross_entropy(
            network(cube), torch.from_numpy(mask).long()[None], weight=torch.tensor(weights)
        )
    losses = paper_loop(network, tmp_path, [[[("a", ["identity"])]]], [("a", [])], weights, 0.0, "cpu")
    values = next(losses)
    assert values["train_loss"] == pytest.approx(float(expected), rel=1e-5)
    assert values["validation_loss"] == pytest.approx(float(expected), rel=1e-5)


def test_paper_loop_turns_cube_and_mask_as_the_plan_says(tmp_path):
    from boardbench.segmentation.augmentation import apply

    cube = np.arange(2 * 4 * 4, dtype=np.float16).reshape(2, 4, 4)
    mask = (np.arange(16, dtype=np.uint8) % 3).reshape(4, 4)
    np.save(tmp_path / "a.npy", cube)
    Image.fromarray(mask).save(tmp_path / "a.png")
    for transform in ("identity", "flip_lines+rot90", "flip_samples", "flip_lines+flip_samples+rot90"):
        turned, labels = apply(transform, cube, mask)
        inputs, one_hot = sample(tmp_path, "a", transform.split("+"), 3)
        np.testing.assert_array_equal(inputs, turned)
        np.testing.assert_array_equal(one_hot.argmax(dim=0), labels)
    with pytest.raises(ValueError, match="rotate"):
        sample(tmp_path, "a", ["rotate"], 3)


def test_times_of_different_results_are_refused(tmp_path):
    np.save(tmp_path / "ours.npy", np.zeros((10, 10), np.uint8))
    np.save(tmp_path / "rival.npy", np.eye(10, dtype=np.uint8))
    with pytest.raises(SystemExit, match="class maps differ"):
        inference.check_same(tmp_path)
    np.save(tmp_path / "rival.npy", np.zeros((10, 10), np.uint8))
    with pytest.raises(SystemExit, match="one class"):
        inference.check_same(tmp_path)
    np.save(tmp_path / "ours.npy", np.ones((3, 1, 8)))
    for name, others in (("rival", "before"), ("before", "rival")):
        np.save(tmp_path / f"{name}.npy", np.full((3, 8), 1.01))
        np.save(tmp_path / f"{others}.npy", np.ones((3, 8)))
        with pytest.raises(SystemExit, match=f"channels differ from {name}"):
            stream.check_same(tmp_path)
    first = {"ours": {"train_loss": 1.0, "validation_loss": 1.0}, "rival": {"train_loss": 1.0, "validation_loss": 1.1}}
    with pytest.raises(SystemExit, match="validation_loss"):
        training_step.check_same(first, training_step.TOLERANCE)
    for who, value in (("ours", 0.5), ("rival", 0.51)):
        np.save(tmp_path / f"{who}.npy", np.full((2, 4, 4), value, np.float16))
        (tmp_path / f"{who}.json").write_text(json.dumps({"invalid": 0, "saturated": 0}))
    with pytest.raises(SystemExit, match="results differ"):
        reflectance.check_same(tmp_path)


@pytest.mark.parametrize(("kept", "held"), [([False, True], 81.0), ([False] * 6, 0.0), ([True], 95.0)])
def test_the_rate_that_holds_is_confirmed_by_a_run_that_kept_it(kept, held):
    answers = iter([{"rate": 100.0}, *({"kept": value} for value in kept)])
    asked = []

    class Fake:
        def ask(self, **what):
            asked.append(what)
            return next(answers)

    assert stream.rate_that_holds(Fake(), 10, 2) == (100.0, held)
    assert "rate" not in asked[0] and (asked[1]["rate"], asked[1]["lines"]) == (95, 190)
