"""U-Net: an encoder and a decoder of double convolutions, joined by concatenated skips.

Reference: Ronneberger, Fischer, Brox, MICCAI 2015, arXiv:1505.04597; here with padded convolutions and batch
normalization, in the form of the PCB-Vision benchmark (Arbash et al. 2024).
Parameters at width 64 and 4 classes: 31 037 828 with 3 channels, 31 159 364 with 214.
"""

import torch
from torch import nn

from boardbench.networks.blocks import conv_norm_relu


def _double_conv(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(*conv_norm_relu(inputs, outputs, 3), *conv_norm_relu(outputs, outputs, 3))


class UNet(nn.Module):
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
        self.upsample = nn.ModuleList(nn.ConvTranspose2d(2 * size, size, 2, stride=2) for size in reversed(widths[:4]))
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
        for upsample, block in zip(self.upsample, self.decoder, strict=True):
            x = block(torch.cat([skips.pop(), upsample(x)], dim=1))
        return self.head(x)


BACKBONE = UNet
