"""What single blocks compute, by hand, and how weights start."""

import pytest
import torch
from torch import nn

from boardbench.networks.blocks import conv_norm, conv_norm_relu
from boardbench.networks.efficientnet import EfficientNetB0, MBConv, StochasticDepth
from boardbench.networks.lenet import LeNet
from boardbench.networks.resnet import BasicBlock, resnet18, resnet34
from boardbench.networks.shufflenet_v2 import InvertedResidual, shuffle
from boardbench.networks.vgg import VGG16


def identity(convolution, factor=1.0):
    """Let a 3x3 convolution multiply each channel."""
    with torch.no_grad():
        convolution.weight.zero_()
        for channel in range(convolution.out_channels):
            convolution.weight[channel, channel, 1, 1] = factor


def exact(network):
    """Let batch normalization in evaluation do nothing."""
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eps = 0.0
    return network.eval()


def test_residual_block_adds_its_input_then_cuts():
    block = exact(BasicBlock(2, 2))
    identity(block.conv1, -2.0)
    identity(block.conv2, 3.0)
    x = torch.tensor([1.0, -1.0])[None, :, None, None].expand(1, 2, 3, 3).clone()
    # 1: -2 is cut to 0, so 1 is left; -1: 2, times 3, less 1.
    assert block(x)[0, :, 1, 1].tolist() == [1.0, 5.0]
    identity(block.conv2, -3.0)
    # 6 below the input: cut after the sum.
    assert block(x)[0, :, 1, 1].tolist() == [1.0, 0.0]


def test_squeeze_and_excitation_stands_before_the_sum():
    block = exact(BasicBlock(2, 2, se=2))
    identity(block.conv1)
    identity(block.conv2)
    for parameter in block.se.parameters():
        nn.init.zeros_(parameter)
    # Gates of a half: 1.5 times the input. After the sum they would give it once; before normalization, too.
    x = torch.rand(2, 2, 4, 4)
    torch.testing.assert_close(block(x), 1.5 * x)
    block.bn2.bias.data.fill_(1.0)
    torch.testing.assert_close(block(x), 1.5 * x + 0.5)


