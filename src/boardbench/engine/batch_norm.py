"""Statistics of batch normalization that are measured, not gathered along the way."""

from collections.abc import Iterable

import torch
from torch import nn


def measure_batch_norm(network: nn.Module, norms: list[nn.Module], batches: Iterable) -> None:
    """Set the statistics of batch normalization to the mean over batches, instead of what moved along with training.

    The moving ones hold about the last ten batches, made by ten other states of the weights; see "precise BN" in
    Wu and Johnson (2021), Rethinking "Batch" in BatchNorm. ``network`` is in training mode; ``norms`` are those of
    its layers that are measured: torch.optim.swa_utils.update_bn would measure those that do not train too.
    """
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # each batch counts the same
    with torch.no_grad():
        for inputs, _ in batches:
            network(inputs)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
