import math

import pytest
import torch
from torch import nn

from boardbench.networks.squeeze_excitation import SqueezeExcitation, squeezed


def set_weights(block, first, second):
    with torch.no_grad():
        for layer, (weight, bias) in ((block.fc1, first), (block.fc2, second)):
            layer.weight.copy_(torch.tensor(weight)[..., None, None])
            layer.bias.copy_(torch.tensor(bias))


def test_output_by_hand():
    block = SqueezeExcitation(2, 1)
    # Means 2 and 6; hidden 0.5 * 2 - 0.25 * 6 + 1.5 = 1; gates of 1 * 1 + 0 and of -2 * 1 + 0.5.
    set_weights(block, ([[0.5, -0.25]], [1.5]), ([[1.0], [-2.0]], [0.0, 0.5]))
    x = torch.tensor([[[[1.0, 3.0]], [[4.0, 8.0]]]])
    gates = [1 / (1 + math.exp(-1)), 1 / (1 + math.exp(1.5))]
    expected = torch.tensor([[[[gates[0], 3 * gates[0]]], [[4 * gates[1], 8 * gates[1]]]]])
    torch.testing.assert_close(block(x), expected)


@pytest.mark.parametrize(("activation", "hidden"), [(nn.ReLU, 0.0), (nn.SiLU, -1 / (1 + math.e))])
def test_activation_of_a_negative_hidden_unit(activation, hidden):
    block = SqueezeExcitation(1, 1, activation)
    set_weights(block, ([[-1.0]], [0.0]), ([[1.0]], [0.0]))  # mean 1, hidden -1
    assert block(torch.ones(1, 1, 2, 2))[0, 0, 0, 0].item() == pytest.approx(1 / (1 + math.exp(-hidden)))


def test_each_image_has_gates_of_its_own():
    torch.manual_seed(0)
    block, x = SqueezeExcitation(6, 2), torch.rand(3, 6, 4, 5)
    torch.testing.assert_close(block(x), torch.cat([block(image[None]) for image in x]))
    scale = block(x) / x
    assert (scale > 0).all() and (scale < 1).all()
    torch.testing.assert_close(scale, scale[:, :, :1, :1].expand_as(scale))


@pytest.mark.parametrize(("channels", "reduction", "hidden"), [(64, 16, 4), (100, 16, 6), (8, 16, 1), (512, 2, 256)])
def test_parameters(channels, reduction, hidden):
    block = squeezed(channels, reduction)
    assert list(block.state_dict()) == ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]
    assert block.fc1.weight.shape == (hidden, channels, 1, 1)
    found = sum(parameter.numel() for parameter in block.parameters())
    assert found == 2 * channels * hidden + hidden + channels
