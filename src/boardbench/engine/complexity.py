"""Costing: multiply-accumulates (MACs) and parameters of networks, counted on the meta device by ptflops.

Two countings stand side by side. ``gmacs`` is ptflops as it is (0.7.5 and later).
``gmacs_published_convention`` is ptflops before 0.7.5, which paper 1 used: it took a transposed convolution
at its OUTPUT size (ptflops issue 149), four times too much at stride 2; everything else is equal. Both count,
besides convolutions, their biases at 1 an output, batch normalization at 2 a value, pooling at 1 an input
value, and count what a module hands on to a patched function (ReLU, pooling, upsampling) in both places; sums
and products written as operators are not counted. That is the tool's habit, kept because the published
numbers hold it: about 0.1 % here.

A fitted strategy (``pca3``) is counted without its projection, which happens outside the network: 3 * bands
MACs a pixel, 0.263 GMACs at 640 x 640 and 214 bands.
"""

import copy
from pathlib import Path

from boardbench.errors import BoardbenchError
from boardbench.files import write_text
from boardbench.params import Complexity

COLUMNS = ("backbone", "strategy", "gmacs", "gmacs_published_convention", "params_millions")


def count(network, in_channels: int, size: tuple[int, int]) -> tuple[int, int, int]:
    """Count one forward pass of one image; nothing is computed, and ``network`` itself stays as it is.

    Args:
        network: a ``torch.nn.Module`` from (1, in_channels, lines, samples).
        in_channels: channels of the image.
        size: lines and samples of the image.

    Returns:
        MACs, MACs in the convention of ptflops before 0.7.5, number of trainable parameters.

    Raises:
        BoardbenchError: if the network does not take an image of that form.
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


def complexity(*, out: Path, backbones: list[str], strategies: list[str], classes: int, params: Complexity) -> None:
    """Count GMACs and parameters of every backbone with every strategy; nothing is computed.

    Args:
        out: table to write (CSV, 4 decimals): backbone, strategy, gmacs, gmacs_published_convention,
            params_millions, in the order of the arguments; fitted strategies without their projection.
        backbones: names of backbones.
        strategies: names of input strategies.
        classes: channels of the logits.
        params: size, width and bands of the counted networks.

    Raises:
        BoardbenchError: for an unknown or missing name, or fewer than 2 classes.
    """
    for flag, given in {"--backbones": backbones, "--strategies": strategies}.items():
        if not given:
            raise BoardbenchError(f"{out}: nothing to count. Give {flag} at least once.")
    if classes < 2:
        raise BoardbenchError(f"{out}: --classes is {classes}; a segmentation has at least 2 classes.")
    import torch

    from boardbench.segmentation.networks import build_network

    lines = [",".join(COLUMNS)]
    for backbone in backbones:
        for strategy in strategies:
            with torch.device("meta"):
                network = build_network(backbone, strategy, params.bands, classes, params.width)
            macs, published, parameters = count(network, network.in_channels, params.size)
            lines.append(f"{backbone},{strategy},{macs / 1e9:.4f},{published / 1e9:.4f},{parameters / 1e6:.4f}")
    write_text(out, "\n".join(lines) + "\n")
