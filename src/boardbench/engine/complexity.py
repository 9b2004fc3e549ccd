"""Costing: multiply-accumulates (MACs) and parameters of networks, counted on the meta device by ptflops.

Two countings stand side by side. ``gmacs`` is ptflops as it is (0.7.5 and later).
``gmacs_published_convention`` is ptflops before 0.7.5, which paper 1 used: it took a transposed convolution
at its OUTPUT size (ptflops issue 149), four times too much at stride 2; everything else is equal. Both count,
besides convolutions, their biases at 1 an output, batch normalization at 2 a value, pooling at 1 an input
value, and count what a module hands on to a patched function (ReLU, pooling, upsampling) in both places; sums
and products written as operators are not counted. That is the tool's habit, kept because the published
numbers hold it: about 0.1 % here.
"""

import copy


def count(network, in_channels: int, size: tuple[int, int]) -> tuple[int, int, int]:
    """Count one forward pass of one image; nothing is computed, and ``network`` itself stays as it is.

    Args:
        network: a ``torch.nn.Module`` from (1, in_channels, lines, samples).
        in_channels: channels of the image.
        size: lines and samples of the image.

    Returns:
        MACs, MACs in the convention of ptflops before 0.7.5, number of trainable parameters.

    Raises:
        BoardbenchError: if the network does not take an image of that form (raised by the network).
    """
    # ptflops replaces torch functions while it counts; torch._dynamo cannot be imported in that state.
    import torch
    import torch._dynamo
    from ptflops import get_model_complexity_info
    from ptflops.pytorch_ops import conv_flops_counter_hook
    from torch import nn

    network = copy.deepcopy(network).to("meta").eval()
    # ptflops would swallow the reason why a network refuses its input.
    network(torch.empty((1, in_channels, *size), device="meta"))
    # Without its argument ``transpose`` the hook takes every convolution at its output size, as before 0.7.5.
    old = dict.fromkeys((nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d), conv_flops_counter_hook)
    macs = []
    for hooks in ({}, old):
        counted, parameters = get_model_complexity_info(
            network,
            (in_channels, *size),
            as_strings=False,
            print_per_layer_stat=False,
            custom_modules_hooks=hooks,
        )
        if counted is None:
            raise RuntimeError("ptflops could not count a network that runs; its reason is printed above")
        macs.append(int(counted))
    return macs[0], macs[1], int(parameters)
