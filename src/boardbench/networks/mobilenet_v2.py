"""MobileNetV2: inverted residuals with linear bottlenecks.

Reference: Sandler, Howard, Zhu, Zhmoginov, Chen, CVPR 2018, arXiv:1801.04381. Names, shapes and order of the weights,
and their random start, are those of torchvision's ``mobilenet_v2``, so its published files load as they are.
Parameters with 1000 classes: 3 504 872 at width 1, 1 677 128 at width 0.35; the paper says 3.4 million at width 1.
"""

from collections.abc import Sequence
from math import prod

import torch
from torch import nn

from boardbench.errors import BoardbenchError
from boardbench.networks.blocks import conv_norm
from boardbench.networks.image_network import ImageNetwork, check_stem, pooled

IMAGENET = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""The paper's table 2: expansion t, output channels c, blocks n, stride s of the first of them, a row a stage."""


def divisible(channels: float, by: int = 8) -> int:
    """Return the nearest multiple of ``by``, but at least ``by`` and not more than a tenth below ``channels``."""
    rounded = max(by, int(channels + by / 2) // by * by)
    return rounded if rounded >= 0.9 * channels else rounded + by


def _activated(inputs: int, outputs: int, kernel: int = 3, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Return convolution, normalization and ReLU6."""
    return nn.Sequential(*conv_norm(inputs, outputs, kernel, stride, groups=groups), nn.ReLU6(inplace=True))


class InvertedResidual(nn.Module):
    """Widen by 1x1, filter each channel by 3x3, narrow by 1x1 without activation; add the input where forms agree."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int):
        super().__init__()
        self.residual = stride == 1 and inputs == outputs
        inner = inputs * expansion
        widen = [_activated(inputs, inner, kernel=1)] if expansion != 1 else []
        self.conv = nn.Sequential(
            *widen,
            _activated(inner, inner, stride=stride, groups=inner),
            *conv_norm(inner, outputs),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, outputs, H, W), at half the size where the stride is 2."""
        return x + self.conv(x) if self.residual else self.conv(x)


class MobileNetV2(ImageNetwork):
    """Map (N, in_channels, H, W) to logits (N, classes).

    ``features`` alone gives (N, channels, H / 32, W / 32), rounded up, at the default strides.

    Args:
        classes: channels of the output.
        in_channels: of the images.
        width: multiplies the channels of every layer, rounded to multiples of 8; the last layer's 1280 only above 1.
        stem: ``imagenet``: the first convolution has stride 2; ``cifar``: stride 1.
        settings: a row (t, c, n, s) a stage, as in ``IMAGENET``. For images of 32 x 32, take 1 for the first strides.
        dropout: before the last layer.

    Attributes:
        channels: of the features' output.
    """

    head = "classifier"

    def __init__(
        self,
        classes: int = 1000,
        in_channels: int = 3,
        width: float = 1.0,
        stem: str = "imagenet",
        settings: Sequence[tuple[int, int, int, int]] = IMAGENET,
        dropout: float = 0.2,
    ):
        check_stem(stem)
        first = 1 if stem == "cifar" else 2
        super().__init__(in_channels, stride=first * prod(stride for _, _, _, stride in settings))
        self.channels = divisible(1280 * max(1.0, width))
        inputs = divisible(32 * width)
        layers: list[nn.Module] = [_activated(in_channels, inputs, stride=first)]
        for expansion, channels, blocks, stride in settings:
            outputs = divisible(channels * width)
            for block in range(blocks):
                layers.append(InvertedResidual(inputs, outputs, stride if block == 0 else 1, expansion))
                inputs = outputs
        self.features = nn.Sequential(*layers, _activated(inputs, self.channels, kernel=1))
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(self.channels, classes))
        self.apply(_start)

    def blocks(self) -> list[nn.Module]:
        """Return the first convolution, each inverted residual, the last convolution."""
        return list(self.features)

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        return self.classifier(pooled(self.features(x)))

    def remedy(self) -> str:
        """Say what to do about images that are too small."""
        return "Set stem: cifar, give settings (rows t, c, n, s) with a stride s of 1 in more rows, or larger images."


def checked(settings: Sequence[Sequence[int]]) -> tuple[tuple[int, int, int, int], ...]:
    """Return settings as a network takes them.

    Raises:
        BoardbenchError: no rows, or a row that is not four whole numbers from 1.
    """
    rows = tuple(tuple(row) for row in settings)
    remedy = "Give a row a stage: expansion t, channels c, blocks n, stride s of the first, such as [6, 24, 2, 2]."
    if not rows:
        raise BoardbenchError(f"settings of mobilenet_v2 have no rows. {remedy}")
    for number, row in enumerate(rows, start=1):
        if len(row) != 4 or not all(isinstance(value, int) and value >= 1 for value in row):
            raise BoardbenchError(
                f"settings of mobilenet_v2: row {number} is {list(row)}, not 4 whole numbers from 1. {remedy}"
            )
    return rows


def _start(layer: nn.Module) -> None:
    """Draw a layer's weights; batch normalization starts at 1 and 0 by itself."""
    if isinstance(layer, nn.Conv2d):
        nn.init.kaiming_normal_(layer.weight, mode="fan_out")
    elif isinstance(layer, nn.Linear):
        nn.init.normal_(layer.weight, std=0.01)
        nn.init.zeros_(layer.bias)
