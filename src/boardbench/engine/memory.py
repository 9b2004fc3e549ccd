"""Activation memory of networks, counted on the meta device: tensors have sizes there, but no values.

What torch's operators allocate is counted, weights and buffers left out. A kernel's own scratch space (the
reordered or unfolded input of a convolution) is not seen, nor what an allocator keeps; training needs, besides,
gradients and the optimizer's state: three values a parameter with Adam.
"""

import weakref

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from boardbench.engine.meta import Sizes, on_meta


class _Live(TorchDispatchMode):
    """Follow the storages that operators return, each from its first appearance until nothing holds it."""

    def __init__(self, known: set[int]):
        super().__init__()
        self._known, self._now, self.peak = known, 0, 0

    def add(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        if id(storage) in self._known:
            return
        self._known.add(id(storage))
        self._now += storage.nbytes()
        self.peak = max(self.peak, self._now)
        weakref.finalize(storage, self._forget, id(storage), storage.nbytes())

    def _forget(self, name: int, size: int) -> None:
        self._known.discard(name)
        self._now -= size

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self.add(leaf)
        return result


def inference_bytes(network: nn.Module, in_channels: int, size: tuple[int, int]) -> int:
    """Return the most bytes of tensors alive at once while one image passes, in evaluation and without gradients.

    Args:
        network: a module from (1, in_channels, lines, samples); it stays as it is.
        in_channels: channels of the image, float32.
        size: lines and samples of the image.

    Returns:
        bytes, with the image (held by the caller throughout) and the logits, without weights and buffers.
    """
    network, image = on_meta(network, in_channels, size)
    live = _Live({id(storage) for storage in _storages(network.eval())})
    live.add(image)
    with torch.no_grad(), live, Sizes():
        network(image)
    return live.peak


def training_bytes(network: nn.Module, in_channels: int, size: tuple[int, int]) -> int:
    """Return the bytes that autograd keeps of one image's forward pass, in training, for the backward pass.

    Args:
        network: a module from (1, in_channels, lines, samples); it stays as it is.
        in_channels: channels of the image, float32.
        size: lines and samples of the image.

    Returns:
        bytes, every storage once, with the image where a layer keeps it; without weights, buffers and the loss.
    """
    network, image = on_meta(network, in_channels, size)
    own = {id(storage) for storage in _storages(network.train())}
    saved: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if id(storage) not in own:
            saved[id(storage)] = storage
        return tensor

    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor), Sizes():
        network(image)
    return sum(storage.nbytes() for storage in saved.values())


def _storages(network: nn.Module) -> list[torch.UntypedStorage]:
    """Return the storages of weights and buffers; ``network`` keeps them, so their ids stay their own."""
    return [tensor.untyped_storage() for tensor in (*network.parameters(), *network.buffers())]
