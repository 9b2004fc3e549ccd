"""``pca3_cube``: three principal components of every capture by itself, as PCB-Vision's published code fits them.

Axes and signs then differ from capture to capture. Captures of the test part are fitted too, on all their pixels;
no mask is read. Whatever segmentation.reduction.fit says; ``pca3`` follows it.
"""

from dataclasses import replace

from boardbench.segmentation.reduction.pca3 import STRATEGY as PCA3

STRATEGY = replace(PCA3, fitted_on="cube")
