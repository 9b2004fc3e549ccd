"""``bands3_even``: three evenly spaced bands, the centres of three equal thirds of the bands; no label decides.

Of 214 bands these are 35, 107 and 178 (counted from 0). What ``bands3`` must beat to show that choosing helps.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from boardbench.segmentation.reduction import Strategy

if TYPE_CHECKING:
    import numpy as np

    from boardbench.segmentation.reduction.pca import Fit


def _fit(blocks: "Iterator[tuple[np.ndarray, np.ndarray]]", components: int, where: str) -> "Fit":
    from boardbench.segmentation.reduction.bands import even_bands

    return even_bands(blocks, components, where)


STRATEGY = Strategy(fit=_fit, components=3)
