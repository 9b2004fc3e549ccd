"""One suite for every backbone: a new file in backbones/ is tested by being there."""

import subprocess
import sys

import pytest
import torch

from boardbench.errors import BoardbenchError
from boardbench.segmentation import backbones

# Paper 1, table 5, and the dataset's definitions; (3 channels, 214 channels) at 4 classes, in millions.
PUBLISHED = {
    "unet": ("31.038", "31.159"),
    "attention_unet": ("34.879", "35.000"),
    "resunet": ("13.043", "13.286"),
}


def parameters(network):
    return sum(weight.numel() for weight in network.parameters())


# At width 64 and 4 classes, 3 channels: ResNet-18 without its classifier (11 176 512) and LinkNet's decoder; ResNet-101
# without its classifier (42 500 160), pyramid (15 535 104) and decoder (1 304 676), stems of 7x7.
# Mobile U-Net, at first-level width w: 937 w^2 weights of 1x1 convolutions, 1228 w of 3x3 filters and normalization,
# stem 3 w, head 4 w + 4. Second: weights of one channel more.
BY_HAND = {
    "linknet": (11_176_512 + 326_912 + 1_984 + 28_292, 49 * 64),
    "deeplabv3plus": (42_500_160 + 15_535_104 + 1_304_676, 49 * 64),
    "mobile_unet": (937 * 64**2 + 1228 * 64 + 3 * 64 + 4 * 64 + 4, 64),
    "lite0_unet": (2_958_848 + 2_239_236, 9 * 32),  # encoder and decoder: see test_lite0_unet_parameters_of_its_parts
}


@pytest.fixture(params=backbones.names())
def backbone(request):
    return backbones.get(request.param)


@pytest.mark.parametrize("stride", [None, 0, "16"])
def test_a_class_without_a_stride_is_refused_by_name(monkeypatch, says, stride):
    from boardbench.segmentation.backbones import unet

    class Strideless:
        pass

    if stride is not None:
        Strideless.stride = stride
    monkeypatch.setattr(unet, "BACKBONE", Strideless)
    says(lambda: backbones.get("unet@4"), "backbone 'unet'", "Strideless", "stride", repr(stride))


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_agree_with_the_published_ones_to_the_last_digit(name):
    with torch.device("meta"):
        counts = [parameters(backbones.get(name)(channels, 4)) for channels in (3, 214)]
    assert tuple(f"{count / 1e6:.3f}" for count in counts) == PUBLISHED[name]


@pytest.mark.parametrize("name", BY_HAND)
def test_parameters_agree_with_those_of_the_parts_and_with_the_docstring(name):
    with torch.device("meta"):
        counts = [parameters(backbones.get(name)(channels, 4)) for channels in (3, 214)]
    total, channel = BY_HAND[name]
    assert counts == [total, total + (214 - 3) * channel]
    text = sys.modules[backbones.get(name).__module__].__doc__
    assert all(f"{count:,}".replace(",", " ") in text for count in counts)


def test_linknet_adds_its_skips():
    # With a decoder of zeros only the skips remain: the last decoder block sees the first stage's output alone.
    network = backbones.get("linknet")(3, 2, width=4).eval()
    seen = {}
    network.encoder[0].register_forward_hook(lambda _, __, out: seen.update(stage=out))
    network.decoder[-1].register_forward_pre_hook(lambda _, given: seen.update(given=given[0]))
    for block in network.decoder[:-1]:
        torch.nn.init.zeros_(block[-2].weight)  # the normalization before the last ReLU
    network(torch.rand(1, 3, 64, 32))
    assert seen["stage"].abs().sum() > 0
    assert torch.equal(seen["given"], seen["stage"])


def test_deeplab_looks_at_a_sixteenth_of_the_size_with_its_dilations():
    network = backbones.get("deeplabv3plus")(3, 2, width=2).eval()
    shapes = {}
    network.high_level.register_forward_hook(lambda _, given, out: shapes.update(low=given[0].shape, high=out.shape))
    network(torch.rand(1, 3, 64, 96))
    assert shapes == {"low": (1, 8, 16, 24), "high": (1, 64, 4, 6)}
    kernels = [layer for layer in network.modules() if isinstance(layer, torch.nn.Conv2d)]
    assert [layer.dilation[0] for layer in kernels if layer.dilation != (1, 1)] == [2, 4, 8, 6, 12, 18]
    assert sum(layer.stride == (2, 2) for layer in kernels) == 5  # stem, and 3x3 with shortcut in two stages


