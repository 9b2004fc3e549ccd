"""``bands3``: the three bands that tell the classes apart best, chosen on the labelled training pixels.

The picked reflectances go into the network as they are: (N, 3, H, W), no band is multiplied. The criterion and the
search stand in :func:`boardbench.segmentation.reduction.bands.best_bands`.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from boardbench.segmentation.reduction import Strategy

if TYPE_CHECKING:
    import numpy as np

    from boardbench.segmentation.reduction.pca import Fit


def _fit(blocks: "Iterator[tuple[np.ndarray, np.ndarray]]", components: int, where: str) -> "Fit":
    from boardbench.segmentation.reduction.bands import best_bands

    return best_bands(blocks, components, where)


STRATEGY = Strategy(fit=_fit, components=3)
