"""A network on torch's meta device, where tensors have sizes but no values: what the costings run."""

import copy

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten


def on_meta(network: nn.Module, in_channels: int, size: tuple[int, int]) -> tuple[nn.Module, torch.Tensor]:
    """Return a network on the meta device, and an image for it: (1, in_channels, lines, samples), float32.

    A network that is there already is returned itself, and may be left in another mode (training or evaluation): copies
    take half the time of a count. Others are copied.
    """
    if not all(tensor.is_meta for tensor in (*network.parameters(), *network.buffers())):
        network = copy.deepcopy(network).to("meta", torch.float32)
    return network, torch.empty((1, in_channels, *size), device="meta")


def _normalized(x: torch.Tensor, *others, **_) -> tuple[torch.Tensor, ...]:
    training = others[4]
    statistics = [x.new_empty(x.shape[1] if training else 0) for _ in ("mean", "inverse standard deviation")]
    return torch.empty_like(x), *statistics


def _resized(x: torch.Tensor, size: tuple[int, int], *_, **__) -> torch.Tensor:
    return x.new_empty((*x.shape[:2], *size))


_KNOWN = {
    aten.native_batch_norm.default: _normalized,
    aten.upsample_bilinear2d.default: _resized,
    aten.upsample_bicubic2d.default: _resized,
}


class Sizes(TorchDispatchMode):
    """Give the results of some operators, as the processor's kernels do, straight from the sizes.

    On meta torch finds these sizes by going through the operators' definitions in Python, which takes two thirds of
    the time of a pass, and whose products ptflops would count. Enter it after other modes. Deterministic algorithms,
    which a training asks for, are off meanwhile: with them torch resizes by many small operators on any device but
    the processor, and these would be counted.
    """

    def __enter__(self):
        warns = torch.is_deterministic_algorithms_warn_only_enabled()
        self._strict = torch.are_deterministic_algorithms_enabled(), warns
        torch.use_deterministic_algorithms(False)
        return super().__enter__()

    def __exit__(self, *raised):
        strict, warn_only = self._strict
        torch.use_deterministic_algorithms(strict, warn_only=warn_only)
        return super().__exit__(*raised)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return _KNOWN.get(func, func)(*args, **(kwargs or {}))
