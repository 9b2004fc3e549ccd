"""What a network of this study is trained by: cross-entropy, with or without the overlap of each class beside it."""

from collections.abc import Callable

import torch
from torch.nn import functional

from boardbench.segmentation.data import IGNORED

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def loss_of(name: str, weights: list[float], mean: str = "weights") -> Loss:
    """Return the loss of logits (N, classes, lines, samples) and targets (N, lines, samples); 255 is ignored.

    Args:
        name: cross_entropy, or cross_entropy_dice: the sum of both.
        weights: of the classes in the cross-entropy.
        mean: what the weighted cross-entropy is divided by. weights: the sum of the pixels' weights. pixels: their
            number, as torch does for targets given as probabilities; the same but for a factor that changes from batch
            to batch with the share of each class.
    """
    balance = torch.tensor(weights, dtype=torch.float32)

    def loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        if (targets == IGNORED).all():  # a patch without a label teaches nothing; its mean would be 0/0
            return logits.sum() * 0
        logits = logits.float()
        total = functional.cross_entropy(
            logits,
            targets,
            weight=balance.to(logits.device),
            ignore_index=IGNORED,
            reduction="mean" if mean == "weights" else "sum",
        )
        if mean == "pixels":
            total = total / (targets != IGNORED).sum()
        return total + dice_loss(logits, targets) if name == "cross_entropy_dice" else total

    return loss


def dice_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return 1 - the mean over classes of (2 sum(p y) + 1) / (sum(p) + sum(y) + 1).

    Sums go over the labelled pixels of a batch; p is the probability of a class, y is 1 where it is the truth
    (Milletari et al. 2016, V-Net; with cross-entropy as in nnU-Net, Isensee et al. 2021). A class counts as much as any
    other, however few its pixels.
    """
    labelled = (targets != IGNORED).unsqueeze(1)
    probabilities = logits.softmax(dim=1) * labelled
    truth = functional.one_hot(targets.where(labelled[:, 0], 0), logits.shape[1]).movedim(-1, 1) * labelled
    axes = (0, 2, 3)
    shared = (probabilities * truth).sum(axes)
    return 1 - ((2 * shared + 1) / (probabilities.sum(axes) + truth.sum(axes) + 1)).mean()
