"""LeNet-5 for 32 x 32.

Reference: LeCun, Bottou, Bengio, Haffner, Proceedings of the IEEE 86 (1998) 2278-2324. As it is used now: ReLU and
maximum pooling where the paper has tanh and trained averages, every filter of the second convolution on all channels
(the paper leaves some out), and a dense layer in place of the radial basis functions. Parameters: 62 006 with 3
channels and 10 classes; 61 706 with 1 channel.
"""

import torch
from torch import nn

from boardbench.errors import BoardbenchError
from boardbench.networks.image_network import ImageNetwork, check_stem

SIZE = 32
"""Lines, and samples, of an image: the first dense layer fits no other."""


class LeNet(ImageNetwork):
    """Map (N, in_channels, 32, 32) to logits (N, classes).

    Args:
        classes: channels of the output.
        in_channels: of the images.
        width: only 1.
        stem: either; both are the same here, as the first convolution has stride 1.
    """

    head = "fc3"

    def __init__(self, classes: int = 1000, in_channels: int = 3, width: float = 1.0, stem: str = "imagenet"):
        check_stem(stem)
        if width != 1:
            raise BoardbenchError(f"width: {width}, but lenet has one form only. Set width to 1.")
        super().__init__(in_channels, stride=4, smallest=SIZE)
        self.conv1 = nn.Conv2d(in_channels, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, classes)

    def blocks(self) -> list[nn.Module]:
        """Return both convolutions and both hidden dense layers."""
        return [self.conv1, self.conv2, self.fc1, self.fc2]

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        x = self.pool(self.relu(self.conv1(x)))
        x = self.pool(self.relu(self.conv2(x))).flatten(1)
        return self.fc3(self.relu(self.fc2(self.relu(self.fc1(x)))))

    def check(self, x: torch.Tensor) -> None:
        """Refuse images that the network cannot take."""
        if x.ndim == 4 and x.shape[2:] != (SIZE, SIZE):
            raise BoardbenchError(
                f"images of {x.shape[2]} lines x {x.shape[3]} samples: lenet takes {SIZE} x {SIZE} only, because its "
                "first dense layer has a weight for every pixel. Take a network for any size, such as resnet18."
            )
        super().check(x)
