"""Channels taken out of a trained network: those that matter least for what they cost.

The importance of a channel is the change of the loss to first order if it were zero, squared, over batches of the
training part (Molchanov et al., CVPR 2019, arXiv:1906.10771, with the gate on what normalization gives), divided by the
MACs that go with it. Weights alone do not tell: normalization makes the scale of a convolution before it meaningless.
On the default data half of a U-Net's GMACs taken out by the L1 norm of its weights left it at a mean IoU of 0.23 of
0.59, by importance at 0.59, before it was trained on (validation part).
"""

import copy
import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import torch
from torch import nn

from boardbench.engine.complexity import count
from boardbench.engine.meta import Sizes, on_meta
from boardbench.errors import BoardbenchError

WEIGHTED = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
Losses = Callable[[nn.Module], Iterator[torch.Tensor]]
"""Of a network, its loss on one batch of the training part after another."""
STEPS = 100
"""Of taking channels out: each takes a hundredth of them all."""
LEAST = 0.1
"""Share of its channels that a layer keeps."""
BATCHES = 16
"""Over which the importance of channels is measured."""


def prune_channels(
    network: nn.Module,
    ratio: float,
    size: tuple[int, int],
    whole: list[str],
    losses: Losses,
    multiple: int = 1,
    traced: tuple[int, int] | None = None,
) -> nn.Module:
    """Return a copy without the channels that matter least for what they cost, so that a share of the MACs is gone.

    Channels that must go together, through sums, concatenations, and normalization, are ranked as one, those of all
    layers together (:class:`_Importance`), and taken out in steps until ``count`` of
    :mod:`boardbench.engine.complexity` is low enough. A layer keeps about a tenth of its channels, and one at least;
    and a multiple of ``multiple``, because kernels work on blocks of channels: a block that is partly gone takes the
    time of a whole one.

    Args:
        network: trained; stays as it is.
        ratio: share of the MACs, at least.
        size: lines and samples of an image, at which MACs are counted.
        whole: names of submodules whose last layer keeps all its channels: the one that gives the logits first.
        losses: of a network on batches of the training part; the first 16 are used.
        multiple: channels of a block; a layer of fewer keeps all of them.
        traced: lines and samples at which the graph is read; None: ``size``.

    Raises:
        BoardbenchError: a network that cannot be traced, or a ratio that would empty a layer.
    """
    import torch_pruning

    small = copy.deepcopy(network).eval()
    small.requires_grad_(True)  # the graph is read off autograd
    kept = [list(weighted(small.get_submodule(name)).values())[-1] for name in whole]
    uses = weight_uses(small, size)
    importance = _Importance(small, uses, contributions(small, losses))
    before, dense = count(small, small.in_channels, size)[0], _layer_macs(small, uses)
    image = torch.zeros(1, small.in_channels, *(traced or size))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pruner = torch_pruning.pruner.BasePruner(
                small,
                image,
                importance=importance,
                global_pruning=True,
                pruning_ratio=1.0,
                max_pruning_ratio=1 - LEAST,
                iterative_steps=STEPS,
                round_to=multiple,
                ignored_layers=kept,
                # Its defaults are dicts that all pruners would share.
                **{name: {} for name in ("in_channel_groups", "out_channel_groups", "channel_groups", "num_heads")},
            )
            reached = 0.0
            while reached < ratio and pruner.current_step < STEPS:
                for group in pruner.step(interactive=True):
                    importance.drop_channels(group)
                    group.prune()
                reached = 1 - _layer_macs(small, uses) / dense
                if reached >= ratio:  # the quick count says so: ask the one that is reported
                    reached = 1 - count(small, small.in_channels, size)[0] / before
            with torch.no_grad():
                small(image)
    except BoardbenchError:
        raise
    except Exception as error:  # whatever tracing meets in a network that it does not know
        reason = (str(error).splitlines() or ["no reason given"])[0]
        raise BoardbenchError(
            f"{type(network).__name__}: its channels cannot be pruned, because Torch-Pruning cannot follow them "
            f"({type(error).__name__}: {reason}). Take method: unstructured, or another network."
        ) from None
    if reached < ratio:
        raise BoardbenchError(
            f"ratio {ratio}: only {reached:.3f} of the GMACs can go before a layer is empty. Take a lower ratio"
            + (f", or a multiple below {multiple}." if multiple > 1 else ".")
        )
    return small


