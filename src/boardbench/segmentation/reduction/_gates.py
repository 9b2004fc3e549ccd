"""Squeeze-and-excitation gates on channels; a helper, not a strategy."""

import torch
from torch import nn


class Gates(nn.Module):
    """Scale each channel of (N, channels, H, W) by a number in (0, 1) that the means of all channels decide.

    Source: Hu, Shen, Sun, CVPR 2018, arXiv:1709.01507: the mean over the image, two dense layers with ReLU between
    them, sigmoid. Parameters, biases included: 2 * channels * hidden + hidden + channels.

    Args:
        channels: channels of the input.
        reduction: the hidden layer has channels // reduction units, at least one.
    """

    def __init__(self, channels: int, reduction: int = 16):
        super().__init__()
        hidden = max(1, channels // reduction)
        self.gates = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, hidden, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(hidden, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the scaled channels."""
        return x * self.gates(x)
