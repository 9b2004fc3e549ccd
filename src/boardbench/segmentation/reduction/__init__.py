"""Input strategies: how the bands of a cube reach the backbone, one file each.

To add one, write ``<name>.py`` here with ``STRATEGY = Strategy(...)`` and put the name in
``segmentation.strategies`` of params.yaml. Neither this package nor a strategy's file imports torch (or scikit-learn)
before it is needed, so that the workflow can ask which strategies are fitted.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from boardbench.engine.registry import Registry

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from boardbench.segmentation.reduction.pca import Fit


@dataclass(frozen=True)
class Strategy:
    """What happens to the bands before the backbone: nothing, a fitted reduction, learned layers, or both in turn.

    Attributes:
        encoder: learned layers before the backbone: from the number of channels that the network receives
            (:meth:`channels`) to the layers and the number of channels they return; None where the backbone takes its
            input as it comes.
        fit: fits a reduction before training, applied outside the network: from blocks of labelled pixels
            (spectra (pixels, bands), class ids (pixels,)), the components to keep and a place for messages to a
            :class:`~boardbench.segmentation.reduction.pca.Fit`; None where nothing is fitted so.
        response: weights (components, bands) of a camera with that many channels at wavelengths (bands,) in nm, and a
            place for messages; its channels are fitted in scale only. None without one.
        components: channels that the fitted reduction leaves; None without one.
        fitted_on: ``train``: once, on the training part; ``cube``: on every capture by itself; ``params``: as
            segmentation.reduction.fit says.
        projects: the fitted reduction multiplies every band (a cost of bands x components a pixel); False where it
            picks bands, or where nothing is fitted.
    """

    encoder: "Callable[[int], tuple[nn.Module, int]] | None" = None
    fit: "Callable[[Iterator[tuple[np.ndarray, np.ndarray]], int, str], Fit] | None" = None
    response: "Callable[[np.ndarray, str], np.ndarray] | None" = None
    components: int | None = None
    fitted_on: Literal["train", "cube", "params"] = "train"
    projects: bool = False

    @property
    def fitted(self) -> bool:
        """Whether something must be fitted on captures before the network is trained."""
        return self.fit is not None or self.response is not None

    def channels(self, bands: int) -> int:
        """Return how many channels the network receives from a capture of that many bands."""
        return bands if self.components is None else self.components

    def reads(self, bands: int) -> int:
        """Return how many of that many bands a camera must read: all of them, or the picked ones."""
        return bands if self.projects else self.channels(bands)


_registry = Registry(
    __name__,
    kind="strategy",
    key="segmentation.strategies",
    attribute="STRATEGY",
    helpers=("bands", "fit", "pca", "response"),
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
