"""Pruning of trained networks: single weights set to zero, or whole channels taken out; for every study.

Zeroing alone saves nothing when a network runs: dense kernels multiply zeros too, and the file keeps them, unless it is
compressed. Channels that are gone are neither stored nor multiplied.

Sources: weights by global magnitude, Han et al., NeurIPS 2015, arXiv:1506.02626, and paper 3; channels that go together
by dependency graph, Fang et al., CVPR 2023, arXiv:2301.12900 (Torch-Pruning); which go first by
:mod:`boardbench.engine.channels`.
"""

import copy
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.utils import prune

from boardbench.engine.channels import Losses, prune_channels, weight_uses, weighted
from boardbench.engine.complexity import count
from boardbench.engine.history import History
from boardbench.errors import BoardbenchError
from boardbench.params.pruning import Pruning


@dataclass(frozen=True)
class Pruned:
    """A pruned network, trained on.

    Attributes:
        network: in evaluation mode; plain weights, zeros included.
        summary: method; ratio; ratios, the shares tried, each with its validation score; settings; parameters,
            parameters_nonzero, macs, macs_effective; parameters_before, macs_before; validation_before,
            validation_pruned (before it was trained on), validation_after.
        history: of training on.
    """

    network: nn.Module
    summary: dict[str, Any]
    history: History


def pruned(
    network: nn.Module,
    params: Pruning,
    *,
    size: tuple[int, int],
    whole: list[str],
    validated: Callable[[nn.Module], float],
    losses: Losses,
    train: Callable[[nn.Module], History],
    traced: tuple[int, int] | None = None,
) -> Pruned:
    """Prune a trained network, then train it on; ``network`` itself stays as it is.

    Args:
        network: from (N, ``network.in_channels``, lines, samples) to logits.
        params: method, ratio, threads.
        size: lines and samples of an image, at which MACs are counted.
        whole: names of submodules whose last layer keeps all its channels: the one that gives the logits first.
        validated: score of a network on the validation part, better where higher; never of the test part.
        losses: of a network on batches of the training part, over which the importance of channels is measured.
        train: trains a network in place to its best epoch.
        traced: lines and samples at which the network's graph is read; None: ``size``.

    Raises:
        BoardbenchError: a ratio that empties a layer, or a network whose channels cannot be followed.
    """
    dense = copy.deepcopy(network).eval().requires_grad_(True)
    before, score_before = cost(dense, size), validated(dense)
    ratio, tried = params.ratio, []
    if params.method == "structured":
        small = prune_channels(dense, ratio, size, whole, losses, params.multiple, traced)
    else:
        if ratio is None:
            ratio, tried = chosen_ratio(dense, params.ratios, params.tolerance, score_before, validated)
        small = apply_mask(dense, ratio)
    score_pruned = validated(small.eval())
    print(f"{params.method} {ratio:g}: validation {score_before:.4f}, pruned {score_pruned:.4f}", flush=True)
    history = train(small.train())
    small = small.cpu().eval()
    if params.method == "unstructured":
        small = remove_mask(dense, small)
    summary = {
        "method": params.method,
        "ratio": ratio,
        "ratios": tried,
        "settings": params.model_dump(mode="json", include=set(Pruning.model_fields)),
        **asdict(cost(small, size)),
        "parameters_before": before.parameters,
        "macs_before": before.macs,
        "validation_before": score_before,
        "validation_pruned": score_pruned,
        "validation_after": validated(small),
    }
    gone = 1 - summary["macs"] / before.macs
    print(f"trained on: validation {summary['validation_after']:.4f}; {gone:.1%} of the GMACs are gone", flush=True)
    return Pruned(small, summary, history)


def check_folder(run: Path, out: Path, pruning: dict[str, Any] | None) -> None:
    """Refuse to write a pruned run into its own run's folder, or to prune one again.

    Raises:
        BoardbenchError: either.
    """
    folder = run if run.is_dir() else run.parent
    if out.resolve() == folder.resolve():
        raise BoardbenchError(f"--out {out}: the run's own folder, which must stay as it is. Name another.")
    if pruning:
        raise BoardbenchError(
            f"{run}: pruned already ('{pruning['name']}'). Give the run that it was made from, with the ratio you want."
        )


