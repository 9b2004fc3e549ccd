"""``scrb``: the spectral channel reduction block, two learned 1x1 convolutions before the backbone.

Source: paper 1 (its proposal): bands -> 128 -> 3 channels, each convolution without bias and followed by
batch normalization and ReLU. It adds 128 * bands + 646 parameters (28 038 at 214 bands).
"""

from typing import TYPE_CHECKING

from boardbench.segmentation.reduction import Strategy

if TYPE_CHECKING:
    from torch import nn

HIDDEN, CHANNELS = 128, 3


def _encoder(bands: int) -> "tuple[nn.Module, int]":
    from torch import nn  # here, because the workflow reads this file without torch

    block = nn.Sequential(
        nn.Conv2d(bands, HIDDEN, 1, bias=False),
        nn.BatchNorm2d(HIDDEN),
        nn.ReLU(inplace=True),
        nn.Conv2d(HIDDEN, CHANNELS, 1, bias=False),
        nn.BatchNorm2d(CHANNELS),
        nn.ReLU(inplace=True),
    )
    return block, CHANNELS


STRATEGY = Strategy(encoder=_encoder)
