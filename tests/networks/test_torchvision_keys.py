"""Names, shapes and order of the weights as torchvision's published files have them, written out here."""

import pytest
import torch

from boardbench.classification.networks import build_network
from boardbench.networks.weights import load_weights


def conv(name, outputs, inputs, kernel):
    return [(f"{name}.weight", (outputs, inputs, kernel, kernel))]


def biased(name, *shape):
    return [(f"{name}.weight", shape), (f"{name}.bias", shape[:1])]


def norm(name, channels):
    shapes = dict.fromkeys(("weight", "bias", "running_mean", "running_var"), (channels,))
    return [(f"{name}.{key}", shape) for key, shape in (shapes | {"num_batches_tracked": ()}).items()]


def resnet(blocks):
    keys = conv("conv1", 64, 3, 7) + norm("bn1", 64)
    inputs = 64
    for stage, (number, outputs) in enumerate(zip(blocks, (64, 128, 256, 512), strict=True), start=1):
        for block in range(number):
            name = f"layer{stage}.{block}"
            keys += conv(f"{name}.conv1", outputs, inputs, 3) + norm(f"{name}.bn1", outputs)
            keys += conv(f"{name}.conv2", outputs, outputs, 3) + norm(f"{name}.bn2", outputs)
            if inputs != outputs:
                keys += conv(f"{name}.downsample.0", outputs, inputs, 1) + norm(f"{name}.downsample.1", outputs)
            inputs = outputs
    return keys + biased("fc", 1000, 512)


