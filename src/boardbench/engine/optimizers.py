"""What moves the weights in the training loop all studies share: optimizers, schedules, and the penalty on weights."""

import torch
from torch import nn

from boardbench.params.section import Loop


def l1_norm(network: nn.Module) -> torch.Tensor:
    """Return the sum of absolute values of all weights that train, of convolutions and dense layers (paper 3, eq. 4).

    Biases and normalization are left out: nothing is pruned there.
    """
    weights = [weight for weight in network.parameters() if weight.requires_grad and weight.ndim > 1]
    return torch.stack([weight.abs().sum() for weight in weights]).sum()


def optimizer_of(network: nn.Module, params: Loop) -> torch.optim.Optimizer:
    """Return the optimizer of the parameters that train: Adam, SGD with momentum, or Adadelta."""
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    common = {"lr": params.learning_rate, "weight_decay": params.weight_decay}
    if params.optimizer == "sgd":
        return torch.optim.SGD(weights, momentum=params.momentum, **common)
    return {"adam": torch.optim.Adam, "adadelta": torch.optim.Adadelta}[params.optimizer](weights, **common)


def schedule_of(
    optimizer: torch.optim.Optimizer, params: Loop, steps: int
) -> torch.optim.lr_scheduler.LRScheduler | None:
    """Return how the learning rate goes, by epochs or (one_cycle) by steps; None where it stays.

    Args:
        optimizer: whose rate it is.
        params: schedule, learning rate and epochs.
        steps: batches of all epochs, which ``one_cycle`` goes through (Smith and Topin, 2019: up to the learning rate
            in the first 0.3 of them, then down to 1/250,000 of it).
    """
    schedules, epochs = torch.optim.lr_scheduler, params.epochs
    if params.schedule == "cosine":
        return schedules.CosineAnnealingLR(optimizer, T_max=epochs)
    if params.schedule == "step":
        milestones = [-(-epochs // 2), -(-3 * epochs // 4)]
        return schedules.MultiStepLR(optimizer, milestones, gamma=0.1)
    if params.schedule == "one_cycle":
        # Its momentum goes the other way, 0.95 to 0.85 and back; Adadelta has none.
        turns = params.optimizer != "adadelta"
        return schedules.OneCycleLR(optimizer, params.learning_rate, total_steps=max(2, steps), cycle_momentum=turns)
    return None
