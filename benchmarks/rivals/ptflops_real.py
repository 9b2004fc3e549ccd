"""Counting by running: ptflops on a network whose every layer is really computed, as in paper 1."""

import importlib

from torch import nn


def ptflops_real(network: nn.Module, channels: int, size: tuple[int, int]) -> tuple[int, int]:
    """Return MACs and parameters of one image; the forward pass happens on the processor."""
    # ptflops patches torch; torch._dynamo cannot be imported after that.
    importlib.import_module("torch._dynamo")
    from ptflops import get_model_complexity_info

    macs, parameters = get_model_complexity_info(
        network, (channels, *size), as_strings=False, print_per_layer_stat=False
    )
    return int(macs), int(parameters)
