"""ShuffleNetV2: half the channels pass by, half are convolved, then both are interleaved.

Reference: Ma, Zhang, Zheng, Sun, ECCV 2018, arXiv:1807.11164. Names, shapes and order of the weights, and their random
start (torch's own), are those of torchvision's ``shufflenet_v2_x1_0``, so its published files load as they are.
Parameters with 1000 classes: 1 366 792 at width 0.5, 2 278 604 at 1, 3 503 624 at 1.5, 7 393 996 at 2.
"""

import torch
from torch import nn

from boardbench.errors import BoardbenchError
from boardbench.networks.blocks import conv_norm, conv_norm_relu
from boardbench.networks.image_network import ImageNetwork, check_stem, pooled

CHANNELS = {
    0.5: (24, 48, 96, 192, 1024),
    1.0: (24, 116, 232, 464, 1024),
    1.5: (24, 176, 352, 704, 1024),
    2.0: (24, 244, 488, 976, 2048),
}
"""The paper's table 5: width -> channels of the first convolution, three stages and the last convolution."""

_BLOCKS = (4, 8, 4)


def shuffle(x: torch.Tensor) -> torch.Tensor:
    """Interleave the two halves of the channels of (N, channels, H, W): first, middle, second, middle + 1, ..."""
    return x.unflatten(1, (2, x.shape[1] // 2)).transpose(1, 2).flatten(1, 2)


def _depthwise(channels: int, stride: int) -> list[nn.Module]:
    """Return a 3x3 filter a channel and normalization."""
    return conv_norm(channels, channels, 3, stride, groups=channels)


class InvertedResidual(nn.Module):
    """Convolve one half of the channels and keep the other; at stride 2, convolve all of them on both sides.

    Args:
        inputs: channels of the input; equal to ``outputs`` at stride 1.
        outputs: channels of the output, even.
        stride: 1 or 2.
    """

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        half = outputs // 2
        self.splits = stride == 1
        self.branch1 = nn.Sequential(
            *([] if self.splits else [*_depthwise(inputs, stride), *conv_norm_relu(inputs, half)])
        )
        self.branch2 = nn.Sequential(
            *conv_norm_relu(half if self.splits else inputs, half),
            *_depthwise(half, stride),
            *conv_norm_relu(half, half),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, outputs, H / stride, W / stride), rounded up."""
        kept, convolved = x.chunk(2, dim=1) if self.splits else (x, x)
        return shuffle(torch.cat((self.branch1(kept), self.branch2(convolved)), dim=1))


class ShuffleNetV2(ImageNetwork):
    """Map (N, in_channels, H, W) to logits (N, classes).

    Args:
        classes: channels of the output.
        in_channels: of the images.
        width: one of CHANNELS.
        stem: ``imagenet``: convolution of stride 2 and pooling of stride 2; ``cifar``: stride 1, no pooling.
    """

    head = "fc"

    def __init__(self, classes: int = 1000, in_channels: int = 3, width: float = 1.0, stem: str = "imagenet"):
        check_stem(stem)
        if width not in CHANNELS:
            valid = ", ".join(map(str, CHANNELS))
            raise BoardbenchError(f"width: {width}, but shufflenet_v2 has channels for {valid} only. Set one of them.")
        small = stem == "cifar"
        super().__init__(in_channels, stride=8 if small else 32)
        inputs, *stages, last = CHANNELS[width]
        self.conv1 = nn.Sequential(*conv_norm_relu(in_channels, inputs, kernel=3, stride=1 if small else 2))
        self.maxpool = nn.Identity() if small else nn.MaxPool2d(3, 2, padding=1)
        made = []
        for outputs, blocks in zip(stages, _BLOCKS, strict=True):
            rest = [InvertedResidual(outputs, outputs, 1) for _ in range(blocks - 1)]
            made.append(nn.Sequential(InvertedResidual(inputs, outputs, 2), *rest))
            inputs = outputs
        self.stage2, self.stage3, self.stage4 = made
        self.conv5 = nn.Sequential(*conv_norm_relu(inputs, last))
        self.fc = nn.Linear(last, classes)

    def blocks(self) -> list[nn.Module]:
        """Return the first convolution, each block, the last convolution."""
        return [self.conv1, *self.stage2, *self.stage3, *self.stage4, self.conv5]

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        x = self.stage4(self.stage3(self.stage2(self.maxpool(self.conv1(x)))))
        return self.fc(pooled(self.conv5(x)))
