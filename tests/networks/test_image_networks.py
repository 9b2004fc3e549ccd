"""One suite for every network of the classification study: a new name in NETWORKS is tested by being there."""

import pytest
import torch
from torch import nn

from boardbench.classification.networks import NETWORKS, build_network
from boardbench.engine.complexity import count, flops

# With 3 channels: of 1000 classes and the ImageNet stem as published, of 10 classes and the CIFAR stem.
PARAMETERS = {
    "resnet18": (11_689_512, 11_173_962),
    "resnet34": (21_797_672, 21_282_122),
    "se_resnet18": (11_689_512 + 89_080, 11_173_962 + 89_080),
    "se_resnet34": (21_797_672 + 161_196, 21_282_122 + 161_196),
    "vgg16": (138_357_544, 14_728_266),
    "mobilenet_v2": (3_504_872, 3_504_872 - 990 * 1281),
    "lenet": (62_006 + 990 * 85, 62_006),
    "shufflenet_v2": (2_278_604, 2_278_604 - 990 * 1025),
    "efficientnet_b0": (5_288_548, 5_288_548 - 990 * 1281),
    "efficientnet_lite0": (4_652_008, 4_652_008 - 990 * 1281),
}
# Convolutions and dense layers at 224 x 224, in 1e9 multiply-accumulates; published: 1.8, 3.6, 15.5 (VGG: 15.3), 0.30,
# 0.146, 0.39, 0.407 (its authors' table).
GMACS = {
    "resnet18": (1.814, 1.827),
    "resnet34": (3.664, 3.682),
    "vgg16": (15.470, 15.50),
    "mobilenet_v2": (0.3008, 0.3205),
    "shufflenet_v2": (0.1449, 0.1535),
    "efficientnet_b0": (0.3857, 0.4150),
    "efficientnet_lite0": (0.3850, 0.4050),
}
WIDTHS = {"lenet": 1.0, "shufflenet_v2": 0.5}


def on_meta(name, classes=10, **options):
    with torch.device("meta"):
        return build_network(name, classes, **options)


def small(name, classes=5, **options):
    torch.manual_seed(0)
    return build_network(name, classes, **{"width": WIDTHS.get(name, 0.125), **options})


def side(network):
    return 32 if network.smallest == 32 else 2 * network.stride


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.fixture(params=NETWORKS)
def name(request):
    return request.param


def test_parameters_as_published(name):
    published, small_images = PARAMETERS[name]
    assert parameters(on_meta(name, 1000, stem="imagenet")) == published
    assert parameters(on_meta(name)) == small_images


@pytest.mark.parametrize("name", GMACS)
def test_multiply_accumulates_as_published(name):
    network = on_meta(name, 1000, stem="imagenet")
    layers, tool = GMACS[name]
    assert flops(network, 3, (224, 224)) / 2e9 == pytest.approx(layers, rel=5e-4)
    # ptflops adds normalizations and activations.
    macs, _, counted = count(network, 3, (224, 224))
    assert macs / 1e9 == pytest.approx(tool, rel=1e-2)
    assert counted == PARAMETERS[name][0]


def test_every_parameter_is_in_one_block_or_the_head(name):
    network = on_meta(name)
    parts = [*network.blocks(), network.get_submodule(network.head)]
    held = [id(parameter) for part in parts for parameter in part.parameters()]
    assert sorted(held) == sorted(id(parameter) for parameter in network.parameters())
    assert [parameter.shape for part in parts for parameter in part.parameters()] == [
        parameter.shape for parameter in network.parameters()
    ]


def test_head_gives_the_logits(name):
    network = small(name).eval()
    head = network.get_submodule(network.head)
    seen = []
    head.register_forward_hook(lambda layer, inputs, output: seen.append(output))
    logits = network(torch.rand(2, 3, side(network), side(network)))
    assert logits.shape == (2, 5)
    assert len(seen) == 1 and seen[0] is logits
    assert [layer for layer in head.modules() if isinstance(layer, nn.Linear)][-1].out_features == 5


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "lenet"])  # which has one size only
@pytest.mark.parametrize("stem", ["imagenet", "cifar"])
def test_stride_is_what_becomes_one_feature(name, stem):
    network = on_meta(name, stem=stem)
    sizes = []
    last = list(network.blocks()[-1].modules())[-1] if name == "vgg16" else network.blocks()[-1]
    last.register_forward_hook(lambda layer, inputs, output: sizes.append(tuple(output.shape[2:])))
    network(torch.empty(2, 3, 4 * network.stride, 3 * network.stride, device="meta"))
    assert sizes == [(4, 3)]


def test_cifar_stem_has_stride_one_and_no_pooling(name):
    def early(stem):
        network = on_meta(name, stem=stem)
        first = next(layer for layer in network.modules() if isinstance(layer, nn.Conv2d))
        return network.stride, first.stride, first.kernel_size

    expected = {
        "vgg16": [(32, (1, 1), (3, 3))] * 2,
        "lenet": [(4, (1, 1), (5, 5))] * 2,
        "mobilenet_v2": [(32, (2, 2), (3, 3)), (16, (1, 1), (3, 3))],
        "efficientnet_b0": [(32, (2, 2), (3, 3)), (16, (1, 1), (3, 3))],
        "efficientnet_lite0": [(32, (2, 2), (3, 3)), (16, (1, 1), (3, 3))],
        "shufflenet_v2": [(32, (2, 2), (3, 3)), (8, (1, 1), (3, 3))],
    }
    resnet = [(32, (2, 2), (7, 7)), (8, (1, 1), (3, 3))]
    assert [early("imagenet"), early("cifar")] == expected.get(name, resnet)


