"""Optimizers: they change one vector of parameters by one or several vectors of gradients."""

from abc import ABC, abstractmethod

import numpy as np

BLOCK = 1 << 15
"""Numbers that are worked on at once: all the vectors' parts of one block fit a core's own cache."""
EVERY, TINY = 64, 1e-30
"""Each so many steps, smaller numbers of the state are set to 0: what decays by a factor a step (the state of a neuron
that is dead) would become a denormal number, which processors are slow at."""


class Optimizer(ABC):
    """Changes parameters step by step.

    Attributes:
        state: name -> vector as long as the parameters; with ``steps`` all that a resumed run needs.
        steps: done so far.
    """

    names: tuple[str, ...] = ()

    def __init__(self, parameters: np.ndarray):
        self.parameters = parameters
        self.state = {name: np.zeros_like(parameters) for name in self.names}
        self.steps = 0

    def step(self, gradients: list[np.ndarray], learning_rate: float, workers=None) -> None:
        """Go one step along the sum of ``gradients``; ``workers`` share the work."""
        self.steps += 1
        blocks = [slice(first, first + BLOCK) for first in range(0, len(self.parameters), BLOCK)]

        def work(mine: list[slice]) -> None:
            for block in mine:
                first, *others = (vector[block] for vector in gradients)
                gradient = sum(others, start=first)
                state = [vector[block] for vector in self.state.values()]
                self.update(self.parameters[block], gradient, state, learning_rate)
                if self.steps % EVERY == 0:
                    for values in state:
                        values[np.abs(values) < TINY] = 0

        if workers is None:
            work(blocks)
        else:
            workers.share(work, blocks)

    @abstractmethod
    def update(self, values: np.ndarray, gradient: np.ndarray, state: list[np.ndarray], learning_rate: float) -> None:
        """Change parts of the parameters and of the state in place."""


class SGD(Optimizer):
    """v = momentum v + g; w = w - rate v.

    Source: Sutskever et al., ICML 2013, in the form that torch.optim.SGD has.
    """

    names = ("velocity",)

    def __init__(self, parameters: np.ndarray, momentum: float = 0.9):
        super().__init__(parameters)
        self.momentum = momentum

    def update(self, values, gradient, state, learning_rate):
        """Go by the equations above."""
        (velocity,) = state
        velocity *= self.momentum
        velocity += gradient
        values -= learning_rate * velocity


class Adam(Optimizer):
    """m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; w = w - rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + e).

    b1 = 0.9, b2 = 0.999, e = 1e-8. Source: Kingma and Ba, ICLR 2015, algorithm 1.
    """

    names = ("mean", "square")
    betas, epsilon = (0.9, 0.999), 1e-8

    def update(self, values, gradient, state, learning_rate):
        """Go by the equations above."""
        mean, square = state
        first, second = self.betas
        mean *= first
        mean += (1 - first) * gradient
        square *= second
        square += (1 - second) * gradient * gradient
        root = np.sqrt(square)
        root *= 1 / np.sqrt(1 - second**self.steps)
        root += self.epsilon
        change = mean / root
        change *= learning_rate / (1 - first**self.steps)
        values -= change


def build_optimizer(name: str, parameters: np.ndarray, momentum: float) -> Optimizer:
    """Return ``adam``, or ``sgd`` with its momentum."""
    return {"adam": lambda: Adam(parameters), "sgd": lambda: SGD(parameters, momentum)}[name]()
