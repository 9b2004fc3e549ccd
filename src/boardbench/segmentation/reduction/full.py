"""``full``: every band goes into the backbone's first convolution (baseline 1 of paper 1)."""

from boardbench.segmentation.reduction import Strategy

STRATEGY = Strategy()
