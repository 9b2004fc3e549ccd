"""U-Net on EfficientNet-Lite0: a published encoder, whose ImageNet weights ``lite0_unet@imagenet`` starts from.

References: Tan, Le, ICML 2019, arXiv:1905.11946 (encoder, :mod:`boardbench.networks.efficientnet_lite0` without its
last 1 x 1 convolution); Ronneberger, Fischer, Brox, MICCAI 2015, arXiv:1505.04597 (decoder, skips). The skips are the
last outputs at 1/2, 1/4, 1/8 and 1/16 of the size; the last step up, to the whole size, has none. The decoder has 256,
128, 64, 32 and 16 channels at width 64, at which the encoder is the published one.
Parameters at width 64 and 4 classes: 5 198 084 with 3 channels, 5 258 852 with 214.
"""

from pathlib import Path

import torch
from torch import nn

from boardbench.errors import BoardbenchError
from boardbench.networks.blocks import conv_norm_relu
from boardbench.networks.efficientnet_lite0 import EfficientNetLite0
from boardbench.networks.mobilenet_v2 import divisible
from boardbench.networks.weights import PACKAGED, load_weights

LEVELS = (2, 4, 6, 12, 17)
"""Where the features of EfficientNet-Lite0 end at 1/2, 1/4, 1/8, 1/16 and 1/32 of the size."""
CHANNELS = (16, 24, 40, 112, 320)
"""Of those outputs at width 64."""


class Lite0UNet(nn.Module):
    """Map (N, in_channels, H, W) to logits (N, classes, H, W); H and W multiples of 32.

    Args:
        in_channels: channels of the input.
        classes: channels of the output.
        width: channels of the decoder's middle level; 64 has the published encoder, others one of width / 64.
    """

    stride = 32

    def __init__(self, in_channels: int, classes: int, width: int = 64):
        super().__init__()
        layers = EfficientNetLite0(in_channels=in_channels, width=width / 64, drop=0.0).features
        self.encoder = nn.ModuleList(layers[start:end] for start, end in zip((0, *LEVELS), LEVELS, strict=False))
        self.upsample = nn.Upsample(scale_factor=2, mode="nearest")
        self.decoder = nn.ModuleList()
        *skips, below = (divisible(channels * width / 64) for channels in CHANNELS)
        for share, skip in zip((4, 2, 1, 1 / 2, 1 / 4), (*reversed(skips), 0), strict=True):
            outputs = max(1, int(width * share))
            self.decoder.append(
                nn.Sequential(*conv_norm_relu(below + skip, outputs, 3), *conv_norm_relu(outputs, outputs, 3))
            )
            below = outputs
        self.head = nn.Conv2d(below, classes, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        skips = []
        for stage in self.encoder:
            x = stage(x)
            skips.append(x)
        for block, skip in zip(self.decoder, [*reversed(skips[:-1]), None], strict=True):
            x = self.upsample(x)
            x = block(x if skip is None else torch.cat([skip, x], dim=1))
        return self.head(x)

    def start_from_imagenet(self) -> str:
        """Give the encoder ImageNet's weights (at width 64, with 3 channels); return the sha256 of their file.

        Raises:
            BoardbenchError: another number of channels, or the package with the weights is not installed.
        """
        channels = self.encoder[0][0][1].in_channels
        if channels != 3:
            raise BoardbenchError(
                f"segmentation.backbones: lite0_unet@imagenet takes 3 channels, but the strategy gives it {channels}. "
                "Take a strategy of 3 channels, such as scrb, or the random start: lite0_unet@64."
            )
        published = EfficientNetLite0()
        digest = load_weights(published, PACKAGED, None, Path())
        state = dict(published.features.state_dict())
        own = nn.Sequential(*(layer for stage in self.encoder for layer in stage))
        own.load_state_dict({key: state[key] for key in own.state_dict()})
        return digest


BACKBONE = Lite0UNet
