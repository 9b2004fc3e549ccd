"""ResNet-18 and ResNet-34, with squeeze-and-excitation where asked for.

Reference: He, Zhang, Ren, Sun, CVPR 2016, arXiv:1512.03385; squeeze-and-excitation in residual blocks: Hu, Shen, Sun,
CVPR 2018, arXiv:1709.01507. Names, shapes and order of the weights, and their random start, are those of torchvision's
``resnet18`` and ``resnet34``, so its published files load as they are.

Parameters, 3 channels: 11 689 512 (ResNet-18) and 21 797 672 (ResNet-34) with 1000 classes and the ImageNet stem;
11 173 962 and 21 282 122 with 10 classes and the CIFAR stem. Squeeze-and-excitation with reduction 16 adds 89 080 and
161 196.
"""

from functools import partial

import torch
from torch import nn

from boardbench.networks.blocks import conv_norm
from boardbench.networks.image_network import ImageNetwork, check_stem, pooled
from boardbench.networks.squeeze_excitation import squeezed


class BasicBlock(nn.Module):
    """Two 3x3 convolutions, and the input added to them; it is brought to their form by 1x1 where that differs.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
        stride: of the first convolution.
        se: reduction of a squeeze-and-excitation block on what is added; None: without one.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1, se: int | None = None):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.se = nn.Identity() if se is None else squeezed(outputs, se)
        self.downsample = (
            nn.Identity()
            if stride == 1 and inputs == outputs
            else nn.Sequential(*conv_norm(inputs, outputs, 1, stride))
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, outputs, H / stride, W / stride), rounded up."""
        made = self.relu(self.bn1(self.conv1(x)))
        made = self.se(self.bn2(self.conv2(made)))
        return self.relu(made + self.downsample(x))


class ResNet(ImageNetwork):
    """Map (N, in_channels, H, W) to logits (N, classes).

    Args:
        layers: blocks of each of the four stages.
        classes: channels of the output.
        in_channels: of the images.
        width: multiplies the channels of every layer; 64, 128, 256 and 512 at 1.
        stem: ``imagenet``: 7x7 of stride 2 and pooling of stride 2; ``cifar``: 3x3 of stride 1, no pooling.
        se: reduction of a squeeze-and-excitation block in each residual block; None: without.
    """

    head = "fc"

    def __init__(
        self,
        layers: tuple[int, int, int, int],
        classes: int = 1000,
        in_channels: int = 3,
        width: float = 1.0,
        stem: str = "imagenet",
        se: int | None = None,
    ):
        check_stem(stem)
        small = stem == "cifar"
        super().__init__(in_channels, stride=8 if small else 32)
        base = inputs = max(1, round(64 * width))
        kernel = 3 if small else 7
        self.conv1 = nn.Conv2d(in_channels, base, kernel, 1 if small else 2, padding=kernel // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(base)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.Identity() if small else nn.MaxPool2d(3, 2, padding=1)
        stages = []
        for stage, blocks in enumerate(layers):
            made = []
            for block in range(blocks):
                outputs = base * 2**stage
                made.append(BasicBlock(inputs, outputs, 2 if stage and block == 0 else 1, se))
                inputs = outputs
            stages.append(nn.Sequential(*made))
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.fc = nn.Linear(inputs, classes)
        self.apply(_start)

    def blocks(self) -> list[nn.Module]:
        """Return the first layers, then each residual block."""
        stages = (self.layer1, self.layer2, self.layer3, self.layer4)
        return [nn.Sequential(self.conv1, self.bn1), *(block for stage in stages for block in stage)]

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        return self.fc(pooled(self.layer4(self.layer3(self.layer2(self.layer1(x))))))


resnet18 = partial(ResNet, (2, 2, 2, 2))
resnet34 = partial(ResNet, (3, 4, 6, 3))


def _start(layer: nn.Module) -> None:
    """Draw a convolution's weights; batch normalization starts at 1 and 0, a dense layer as torch does."""
    if isinstance(layer, nn.Conv2d):
        nn.init.kaiming_normal_(layer.weight, mode="fan_out")
        if layer.bias is not None:  # of squeeze-and-excitation
            nn.init.zeros_(layer.bias)
