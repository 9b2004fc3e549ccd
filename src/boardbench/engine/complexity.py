"""Costing: operations and parameters of networks, counted on the meta device; nothing is computed.

Two countings of multiply-accumulates (MACs) stand side by side. ``gmacs`` is ptflops as it is (0.7.5 and later).
``gmacs_published_convention`` is ptflops before 0.7.5, which paper 1 used: it took a transposed convolution
at its OUTPUT size (ptflops issue 149), four times too much at stride 2; everything else is equal. Both count,
besides convolutions, their biases at 1 an output, batch normalization at 2 a value, pooling at 1 an input
value, and count what a module hands on to a patched function (ReLU, pooling, upsampling) in both places; sums
and products written as operators are not counted. That is the tool's habit, kept because the published
numbers hold it: 0.2 to 1.3 % of the GMACs of the networks at width 64 (mobile_unet: 5.6 %).

FLOPs are torch's own count: 2 for each MAC of a convolution or matrix product, and nothing else. What is left out
(biases, normalization, activations, sums, pooling, upsampling) is as small a part.
"""

import io
from contextlib import redirect_stderr, redirect_stdout


def count(network, in_channels: int, size: tuple[int, int]) -> tuple[int, int, int]:
    """Count the MACs of one forward pass of one image; ``network`` itself stays as it is.

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

    from boardbench.engine.meta import Sizes, on_meta

    network, image = on_meta(network, in_channels, size)
    excess = 0  # of the older convention: transposed convolutions at their output size

    def transposed(layer, inputs, output) -> None:
        nonlocal excess
        conv_flops_counter_hook(layer, inputs, output, transpose=True)
        excess += layer.weight.numel() * (output[0, 0].numel() - inputs[0][0, 0].numel())

    said = io.StringIO()
    with torch.no_grad(), Sizes(), redirect_stdout(said), redirect_stderr(said):
        macs, parameters = get_model_complexity_info(
            network,
            (in_channels, *size),
            as_strings=False,
            print_per_layer_stat=False,
            custom_modules_hooks=dict.fromkeys(
                (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d), transposed
            ),
        )
    if macs is None:
        # ptflops swallows the reason why a network refuses its input: let the network say it.
        network.eval()(image)
        raise RuntimeError(f"ptflops could not count a network that runs: {said.getvalue()}")
    return int(macs), int(macs) + excess, int(parameters)


def flops(network, in_channels: int, size: tuple[int, int]) -> int:
    """Count the floating-point operations of one forward pass of one image; ``network`` itself stays as it is.

    Args:
        network: a ``torch.nn.Module`` from (1, in_channels, lines, samples).
        in_channels: channels of the image.
        size: lines and samples of the image.

    Returns:
        2 for each MAC of convolutions and matrix products (``torch.utils.flop_counter``).

    Raises:
        BoardbenchError: if the network does not take an image of that form (raised by the network).
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from boardbench.engine.meta import Sizes, on_meta

    network, image = on_meta(network, in_channels, size)
    with torch.no_grad(), FlopCounterMode(display=False) as counter, Sizes():
        network.eval()(image)
    return counter.get_total_flops()
