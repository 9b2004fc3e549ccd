"""``scrb_se``: squeeze-and-excitation gates on the bands, then the spectral channel reduction block.

Sources: Hu, Shen, Sun, CVPR 2018 (gates from the image's mean spectrum: bands -> bands / 16 -> bands, sigmoid), which
paper 3 puts into ResNets; SCRB as in ``scrb``. At 214 bands the gates have 2 * 214 * 13 + 13 + 214 = 5 791 parameters,
so the encoder has 33 829. The mean is one of the whole image: a window of a running stream has other gates than the
whole capture, and lines cannot pass one by one.
"""

from typing import TYPE_CHECKING

from boardbench.segmentation.reduction import Strategy
from boardbench.segmentation.reduction.scrb import STRATEGY as SCRB

if TYPE_CHECKING:
    from torch import nn


def _encoder(bands: int) -> "tuple[nn.Module, int]":
    from torch import nn  # here, because the workflow reads this file without torch

    from boardbench.networks.squeeze_excitation import squeezed

    block, channels = SCRB.encoder(bands)
    return nn.Sequential(squeezed(bands, reduction=16), block), channels


STRATEGY = Strategy(encoder=_encoder)
