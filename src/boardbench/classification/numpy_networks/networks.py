"""Paper 2's networks by name."""

from boardbench.classification.numpy_networks.convolution import Conv2d, MaxPool2d
from boardbench.classification.numpy_networks.layers import Dense, Dropout, Flatten, Layer, ReLU, Shape
from boardbench.classification.numpy_networks.network import Network
from boardbench.errors import BoardbenchError, nearest

NETWORKS: dict[str, tuple[str, tuple[int, ...]]] = {
    "fc3": ("dense", (1024, 512, 256)),
    "fc5": ("dense", (2048, 1024, 512, 256, 128)),
    "cnn16_16": ("convolution", (16, 16)),
    "cnn32_32": ("convolution", (32, 32)),
    "cnn32_32_64_64": ("convolution", (32, 32, 64, 64)),
}
"""Name -> kind of hidden layers, and neurons or filters of each."""


def build_network(
    name: str, shape: Shape, classes: int, pool: bool = False, dropout: float = 0.0, relu_logits: bool = False
) -> Network:
    """Return a network with all parameters 0.

    Args:
        name: key of NETWORKS.
        shape: (lines, samples, channels) of an image.
        classes: logits.
        pool: 2 x 2 max pooling after every second convolution.
        dropout: share of neurons left out, after every hidden dense layer.
        relu_logits: a ReLU on the logits, as paper 2's code has it: a class of negative logits in all images never
            learns again, and ten of them give every image the same class.

    Raises:
        BoardbenchError: an unknown name, images too small, or an option that the network has no place for.
    """
    if name not in NETWORKS:
        raise BoardbenchError(f"network '{name}': not known. {nearest(name, list(NETWORKS))}")
    kind, sizes = NETWORKS[name]
    if kind == "convolution" and dropout:
        raise BoardbenchError(
            f"dropout: {dropout}, but network '{name}' has no hidden dense layer to drop neurons of. Set it to 0."
        )
    if kind == "dense" and pool:
        raise BoardbenchError(f"pool: true, but network '{name}' has no convolution to pool after. Set it to false.")
    layers: list[Layer] = [] if kind == "convolution" else [Flatten()]
    for number, size in enumerate(sizes, start=1):
        if kind == "dense":
            layers += [Dense(size), ReLU(), *([Dropout(dropout)] if dropout else [])]
        else:
            layers += [Conv2d(size), ReLU(), *([MaxPool2d()] if pool and number % 2 == 0 else [])]
    if kind == "convolution":
        layers.append(Flatten())
    return Network([*layers, Dense(classes), *([ReLU()] if relu_logits else [])], shape)
