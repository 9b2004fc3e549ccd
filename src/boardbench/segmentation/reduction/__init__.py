"""Input strategies: how the bands of a cube reach the backbone, one file each.

To add one, write ``<name>.py`` here with ``STRATEGY = Strategy(...)`` and put the name in
``segmentation.strategies`` of params.yaml. Neither this package nor a strategy's file imports torch, so that
the workflow can ask which strategies are fitted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardbench.segmentation.registry import Registry

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Strategy:
    """What happens to the bands before the backbone.

    Attributes:
        components: channels that remain where the reduction is fitted before training and applied outside the
            network; None where the network takes every band.
        front: learned layers before the backbone: from the number of bands to the layers and the number of
            channels they return; None where the backbone takes its input as it comes.
    """

    components: int | None = None
    front: "Callable[[int], tuple[nn.Module, int]] | None" = None

    @property
    def fitted(self) -> bool:
        """Whether something must be fitted on training captures before the network is trained."""
        return self.components is not None

    def channels(self, bands: int) -> int:
        """Return how many channels the network receives from a capture of that many bands."""
        return bands if self.components is None else self.components


_registry = Registry(
    __name__, kind="strategy", key="segmentation.strategies", attribute="STRATEGY", helpers=("fit", "pca")
)


def names() -> list[str]:
    """Return the names of all strategies."""
    return _registry.names()


def get(name: str) -> Strategy:
    """Return a strategy.

    Raises:
        BoardbenchError: for an unknown name, with the nearest one and all valid ones.
    """
    return _registry.get(name)


def is_fitted(name: str) -> bool:
    """Return whether a strategy needs a fitted reduction (a ``.npz`` file) beside the network.

    Raises:
        BoardbenchError: for an unknown name, with the nearest one and all valid ones.
    """
    return get(name).fitted
