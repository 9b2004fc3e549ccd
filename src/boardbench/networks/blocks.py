"""The convolutions that the networks are made of, as lists of layers to put into an ``nn.Sequential``."""

from torch import nn


def conv_norm(
    inputs: int,
    outputs: int,
    kernel: int = 1,
    stride: int = 1,
    *,
    dilation: int = 1,
    groups: int = 1,
    bias: bool = False,
) -> list[nn.Module]:
    """Return a convolution that keeps the size (divided by ``stride``, rounded up) and batch normalization.

    The normalization makes a bias useless; networks that are published with one have it.
    """
    padding = kernel // 2 * dilation
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, groups, bias),
        nn.BatchNorm2d(outputs),
    ]


def conv_norm_relu(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, **options: int) -> list[nn.Module]:
    """Return :func:`conv_norm` and a ReLU."""
    return [*conv_norm(inputs, outputs, kernel, stride, **options), nn.ReLU(inplace=True)]
