"""Layers of a network. A layer keeps no state of a pass, so several threads may use it at once."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from boardbench.errors import BoardbenchError

Shape = tuple[int, ...]


class Layer(ABC):
    """One function y = f(x; parameters) with its gradients.

    Attributes:
        shapes: name -> shape of each parameter, known once :meth:`build` was called.
        fans: (inputs, outputs) of one neuron of the weight, which initializations scale it by.
        parameters: name -> array; views into the network's one vector.
        macs: multiplications of one image's forward pass.
    """

    def __init__(self) -> None:
        self.shapes: dict[str, Shape] = {}
        self.fans = (0, 0)
        self.parameters: dict[str, np.ndarray] = {}
        self.macs = 0

    @abstractmethod
    def build(self, shape: Shape) -> Shape:
        """Return the shape of one image's output for the shape of its input; set ``shapes``, ``fans`` and ``macs``."""

    @abstractmethod
    def forward(self, x: np.ndarray, generator: np.random.Generator | None = None) -> tuple[np.ndarray, Any]:
        """Return y, and what :meth:`backward` needs; a ``generator`` means that this is training."""

    @abstractmethod
    def backward(
        self, kept: Any, gradient: np.ndarray, into: dict[str, np.ndarray], wanted: bool = True
    ) -> np.ndarray | None:
        """Add dL/dparameter to the arrays of ``into`` and return dL/dx; None unless ``wanted``.

        Args:
            kept: of the forward pass.
            gradient: dL/dy; may be overwritten.
            into: name -> array, as ``parameters``.
            wanted: False for the first layer, whose dL/dx nobody asks for.
        """


class Dense(Layer):
    """y = x W + b; dL/dx = dL/dy W^T; dL/dW = x^T dL/dy; dL/db = sum over images of dL/dy.

    Args:
        neurons: of the layer; x is (images, inputs), W (inputs, neurons), b (neurons,).
    """

    def __init__(self, neurons: int):
        super().__init__()
        self.neurons = neurons

    def build(self, shape: Shape) -> Shape:
        """Return (neurons,)."""
        if len(shape) != 1:
            raise BoardbenchError(f"Dense({self.neurons}): takes vectors, but gets {shape}. Put Flatten before it.")
        self.shapes = {"weight": (shape[0], self.neurons), "bias": (self.neurons,)}
        self.fans = (shape[0], self.neurons)
        self.macs = shape[0] * self.neurons
        return (self.neurons,)

    def forward(self, x, generator=None):
        """Return y, and keep x."""
        y = x @ self.parameters["weight"]
        y += self.parameters["bias"]
        return y, x

    def backward(self, kept, gradient, into, wanted=True):
        """See the equations above."""
        into["weight"] += kept.T @ gradient
        into["bias"] += gradient.sum(axis=0)
        return gradient @ self.parameters["weight"].T if wanted else None


class ReLU(Layer):
    """y = max(x, 0); dL/dx = dL/dy where y > 0, else 0.

    Works in place: no layer before it keeps its own output.
    """

    def build(self, shape: Shape) -> Shape:
        """Return the same shape."""
        return shape

    def forward(self, x, generator=None):
        """Return y, and keep it."""
        np.maximum(x, 0, out=x)
        return x, x

    def backward(self, kept, gradient, into, wanted=True):
        """See the equations above."""
        gradient *= kept > 0
        return gradient


class Dropout(Layer):
    """Inverted dropout: y = x m / (1 - share), m = 0 with probability ``share``, else 1; dL/dx = dL/dy m / (1 - share).

    Outside training y = x: the expected value is the same.

    Source: Srivastava et al., JMLR 15 (2014) 1929.
    """

    def __init__(self, share: float):
        super().__init__()
        self.share = share

    def build(self, shape: Shape) -> Shape:
        """Return the same shape."""
        return shape

    def forward(self, x, generator=None):
        """Return y, and keep m / (1 - share)."""
        if generator is None or not self.share:
            return x, None
        mask = (generator.random(x.shape, np.float32) >= self.share) * x.dtype.type(1 / (1 - self.share))
        return x * mask, mask

    def backward(self, kept, gradient, into, wanted=True):
        """See the equations above."""
        if kept is not None:
            gradient *= kept
        return gradient


class Flatten(Layer):
    """y = x as one vector an image; dL/dx = dL/dy in the shape of x."""

    def build(self, shape: Shape) -> Shape:
        """Return the number of values."""
        return (int(np.prod(shape)),)

    def forward(self, x, generator=None):
        """Return y, and keep the shape of x."""
        return x.reshape(len(x), -1), x.shape

    def backward(self, kept, gradient, into, wanted=True):
        """See the equations above."""
        return gradient.reshape(kept)