def chosen_ratio(
    network: nn.Module, ratios: list[float], tolerance: float, before: float, validated: Callable[[nn.Module], float]
) -> tuple[float, list[dict[str, float]]]:
    """Return the largest share of zeros that costs at most ``tolerance``, and the score of every share tried.

    The smallest, and a word of it, where every share costs more. A share that empties a layer is not chosen.

    Args:
        network: trained, not pruned.
        ratios: shares to try.
        tolerance: what the score may lose, before the network is trained on.
        before: score of ``network``.
        validated: score of a network on the validation part.

    Raises:
        BoardbenchError: if even the smallest share empties a layer.
    """
    tried, good = [], []
    for ratio in sorted(set(ratios)):
        candidate = _copy_masked(network, ratio)
        empty = _emptied(candidate)
        tried.append({"ratio": ratio, "validation": validated(candidate.eval())})
        if not empty and before - tried[-1]["validation"] <= tolerance + 1e-9:
            good.append(ratio)
    if not good:
        good = [tried[0]["ratio"]]
        scores = ", ".join(f"{row['ratio']:g}: {row['validation']:.4f}" for row in tried)
        print(
            f"no share of zeros costs at most {tolerance:g} of the validation score {before:.4f} ({scores}): taking "
            f"the smallest, {good[0]:g}",
            flush=True,
        )
    return good[-1], tried


@dataclass(frozen=True)
class Cost:
    """What a network holds and computes.

    Attributes:
        parameters: stored.
        parameters_nonzero: of them not zero.
        macs: of one image, as :func:`boardbench.engine.complexity.count` counts.
        macs_effective: without those of weights that are zero: what a machine that skips zeros would compute.
    """

    parameters: int
    parameters_nonzero: int
    macs: int
    macs_effective: int


def cost(network: nn.Module, size: tuple[int, int]) -> Cost:
    """Count parameters and MACs, with and without zeros.

    Args:
        network: from (N, ``network.in_channels``, lines, samples).
        size: lines and samples of the image.
    """
    macs, _, _ = count(network, network.in_channels, size)
    uses = weight_uses(network, size)
    zeros = {name: int((network.get_submodule(name).weight == 0).sum()) for name in uses}
    return Cost(
        parameters=sum(weight.numel() for weight in network.parameters()),
        parameters_nonzero=sum(int(torch.count_nonzero(weight)) for weight in network.parameters()),
        macs=macs,
        macs_effective=macs - sum(number * zeros[name] for name, number in uses.items()),
    )


def weight_bytes(network: nn.Module) -> tuple[int, int]:
    """Return the bytes of all weights and statistics, and of the same compressed (zlib, level 9)."""
    values = b"".join(value.contiguous().numpy().tobytes() for value in network.state_dict().values())
    return len(values), len(zlib.compress(values, 9))


def apply_mask(network: nn.Module, ratio: float) -> nn.Module:
    """Return a copy whose smallest weights are held at zero, those of all convolutions and dense layers together.

    The masks stay while the copy is trained; :func:`remove_mask` makes plain weights of it again.

    Args:
        network: trained; stays as it is.
        ratio: share of those weights.

    Raises:
        BoardbenchError: if a layer has no weight left.
    """
    small = _copy_masked(network, ratio)
    empty = _emptied(small)
    if empty:
        raise BoardbenchError(f"ratio {ratio}: no weight of {', '.join(empty)} is left. Take a lower ratio.")
    return small


def _copy_masked(network: nn.Module, ratio: float) -> nn.Module:
    network = copy.deepcopy(network)
    weights = [(layer, "weight") for layer in weighted(network).values()]
    prune.global_unstructured(weights, prune.L1Unstructured, amount=ratio)
    return network


def remove_mask(network: nn.Module, masked: nn.Module) -> nn.Module:
    """Return a copy of ``network`` with the weights of its masked copy, zeros included."""
    network = copy.deepcopy(network)
    for layer in weighted(masked).values():
        prune.remove(layer, "weight")
    network.load_state_dict(masked.state_dict())
    return network


def _emptied(masked: nn.Module) -> list[str]:
    return [name for name, layer in weighted(masked).items() if not layer.weight.any()]