def test_image_pooling_of_one_capture_takes_the_running_statistics_and_leaves_them():
    torch.manual_seed(0)
    pooling = backbones.get("deeplabv3plus")(3, 2, width=2).pyramid[-1]
    torch.nn.init.uniform_(pooling.norm.running_mean, 0.1, 0.2)
    before = pooling.norm.running_mean.clone()
    x = torch.rand(1, 64, 4, 6)
    assert torch.equal(pooling.train()(x), pooling.eval()(x))
    assert torch.equal(pooling.norm.running_mean, before)
    pooling.train()(torch.rand(2, 64, 4, 6))
    assert not torch.equal(pooling.norm.running_mean, before)


def test_one_capture_trains(backbone):
    network = backbone(3, 2, width=2).train()
    logits = network(torch.rand(1, 3, 2 * backbone.stride, backbone.stride))
    logits.square().mean().backward()
    assert all(torch.isfinite(weight.grad).all() for weight in network.parameters())


def test_unet_parameters_by_hand():
    # Width 1, 1 channel, 2 classes; double(i, o) = 9io + 9oo + 4o (two batch normalizations).
    def double(i, o):
        return 9 * i * o + 9 * o * o + 4 * o

    encoder = double(1, 1) + double(1, 2) + double(2, 4) + double(4, 8) + double(8, 16)
    decoder = sum(4 * 2 * o * o + o + double(2 * o, o) for o in (8, 4, 2, 1))
    assert parameters(backbones.get("unet")(1, 2, width=1)) == encoder + decoder + 1 * 2 + 2


def test_mobile_unet_parameters_level_by_level():
    # Width 1, 1 channel, 2 classes; a 3x3 filter a channel and its normalization: 11.
    def pointwise(i, o):
        return i * o + 2 * o

    def double(i, o):
        return 11 * i + pointwise(i, o) + 11 * o + pointwise(o, o)

    encoder = pointwise(1, 1) + double(1, 1) + double(1, 2) + double(2, 4) + double(4, 8) + double(8, 16)
    decoder = sum(pointwise(2 * o, o) + double(2 * o, o) for o in (8, 4, 2, 1))
    assert parameters(backbones.get("mobile_unet")(1, 2, width=1)) == encoder + decoder + 1 * 2 + 2


def test_mobile_unet_has_no_full_3x3_and_no_transposed_convolution():
    network = backbones.get("mobile_unet")(214, 4, width=4)
    layers = [layer for layer in network.modules() if isinstance(layer, torch.nn.modules.conv._ConvNd)]
    assert {type(layer) for layer in layers} == {torch.nn.Conv2d}
    for layer in layers:
        assert layer.kernel_size == (1, 1) or layer.groups == layer.in_channels == layer.out_channels
    assert [layer.kernel_size for layer in layers[:3]] == [(1, 1), (3, 3), (1, 1)]  # the bands are mixed first
    assert layers[0].in_channels == 214 and layers[1].groups == 4
    assert not any(isinstance(layer, torch.nn.ReLU6) for layer in network.modules())


def test_mobile_unet_repeats_pixels_of_the_level_below():
    torch.manual_seed(0)
    network = backbones.get("mobile_unet")(3, 2, width=8).eval()
    seen = {}
    network.upsample[-1].register_forward_hook(lambda _, given, out: seen.update(out=out))
    network(torch.rand(1, 3, 32, 48))
    assert seen["out"].shape == (1, 8, 32, 48) and seen["out"].std() > 0
    small = seen["out"][..., ::2, ::2]
    assert torch.equal(seen["out"], small.repeat_interleave(2, 2).repeat_interleave(2, 3))


def test_output_has_the_input_size_and_the_classes(backbone):
    side = backbone.stride
    logits = backbone(5, 3, width=2).eval()(torch.zeros(2, 5, 2 * side, 3 * side))
    assert logits.shape == (2, 3, 2 * side, 3 * side)


def test_stride_is_the_smallest_size(backbone):
    backbone(3, 2, width=2).eval()(torch.zeros(1, 3, backbone.stride, backbone.stride))
    assert backbone.stride in (2, 4, 8, 16, 32)


def test_width_scales_parameters_about_fourfold(backbone):
    with torch.device("meta"):
        small, large = parameters(backbone(3, 4, width=16)), parameters(backbone(3, 4, width=32))
    least = 3.4 if backbone.__name__ == "Lite0UNet" else 3.8  # whose channels are multiples of 8, at least 8
    assert least < large / small < 4.05


def test_every_backbone_of_the_study_is_there():
    assert set(PUBLISHED) <= set(backbones.names())


def test_unknown_backbone_names_the_key_the_nearest_and_all():
    with pytest.raises(BoardbenchError) as error:
        backbones.get("unett")
    text = str(error.value)
    assert "segmentation.backbones" in text and "'unett'" in text and "Did you mean 'unet'?" in text
    assert "attention_unet, " in text and "resunet" in text


