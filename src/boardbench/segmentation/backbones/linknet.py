"""LinkNet: a ResNet-18 encoder and a light decoder whose skips are added, not concatenated.

Reference: Chaurasia, Culurciello, VCIP 2017, arXiv:1707.03718. The PCB-Vision benchmark (Arbash et al. 2024) took a
pretrained ResNet-34 as the encoder and a plain convolution as the last layer; here is the network of the paper.
Parameters at width 64 and 4 classes: 11 533 700 with 3 channels, 12 195 396 with 214; the paper says 11.5 million.
"""

import torch
from torch import nn

from boardbench.networks.blocks import conv_norm, conv_norm_relu


def _full_conv(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
    """Return a transposed 3x3 convolution to ``stride`` times the size ("full convolution"), and normalization."""
    return [
        nn.ConvTranspose2d(inputs, outputs, 3, stride=stride, padding=1, output_padding=stride - 1, bias=False),
        nn.BatchNorm2d(outputs),
    ]


class _Residual(nn.Module):
    """ResNet's basic block: two 3x3 convolutions beside a shortcut, which is a 1x1 convolution where forms differ."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.body = nn.Sequential(*conv_norm_relu(inputs, outputs, 3, stride), *conv_norm(outputs, outputs, 3))
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else nn.Sequential(*conv_norm(inputs, outputs, 1, stride))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(self.body(x) + self.shortcut(x))


def _decoder(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    inner = max(1, inputs // 4)
    return nn.Sequential(
        *conv_norm_relu(inputs, inner),
        *_full_conv(inner, inner, stride),
        nn.ReLU(inplace=True),
        *conv_norm_relu(inner, outputs),
    )


class LinkNet(nn.Module):
    """Map (N, in_channels, H, W) to logits (N, classes, H, W); H and W multiples of 32.

    Args:
        in_channels: channels of the input.
        classes: channels of the output.
        width: channels of the stem and of the first of four stages; doubled at each of the three below.
    """

    stride = 32

    def __init__(self, in_channels: int, classes: int, width: int = 64):
        super().__init__()
        widths = [width * 2**level for level in range(4)]
        inputs, strides = [width, *widths[:3]], [1, 2, 2, 2]
        self.stem = nn.Sequential(*conv_norm_relu(in_channels, width, 7, 2), nn.MaxPool2d(3, stride=2, padding=1))
        self.encoder = nn.ModuleList(
            nn.Sequential(_Residual(before, after, stride), _Residual(after, after, 1))
            for before, after, stride in zip(inputs, widths, strides, strict=True)
        )
        # Mirrors the encoder: from each stage's channels and size back to those of its input.
        self.decoder = nn.ModuleList(
            _decoder(after, before, stride)
            for before, after, stride in reversed(list(zip(inputs, widths, strides, strict=True)))
        )
        half = max(1, width // 2)
        self.head = nn.Sequential(
            *_full_conv(width, half, 2),
            nn.ReLU(inplace=True),
            *conv_norm_relu(half, half, 3),
            nn.ConvTranspose2d(half, classes, 2, stride=2),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        x = self.stem(x)
        skips = []
        for stage in self.encoder:
            x = stage(x)
            skips.append(x)
        x = self.decoder[0](skips.pop())
        for block in self.decoder[1:]:
            x = block(x + skips.pop())
        return self.head(x)


BACKBONE = LinkNet
