"""EfficientNet-B0: MobileNetV2's blocks with squeeze-and-excitation, found by a search.

Reference: Tan, Le, ICML 2019, arXiv:1905.11946. Names, shapes and order of the weights, and their random start, are
those of torchvision's ``efficientnet_b0``, so its published files load as they are. Parameters with 1000 classes:
5 288 548; 4 020 358 with 10 classes.
"""

import torch
from torch import nn

from boardbench.networks.blocks import conv_norm
from boardbench.networks.image_network import ImageNetwork, check_stem, pooled
from boardbench.networks.mobilenet_v2 import divisible
from boardbench.networks.squeeze_excitation import SqueezeExcitation

STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
"""The paper's table 1: expansion, kernel, stride of the first block, output channels, blocks."""


def _activated(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Return convolution, normalization and SiLU."""
    return nn.Sequential(*conv_norm(inputs, outputs, kernel, stride, groups=groups), nn.SiLU(inplace=True))


class StochasticDepth(nn.Module):
    """Drop a branch for some images of a batch while training (Huang et al., ECCV 2016, arXiv:1603.09382).

    Args:
        probability: of dropping; the images that keep it have it scaled by 1 / (1 - probability).
    """

    def __init__(self, probability: float):
        super().__init__()
        self.probability = probability

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, ...) with some images at zero."""
        if not self.training or self.probability == 0:
            return x
        kept = 1 - self.probability
        return x * x.new_empty((len(x), *[1] * (x.ndim - 1))).bernoulli_(kept) / kept


class MBConv(nn.Module):
    """Widen by 1x1, filter each channel, squeeze and excite, narrow by 1x1; add the input where forms agree.

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
        inner = divisible(inputs * expansion)
        widen = [_activated(inputs, inner)] if inner != inputs else []
        self.block = nn.Sequential(
            *widen,
            _activated(inner, inner, kernel, stride, groups=inner),
            SqueezeExcitation(inner, max(1, inputs // 4), nn.SiLU),
            nn.Sequential(*conv_norm(inner, outputs)),
        )
        self.stochastic_depth = StochasticDepth(drop)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, outputs, H / stride, W / stride), rounded up."""
        return x + self.stochastic_depth(self.block(x)) if self.residual else self.block(x)


class EfficientNetB0(ImageNetwork):
    """Map (N, in_channels, H, W) to logits (N, classes).

    Args:
        classes: channels of the output.
        in_channels: of the images.
        width: multiplies the channels of every layer, rounded to multiples of 8.
        stem: ``imagenet``: the first convolution has stride 2; ``cifar``: stride 1.
        dropout: before the last layer.
        drop: probability of stochastic depth that the blocks approach, from 0 at the first.
    """

    head = "classifier"

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
        inputs = divisible(32 * width)
        layers: list[nn.Module] = [_activated(in_channels, inputs, 3, first)]
        total, done = sum(row[-1] for row in STAGES), 0
        for expansion, kernel, stride, channels, blocks in STAGES:
            outputs, made = divisible(channels * width), []
            for block in range(blocks):
                step = stride if block == 0 else 1
                made.append(MBConv(inputs, outputs, kernel, step, expansion, drop * done / total))
                inputs, done = outputs, done + 1
            layers.append(nn.Sequential(*made))
        self.features = nn.Sequential(*layers, _activated(inputs, 4 * inputs))
        self.classifier = nn.Sequential(nn.Dropout(dropout, inplace=True), nn.Linear(4 * inputs, classes))
        self.apply(_start)

    def blocks(self) -> list[nn.Module]:
        """Return the first convolution, each inverted residual, the last convolution."""
        first, *stages, last = self.features
        return [first, *(block for stage in stages for block in stage), last]

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        return self.classifier(pooled(self.features(x)))


def _start(layer: nn.Module) -> None:
    """Draw a layer's weights; batch normalization starts at 1 and 0 by itself."""
    if isinstance(layer, nn.Conv2d):
        nn.init.kaiming_normal_(layer.weight, mode="fan_out")
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    elif isinstance(layer, nn.Linear):
        limit = layer.out_features**-0.5
        nn.init.uniform_(layer.weight, -limit, limit)
        nn.init.zeros_(layer.bias)
