"""Backbones: networks from channels to logits, one file each.

A backbone is a class with the constructor ``(in_channels, classes, width=64)`` and a ``stride``: it maps (N,
in_channels, H, W) to logits (N, classes, H, W) where H and W are multiples of ``stride``;
``boardbench.segmentation.networks`` pads other sizes. To add one, write ``<name>.py`` here with ``BACKBONE =
<class>`` and put the name in ``segmentation.backbones`` of params.yaml. Nothing here imports torch until a
backbone is asked for.

A spec ``<name>@<width>``, such as ``unet@4``, is that backbone at its own first-level width: it is trained, counted and
timed at that width, whatever training.width and complexity.width say (it has no full size to be scaled to).
``<name>@imagenet`` is the backbone at the width of its ImageNet weights, from which its training starts
(``start_from_imagenet`` of its class): ``lite0_unet@imagenet`` beside ``lite0_unet@64``.
"""

import re
from typing import TYPE_CHECKING

from boardbench.engine.registry import Registry
from boardbench.errors import BoardbenchError

if TYPE_CHECKING:
    from torch import nn

_KEY = "segmentation.backbones"
_WIDEST = 4096
PRETRAINED = {"lite0_unet": 64}
"""Backbones with ImageNet weights, and the width that these have."""
_IMAGENET = "imagenet"
_registry = Registry(__name__, kind="backbone", key=_KEY, attribute="BACKBONE")


def names() -> list[str]:
    """Return the names of all backbones, without widths."""
    return _registry.names()


def parse(spec: str) -> tuple[str, int | None]:
    """Split a backbone's spec into its name and its own width: ``unet@4`` is ("unet", 4), ``unet`` ("unet", None).

    ``lite0_unet@imagenet`` is ("lite0_unet", 64).

    The name itself is not checked.

    Raises:
        BoardbenchError: for a width that is no whole number from 1 to 4096, or is written with leading zeros.
    """
    name, at, width = spec.partition("@")
    if width == _IMAGENET and name in PRETRAINED:
        return name, PRETRAINED[name]
    if at and not (re.fullmatch("[1-9][0-9]{0,3}", width) and int(width) <= _WIDEST):
        raise BoardbenchError(
            f"{_KEY}: '{spec}' has the width '{width}'. After the @ stands a whole number of channels from 1 to "
            f"{_WIDEST}, as in '{name or 'unet'}@8'; leave out the @ for the width of training.width."
            + (f" ImageNet weights are there for {', '.join(PRETRAINED)} only." if width == _IMAGENET else "")
        )
    return name, int(width) if at else None


def is_pretrained(spec: str) -> bool:
    """Return whether a backbone's training starts from ImageNet weights."""
    return spec.endswith(f"@{_IMAGENET}")


def check(spec: str) -> None:
    """Refuse an unknown backbone or a malformed width with a BoardbenchError, without importing torch."""
    name, _ = parse(spec)
    _registry.check(name)


def get(spec: str) -> "type[nn.Module]":
    """Return the class of a backbone; a width in the spec is not part of it.

    Raises:
        BoardbenchError: for an unknown name, with the nearest one and all valid ones, a malformed width, or a class
            without a ``stride``.
    """
    name, _ = parse(spec)
    network = _registry.get(name)
    stride = getattr(network, "stride", None)
    if not isinstance(stride, int) or stride < 1:
        raise BoardbenchError(
            f"backbone '{name}': class {network.__name__} of {network.__module__} has no stride (found: {stride!r}). "
            "Set it in the class: H and W of what it takes are multiples of it, such as 16 for four poolings by 2."
        )
    return network