def vgg16():
    places = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
    channels = (3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
    keys = []
    for place, inputs, outputs in zip(places, channels, channels[1:], strict=False):
        keys += biased(f"features.{place}", outputs, inputs, 3, 3)
    dense = [("classifier.0", 4096, 25088), ("classifier.3", 4096, 4096), ("classifier.6", 1000, 4096)]
    return keys + [key for row in dense for key in biased(*row)]


def shufflenet_v2():
    keys = conv("conv1.0", 24, 3, 3) + norm("conv1.1", 24)
    inputs = 24
    for stage, number, outputs in ((2, 4, 116), (3, 8, 232), (4, 4, 464)):
        half = outputs // 2
        for block in range(number):
            name = f"stage{stage}.{block}"
            entering = half if block else inputs
            if block == 0:
                keys += conv(f"{name}.branch1.0", inputs, 1, 3) + norm(f"{name}.branch1.1", inputs)
                keys += conv(f"{name}.branch1.2", half, inputs, 1) + norm(f"{name}.branch1.3", half)
            keys += conv(f"{name}.branch2.0", half, entering, 1) + norm(f"{name}.branch2.1", half)
            keys += conv(f"{name}.branch2.3", half, 1, 3) + norm(f"{name}.branch2.4", half)
            keys += conv(f"{name}.branch2.5", half, half, 1) + norm(f"{name}.branch2.6", half)
        inputs = outputs
    return keys + conv("conv5.0", 1024, 464, 1) + norm("conv5.1", 1024) + biased("fc", 1000, 1024)


# Input channels, channels in between, hidden units of squeeze-and-excitation, kernel, output channels; blocks.
B0 = (
    [(32, 32, 8, 3, 16)],
    [(16, 96, 4, 3, 24), (24, 144, 6, 3, 24)],
    [(24, 144, 6, 5, 40), (40, 240, 10, 5, 40)],
    [(40, 240, 10, 3, 80), *[(80, 480, 20, 3, 80)] * 2],
    [(80, 480, 20, 5, 112), *[(112, 672, 28, 5, 112)] * 2],
    [(112, 672, 28, 5, 192), *[(192, 1152, 48, 5, 192)] * 3],
    [(192, 1152, 48, 3, 320)],
)


def efficientnet_b0():
    keys = conv("features.0.0", 32, 3, 3) + norm("features.0.1", 32)
    for stage, blocks in enumerate(B0, start=1):
        for block, (inputs, inner, hidden, kernel, outputs) in enumerate(blocks):
            name, place = f"features.{stage}.{block}.block", 0
            if stage > 1:
                keys += conv(f"{name}.0.0", inner, inputs, 1) + norm(f"{name}.0.1", inner)
                place = 1
            keys += conv(f"{name}.{place}.0", inner, 1, kernel) + norm(f"{name}.{place}.1", inner)
            keys += biased(f"{name}.{place + 1}.fc1", hidden, inner, 1, 1)
            keys += biased(f"{name}.{place + 1}.fc2", inner, hidden, 1, 1)
            keys += conv(f"{name}.{place + 2}.0", outputs, inner, 1) + norm(f"{name}.{place + 2}.1", outputs)
    keys += conv("features.8.0", 1280, 320, 1) + norm("features.8.1", 1280)
    return keys + biased("classifier.1", 1000, 1280)


# Entries of the published files.
FILES = {
    "resnet18": (resnet((2, 2, 2, 2)), 122),
    "resnet34": (resnet((3, 4, 6, 3)), 218),
    "vgg16": (vgg16(), 32),
    "shufflenet_v2": (shufflenet_v2(), 338),
    "efficientnet_b0": (efficientnet_b0(), 360),
}


def published(name, **options):
    with torch.device("meta"):
        return build_network(name, 1000, stem="imagenet", **options)


@pytest.mark.parametrize("name", FILES)
def test_names_shapes_and_order(name):
    expected, entries = FILES[name]
    found = [(key, tuple(value.shape)) for key, value in published(name).state_dict().items()]
    assert found == expected
    assert len(found) == entries


def test_spots():
    shapes = {name: dict(keys) for name, (keys, _) in FILES.items()}
    assert shapes["resnet18"]["layer4.0.downsample.0.weight"] == (512, 256, 1, 1)
    assert "layer1.0.downsample.0.weight" not in shapes["resnet34"]
    assert shapes["vgg16"]["features.28.bias"] == (512,)
    assert shapes["shufflenet_v2"]["stage3.0.branch1.2.weight"] == (116, 116, 1, 1)
    assert shapes["efficientnet_b0"]["features.1.0.block.1.fc1.weight"] == (8, 32, 1, 1)
    assert shapes["efficientnet_b0"]["features.6.3.block.1.0.weight"] == (1152, 1, 5, 5)


def test_squeeze_and_excitation_only_adds_names():
    plain = dict(published("resnet18").state_dict())
    found = {key: tuple(value.shape) for key, value in published("se_resnet18", reduction=8).state_dict().items()}
    added = {key: shape for key, shape in found.items() if key not in plain}
    assert set(plain) <= set(found)
    assert len(added) == 8 * 4
    assert added["layer2.1.se.fc1.weight"] == (16, 128, 1, 1)
    assert added["layer2.1.se.fc2.bias"] == (128,)


def drawn(keys, file):
    """Write a file of those names and shapes, and return its tensors."""
    torch.manual_seed(3)
    state = {key: torch.rand(shape) if shape else torch.tensor(7) for key, shape in keys}
    torch.save(state, file)
    return state


@pytest.mark.parametrize("name", ["resnet18", "shufflenet_v2", "efficientnet_b0"])
def test_a_file_of_these_names_loads_strictly(name, tmp_path):
    state = drawn(FILES[name][0], tmp_path / "weights.pth")
    network = build_network(name, 1000, stem="imagenet")
    load_weights(network, str(tmp_path / "weights.pth"), None, tmp_path)
    assert all(torch.equal(value, state[key]) for key, value in network.state_dict().items())


def test_weights_of_another_network_name_the_first_differences(tmp_path, says):
    file = tmp_path / "weights.pth"
    drawn(FILES["resnet18"][0], file)

    def refused(*words, **arguments):
        network = build_network(**{"classes": 1000, "stem": "imagenet"} | arguments)
        said = says(lambda: load_weights(network, str(file), None, tmp_path), file, *words)
        assert "torchvision" in said

    refused("lacks: layer1.2.conv1.weight, layer1.2.bn1.weight", "and 93 more", network="resnet34")
    refused("lacks: layer1.0.se.fc1.weight", network="se_resnet18")
    refused("conv1.weight (64, 3, 7, 7) in the file, (64, 3, 3, 3) in the", network="resnet18", stem="cifar")
    refused("fc.weight (1000, 512) in the file, (10, 512) in the network", network="resnet18", classes=10)
    refused("conv1.weight (64, 3, 7, 7) in the file, (32, 3, 7, 7)", network="resnet18", width=0.5)
