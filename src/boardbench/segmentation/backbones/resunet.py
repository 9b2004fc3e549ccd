"""ResU-Net: a U-Net of pre-activation residual blocks, three levels deep.

Reference: Zhang, Liu, Wang, IEEE GRSL 2018, arXiv:1711.10684; here with a normalized 3x3 convolution on every
shortcut (the first block's alone is not normalized), upsampling by transposed convolutions that keep their
channels, and a plain 1x1 head: a form that agrees with paper 1's parameters and GMACs to the last digit.
Parameters at width 64 and 4 classes: 13 043 204 with 3 channels, 13 286 276 with 214.
"""

import torch
from torch import nn

from boardbench.networks.blocks import conv_norm


def _activated_conv(inputs: int, outputs: int, stride: int = 1) -> list[nn.Module]:
    """Return normalization, ReLU and a 3x3 convolution, in this order ("pre-activation")."""
    return [
        nn.BatchNorm2d(inputs),
        nn.ReLU(inplace=False),  # its input is the shortcut's input too
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1),
    ]


class _Residual(nn.Module):
    """Residual block: two pre-activated 3x3 convolutions beside a normalized 3x3 shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1):
        super().__init__()
        self.body = nn.Sequential(*_activated_conv(inputs, outputs, stride), *_activated_conv(outputs, outputs))
        self.shortcut = nn.Sequential(*conv_norm(inputs, outputs, 3, stride, bias=True))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x) + self.shortcut(x)


class _Stem(nn.Module):
    """First block: as a residual block, but the raw input is not activated nor its shortcut normalized."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), *_activated_conv(outputs, outputs))
        self.shortcut = nn.Conv2d(inputs, outputs, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x) + self.shortcut(x)


class ResUNet(nn.Module):
    """Map (N, in_channels, H, W) to logits (N, classes, H, W); H and W multiples of 8.

    Args:
        in_channels: channels of the input.
        classes: channels of the output.
        width: channels of the first level; doubled at each of the three levels below.
    """

    stride = 8

    def __init__(self, in_channels: int, classes: int, width: int = 64):
        super().__init__()
        widths = [width * 2**level for level in range(4)]
        self.encoder = nn.ModuleList(
            [_Stem(in_channels, width), _Residual(width, widths[1], 2), _Residual(widths[1], widths[2], 2)]
        )
        self.bottleneck = _Residual(widths[2], widths[3], 2)
        self.upsample = nn.ModuleList(
            nn.ConvTranspose2d(2 * size, 2 * size, 2, stride=2) for size in reversed(widths[:3])
        )
        self.decoder = nn.ModuleList(_Residual(3 * size, size) for size in reversed(widths[:3]))
        self.head = nn.Conv2d(width, classes, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        skips = []
        for block in self.encoder:
            x = block(x)
            skips.append(x)
        x = self.bottleneck(x)
        for upsample, block in zip(self.upsample, self.decoder, strict=True):
            x = block(torch.cat([upsample(x), skips.pop()], dim=1))
        return self.head(x)


BACKBONE = ResUNet