def contributions(network: nn.Module, losses: Losses) -> dict[nn.Module, torch.Tensor]:
    """Return, of each layer, what the loss would change to first order if a channel it gives were zero.

    Returns:
        (batches, channels) of each convolution, dense layer and normalization: minus the sum, over its weights, of
        weight times gradient, which is that of the channel's values times theirs.
    """
    found: dict[nn.Module, list[torch.Tensor]] = {}
    for loss in islice(losses(network), BATCHES):
        network.zero_grad()
        loss.backward()
        for layer in network.modules():
            if not isinstance(layer, (*WEIGHTED, nn.BatchNorm2d)) or layer.weight is None or layer.weight.grad is None:
                continue
            change = layer.weight * layer.weight.grad
            if isinstance(layer, nn.ConvTranspose2d):
                change = change.unflatten(0, (layer.groups, -1)).transpose(1, 2).flatten(0, 1)
            change = change.flatten(1).sum(dim=1) if change.ndim > 1 else change
            if layer.bias is not None:
                change = change + layer.bias * layer.bias.grad
            found.setdefault(layer, []).append(-change.detach().double())
    network.zero_grad()
    return {layer: torch.stack(changes) for layer, changes in found.items()}


class _Importance:
    """Rank the channels of a group, as Torch-Pruning asks for it: squared change of the loss over MACs.

    The change is that of the group's normalizations; of its convolutions and dense layers where it has none.
    """

    def __init__(self, network: nn.Module, uses: dict[str, int], changes: dict[nn.Module, torch.Tensor]):
        self._uses = {network.get_submodule(name): number for name, number in uses.items()}
        self._changes = changes

    @torch.no_grad()
    def __call__(self, group: Any) -> torch.Tensor:
        size = len(group[0].idxs)
        macs = torch.zeros(size)
        changes = {kind: torch.zeros(1, size).double() for kind in (True, False)}
        normalized = False
        for dependency, positions, roots in ((item.dep, item.idxs, item.root_idxs) for item in group):
            layer, roots = dependency.layer, torch.tensor(roots)
            out = _gives(dependency)
            if isinstance(layer, WEIGHTED):
                channels = _channels(layer, out)
                macs.index_add_(
                    0, roots, torch.full((len(roots),), layer.weight.numel() / channels * self._uses[layer])
                )
            if out and layer in self._changes:
                kind = isinstance(layer, nn.BatchNorm2d)
                normalized |= kind
                change = self._changes[layer][:, positions]
                changes[kind] = changes[kind] + torch.zeros(len(change), size).double().index_add_(1, roots, change)
        importance = changes[normalized].square().mean(dim=0) / macs.clamp(min=1)
        return (
            importance + torch.arange(size, dtype=importance.dtype) * 1e-300
        )  # no two alike: of a layer without any importance not all go at once

    def drop_channels(self, group: Any) -> None:
        """Leave the channels of a group out, which is about to be pruned."""
        for item in group:
            layer = item.dep.layer
            if _gives(item.dep) and layer in self._changes:
                kept = torch.ones(self._changes[layer].shape[1], dtype=torch.bool)
                kept[list(item.idxs)] = False
                self._changes[layer] = self._changes[layer][:, kept]


def _gives(dependency: Any) -> bool:
    """Tell whether a layer loses channels that it gives; otherwise some that it takes."""
    return dependency.pruning_fn.__self__.prune_out_channels == dependency.pruning_fn


def _channels(layer: nn.Module, out: bool) -> int:
    if isinstance(layer, nn.Linear):
        return layer.out_features if out else layer.in_features
    return layer.out_channels if out else layer.in_channels


def weight_uses(network: nn.Module, size: tuple[int, int]) -> dict[str, int]:
    """Return how often a pass of one image multiplies each weight of a convolution or dense layer, by layer's name.

    Output pixels of a convolution, input pixels of a transposed one, rows that go into a dense layer.
    """
    uses: dict[str, int] = {}

    def note(name: str) -> Callable:
        def hook(layer: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
            seen = inputs[0] if isinstance(layer, nn.ConvTranspose2d) else output
            pixels = seen.numel() // len(layer.weight) if isinstance(layer, nn.Linear) else seen[0, 0].numel()
            uses[name] = uses.get(name, 0) + pixels

        return hook

    network, image = on_meta(network, network.in_channels, size)
    for name, layer in weighted(network).items():
        layer.register_forward_hook(note(name))
    with torch.no_grad(), Sizes():
        network.eval()(image)
    return uses


def weighted(network: nn.Module) -> dict[str, nn.Module]:
    """Return the convolutions and dense layers of a network by name."""
    return {name: layer for name, layer in network.named_modules() if isinstance(layer, WEIGHTED)}


def _layer_macs(network: nn.Module, uses: dict[str, int]) -> int:
    return sum(number * network.get_submodule(name).weight.numel() for name, number in uses.items())
