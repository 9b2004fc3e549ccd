"""Backbones: networks from channels to logits, one file each.

A backbone is a class with the constructor ``(in_channels, classes, width=64)`` and a ``stride``: it maps (N,
in_channels, H, W) to logits (N, classes, H, W) where H and W are multiples of ``stride``;
``boardbench.segmentation.networks`` pads other sizes. To add one, write ``<name>.py`` here with ``BACKBONE =
<class>`` and put the name in ``segmentation.backbones`` of params.yaml. Nothing here imports torch until a
backbone is asked for.
"""

from typing import TYPE_CHECKING

from boardbench.segmentation.registry import Registry

if TYPE_CHECKING:
    from torch import nn

_registry = Registry(__name__, kind="backbone", key="segmentation.backbones", attribute="BACKBONE")


def names() -> list[str]:
    """Return the names of all backbones."""
    return _registry.names()


def check(name: str) -> None:
    """Refuse an unknown backbone with a BoardbenchError, without importing torch."""
    _registry.check(name)


def get(name: str) -> "type[nn.Module]":
    """Return the class of a backbone.

    Raises:
        BoardbenchError: for an unknown name, with the nearest one and all valid ones.
    """
    return _registry.get(name)
