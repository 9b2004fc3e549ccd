"""Squeeze-and-excitation: channels scaled by gates that the means of all channels decide.

Reference: Hu, Shen, Sun, CVPR 2018, arXiv:1709.01507. Names and shapes of the weights are those of torchvision's block
of the same name (``fc1`` and ``fc2``, 1 x 1 convolutions with bias), which is that of its EfficientNets.
"""

from collections.abc import Callable

import torch
from torch import nn


class SqueezeExcitation(nn.Module):
    """Scale each channel of (N, channels, H, W) by a number in (0, 1): mean over the image, two dense layers, sigmoid.

    Parameters: 2 * channels * hidden + hidden + channels.

    Args:
        channels: of the input.
        hidden: units between the two layers; ``channels // reduction`` in the paper.
        activation: makes what follows the first layer.
    """

    def __init__(self, channels: int, hidden: int, activation: Callable[..., nn.Module] = nn.ReLU):
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, hidden, 1)
        self.fc2 = nn.Conv2d(hidden, channels, 1)
        self.activation = activation(inplace=True)
        self.scale_activation = nn.Sigmoid()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the scaled channels."""
        gates = self.fc2(self.activation(self.fc1(self.avgpool(x))))
        return x * self.scale_activation(gates)


def squeezed(channels: int, reduction: int) -> SqueezeExcitation:
    """Return a block whose hidden layer has ``channels // reduction`` units, at least one."""
    return SqueezeExcitation(channels, max(1, channels // reduction))
