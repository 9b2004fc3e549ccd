"""DeepLabv3+: a dilated ResNet-101, pyramid pooling with dilated convolutions, and a small decoder.

Reference: Chen et al., ECCV 2018, arXiv:1802.02611, at output stride 16 with the multi-grid of arXiv:1706.05587; as in
the PCB-Vision benchmark (Arbash et al. 2024) the convolutions are plain, not depthwise separable.
Parameters at width 64 and 4 classes: 59 339 940 with 3 channels, 60 001 636 with 214.
"""

import torch
from torch import nn
from torch.nn import functional

from boardbench.networks.blocks import conv_norm, conv_norm_relu

LAST_DILATIONS = (2, 4, 8)  # of the last stage's blocks: 2 for output stride 16, times the multi-grid (1, 2, 4)
RATES = (6, 12, 18)  # dilations of the pyramid


class _Bottleneck(nn.Module):
    """ResNet's bottleneck: 1x1, 3x3 and 1x1 convolutions to four times the inner channels, beside a shortcut."""

    def __init__(self, inputs: int, inner: int, stride: int = 1, dilation: int = 1):
        super().__init__()
        outputs = 4 * inner
        self.body = nn.Sequential(
            *conv_norm_relu(inputs, inner),
            *conv_norm_relu(inner, inner, 3, stride, dilation=dilation),
            *conv_norm(inner, outputs),
        )
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else nn.Sequential(*conv_norm(inputs, outputs, stride=stride))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(self.body(x) + self.shortcut(x))


def _stage(inputs: int, inner: int, stride: int, dilations: tuple[int, ...]) -> nn.Sequential:
    """Return one bottleneck for each dilation; the first changes channels and size."""
    first, *others = dilations
    blocks = [_Bottleneck(inputs, inner, stride, first)]
    return nn.Sequential(*blocks, *(_Bottleneck(4 * inner, inner, dilation=dilation) for dilation in others))


class _ImagePooling(nn.Module):
    """The mean of the whole image, convolved, at every pixel."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.conv, self.norm = conv_norm(inputs, outputs)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mean = self.conv(self.pool(x))
        if self.training and len(x) == 1:
            # One value a channel has no variance: take the running statistics, as in evaluation, and leave them.
            norm = self.norm
            mean = functional.batch_norm(
                mean, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=norm.eps
            )
        else:
            mean = self.norm(mean)
        return self.relu(mean).expand(-1, -1, *x.shape[-2:])


class DeepLabV3Plus(nn.Module):
    """Map (N, in_channels, H, W) to logits (N, classes, H, W); H and W multiples of 16.

    Args:
        in_channels: channels of the input.
        classes: channels of the output.
        width: channels of the stem; the stages give 4, 8, 16 and 32 times as many, pyramid and decoder 4 times.
    """

    stride = 16

    def __init__(self, in_channels: int, classes: int, width: int = 64):
        super().__init__()
        self.stem = nn.Sequential(*conv_norm_relu(in_channels, width, 7, 2), nn.MaxPool2d(3, stride=2, padding=1))
        self.low_level = _stage(width, width, 1, (1,) * 3)
        self.high_level = nn.Sequential(
            _stage(4 * width, 2 * width, 2, (1,) * 4),
            _stage(8 * width, 4 * width, 2, (1,) * 23),
            _stage(16 * width, 8 * width, 1, LAST_DILATIONS),
        )
        inputs, outputs = 32 * width, 4 * width
        self.pyramid = nn.ModuleList(
            [
                nn.Sequential(*conv_norm_relu(inputs, outputs)),
                *(nn.Sequential(*conv_norm_relu(inputs, outputs, 3, dilation=rate)) for rate in RATES),
                _ImagePooling(inputs, outputs),
            ]
        )
        self.project = nn.Sequential(*conv_norm_relu((len(RATES) + 2) * outputs, outputs))
        self.upsample = nn.Upsample(scale_factor=4, mode="bilinear")
        reduced = max(1, 3 * width // 4)
        self.skip = nn.Sequential(*conv_norm_relu(4 * width, reduced))
        self.head = nn.Sequential(
            *conv_norm_relu(outputs + reduced, outputs, 3),
            *conv_norm_relu(outputs, outputs, 3),
            nn.Conv2d(outputs, classes, 1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        low = self.low_level(self.stem(x))
        x = self.high_level(low)
        x = self.project(torch.cat([branch(x) for branch in self.pyramid], dim=1))
        x = self.head(torch.cat([self.upsample(x), self.skip(low)], dim=1))
        return self.upsample(x)


BACKBONE = DeepLabV3Plus
