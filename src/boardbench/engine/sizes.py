"""A freshly built network takes the sizes of saved weights: a pruned network is built again from its weights alone."""

from collections.abc import Mapping

import torch
from torch import nn

_SIZED = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear, nn.BatchNorm2d)


def take_sizes(network: nn.Module, saved: Mapping[str, torch.Tensor]) -> None:
    """Give layers the sizes of saved weights, in place; ``network.load_state_dict(saved)`` then fits.

    Convolutions (transposed and depthwise ones too), dense layers and batch normalization follow; the channels a
    group of any other grouped convolution too, while the number of its groups stays.

    Args:
        network: as built, before pruning.
        saved: state dict of the pruned network.

    Raises:
        KeyError: no saved weights of a layer.
        ValueError: saved weights of another form, or larger than those built: not of this network, pruned.
    """
    for name, layer in network.named_modules():
        if not isinstance(layer, _SIZED):
            continue
        own = dict(layer.named_parameters(recurse=False)) | dict(layer.named_buffers(recurse=False))
        for key, tensor in own.items():
            values = saved[f"{name}.{key}"]
            small = values.ndim == tensor.ndim and all(a <= b for a, b in zip(values.shape, tensor.shape, strict=True))
            if not small or values.shape[2:] != tensor.shape[2:]:
                found, built = (" x ".join(map(str, one.shape)) for one in (values, tensor))
                raise ValueError(f"{name}.{key} is {found}, which pruning cannot have left of {built}")
            if values.shape == tensor.shape:
                continue
            empty = torch.empty(values.shape, dtype=tensor.dtype, device=tensor.device)
            if isinstance(tensor, nn.Parameter):
                setattr(layer, key, nn.Parameter(empty, requires_grad=tensor.requires_grad))
            else:
                setattr(layer, key, empty)
        _describe(layer)


def _describe(layer: nn.Module) -> None:
    """Let a layer's own numbers follow its weights."""
    if isinstance(layer, nn.BatchNorm2d):
        layer.num_features = len(layer.running_mean)
    elif isinstance(layer, nn.Linear):
        layer.out_features, layer.in_features = layer.weight.shape
    else:
        first, second = layer.weight.shape[:2]
        if layer.groups == layer.in_channels > 1 and second == 1:  # depthwise: as many groups as channels
            layer.groups = first // (layer.out_channels // layer.in_channels)
        if isinstance(layer, nn.ConvTranspose2d):
            layer.in_channels, layer.out_channels = first, second * layer.groups
        else:
            layer.in_channels, layer.out_channels = second * layer.groups, first