def test_color_images_of_32_and_gray_ones_of_8(name, says):
    assert on_meta(name)(torch.empty(2, 3, 32, 32, device="meta")).shape == (2, 10)
    gray = on_meta(name, in_channels=1)
    image = torch.empty(2, 1, 8, 8, device="meta")
    if name in ("vgg16", "lenet"):
        says(lambda: gray(image), "8 lines x 8 samples", "resnet18")
    elif name in ("mobilenet_v2", "efficientnet_b0", "efficientnet_lite0"):
        says(lambda: gray(image), "8 lines x 8 samples", "too small for the strides", "9 x 9", "larger images")
    else:
        assert gray(image).shape == (2, 10)


def test_smallest_size_is_the_smallest(name, says):
    for stem in ("imagenet", "cifar"):
        network = on_meta(name, stem=stem)
        least = network.smallest
        assert network(torch.empty(2, 3, least, least, device="meta")).shape == (2, 10)
        for size in ((least - 1, least), (least, least - 1)):
            image = torch.empty(2, 3, *size, device="meta")
            said = says(lambda image=image, network=network: network(image), f"{size[0]} lines x {size[1]} samples")
            assert "stem: cifar" in said or name in ("vgg16", "lenet")


def test_images_of_other_channels(name, says):
    network = on_meta(name)
    says(lambda: network(torch.empty(2, 1, 32, 32, device="meta")), "2 x 1 x 32 x 32", "3 channels")
    says(lambda: network(torch.empty(3, 32, 32, device="meta")), "3 x 32 x 32", "3 channels")


def test_one_image_alone_gives_what_it_gives_among_others(name):
    network = small(name).eval()
    x = torch.rand(3, 3, side(network), side(network))
    with torch.inference_mode():
        together = network(x)
        assert together.std() > 0
        torch.testing.assert_close(network(x[1:2]), together[1:2], atol=1e-5, rtol=1e-4)


def test_gradients_reach_every_parameter(name):
    network = small(name).train()
    # Many images: a ReLU or a branch that stochastic depth drops leaves some parameters without gradient for one.
    logits = network(torch.rand(8, 3, side(network), side(network)))
    nn.functional.cross_entropy(logits, torch.arange(8) % 5).backward()
    without = [key for key, value in network.named_parameters() if value.grad is None or not value.grad.any()]
    assert without == []


def test_same_seed_same_weights(name):
    first, second = small(name).state_dict(), small(name).state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)
    torch.manual_seed(1)
    other = build_network(name, 5, width=WIDTHS.get(name, 0.125)).state_dict()
    assert any(not torch.equal(first[key], other[key]) for key in first)


def test_one_image_of_one_feature_cannot_train_batch_normalization(name, says):
    network = small(name).train()
    image = torch.rand(1, 3, network.smallest, network.smallest)
    if name == "lenet":
        assert network(image).shape == (1, 5)
    else:
        says(lambda: network(image), "one image", "batch normalization", "batch_size")
        for layer in network.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.eval()  # as frozen features are
        assert network(image).shape == (1, 5)


def test_width_multiplies_channels(name, says):
    if name in WIDTHS:
        says(lambda: build_network(name, 10, width=0.75), "width: 0.75", name, "Set")
        return
    options = {"stem": "imagenet"} if name == "vgg16" else {}
    full, half = (parameters(on_meta(name, width=width, **options)) for width in (1.0, 0.5))
    # Weights fall to a quarter, biases and normalization to a half, as does the head; MobileNetV2 keeps its last 1280
    # channels (1.95 of 3.47 million with 1000 classes), and EfficientNet's channels are multiples of 8.
    expected = {"mobilenet_v2": 3.2, "efficientnet_b0": 3.73, "efficientnet_lite0": 3.30}.get(name, 3.98)
    assert full / half == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(("width", "parameters_"), [(0.5, 1_366_792), (1.5, 3_503_624), (2.0, 7_393_996)])
def test_other_widths_of_shufflenet_as_published(width, parameters_):
    assert parameters(on_meta("shufflenet_v2", 1000, width=width, stem="imagenet")) == parameters_


def test_forms_of_vgg():
    from boardbench.networks.vgg import VGG16

    with torch.device("meta"):
        plain, normalized = VGG16(10, stem="cifar", batch_norm=False), VGG16(batch_norm=True)
    assert parameters(plain) == 14_719_818
    # torchvision's vgg16_bn.
    assert parameters(normalized) == 138_365_992
    assert len(plain.blocks()) == len(normalized.blocks()) == 13
    assert [type(layer).__name__ for layer in normalized.blocks()[1]] == ["Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d"]
