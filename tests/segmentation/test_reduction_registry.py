import subprocess
import sys

import numpy as np
import pytest

from boardbench.engine.registry import Registry
from boardbench.errors import BoardbenchError
from boardbench.segmentation import reduction


def test_the_strategies_of_the_study_are_there_and_helpers_are_not():
    names = reduction.names()
    assert {"full", "pca3", "pca3_cube", "bands3", "bands3_even", "linear3", "scrb", "scrb_se", "scrb12", "rgb"} <= set(
        names
    )
    assert not {"fit", "pca", "bands", "response"} & set(names)


@pytest.mark.parametrize("name", reduction.names())
def test_every_file_in_the_folder_is_a_strategy(name):
    assert isinstance(reduction.get(name), reduction.Strategy)


@pytest.mark.parametrize(
    ("name", "fitted", "projects", "channels", "read"),
    [
        ("full", False, False, 214, 214),
        ("scrb", False, False, 214, 214),
        ("scrb_se", False, False, 214, 214),
        ("linear3", False, False, 214, 214),
        ("pca3", True, True, 3, 214),
        ("pca3_cube", True, True, 3, 214),
        ("bands3", True, False, 3, 3),
        ("bands3_even", True, False, 3, 3),
        ("rgb", True, True, 3, 214),
        ("scrb12", True, False, 12, 12),
    ],
)
def test_what_is_fitted_what_multiplies_every_band_and_what_network_and_camera_give(
    name, fitted, projects, channels, read
):
    strategy = reduction.get(name)
    assert reduction.is_fitted(name) is fitted
    assert strategy.projects is projects
    assert strategy.channels(214) == channels
    assert strategy.reads(214) == read
    assert (strategy.components is not None) is fitted  # what must be fitted has channels of its own


def test_scrb_is_two_pointwise_convolutions_without_bias():
    encoder, channels = reduction.get("scrb").encoder(10)
    assert channels == 3
    assert [type(layer).__name__ for layer in encoder] == ["Conv2d", "BatchNorm2d", "ReLU"] * 2
    assert [(layer.in_channels, layer.out_channels) for layer in (encoder[0], encoder[3])] == [
        (10, 128),
        (128, 3),
    ]
    # 10 x 128 weights, 2 x 128 of normalization, 128 x 3 weights, 2 x 3 of normalization
    assert sum(p.numel() for p in encoder.parameters()) == 1280 + 256 + 384 + 6


def test_scrb12_is_scrb_behind_twelve_even_bands():
    strategy = reduction.get("scrb12")
    encoder, channels = strategy.encoder(strategy.channels(214))
    assert channels == 3
    assert [(layer.in_channels, layer.out_channels) for layer in (encoder[0], encoder[3])] == [(12, 128), (128, 3)]
    assert sum(p.numel() for p in encoder.parameters()) == 128 * 12 + 646 == 2182
    fit = strategy.fit(iter([(np.zeros((2, 214), np.float32), np.zeros(2))]), strategy.components, "here")
    assert fit.bands.tolist() == [8, 26, 44, 62, 80, 98, 115, 133, 151, 169, 187, 205]


def test_scrb_se_gates_the_bands_by_the_mean_spectrum():
    import torch

    encoder, channels = reduction.get("scrb_se").encoder(214)
    assert channels == 3
    # gates 214 -> 13 -> 214 with biases, SCRB 128 * 214 + 646
    assert sum(p.numel() for p in encoder[0].parameters()) == 2 * 214 * 13 + 13 + 214 == 5791
    assert sum(p.numel() for p in encoder.parameters()) == 5791 + 28038 == 33829
    gates = encoder[0]
    image = torch.rand(2, 214, 4, 5, generator=torch.Generator().manual_seed(0))
    first, second = gates.fc1, gates.fc2
    with torch.inference_mode():
        hidden = torch.relu(image.mean(dim=(2, 3)) @ first.weight[:, :, 0, 0].T + first.bias)
        scale = torch.sigmoid(hidden @ second.weight[:, :, 0, 0].T + second.bias)
        torch.testing.assert_close(gates(image), image * scale[:, :, None, None])
        shuffled = image.flatten(2)[:, :, torch.randperm(20)].unflatten(2, (4, 5))
        # The mean has no places.
        torch.testing.assert_close(gates(shuffled), shuffled * scale[:, :, None, None])


def test_few_bands_leave_the_gates_one_hidden_unit():
    encoder, _ = reduction.get("scrb_se").encoder(5)
    assert encoder[0].fc1.out_channels == 1


def test_linear3_is_one_pointwise_convolution_without_bias_and_linear_in_the_bands():
    import torch

    encoder, channels = reduction.get("linear3").encoder(214)
    assert channels == 3
    assert [type(layer).__name__ for layer in encoder] == ["Conv2d", "BatchNorm2d"]
    assert sum(p.numel() for p in encoder.parameters()) == 3 * 214 + 6 == 648
    encoder.eval()
    one, other = torch.rand(2, 1, 214, 4, 4, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        # With running mean 0 and shift 0, as they begin, a sum goes to the sum, negative values too.
        torch.testing.assert_close(encoder(one - 2 * other), encoder(one) - 2 * encoder(other))
        torch.testing.assert_close(encoder(-one), -encoder(one))  # one of the two is negative: nothing is cut off


def test_unknown_strategy_names_the_key_the_nearest_and_all():
    with pytest.raises(BoardbenchError) as error:
        reduction.is_fitted("pca")
    text = str(error.value)
    assert "segmentation.strategies" in text and "unknown strategy 'pca'" in text
    assert "Did you mean 'pca3'?" in text and "full" in text and "scrb" in text


def test_the_workflow_can_ask_without_torch():
    code = (
        "import sys\n"
        "import boardbench.segmentation\n"
        "from boardbench.segmentation import reduction\n"
        "print([reduction.is_fitted(name) for name in reduction.names()])\n"
        "assert not {'torch', 'sklearn'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{[reduction.is_fitted(name) for name in reduction.names()]}\n"


def test_a_new_file_is_a_new_entry_and_one_without_its_entry_is_named(tmp_path, monkeypatch):
    package = tmp_path / "trial_registry"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "added.py").write_text("ENTRY = 7\n")
    (package / "_helper.py").write_text("")
    (package / "stray.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    registry = Registry("trial_registry", kind="thing", key="study.things", attribute="ENTRY")
    assert registry.names() == ["added", "stray"]
    assert registry.get("added") == 7
    with pytest.raises(BoardbenchError, match=r"stray\.py: no ENTRY.*Set ENTRY there"):
        registry.get("stray")
