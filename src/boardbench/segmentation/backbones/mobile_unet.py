"""Mobile U-Net: U-Net with MobileNet's depthwise-separable convolutions and nearest-neighbour upsampling.

References: Howard et al. 2017, arXiv:1704.04861 (3x3 depthwise, then 1x1 pointwise convolution, each with batch
normalization and ReLU); Ronneberger, Fischer, Brox, MICCAI 2015, arXiv:1505.04597 (encoder, decoder, skips).
ReLU, not the ReLU6 of later code: quantization to int8 takes each layer's range from data, so no fixed limit helps it,
and a ReLU is folded into the convolution before it.
A 1x1 convolution takes the bands to the first level's channels before any 3x3: a depthwise layer on 3 channels would
be 3 filters, one on 214 bands 214, and MobileNet's full 3x3 there 9 times the cost.
Upsampling: 1x1 convolution at the small size, then each pixel repeated; no arithmetic, so exact in int8 too.
Parameters at width 64 and 4 classes: 3 916 996 with 3 channels, 3 930 500 with 214.
"""

import torch
from torch import nn

from boardbench.networks.blocks import conv_norm_relu


def _pointwise(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(*conv_norm_relu(inputs, outputs))


def _separable(inputs: int, outputs: int) -> nn.Sequential:
    """Return MobileNet's block: one 3x3 filter a channel, then a 1x1 convolution that mixes the channels."""
    return nn.Sequential(*conv_norm_relu(inputs, inputs, 3, groups=inputs), *conv_norm_relu(inputs, outputs))


def _double(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(_separable(inputs, outputs), _separable(outputs, outputs))


class MobileUNet(nn.Module):
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
        self.stem = _pointwise(in_channels, width)
        self.encoder = nn.ModuleList(
            _double(inputs, outputs) for inputs, outputs in zip([width, *widths[:3]], widths[:4], strict=True)
        )
        self.pool = nn.MaxPool2d(2)
        self.bottleneck = _double(widths[3], widths[4])
        self.upsample = nn.ModuleList(
            nn.Sequential(_pointwise(2 * size, size), nn.Upsample(scale_factor=2, mode="nearest"))
            for size in reversed(widths[:4])
        )
        self.decoder = nn.ModuleList(_double(2 * size, size) for size in reversed(widths[:4]))
        self.head = nn.Conv2d(width, classes, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        x = self.stem(x)
        skips = []
        for block in self.encoder:
            x = block(x)
            skips.append(x)
            x = self.pool(x)
        x = self.bottleneck(x)
        for upsample, block in zip(self.upsample, self.decoder, strict=True):
            x = block(torch.cat([skips.pop(), upsample(x)], dim=1))
        return self.head(x)


BACKBONE = MobileUNet
