"""A trained run as one module from photo to corners: what is exported, so that nobody can forget a step."""

import numpy as np
import torch
from torch import nn

from boardbench.captures.resize import taps
from boardbench.placement.model import Model
from boardbench.placement.network import preprocess

INTERMEDIATE = "image"
"""Value inside the exported graph: the normalized image (1, 3, lines, samples) that the network takes."""


class Deployed(nn.Module):
    """From one photo of the station's size to the chip's corners.

    Args:
        model: a trained run.
    """

    def __init__(self, model: Model):
        super().__init__()
        (lines, samples), size = model.photo_size, model.size
        self.network = model.network
        self.register_buffer("down", _matrix(lines, size[0]))
        self.register_buffer("across", _matrix(samples, size[1]).T.contiguous())
        self.register_buffer("photo", torch.tensor([float(samples), float(lines)]))

    def forward(self, photo: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the corners (4, 2) float32 in pixels of the photo, and the intermediate output.

        Args:
            photo: (lines, samples, 3) uint8 RGB.
        """
        channels = photo.permute(2, 0, 1).to(torch.float32)
        small = torch.round(self.down @ channels @ self.across).clamp(0, 255)
        image = preprocess(small.permute(1, 2, 0)[None])
        return self.network(image)[0] * self.photo, image


def _matrix(n_in: int, n_out: int) -> torch.Tensor:
    """Return the averaging over pixel areas along one axis as a matrix (n_out, n_in)."""
    found = taps(n_in, n_out, "area")
    matrix = np.zeros((n_out, n_in))
    np.add.at(matrix, (np.arange(n_out)[:, None], found.index), found.weight)
    return torch.from_numpy(matrix.astype(np.float32))
