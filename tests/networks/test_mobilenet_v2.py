import pytest
import torch
from torch import nn

from boardbench.engine.complexity import count, flops
from boardbench.networks.mobilenet_v2 import IMAGENET, InvertedResidual, MobileNetV2, divisible

# Channels into a block, after widening, and out of it: the paper's table 2 written out, blocks 2 to 17.
BLOCKS = [
    (16, 96, 24),
    (24, 144, 24),
    (24, 144, 32),
    (32, 192, 32),
    (32, 192, 32),
    (32, 192, 64),
    (64, 384, 64),
    (64, 384, 64),
    (64, 384, 64),
    (64, 384, 96),
    (96, 576, 96),
    (96, 576, 96),
    (96, 576, 160),
    (160, 960, 160),
    (160, 960, 160),
    (160, 960, 320),
]


def normalization(name, channels):
    shapes = dict.fromkeys(("weight", "bias", "running_mean", "running_var"), (channels,))
    return [(f"{name}.{key}", shape) for key, shape in (shapes | {"num_batches_tracked": ()}).items()]


def expected_keys():
    """Return (name, shape) as torchvision's mobilenet_v2 has them, in its order."""
    keys = [("features.0.0.weight", (32, 3, 3, 3)), *normalization("features.0.1", 32)]
    keys += [("features.1.conv.0.0.weight", (32, 1, 3, 3)), *normalization("features.1.conv.0.1", 32)]
    keys += [("features.1.conv.1.weight", (16, 32, 1, 1)), *normalization("features.1.conv.2", 16)]
    for number, (inputs, inner, outputs) in enumerate(BLOCKS, start=2):
        name = f"features.{number}.conv"
        keys += [(f"{name}.0.0.weight", (inner, inputs, 1, 1)), *normalization(f"{name}.0.1", inner)]
        keys += [(f"{name}.1.0.weight", (inner, 1, 3, 3)), *normalization(f"{name}.1.1", inner)]
        keys += [(f"{name}.2.weight", (outputs, inner, 1, 1)), *normalization(f"{name}.3", outputs)]
    keys += [("features.18.0.weight", (1280, 320, 1, 1)), *normalization("features.18.1", 1280)]
    return [*keys, ("classifier.1.weight", (1000, 1280)), ("classifier.1.bias", (1000,))]


def on_meta(**arguments):
    with torch.device("meta"):
        return MobileNetV2(**arguments)


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_keys_and_shapes_are_those_of_torchvision():
    found = [(key, tuple(value.shape)) for key, value in on_meta().state_dict().items()]
    assert found == expected_keys()
    assert len(found) == 314
    spots = dict(found)
    assert spots["features.2.conv.3.weight"] == (24,)
    assert spots["features.17.conv.1.0.weight"] == (960, 1, 3, 3)


def test_parameters_as_published():
    assert parameters(on_meta()) == 3_504_872
    assert parameters(on_meta(classes=10)) == 3_504_872 - 990 * 1281


# Millions of parameters, of TensorFlow's table of MobileNetV2, which leaves batch normalization out.
@pytest.mark.parametrize(
    ("width", "millions"), [(0.35, 1.66), (0.5, 1.95), (0.75, 2.61), (1.0, 3.47), (1.3, 5.34), (1.4, 6.06)]
)
def test_parameters_of_other_widths_as_published(width, millions):
    network = on_meta(width=width)
    normalizations = sum(parameters(layer) for layer in network.modules() if isinstance(layer, nn.BatchNorm2d))
    assert round((parameters(network) - normalizations) / 1e6, 2) == millions


def test_multiply_accumulates_as_published():
    # 300 million in the paper; ptflops adds normalizations and activations.
    assert flops(on_meta(), 3, (224, 224)) / 2 == pytest.approx(300.8e6, rel=1e-3)
    macs, _, counted = count(on_meta(), 3, (224, 224))
    assert 0.30e9 < macs < 0.3225e9
    assert counted == 3_504_872


@pytest.mark.parametrize(
    ("channels", "expected"), [(32 * 0.35, 16), (16 * 0.35, 8), (24 * 0.35, 8), (96 * 0.35, 32), (1, 8), (20, 24)]
)
def test_channels_are_multiples_of_eight(channels, expected):
    # 11.2 would round to 8, more than a tenth less; 20 lies between 16 and 24.
    assert divisible(channels) == expected


@pytest.mark.parametrize(("width", "channels"), [(0.35, 1280), (1.0, 1280), (1.4, 1792)])
def test_last_layer_narrows_never(width, channels):
    network = on_meta(width=width)
    assert network.channels == channels
    assert network(torch.empty(1, 3, 64, 64, device="meta")).shape == (1, 1000)
    assert network.features(torch.empty(1, 3, 96, 65, device="meta")).shape == (1, channels, 3, 3)


def test_residual_only_where_stride_is_one_and_channels_agree():
    blocks = [layer for layer in on_meta().features if isinstance(layer, InvertedResidual)]
    strides = {2: 2, 4: 2, 7: 2, 14: 2}
    table = [(32, 32, 16), *BLOCKS]
    expected = [
        strides.get(number, 1) == 1 and inputs == outputs for number, (inputs, _, outputs) in enumerate(table, start=1)
    ]
    assert [block.residual for block in blocks] == expected
    assert sum(expected) == 10


def test_a_residual_block_adds_its_input():
    x = torch.rand(2, 8, 5, 5)
    for block, adds in ((InvertedResidual(8, 8, 1, 6), True), (InvertedResidual(8, 8, 2, 6), False)):
        nn.init.zeros_(block.conv[-1].weight)  # all that the branch gives
        assert torch.equal(block(x), x if adds else torch.zeros(2, 8, 3, 3))


def test_small_images():
    settings = [(t, c, n, 1 if c == 24 else s) for t, c, n, s in IMAGENET]
    network = on_meta(classes=10, settings=settings, stem="cifar")
    x = torch.empty(2, 3, 32, 32, device="meta")
    # Three strides of 2 are left: 32 to 4.
    assert network.features(x).shape == (2, 1280, 4, 4)
    assert network(x).shape == (2, 10)
    # Strides change no weights.
    assert [v.shape for v in network.features.parameters()] == [v.shape for v in on_meta().features.parameters()]
    short = on_meta(classes=10, width=0.5, settings=[(1, 16, 1, 1), (4, 32, 2, 2)], stem="cifar")
    assert short.features(x).shape == (2, 1280, 16, 16)
    assert len(short.features) == 1 + 3 + 1


def test_random_start():
    torch.manual_seed(0)
    network = MobileNetV2(dropout=0.5)
    # sqrt(2 / fan out): 1 x 1 to 1280 channels; 3 x 3 of one filter a channel counts outputs over groups as torch does.
    assert network.features[18][0].weight.std().item() == pytest.approx((2 / 1280) ** 0.5, rel=0.02)
    depthwise = network.features[17].conv[1][0].weight
    assert depthwise.std().item() == pytest.approx((2 / (960 * 9)) ** 0.5, rel=0.05)
    assert network.classifier[1].weight.std().item() == pytest.approx(0.01, rel=0.02)
    assert not network.classifier[1].bias.any()
    assert network.features[0][1].weight.eq(1).all()
    assert network.classifier[0].p == 0.5


def test_logits_are_those_of_the_mean_feature():
    torch.manual_seed(0)
    network = MobileNetV2(classes=7, width=0.35).eval()
    x = torch.rand(2, 3, 64, 64)
    pooled = nn.functional.adaptive_avg_pool2d(network.features(x), 1).flatten(1)
    assert torch.allclose(network(x), network.classifier(pooled), atol=1e-6)
