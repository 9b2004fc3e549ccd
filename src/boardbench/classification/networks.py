"""Networks of the classification study by name. Names can be had without torch; a network's file is imported when
it is built.
"""

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from boardbench.errors import BoardbenchError, nearest

if TYPE_CHECKING:
    from boardbench.networks.image_network import ImageNetwork

NETWORKS = {
    "resnet18": ("resnet", "resnet18"),
    "resnet34": ("resnet", "resnet34"),
    "se_resnet18": ("resnet", "resnet18"),
    "se_resnet34": ("resnet", "resnet34"),
    "vgg16": ("vgg", "VGG16"),
    "mobilenet_v2": ("mobilenet_v2", "MobileNetV2"),
    "lenet": ("lenet", "LeNet"),
    "shufflenet_v2": ("shufflenet_v2", "ShuffleNetV2"),
    "efficientnet_b0": ("efficientnet", "EfficientNetB0"),
    "efficientnet_lite0": ("efficientnet_lite0", "EfficientNetLite0"),
}
"""Name -> file in boardbench/networks, and what builds it there."""


def build_network(
    network: str,
    classes: int,
    in_channels: int = 3,
    width: float = 1.0,
    stem: str = "cifar",
    reduction: int = 16,
    settings: Sequence[Sequence[int]] | None = None,
) -> "ImageNetwork":
    """Return an untrained network; its weights come from torch's random generator.

    Args:
        network: one of NETWORKS.
        classes: logits.
        in_channels: of the images; 3 for RGB.
        width: multiplies the channels of every layer; lenet and shufflenet_v2 have none but 1.
        stem: ``cifar``: the first convolution has stride 1 (3 x 3 in a ResNet) and no pooling follows it; ``imagenet``:
            as published.
        reduction: of the squeeze-and-excitation blocks in se_resnet18 and se_resnet34; the others do not read it.
        settings: rows (t, c, n, s) of mobilenet_v2: expansion, channels, blocks, stride of the first; None: as
            published. No other network takes one.

    Raises:
        BoardbenchError: an unknown network or stem (the nearest is named), numbers out of range, an option that the
            network has no place for.
    """
    if network not in NETWORKS:
        raise BoardbenchError(f"network '{network}': not known. {nearest(network, list(NETWORKS))}")
    least = {"classes": classes, "in_channels": in_channels, "reduction": reduction}
    for name, value in least.items():
        if value < 1:
            raise BoardbenchError(f"{name} of network '{network}' is {value}; it must be at least 1.")
    if width <= 0:
        raise BoardbenchError(f"width of network '{network}' is {width}; it must be above 0.")
    if settings is not None and network != "mobilenet_v2":
        raise BoardbenchError(f"settings: only mobilenet_v2 takes them, not '{network}'. Set settings to null.")
    options = {"classes": classes, "in_channels": in_channels, "width": width, "stem": stem}
    if network.startswith("se_"):
        options["se"] = reduction
    module = importlib.import_module(f"boardbench.networks.{file_of(network)}")
    if network == "mobilenet_v2":
        options["settings"] = module.IMAGENET if settings is None else module.checked(settings)
    return getattr(module, NETWORKS[network][1])(**options)


def file_of(network: str) -> str:
    """Return the file in boardbench/networks that a network is in: an edit of it concerns this network's runs alone."""
    return NETWORKS[network][0]
