"""Raw counts to a class map in eager PyTorch: what stands at the end of most training scripts."""

import numpy as np
import torch
from torch import nn


def eager(
    network: nn.Module, counts: np.ndarray, white: np.ndarray, dark: np.ndarray, exposure: float, drop_first: int
) -> np.ndarray:
    """Return classes (lines, samples) uint8.

    Args:
        network: in evaluation mode, for the bands that are left.
        counts: (lines, bands, samples) uint16.
        white: mean counts of the white reference, (bands, samples) float32.
        dark: likewise.
        exposure: t_white / t_raw.
        drop_first: bands that the network does not take.
    """
    values = torch.from_numpy(counts.astype(np.float32))
    white, dark = torch.from_numpy(white), torch.from_numpy(dark)
    reflectance = (values - dark) / (white - dark) * exposure
    reflectance = torch.where(white > dark, reflectance, 0.0).clamp(0, 1)
    image = reflectance[:, drop_first:].permute(1, 0, 2)[None].contiguous()
    with torch.no_grad():
        logits = network(image)
    return logits.argmax(dim=1)[0].to(torch.uint8).numpy()
