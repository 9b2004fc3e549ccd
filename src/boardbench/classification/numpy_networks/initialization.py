"""Random starts of weights; biases start at 0."""

from collections.abc import Callable

import numpy as np

from boardbench.classification.numpy_networks.layers import Layer


def xavier(generator: np.random.Generator, shape: tuple[int, ...], fans: tuple[int, int]) -> np.ndarray:
    """Uniform in +-sqrt(6 / (fan_in + fan_out)): variance 2 / (fan_in + fan_out).

    Source: Glorot and Bengio, AISTATS 2010, equation 16.
    """
    limit = np.sqrt(6 / sum(fans))
    return generator.uniform(-limit, limit, shape)


def he(generator: np.random.Generator, shape: tuple[int, ...], fans: tuple[int, int]) -> np.ndarray:
    """Normal with variance 2 / fan_in: what a ReLU halves is made up for.

    Source: He et al., ICCV 2015, equation 10.
    """
    return generator.normal(0, np.sqrt(2 / fans[0]), shape)


INITIALIZATIONS: dict[str, Callable[..., np.ndarray]] = {"xavier": xavier, "he": he}


def initialize(layers: list[Layer], name: str, generator: np.random.Generator) -> None:
    """Draw the weights of all layers anew, by an initialization's name."""
    for layer in layers:
        for parameter, array in layer.parameters.items():
            is_weight = parameter == "weight"
            array[...] = INITIALIZATIONS[name](generator, array.shape, layer.fans) if is_weight else 0
