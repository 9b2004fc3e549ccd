"""Paper 4's network: MobileNetV2's (or other) features, a separable convolution, two dense layers, eight coordinates.

The paper leaves some of it open; here the separable convolution is Keras's (depthwise without bias or activation, then
pointwise with bias), padded to keep its size, because 3 x 3 features (images of 96 x 96) are smaller than its 5 x 5.
ReLU follows it and both dense layers, the last one too, as in the paper: a coordinate below 0 cannot be said, and an
output that is negative for every image would never learn. The last bias therefore starts at 0.5, the image's middle.
Parameters: 2 532 880 at width 1 and 256 x 256, of which the head has 309 008; at width 0.35 and 96 x 96 479 856 and
83 728.
"""

from typing import Self

import torch
from torch import nn

from boardbench.errors import BoardbenchError, nearest
from boardbench.networks.efficientnet_lite0 import EfficientNetLite0
from boardbench.networks.mobilenet_v2 import MobileNetV2

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
"""Of ImageNet's red, green and blue between 0 and 1: what published weights expect."""

INITS = ("random", "finetune", "frozen")

BACKBONES = {"mobilenet_v2": MobileNetV2, "efficientnet_lite0": EfficientNetLite0}

_STRIDE = 32
_FILTERS, _DENSE = 8, 512


class PlacementNetwork(nn.Module):
    """Map normalized RGB (N, 3, lines, samples) to corners (N, 4, 2) as shares of the image: x by width, y by height.

    Args:
        backbone: whose ``features`` (stride 32, ``channels``) are taken.
        size: lines and samples of the images; the dense layers fit no other.
        frozen: keep the features as they are: no gradients, and batch normalization by its stored statistics.

    Attributes:
        in_channels: 3.
        size: lines and samples.
        features: (N, 3, lines, samples) to (N, channels, lines / 32, samples / 32), rounded up.
        head: from there to the corners (N, 4, 2).
    """

    in_channels = 3

    def __init__(self, backbone: MobileNetV2 | EfficientNetLite0, size: tuple[int, int], frozen: bool = False):
        super().__init__()
        self.size = tuple(size)
        self.frozen = frozen
        self.features = backbone.features.requires_grad_(not frozen)
        lines, samples = (-(-side // _STRIDE) for side in self.size)
        last = nn.Linear(_DENSE, 8)
        nn.init.constant_(last.bias, 0.5)
        self.head = nn.Sequential(
            nn.Conv2d(backbone.channels, backbone.channels, 5, padding=2, groups=backbone.channels, bias=False),
            nn.Conv2d(backbone.channels, _FILTERS, 1),
            nn.ReLU(inplace=True),
            nn.Flatten(),
            nn.Linear(_FILTERS * lines * samples, _DENSE),
            nn.ReLU(inplace=True),
            nn.Dropout(0.1),
            last,
            nn.ReLU(),
            nn.Unflatten(1, (4, 2)),
        )
        self.train()

    def train(self, mode: bool = True) -> Self:
        """Switch to training or evaluation; frozen features stay in evaluation."""
        super().train(mode)
        if self.frozen:
            self.features.eval()
        return self

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the corners.

        Raises:
            BoardbenchError: if the input has another form or size, or is one image of one pixel of features, on which
                batch normalization cannot train.
        """
        if x.ndim != 4 or x.shape[1:] != (self.in_channels, *self.size):
            lines, samples = self.size
            raise BoardbenchError(
                f"network input is {' x '.join(map(str, x.shape))}, not images x 3 channels x {lines} lines x "
                f"{samples} samples. Bring photos to the size that the network was trained for (synthesis.size)."
            )
        if self.features.training and len(x) == 1 and max(self.size) <= _STRIDE:
            raise BoardbenchError(
                f"one image of {self.size[0]} lines x {self.size[1]} samples is one pixel of features, where batch "
                "normalization cannot train. Raise placement.synthesis.size or training.batch_size in params.yaml."
            )
        return self.head(self.features(x))


def build_backbone(name: str, width: float) -> MobileNetV2 | EfficientNetLite0:
    """Return an untrained backbone with 1000 classes.

    Raises:
        BoardbenchError: an unknown name.
    """
    if name not in BACKBONES:
        raise BoardbenchError(f"placement.training.backbone '{name}' is not known. {nearest(name, list(BACKBONES))}")
    return BACKBONES[name](width=width)


def build_network(
    width: float = 0.35, size: tuple[int, int] = (96, 96), init: str = "random", backbone: str = "mobilenet_v2"
) -> PlacementNetwork:
    """Return an untrained network; published weights go into ``.features`` afterwards.

    Args:
        width: of the backbone; 1.0 in the paper.
        size: lines and samples of the images; 256, 256 in the paper.
        init: ``random`` or ``finetune`` (trained with the rest), or ``frozen`` (kept, as in the paper).
        backbone: one of BACKBONES.

    Raises:
        BoardbenchError: for an unknown word.
    """
    if init not in INITS:
        raise BoardbenchError(f"placement.features '{init}' is not known. {nearest(init, list(INITS))}")
    return PlacementNetwork(build_backbone(backbone, width), size, frozen=init == "frozen")


def preprocess(images: torch.Tensor) -> torch.Tensor:
    """Normalize images as published weights expect them.

    Args:
        images: (N, lines, samples, 3) uint8, RGB.

    Returns:
        (N, 3, lines, samples) float32, in channels-last memory when the images are contiguous.
    """
    mean, std = torch.tensor((MEAN, STD), device=images.device)
    return (images / (255 * std) - mean / std).permute(0, 3, 1, 2)
