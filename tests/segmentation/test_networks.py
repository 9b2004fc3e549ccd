"""One suite for every backbone x strategy: a new file in either folder is tested by being there."""

import itertools
import subprocess
import sys

import pytest
import torch

from boardbench.errors import BoardbenchError
from boardbench.segmentation import backbones, build_network, reduction

BANDS = 12
ALL = list(itertools.product(backbones.names(), reduction.names()))
each_network = pytest.mark.parametrize(("backbone", "strategy"), ALL)


def network_and_input(backbone, strategy, lines=24, samples=32, captures=2):
    torch.manual_seed(0)
    network = build_network(backbone, strategy, in_bands=BANDS, classes=5, width=4)
    return network, torch.rand(captures, reduction.get(strategy).channels(BANDS), lines, samples)


@each_network
@pytest.mark.parametrize(("lines", "samples"), [(16, 16), (17, 23), (48, 64)])
def test_logits_have_the_size_of_the_capture(backbone, strategy, lines, samples):
    network, x = network_and_input(backbone, strategy, lines, samples)
    with torch.no_grad():
        assert network.eval()(x).shape == (2, 5, lines, samples)


@each_network
def test_gradients_reach_every_parameter(backbone, strategy):
    network, x = network_and_input(backbone, strategy, 32, 32)
    truth = torch.randint(0, 5, (2, 32, 32), generator=torch.Generator().manual_seed(0))
    torch.nn.functional.cross_entropy(network(x), truth).backward()
    assert [name for name, weight in network.named_parameters() if weight.grad is None] == []


@each_network
def test_evaluation_is_deterministic_and_captures_do_not_mix(backbone, strategy):
    network, x = network_and_input(backbone, strategy)
    network.eval()
    with torch.no_grad():
        both = network(x)
        assert torch.equal(both, network(x))
        assert torch.allclose(both[1:], network(x[1:]), atol=1e-5)


@each_network
def test_state_round_trip(backbone, strategy, tmp_path):
    network, x = network_and_input(backbone, strategy)
    torch.save(network.state_dict(), tmp_path / "model.pt")
    other = build_network(backbone, strategy, in_bands=BANDS, classes=5, width=4)
    with torch.no_grad():
        assert not torch.equal(network.eval()(x), other.eval()(x))
        other.load_state_dict(torch.load(tmp_path / "model.pt", weights_only=True))
        assert torch.equal(network(x), other(x))


@each_network
def test_the_same_seed_gives_the_same_weights(backbone, strategy):
    first, second = (network_and_input(backbone, strategy)[0].state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


@each_network
@pytest.mark.parametrize(("lines", "samples"), [(15, 64), (64, 8)])
def test_too_small_a_capture_is_refused(backbone, strategy, lines, samples):
    network, x = network_and_input(backbone, strategy, lines, samples)
    with pytest.raises(BoardbenchError, match=rf"{lines} lines x {samples} samples.*16 x 16.*reflectance\.size"):
        network.eval()(x)


@each_network
def test_a_wrong_number_of_channels_is_refused(backbone, strategy):
    network, x = network_and_input(backbone, strategy)
    with pytest.raises(BoardbenchError, match=rf"input is 2 x 7 x 24 x 32, .*{x.shape[1]} channels.*bands"):
        network(torch.rand(2, 7, 24, 32))


# Published (paper 1, table 5, and its code), at 214 bands and 4 classes.
@pytest.mark.parametrize(
    ("backbone", "strategy", "millions"),
    [
        ("unet", "full", "31.159"),
        ("unet", "pca3", "31.038"),
        ("unet", "scrb", "31.066"),
        ("attention_unet", "full", "35.000"),
        ("attention_unet", "pca3", "34.879"),
        ("attention_unet", "scrb", "34.907"),
        ("resunet", "full", "13.286"),
        ("resunet", "pca3", "13.043"),
        ("resunet", "scrb", "13.071"),
    ],
)
def test_parameters_of_the_nine_networks(backbone, strategy, millions):
    with torch.device("meta"):
        network = build_network(backbone, strategy)
    assert f"{sum(weight.numel() for weight in network.parameters()) / 1e6:.3f}" == millions


def test_padding_repeats_the_edge_and_is_cut_off_again():
    network, x = network_and_input("unet", "full", 17, 32)
    padded = torch.cat([x, x[:, :, -1:].expand(-1, -1, 15, -1)], dim=2)
    with torch.no_grad():
        assert torch.equal(network.eval()(x), network(padded)[:, :, :17])


def test_one_pixel_left_for_batch_normalization_is_refused_in_training_only():
    network, x = network_and_input("unet", "full", 16, 16, captures=1)
    with pytest.raises(BoardbenchError, match=r"16 lines x 16 samples.*reflectance\.size or training\.batch_size"):
        network(x)
    assert network.eval()(x).shape == (1, 5, 16, 16)
    resunet, _ = network_and_input("resunet", "full")
    assert resunet(x).shape == (1, 5, 16, 16)


@pytest.mark.parametrize("field", ["in_bands", "classes", "width"])
def test_sizes_below_one_are_refused(field):
    with pytest.raises(BoardbenchError, match=f"{field} is 0; it must be at least 1"):
        build_network("unet", "full", **{field: 0})


@pytest.mark.parametrize("width", [2, 8, 64])
def test_a_width_in_the_word_takes_the_place_of_the_one_given(width):
    with torch.device("meta"):
        shapes = [
            [weight.shape for weight in build_network(word, "scrb", BANDS, 5, given).parameters()]
            for word, given in (("unet@4", width), ("unet", 4))
        ]
    assert shapes[0] == shapes[1]


def test_a_malformed_width_is_refused():
    with pytest.raises(BoardbenchError, match=r"segmentation\.backbones: 'unet@0' has the width '0'"):
        build_network("unet@0", "full")


def test_the_package_imports_without_torch_and_gives_its_faces():
    code = (
        "import sys, boardbench.segmentation as s\n"
        "assert 'torch' not in sys.modules\n"
        "assert callable(s.scores) and callable(s.build_network)\n"
        "try: s.nothing\n"
        "except AttributeError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "no attribute 'nothing'" in done.stdout