def test_shortcut_is_convolved_only_where_forms_differ():
    for inputs, outputs, stride, convolved in ((4, 4, 1, False), (4, 8, 1, True), (4, 4, 2, True)):
        block = BasicBlock(inputs, outputs, stride)
        assert (len(block.downsample.state_dict()) > 0) == convolved
        assert block(torch.rand(2, inputs, 5, 5)).shape == (2, outputs, -(-5 // stride), -(-5 // stride))


def test_blocks_of_the_two_resnets():
    with torch.device("meta"):
        assert [len(resnet18().blocks()), len(resnet34().blocks())] == [1 + 8, 1 + 16]


@pytest.mark.parametrize(
    ("reduction", "added"),
    [(16, 2 * (580 + 2184 + 8464 + 33_312)), (8, 2 * (1096 + 4240 + 16_672 + 66_112))],
)
def test_parameters_of_squeeze_and_excitation(reduction, added):
    # A block: 2 C (C // r) + C // r + C; two blocks of 64, 128, 256 and 512 channels each.
    def parameters(**options):
        with torch.device("meta"):
            return sum(parameter.numel() for parameter in resnet18(**options).parameters())

    assert parameters(se=reduction) - parameters() == added
    if reduction == 16:
        assert parameters(se=16) == 11_778_592


def test_shuffle_by_hand():
    x = torch.arange(6.0)[None, :, None, None].expand(2, 6, 1, 2)
    assert shuffle(x)[1, :, 0, 1].tolist() == [0, 3, 1, 4, 2, 5]


def test_shufflenet_keeps_the_first_half():
    torch.manual_seed(0)
    block, x = InvertedResidual(8, 8, 1), torch.rand(2, 8, 4, 4)
    made = block(x)
    assert torch.equal(made[:, ::2], x[:, :4])
    torch.testing.assert_close(made[:, 1::2], block.branch2(x[:, 4:]))
    halved = InvertedResidual(8, 12, 2)
    made = halved(x)
    torch.testing.assert_close(made[:, ::2], halved.branch1(x))
    torch.testing.assert_close(made[:, 1::2], halved.branch2(x))


def test_stochastic_depth():
    torch.manual_seed(0)
    layer, x = StochasticDepth(0.25).train(), torch.ones(4000, 2, 3, 3)
    made = layer(x)
    # Whole images, scaled so that the mean stays.
    assert torch.equal(made, made[:, :1, :1, :1].expand_as(made))
    assert sorted(set(made[:, 0, 0, 0].tolist())) == pytest.approx([0.0, 4 / 3])
    assert made.mean().item() == pytest.approx(1.0, abs=0.03)
    assert layer.eval()(x) is x
    assert StochasticDepth(0.0).train()(x) is x


def test_stochastic_depth_grows_over_the_sixteen_blocks():
    with torch.device("meta"):
        network = EfficientNetB0(drop=0.32)
    blocks = [block for block in network.blocks() if isinstance(block, MBConv)]
    assert [block.stochastic_depth.probability for block in blocks] == pytest.approx([0.02 * k for k in range(16)])
    assert sum(block.residual for block in blocks) == 9


def test_mbconv_adds_its_input():
    x = torch.rand(2, 8, 5, 5)
    for stride, adds in ((1, True), (2, False)):
        block = MBConv(8, 8, 3, stride, 6, drop=0.0)
        nn.init.zeros_(block.block[-1][1].weight)  # all that the branch gives
        assert torch.equal(block(x), x if adds else torch.zeros(2, 8, 3, 3))


def test_activations_of_mbconv_are_silu():
    torch.manual_seed(0)
    block, x = exact(MBConv(4, 6, 5, 2, 6, drop=0.0)), torch.randn(2, 4, 7, 7)
    (widen, _), (filtered, _), squeeze, (narrow, _) = (
        layer[:2] if isinstance(layer, nn.Sequential) else layer for layer in block.block
    )
    made = nn.functional.silu(filtered(nn.functional.silu(widen(x))))
    hidden = nn.functional.silu(squeeze.fc1(made.mean(dim=(2, 3), keepdim=True)))
    torch.testing.assert_close(block(x), narrow(made * torch.sigmoid(squeeze.fc2(hidden))))


def test_lenet_by_layers(says):
    torch.manual_seed(0)
    network, x = LeNet(10), torch.rand(2, 3, 32, 32)
    made = x
    for layer in (network.conv1, network.conv2):
        made = nn.functional.max_pool2d(layer(made).relu(), 2)
    assert made.shape == (2, 16, 5, 5)
    made = network.fc2(network.fc1(made.flatten(1)).relu()).relu()
    torch.testing.assert_close(network(x), network.fc3(made))
    for size in ((28, 28), (32, 36), (8, 8)):
        says(lambda size=size: network(torch.rand(1, 3, *size)), f"{size[0]} lines x {size[1]}", "32 x 32", "resnet18")


def test_random_starts():
    torch.manual_seed(0)
    resnet = resnet18(width=0.5, se=4)
    # sqrt(2 / fan out): 3 x 3 from 128 to 256 channels.
    assert resnet.layer4[0].conv1.weight.std().item() == pytest.approx((2 / (9 * 256)) ** 0.5, rel=0.02)
    assert not resnet.layer4[1].se.fc2.bias.any()
    vgg = VGG16(10, stem="cifar", width=0.5)
    assert vgg.features[24].weight.shape == (256, 128, 3, 3)
    assert vgg.features[24].weight.std().item() == pytest.approx((2 / (9 * 256)) ** 0.5, rel=0.02)
    assert vgg.classifier.weight.std().item() == pytest.approx(0.01, rel=0.05)
    assert not vgg.features[0].bias.any() and not vgg.classifier.bias.any()
    efficient = EfficientNetB0(100, width=0.5)
    # Uniform within 1 / sqrt(100).
    assert efficient.classifier[1].weight.abs().max().item() == pytest.approx(0.1, rel=1e-3)
    assert efficient.features[8][0].weight.std().item() == pytest.approx((2 / 640) ** 0.5, rel=0.02)
    assert not efficient.features[1][0].block[1].fc1.bias.any()


def test_a_convolution_keeps_the_size_or_divides_it_by_the_stride():
    for kernel, stride, dilation, size in ((1, 1, 1, 9), (3, 1, 1, 9), (3, 2, 1, 5), (7, 2, 1, 5), (3, 1, 6, 9)):
        layers = conv_norm(2, 4, kernel, stride, dilation=dilation)
        assert nn.Sequential(*layers)(torch.zeros(2, 2, 9, 9)).shape == (2, 4, size, size)
        assert layers[0].bias is None
    assert [type(layer) for layer in conv_norm_relu(2, 4)] == [nn.Conv2d, nn.BatchNorm2d, nn.ReLU]
