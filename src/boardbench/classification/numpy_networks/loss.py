"""Softmax cross-entropy."""

import numpy as np

TINY = 1e-20
"""Smaller gradients are set to 0: on their way back they would become denormal numbers, which slow processors down."""


def cross_entropy(logits: np.ndarray, labels: np.ndarray, count: int | None = None) -> tuple[float, np.ndarray]:
    """Return the sum of -log softmax(z)[label] over the images, and the gradient of that sum divided by ``count``.

    dL/dz = (softmax(z) - one_hot(label)) / count. The largest logit is subtracted first, so nothing overflows.

    Args:
        logits: (images, classes) z.
        labels: (images,) integers.
        count: images of the whole batch, which the loss is the mean of; these images by default.
    """
    rows = np.arange(len(labels))
    shifted = logits - logits.max(axis=1, keepdims=True)
    gradient = np.exp(shifted)
    total = gradient.sum(axis=1, keepdims=True)
    losses = np.log(total[:, 0]) - shifted[rows, labels]
    gradient /= total
    gradient[rows, labels] -= 1
    gradient /= len(labels) if count is None else count
    gradient[np.abs(gradient) < TINY] = 0
    return float(losses.sum(dtype=np.float64)), gradient
