"""A trained run as one module from images to classes: what is exported and timed, so that nobody forgets a step."""

import torch
from torch import nn

from boardbench.classification.model import Model

INTERMEDIATE = "image"
"""Value inside the exported graph: the normalized images (N, channels, lines, samples) that the network takes."""


class Deployed(nn.Module):
    """From uint8 images to classes, in evaluation mode and channels-last memory.

    Args:
        model: a trained run.
    """

    def __init__(self, model: Model):
        super().__init__()
        self.network = model.network.to(memory_format=torch.channels_last)
        self._normalized = model.normalized
        self.eval()

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return classes (N,) int64, probabilities (N, classes) float32, and the intermediate output.

        Args:
            images: (N, lines, samples, channels) uint8.
        """
        image = self._normalized(images)
        logits = self.network(image)
        return logits.argmax(dim=1), logits.softmax(dim=1), image
