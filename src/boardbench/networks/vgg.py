"""VGG-16 (configuration D).

Reference: Simonyan, Zisserman, ICLR 2015, arXiv:1409.1556. Names, shapes and order of the weights, and their random
start, are those of torchvision's ``vgg16`` (stem ``imagenet``), so its published files load as they are: 138 357 544
parameters with 1000 classes.

The paper has no form for small images. With the stem ``cifar`` it is what is commonly trained on 32 x 32: the same
thirteen convolutions, each with batch normalization as in torchvision's ``vgg16_bn`` (without it, a random start stays
at chance level over the first steps where it leaves it with), then the mean over the image and one dense layer in place
of three, whose first would have 25 088 inputs, 49 copies of each feature: 14 728 266 parameters with 10 classes,
14 719 818 without normalization.
"""

from itertools import pairwise

import torch
from torch import nn

from boardbench.networks.image_network import ImageNetwork, check_stem

_STAGES = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # channels, convolutions; pooling after each
_DENSE = 4096


class VGG16(ImageNetwork):
    """Map (N, in_channels, H, W) to logits (N, classes), for any H, W >= 32.

    Args:
        classes: channels of the output.
        in_channels: of the images.
        width: multiplies the channels of every layer, the dense ones' too.
        stem: ``imagenet``: as published; ``cifar``: batch normalization, and one dense layer.
        batch_norm: whether a normalization follows every convolution; None: with the stem ``cifar`` only.
        dropout: after both hidden dense layers.
    """

    head = "classifier"

    def __init__(
        self,
        classes: int = 1000,
        in_channels: int = 3,
        width: float = 1.0,
        stem: str = "imagenet",
        batch_norm: bool | None = None,
        dropout: float = 0.5,
    ):
        check_stem(stem)
        super().__init__(in_channels, stride=32, smallest=32)  # five times pooled, rounded down
        small = stem == "cifar"
        normalized = small if batch_norm is None else batch_norm
        layers: list[nn.Module] = []
        inputs = in_channels
        for channels, convolutions in _STAGES:
            outputs = max(1, round(channels * width))
            for _ in range(convolutions):
                layers.append(nn.Conv2d(inputs, outputs, 3, padding=1))
                layers += [nn.BatchNorm2d(outputs)] if normalized else []
                layers.append(nn.ReLU(inplace=True))
                inputs = outputs
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        if small:
            self.avgpool = nn.AdaptiveAvgPool2d(1)
            self.classifier = nn.Linear(inputs, classes)
        else:
            dense = max(1, round(_DENSE * width))
            self.avgpool = nn.AdaptiveAvgPool2d(7)
            self.classifier = nn.Sequential(
                nn.Linear(inputs * 7 * 7, dense),
                nn.ReLU(inplace=True),
                nn.Dropout(dropout),
                nn.Linear(dense, dense),
                nn.ReLU(inplace=True),
                nn.Dropout(dropout),
                nn.Linear(dense, classes),
            )
        self.apply(_start)

    def blocks(self) -> list[nn.Module]:
        """Return each convolution with what follows it, up to the next."""
        starts = [place for place, layer in enumerate(self.features) if isinstance(layer, nn.Conv2d)]
        return [self.features[first:last] for first, last in pairwise([*starts, len(self.features)])]

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        return self.classifier(self.avgpool(self.features(x)).flatten(1))

    def remedy(self) -> str:
        """Say what to do about images that are too small."""
        return "Take larger images, or a network of fewer strides (resnet18 with stem: cifar)."


def _start(layer: nn.Module) -> None:
    """Draw a layer's weights; batch normalization starts at 1 and 0 by itself."""
    if isinstance(layer, nn.Conv2d):
        nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    elif isinstance(layer, nn.Linear):
        nn.init.normal_(layer.weight, std=0.01)
        nn.init.zeros_(layer.bias)
