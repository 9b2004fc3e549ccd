"""One training on several processes: each computes its share of every batch, and all take the same step.

Data parallelism, as in Li et al. (2020), PyTorch Distributed, VLDB 13(12). Where the loss is a mean over images,
gradient, losses and batch statistics are those of one process with the same batches, but for the order of sums. A loss
that weighs pixels (class weights, unlabelled pixels) is such a mean in each share, and the mean over the shares in all.
"""

import functools
import importlib
import inspect
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import timedelta
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from boardbench.errors import BoardbenchError
from boardbench.params.section import Loop

_LONGEST_WAIT = timedelta(hours=6)  # of one process for another: the first writes, and may wait for an orphan's end


def on_each_device(train: Callable[..., None]) -> Callable[..., None]:
    """Have a verb that trains run in ``params.devices`` processes on each of ``params.nodes`` machines.

    On one machine they are started here. On several, each machine starts its own with torchrun. The first process is
    the run; what the others write goes to a temporary folder, and MLflow does not see them.

    Args:
        train: takes ``out``, ``tracking`` and ``params`` by name, and calls :func:`boardbench.engine.training.fit`.
    """

    @functools.wraps(train)
    def run(**given: Any) -> None:
        params = given["params"]
        wanted = params.devices * params.nodes
        if "WORLD_SIZE" in os.environ and "LOCAL_RANK" in os.environ:  # torchrun's
            started = int(os.environ["WORLD_SIZE"])
            if started != wanted:
                raise BoardbenchError(
                    f"training.devices {params.devices} x training.nodes {params.nodes} are {wanted} processes, but "
                    f"torchrun started {started}. Give it --nproc-per-node {params.devices} --nnodes {params.nodes}."
                )
            _take_part(train, given, int(os.environ["RANK"]), int(os.environ["LOCAL_RANK"]), "env://")
        elif wanted == 1:
            train(**given)
        elif params.nodes > 1:
            raise BoardbenchError(
                f"training.nodes: {params.nodes}, but no process of another machine is here. Start the same command on "
                f"each with torchrun --nnodes {params.nodes} --nproc-per-node {params.devices} --no-python."
            )
        else:
            _start(train, given, wanted)

    return run


def _start(train: Callable[..., None], given: dict[str, Any], count: int) -> None:
    """Start the processes of a run on this machine, and wait for their end."""
    context = torch.multiprocessing.get_context("spawn")
    refused = context.SimpleQueue()
    with tempfile.TemporaryDirectory() as folder:
        meeting = (Path(folder) / "meeting").as_uri()
        task = (train.__module__, train.__name__, given, count, meeting, refused)
        try:
            torch.multiprocessing.start_processes(_process, task, nprocs=count, start_method="spawn")
        except torch.multiprocessing.ProcessExitedException as error:
            if refused.empty():
                raise BoardbenchError(
                    f"{given['out']}: process {error.error_index} of {count} of this training ended early "
                    f"({error}). Run the same command again: it goes on from the last whole epoch."
                ) from None
            raise BoardbenchError(refused.get()) from None


def _process(
    rank: int, module: str, verb: str, given: dict[str, Any], count: int, meeting: str, refused: SimpleQueue
) -> None:
    """Be one process of a run on one machine."""
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(count)}
    if sys.platform == "linux":
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # nobody else's business
    train = inspect.unwrap(getattr(importlib.import_module(module), verb))
    try:
        _take_part(train, given, rank, rank, meeting)
    except BoardbenchError as error:
        refused.put(str(error))
        sys.stdout.flush()
        os._exit(1)  # the others wait for this one in a collective


def _take_part(train: Callable[..., None], given: dict[str, Any], rank: int, local: int, meeting: str) -> None:
    """Train as one process of several."""
    device = device_of(given["params"])
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group(
        "nccl" if device.type == "cuda" else "gloo",
        init_method=meeting,
        rank=rank,
        world_size=int(os.environ["WORLD_SIZE"]),
        timeout=_LONGEST_WAIT,
    )
    try:
        if rank == 0:
            train(**given)
            return
        with (
            tempfile.TemporaryDirectory() as folder,
            Path(os.devnull).open("w", encoding="utf-8") as nowhere,
            redirect_stdout(nowhere),
        ):
            train(**given | {"out": Path(folder) / "run", "tracking": None})
    finally:
        dist.destroy_process_group()


