"""``linear3``: a learned linear reduction, one 1x1 convolution from the bands to three channels.

What ``scrb`` is without its hidden layer and without ReLU: the convolution has no bias and is followed by batch
normalization, so that what remains is linear in the bands. It adds 3 * bands + 6 parameters (648 at 214 bands).
"""

from typing import TYPE_CHECKING

from boardbench.segmentation.reduction import Strategy

if TYPE_CHECKING:
    from torch import nn

CHANNELS = 3


def _encoder(bands: int) -> "tuple[nn.Module, int]":
    from torch import nn  # here, because the workflow reads this file without torch

    return nn.Sequential(nn.Conv2d(bands, CHANNELS, 1, bias=False), nn.BatchNorm2d(CHANNELS)), CHANNELS


STRATEGY = Strategy(encoder=_encoder)