def test_a_name_unlike_any_lists_all_once():
    with pytest.raises(BoardbenchError, match=r"unknown backbone 'xyz'\. Valid: ") as error:
        backbones.get("xyz")
    assert str(error.value).count("Valid") == 1


@pytest.mark.parametrize(
    ("word", "parts"), [("unet", ("unet", None)), ("unet@4", ("unet", 4)), ("mobile_unet@64", ("mobile_unet", 64))]
)
def test_a_word_is_a_name_and_maybe_a_width(word, parts):
    assert backbones.parse(word) == parts
    backbones.check(word)
    assert backbones.get(word) is backbones.get(parts[0])
    assert word in backbones.names() or parts[1]


@pytest.mark.parametrize(
    "word",
    [
        "unet@",
        "unet@0",
        "unet@x",
        "unet@-4",
        "unet@04",
        "unet@4.0",
        "unet@4@4",
        "unet@\u0664",
        "unet@4097",
        "unet@" + "9" * 50,
    ],
)
@pytest.mark.parametrize("use", [backbones.parse, backbones.check, backbones.get])
def test_a_malformed_width_names_the_key_the_word_and_an_example(word, use):
    with pytest.raises(BoardbenchError) as error:
        use(word)
    text = str(error.value)
    assert text.startswith(f"segmentation.backbones: '{word}' has the width '{word.partition('@')[2]}'.")
    assert "whole number of channels from 1 to 4096, as in 'unet@8'" in text and "training.width" in text


def test_an_unknown_name_with_a_width_names_the_nearest():
    with pytest.raises(BoardbenchError, match=r"segmentation\.backbones: unknown backbone 'unett'.*'unet'"):
        backbones.check("unett@4")


def test_names_and_errors_need_no_torch():
    code = (
        "import sys\n"
        "from boardbench.segmentation import backbones\n"
        "assert 'unet' in backbones.names()\n"
        "backbones.check('unet@4')\n"
        "try: backbones.get('nothing')\n"
        "except Exception as error: print(type(error).__name__)\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "BoardbenchError\n"


def test_imagenet_is_a_start_at_the_weights_own_width():
    assert backbones.parse("lite0_unet@imagenet") == backbones.parse("lite0_unet@64") == ("lite0_unet", 64)
    assert backbones.is_pretrained("lite0_unet@imagenet") and not backbones.is_pretrained("lite0_unet@64")
    backbones.check("lite0_unet@imagenet")
    with pytest.raises(BoardbenchError, match=r"'unet@imagenet'.*lite0_unet only"):
        backbones.check("unet@imagenet")


def test_lite0_unet_takes_the_encoder_and_nothing_else_from_imagenet(monkeypatch):
    from boardbench.segmentation.backbones import lite0_unet

    def load(network, source, checksum, folder):
        torch.manual_seed(5)
        for tensor in network.state_dict().values():
            tensor.copy_(torch.rand(tensor.shape))
        given.update(network.features.state_dict())
        return "abc"

    given = {}
    monkeypatch.setattr(lite0_unet, "load_weights", load)
    network = backbones.get("lite0_unet")(3, 2)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    assert network.start_from_imagenet() == "abc"
    after = network.state_dict()
    kept = [key for key in before if key.startswith(("decoder.", "head."))]
    assert kept and all(torch.equal(before[key], after[key]) for key in kept)
    # The stem and the first block are the first stage; the last block, 16, ends the fifth.
    for own, published in {"0.0.1": "0.1", "0.1.filter.0": "1.filter.0", "4.16.project.0": "16.project.0"}.items():
        assert torch.equal(after[f"encoder.{own}.weight"], given[f"{published}.weight"])
    assert sum(key.startswith("encoder.") for key in after) == sum(not key.startswith("17.") for key in given)


def test_lite0_unet_says_that_imagenet_has_three_channels(says):
    network = backbones.get("lite0_unet")(4, 2)
    says(network.start_from_imagenet, "segmentation.backbones", "3 channels", "gives it 4", "lite0_unet@64")


def test_lite0_unet_parameters_of_its_parts():
    # Lite0 without classifier (1 281 000) and last convolution (320 x 1280 + 2 x 1280); 3x3 twice and head.
    encoder = 4_652_008 - 1_281_000 - 320 * 1280 - 2 * 1280
    inputs, outputs = (320 + 112, 256 + 40, 128 + 24, 64 + 16, 32), (256, 128, 64, 32, 16)
    decoder = sum(9 * i * o + 9 * o * o + 4 * o for i, o in zip(inputs, outputs, strict=True)) + 16 * 4 + 4
    with torch.device("meta"):
        assert parameters(backbones.get("lite0_unet")(3, 4)) == encoder + decoder
    assert (encoder, decoder) == (2_958_848, 2_239_236)
