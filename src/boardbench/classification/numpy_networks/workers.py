"""Passes over batches: on several threads, and in pieces that bound the memory.

The images of a batch are dealt out to threads, each with a gradient of its own; NumPy lets go of Python's lock while
it computes, so everything is shared out and not the matrix products alone. Each thread goes through its images in
pieces and adds the gradients up: memory does not grow with the batch. The weights are the same for the same number of
threads; another number adds in another order.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np

from boardbench.classification.numpy_networks.loss import cross_entropy
from boardbench.classification.numpy_networks.network import Network

PIECE_BYTES = 16 << 20
"""Of one thread: what is kept of the images of a piece between both passes."""

Normalize = Callable[[np.ndarray], np.ndarray]


class Workers:
    """Threads that compute with one network; a context manager.

    Args:
        network: its parameters are read, never changed.
        normalize: turns images as they are stored into normalized ones.
        threads: of the computation, a matrix product on one each.

    Attributes:
        gradients: one vector a thread; their sum is the batch's gradient.
    """

    def __init__(self, network: Network, normalize: Normalize, threads: int = 1):
        self.network, self.normalize, self.threads = network, normalize, threads
        self.piece = max(1, PIECE_BYTES // network.kept_bytes)
        self.gradients: list[np.ndarray] = []

    def __enter__(self) -> "Workers":
        from threadpoolctl import threadpool_limits

        self._limits = threadpool_limits(1, user_api="blas")
        self._pool = ThreadPoolExecutor(self.threads) if self.threads > 1 else None
        return self

    def __exit__(self, *_) -> None:
        if self._pool:
            self._pool.shutdown()
        self._limits.restore_original_limits()

    def share(self, work: Callable[[Any], Any], items: Any) -> list[Any]:
        """Call ``work`` on as many slices of ``items`` as there are threads; return the answers in order."""
        bounds = np.linspace(0, len(items), self.threads + 1).round().astype(int)
        parts = [items[first:last] for first, last in pairwise(bounds) if last > first]

        def quietly(part):
            with np.errstate(all="ignore"):  # what is not finite is found by the training, and named
                return work(part)

        return list((self._pool.map if self._pool and len(parts) > 1 else map)(quietly, parts))

    def gradient(self, images: np.ndarray, labels: np.ndarray, rows: np.ndarray, seed: list[int]) -> tuple[float, int]:
        """Leave the gradient of the mean loss of a batch in ``gradients``; return the sum of losses and the hits.

        Args:
            images, labels: of the part.
            rows: of the batch.
            seed: of dropout.
        """
        while len(self.gradients) < self.threads:
            self.gradients.append(np.empty_like(self.network.parameters))

        def work(mine: tuple[int, int, int]) -> tuple[float, int]:
            into, loss, hits = self.gradients[mine[0]], 0.0, 0
            into.fill(0)
            for first in range(mine[1], mine[2], self.piece):
                chosen = rows[first : min(first + self.piece, mine[2])]
                x = self.normalize(images[chosen])
                logits, kept = self.network.forward(x, np.random.default_rng([*seed, first]))
                del x
                added, gradient = cross_entropy(logits, labels[chosen], len(rows))
                loss, hits = loss + added, hits + int((logits.argmax(axis=1) == labels[chosen]).sum())
                self.network.backward(kept, gradient, into)
            return loss, hits

        bounds = np.linspace(0, len(rows), self.threads + 1).round().astype(int)
        dealt = [(thread, bounds[thread], bounds[thread + 1]) for thread in range(self.threads)]
        answers = self.share(lambda part: work(part[0]), dealt)
        return sum(loss for loss, _ in answers), sum(hits for _, hits in answers)

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Return the logits (images, classes) of stored images, without dropout."""

        def work(part: np.ndarray) -> np.ndarray:
            pieces = range(0, len(part), self.piece)
            return np.concatenate(
                [self.network.forward(self.normalize(part[at : at + self.piece]))[0] for at in pieces]
            )

        return np.concatenate(self.share(work, images))
