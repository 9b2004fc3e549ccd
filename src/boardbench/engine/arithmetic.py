"""What training and scoring set for their process and network before the first operation on tensors."""

import torch
from torch import nn

_SAFE_CHANNELS = 8


def fix_arithmetic(threads: int) -> None:
    """Fix what changes the bits of a result: the number of threads, and numbers below the normal range, which are 0.

    Instructions are left to the processor: benchmarks/NOTES.md says which give equal bits, and why AVX2 is no rule.

    Args:
        threads: torch threads; another number gives other bits.
    """
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)


def channels_last(network: nn.Module) -> nn.Module:
    """Lay a network's weights out with channels last, in place, which is faster; return it.

    Not where a 1 x 1 convolution with a stride has fewer than 8 input channels: on a processor with AVX2 and no more,
    torch 2.13.0 writes past the end of such a layer's weight gradients (benchmarks/NOTES.md). There the network
    stays as it is, and these layers get their inputs in the usual order, too.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    strided = [layer for layer in layers if layer.kernel_size == (1, 1) and layer.stride != (1, 1)]
    faulty = [layer for layer in strided if layer.in_channels < _SAFE_CHANNELS]
    for layer in faulty:
        layer.register_forward_pre_hook(_in_usual_order)
    return network if faulty else network.to(memory_format=torch.channels_last)


def _in_usual_order(_: nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    return tuple(part.contiguous() for part in inputs)
