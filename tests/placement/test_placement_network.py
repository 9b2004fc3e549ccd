import numpy as np
import pytest
import torch

from boardbench.engine.complexity import count
from boardbench.networks.mobilenet_v2 import MobileNetV2
from boardbench.placement.network import build_network, preprocess


def parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


def images(number, size):
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (number, *size, 3), dtype=torch.uint8, generator=generator)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return build_network(0.35, (96, 64))


def test_parameters_by_hand():
    with torch.device("meta"):
        paper = build_network(1.0, (256, 256))
        small = build_network()
    # Depthwise 5 x 5, pointwise, 8 x 8 x 8 features to 512, 512 to 8.
    head = 1280 * 25 + (1280 * 8 + 8) + (512 * 512 + 512) + (512 * 8 + 8)
    assert parameters(paper.head) == head == 309_008
    # MobileNetV2 without its classifier of 1000 x 1280 weights and 1000 biases.
    assert parameters(paper.features) == 3_504_872 - 1_281_000
    assert parameters(small.head) == 1280 * 25 + (1280 * 8 + 8) + (8 * 3 * 3 * 512 + 512) + (512 * 8 + 8)
    assert parameters(small) == 479_856


def test_corners_come_out_as_rows_of_x_and_y(network):
    corners = network.eval()(preprocess(images(3, (96, 64))))
    assert corners.shape == (3, 4, 2)
    assert corners.dtype == torch.float32
    features = network.features(preprocess(images(3, (96, 64))))
    assert features.shape == (3, 1280, 3, 2)
    # What is computed once, for frozen features, serves the head as well.
    assert torch.equal(network.head(features), corners)
    # c1x, c1y, c2x, ...: the last layer's outputs in this order.
    assert torch.equal(corners.flatten(1), network.head[:-1](features))


def test_no_output_begins_dead():
    for seed in range(3):
        torch.manual_seed(seed)
        network = build_network(0.35, (96, 96)).train()
        corners = network(preprocess(images(4, (96, 96))))
        assert (corners > 0.1).all()
        corners.sum().backward()
        last = network.head[-3]
        assert (last.bias.grad == 4).all()


def test_frozen_features_stay_as_they_are():
    network = build_network(0.35, (64, 64), "frozen").train()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    optimizer = torch.optim.Adam([weight for weight in network.parameters() if weight.requires_grad])
    network(preprocess(images(4, (64, 64)))).sum().backward()
    optimizer.step()
    after = network.state_dict()
    changed = {key for key in before if not torch.equal(before[key], after[key])}
    assert changed
    assert all(key.startswith("head.") for key in changed)
    assert network.head.training
    assert not network.features.training
    # The same network, trained as a whole, does change them, statistics of batch normalization too.
    tuned = build_network(0.35, (64, 64), "finetune").train()
    assert all(weight.requires_grad for weight in tuned.parameters())
    tuned(preprocess(images(4, (64, 64))))
    assert tuned.state_dict()["features.0.1.num_batches_tracked"] == 1


def test_weights_of_a_whole_mobilenet_fit_the_features(network):
    network.features.load_state_dict(MobileNetV2(width=0.35).features.state_dict())


def test_preprocess_by_hand():
    image = torch.tensor([[[[0, 255, 51]]]], dtype=torch.uint8)
    expected = [(0 - 0.485) / 0.229, (1 - 0.456) / 0.224, (0.2 - 0.406) / 0.225]
    made = preprocess(image)
    assert made.shape == (1, 3, 1, 1)
    assert made.dtype == torch.float32
    assert made.flatten().tolist() == pytest.approx(expected, rel=1e-5)
    many = preprocess(images(2, (5, 7)))
    assert many.shape == (2, 3, 5, 7)
    assert many.is_contiguous(memory_format=torch.channels_last)
    assert np.allclose(many[1, 2, 4, 6], (images(2, (5, 7))[1, 4, 6, 2] / 255 - 0.406) / 0.225)


def test_cost_can_be_counted(network):
    macs, _, counted = count(network, network.in_channels, network.size)
    assert counted == parameters(network)
    assert macs > 1e6


def test_bad_input(network, says):
    says(lambda: build_network(init="forzen"), "placement.features", "forzen", "frozen")
    says(lambda: network(torch.zeros(1, 3, 64, 96)), "1 x 3 x 64 x 96", "96 lines x 64 samples", "synthesis.size")
    says(lambda: network(torch.zeros(1, 1, 96, 64)), "3 channels")
    says(lambda: network(torch.zeros(3, 96, 64)), "3 x 96 x 64", "3 channels")
    tiny = build_network(0.35, (32, 20)).train()
    says(lambda: tiny(torch.zeros(1, 3, 32, 20)), "32 lines x 20 samples", "batch_size")
    assert tiny.eval()(torch.zeros(1, 3, 32, 20)).shape == (1, 4, 2)


def test_another_backbone():
    network = build_network(0.35, (64, 96), "frozen", "efficientnet_lite0").eval()
    assert type(network.features[1]).__name__ == "InvertedResidual" and not network.features[0][1].weight.requires_grad
    assert network.features(preprocess(images(2, (64, 96)))).shape == (2, 1280, 2, 3)
    assert network(preprocess(images(2, (64, 96)))).shape == (2, 4, 2)


def test_an_unknown_backbone(says):
    says(lambda: build_network(backbone="efficientnet_lite"), "placement.training.backbone", "efficientnet_lite0")
