"""``pca3``: three principal components of the spectra, fitted before training (baseline 2 of paper 1).

The projection is applied outside the network, which takes (N, 3, H, W).
"""

from boardbench.segmentation.reduction import Strategy

STRATEGY = Strategy(components=3)
