"""A network: the learned spectral encoder of an input strategy, then a backbone, for any image size."""

import torch
from torch import nn
from torch.nn import functional

from boardbench.errors import BoardbenchError
from boardbench.segmentation import backbones, reduction

MIN_SIZE = 16


class Network(nn.Module):
    """Map (N, in_channels, H, W) to logits (N, classes, H, W), for any H, W >= 16.

    The image is padded (edges repeated, at the end of each axis) to a multiple of the backbone's stride, and
    the logits are cropped to its size.

    Attributes:
        in_channels: bands, or components where the strategy is fitted outside the network.
        encoder: learned layers of the strategy.
        backbone: network from the encoder's channels to logits.
    """

    def __init__(self, in_channels: int, encoder: nn.Module, backbone: nn.Module):
        super().__init__()
        self.in_channels = in_channels
        self.spectral_encoder = encoder
        self.backbone = backbone

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits.

        Raises:
            BoardbenchError: if the input has another form or number of channels, is smaller than 16 x 16, or
                leaves batch normalization a single pixel to train on.
        """
        self._check(x)
        height, width = x.shape[-2:]
        stride = self.backbone.stride
        x = self.spectral_encoder(x)
        below, right = -height % stride, -width % stride
        if below or right:
            x = functional.pad(x, (0, right, 0, below), mode="replicate")
        return self.backbone(x)[..., :height, :width]

    def _check(self, x: torch.Tensor) -> None:
        form = " x ".join(str(size) for size in x.shape)
        if x.ndim != 4 or x.shape[1] != self.in_channels:
            raise BoardbenchError(
                f"network input is {form}, not captures x {self.in_channels} channels x lines x samples. "
                "Give the bands that the network was built for, reduced first where its strategy is fitted."
            )
        height, width = x.shape[-2:]
        if min(height, width) < MIN_SIZE:
            raise BoardbenchError(
                f"network input is {height} lines x {width} samples; the least is {MIN_SIZE} x {MIN_SIZE}. "
                "Raise reflectance.size in params.yaml, or give a larger capture."
            )
        stride = self.backbone.stride
        if self.training and len(x) == 1 and max(height, width) <= stride:
            raise BoardbenchError(
                f"one capture of {height} lines x {width} samples is one pixel at the deepest level, where "
                "batch normalization cannot train. Raise reflectance.size or training.batch_size in "
                "params.yaml."
            )


def build_network(backbone: str, strategy: str, in_bands: int = 214, classes: int = 4, width: int = 64) -> Network:
    """Return an untrained network of a backbone and an input strategy.

    Args:
        backbone: a name of ``boardbench.segmentation.backbones``, or a word such as ``unet@4`` with a width of its own.
        strategy: a name of ``boardbench.segmentation.reduction``.
        in_bands: bands of the captures; not used for fitted strategies, whose components go in instead.
        classes: channels of the logits.
        width: channels of the backbone's first level, 64 in the papers; a width in the backbone's word takes its place.

    Returns:
        a module from (N, in_bands, H, W), or (N, components, H, W) for fitted strategies (``pca3``: 3), to
        logits (N, classes, H, W), for any H, W >= 16. Weights come from torch's random generator.

    Raises:
        BoardbenchError: for an unknown name, with the nearest one and all valid ones, or a size below 1.
    """
    for name, value in {"in_bands": in_bands, "classes": classes, "width": width}.items():
        if value < 1:
            raise BoardbenchError(f"build_network: {name} is {value}; it must be at least 1.")
    plan = reduction.get(strategy)
    network = backbones.get(backbone)
    _, own_width = backbones.parse(backbone)
    in_channels = plan.channels(in_bands)
    encoder, channels = plan.encoder(in_channels) if plan.encoder else (nn.Identity(), in_channels)
    return Network(in_channels, encoder, network(channels, classes, own_width or width))
