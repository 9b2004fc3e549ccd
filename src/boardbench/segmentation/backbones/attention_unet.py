"""Attention U-Net: a U-Net whose skips are weighted, pixel by pixel, by what the level below has seen.

Reference: Oktay et al., MIDL 2018, arXiv:1804.03999; the additive gate is applied here at the skip's own
size, with nearest upsampling and a 3x3 convolution in the decoder, in the form of the PCB-Vision benchmark
(Arbash et al. 2024).
Parameters at width 64 and 4 classes: 34 878 768 with 3 channels, 35 000 304 with 214.
"""

import torch
from torch import nn

from boardbench.networks.blocks import conv_norm, conv_norm_relu


def _double_conv(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        *conv_norm_relu(inputs, outputs, 3, bias=True), *conv_norm_relu(outputs, outputs, 3, bias=True)
    )


def _up(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Upsample(scale_factor=2), *conv_norm_relu(inputs, outputs, 3, bias=True))


class _Gate(nn.Module):
    """Weight a skip (N, C, H, W) with a factor in (0, 1) a pixel, from itself and a signal of its size."""

    def __init__(self, channels: int):
        super().__init__()
        inner = max(1, channels // 2)
        self.signal = nn.Sequential(*conv_norm(channels, inner, bias=True))
        self.skip = nn.Sequential(*conv_norm(channels, inner, bias=True))
        self.relu = nn.ReLU(inplace=True)
        self.factor = nn.Sequential(*conv_norm(inner, 1, bias=True), nn.Sigmoid())

    def forward(self, signal: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        return skip * self.factor(self.relu(self.signal(signal) + self.skip(skip)))


class AttentionUNet(nn.Module):
    """Map (N, in_channels, H, W) to logits (N, classes, H, W); H and W multiples of 16.

    Args:
        in_channels: channels of the input.
        classes: channels of the output.
        width: channels of the first level; doubled at each of the four levels below.
    """

    stride = 16

    def __init__(self, in_channels: int, classes: int, width: int = 64):
        super().__init__()
        widths = [width * 2**level for level in range(5)]
        self.encoder = nn.ModuleList(
            _double_conv(inputs, outputs)
            for inputs, outputs in zip([in_channels, *widths[:3]], widths[:4], strict=True)
        )
        self.pool = nn.MaxPool2d(2)
        self.bottleneck = _double_conv(widths[3], widths[4])
        self.upsample = nn.ModuleList(_up(2 * size, size) for size in reversed(widths[:4]))
        self.gates = nn.ModuleList(_Gate(size) for size in reversed(widths[:4]))
        self.decoder = nn.ModuleList(_double_conv(2 * size, size) for size in reversed(widths[:4]))
        self.head = nn.Conv2d(width, classes, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        skips = []
        for block in self.encoder:
            x = block(x)
            skips.append(x)
            x = self.pool(x)
        x = self.bottleneck(x)
        for upsample, gate, block in zip(self.upsample, self.gates, self.decoder, strict=True):
            x = upsample(x)
            x = block(torch.cat([gate(x, skips.pop()), x], dim=1))
        return self.head(x)


BACKBONE = AttentionUNet