def device_of(params: Loop) -> torch.device:
    """Return where this process trains: its own GPU, or the processor.

    Raises:
        BoardbenchError: a GPU is asked for that is not there.
    """
    there = torch.cuda.device_count() if params.device != "cpu" and torch.cuda.is_available() else 0
    if params.device == "cuda" and not there:
        raise BoardbenchError("training.device is cuda, but torch finds no GPU. Set it to auto or cpu.")
    if there and params.devices > there:
        raise BoardbenchError(
            f"training.devices: {params.devices}, but this machine has {there} GPUs. Lower it to {there} or less."
        )
    if not there:
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ["LOCAL_RANK"])) if params.devices > 1 else torch.device("cuda")


def count() -> int:
    """Return the number of processes of this run."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Return the number of this process; 0: the one that writes."""
    return dist.get_rank() if dist.is_initialized() else 0


def from_first(value: Any) -> Any:
    """Return the first process's value."""
    if count() == 1:
        return value
    values = [value]
    dist.broadcast_object_list(values, src=0)
    return values[0]


def share(batch: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """Return this process's part of a batch; all of it where there are fewer samples than processes."""
    return batch if count() == 1 or len(batch[0]) < count() else tuple(part[rank() :: count()] for part in batch)


def weight(inputs: torch.Tensor, whole: int) -> float:
    """Return how many of ``whole`` samples of a batch this process stands for, of which it computes ``inputs``."""
    return len(inputs) if len(inputs) < whole or count() == 1 else whole / count()


def total(sums: torch.Tensor | float, number: float) -> tuple[torch.Tensor | float, float]:
    """Return two sums over all processes."""
    if count() == 1:
        return sums, number
    both = torch.tensor([float(sums), number], dtype=torch.float64, device=_collective_device())
    dist.all_reduce(both)
    return both[0], float(both[1])


def gathered(mine: list[Any]) -> list[Any]:
    """Return what all processes have of batches that they took in turn, in the order of the batches."""
    if count() == 1:
        return mine
    lists: list[list[Any]] = [[] for _ in range(count())]
    dist.all_gather_object(lists, mine)
    return [some[turn] for turn in range(len(lists[0])) for some in lists if turn < len(some)]


@contextmanager
def joined(network: nn.Module) -> Iterator[nn.Module]:
    """Give what computes a network's output on a share of a batch, with gradients and statistics over all shares.

    ``network`` itself is trained. Batch normalization takes its mean and variance over all processes, on processors
    as on GPUs (torch.nn.SyncBatchNorm takes GPUs only).
    """
    if count() == 1:
        yield network
        return
    norms = [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.forward = functools.partial(_normalized, norm)
    try:
        yield DistributedDataParallel(network, broadcast_buffers=False)
    finally:
        for norm in norms:
            del norm.forward


class _Sum(torch.autograd.Function):
    """The sum of a tensor over all processes; its gradient is the sum of theirs."""

    @staticmethod
    def forward(_: Any, value: torch.Tensor) -> torch.Tensor:
        value = value.clone()
        dist.all_reduce(value)
        return value

    @staticmethod
    def backward(_: Any, gradient: torch.Tensor) -> torch.Tensor:
        gradient = gradient.clone()
        dist.all_reduce(gradient)
        return gradient


def _normalized(norm: nn.modules.batchnorm._BatchNorm, x: torch.Tensor) -> torch.Tensor:
    """Do what batch normalization does, with the statistics of all processes where it is in training mode."""
    if not norm.training:
        return nn.functional.batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=norm.eps)
    axes = [0, *range(2, x.ndim)]
    shape = (1, -1, *[1] * (x.ndim - 2))
    values = x.float()
    here = values.new_full((1,), x.numel() / x.shape[1])
    sums = _Sum.apply(torch.cat([values.sum(dim=axes), here]))
    number = sums[-1].detach()
    mean = sums[:-1] / number
    centred = values - mean.view(shape)
    variance = _Sum.apply((centred * centred).sum(dim=axes)) / number
    with torch.no_grad():
        norm.num_batches_tracked += 1
        factor = 1 / float(norm.num_batches_tracked) if norm.momentum is None else norm.momentum
        norm.running_mean.lerp_(mean, factor)
        norm.running_var.lerp_(variance * number / (number - 1), factor)
    scaled = centred * torch.rsqrt(variance + norm.eps).view(shape)
    return (scaled * norm.weight.view(shape) + norm.bias.view(shape)).to(x.dtype)


def _collective_device() -> str:
    return "cuda" if dist.get_backend() == "nccl" else "cpu"
