"""A network: layers one after the other, with all their parameters in one vector."""

from typing import Any

import numpy as np

from boardbench.classification.numpy_networks.layers import Layer, Shape


class Network:
    """Layers one after the other.

    Attributes:
        layers: in order.
        shape: (lines, samples, channels) of an image.
        parameters: one vector; the layers' arrays are views into it, so an optimizer need not know the layers.
        macs: multiplications of one image's forward pass; convolutions count their padding, as is usual.
        kept_bytes: about what a pass forward and backward keeps for one image.
    """

    def __init__(self, layers: list[Layer], shape: Shape, dtype: type = np.float32):
        self.layers, self.shape = layers, tuple(shape)
        numbers = int(np.prod(shape))
        for layer in layers:
            shape = layer.build(shape)
            numbers += int(np.prod(shape))
        self.kept_bytes = 2 * numbers * np.dtype(dtype).itemsize
        sizes = (int(np.prod(of)) for layer in layers for of in layer.shapes.values())
        self.parameters = np.zeros(sum(sizes), dtype)
        for layer, views in zip(layers, self.views(self.parameters), strict=True):
            layer.parameters = views
        self.macs = sum(layer.macs for layer in layers)

    def views(self, vector: np.ndarray) -> list[dict[str, np.ndarray]]:
        """Return a vector laid out as the parameters as one dict of arrays a layer."""
        first, views = 0, []
        for layer in self.layers:
            views.append({})
            for name, shape in layer.shapes.items():
                size = int(np.prod(shape))
                views[-1][name] = vector[first : first + size].reshape(shape)
                first += size
        return views

    def named(self) -> dict[str, np.ndarray]:
        """Return the parameters by name, such as ``1.weight``; layers count from 0."""
        return {
            f"{at}.{name}": array for at, layer in enumerate(self.layers) for name, array in layer.parameters.items()
        }

    def forward(self, x: np.ndarray, generator: np.random.Generator | None = None) -> tuple[np.ndarray, list[Any]]:
        """Return logits (images, classes), and what :meth:`backward` needs.

        Args:
            x: (images, lines, samples, channels), normalized.
            generator: of dropout; None outside training, where nothing is kept.
        """
        kept = []
        for layer in self.layers:
            x, needed = layer.forward(x, generator)
            if generator is not None:
                kept.append(needed)
        return x, kept

    def backward(self, kept: list[Any], gradient: np.ndarray, into: np.ndarray) -> None:
        """Add dL/dparameters to the vector ``into``; ``gradient`` is dL/dlogits. What was kept is used up."""
        first = min(at for at, layer in enumerate(self.layers) if layer.shapes)
        views = self.views(into)
        for at in range(len(self.layers) - 1, first - 1, -1):
            gradient = self.layers[at].backward(kept.pop(), gradient, views[at], wanted=at > first)
