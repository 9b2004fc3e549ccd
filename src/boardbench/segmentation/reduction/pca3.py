"""``pca3``: three principal components of the spectra, fitted before training (baseline 2 of paper 1).

The projection is applied outside the network, which takes (N, 3, H, W). Axes come from the training part, or from
each capture by itself, as segmentation.reduction.fit says.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from boardbench.segmentation.reduction import Strategy

if TYPE_CHECKING:
    import numpy as np

    from boardbench.segmentation.reduction.pca import Fit


def _fit(blocks: "Iterator[tuple[np.ndarray, np.ndarray]]", components: int, where: str) -> "Fit":
    from boardbench.segmentation.reduction.pca import fit_pca

    return fit_pca((pixels for pixels, _ in blocks), components, where)


STRATEGY = Strategy(fit=_fit, components=3, fitted_on="params", projects=True)
