"""What every backbone with every strategy costs at full size.

A fitted strategy is counted without its projection, which happens outside the network; ``gmacs_reduction`` says what
that is: components x bands MACs a pixel (0.263 GMACs for 3 components at 640 x 640 and 214 bands), 0 where bands are
only picked. What fitting costs is not in it, though ``pca3_cube`` fits every capture. A backbone with a width of its
own (``unet@4``) is counted at that width.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from boardbench.errors import BoardbenchError
from boardbench.files import write_csv
from boardbench.params.segmentation import Complexity
from boardbench.segmentation import backbones as known
from boardbench.segmentation import reduction

COLUMNS = (
    "backbone",
    "strategy",
    "gmacs",
    "gmacs_published_convention",
    "params_millions",
    "gmacs_reduction",
    "gflops",
    "activations_inference_mib",
    "activations_training_mib",
)
MIB = 2**20


def complexity(*, out: Path, backbones: list[str], strategies: list[str], classes: int, params: Complexity) -> None:
    """Count operations, parameters and memory of every backbone with every strategy; nothing is computed.

    Args:
        out: table to write (CSV, 4 decimals), rows in the order of the arguments: backbone, strategy; gmacs and
            gmacs_published_convention (:mod:`boardbench.engine.complexity`); params_millions; gmacs_reduction, of a
            fitted reduction outside the network, empty where there is none; gflops, true FLOPs of the network;
            activations_inference_mib and activations_training_mib (:mod:`boardbench.engine.memory`), of one image.
        backbones: names of backbones.
        strategies: names of input strategies.
        classes: channels of the logits.
        params: size, width and bands of the counted networks.

    Raises:
        BoardbenchError: for an unknown or missing name, or fewer than 2 classes.
    """
    check(out, backbones, strategies, classes)
    import torch

    from boardbench.engine.complexity import count, flops
    from boardbench.engine.memory import inference_bytes, training_bytes
    from boardbench.segmentation.networks import build_network

    def cost(backbone: str, strategy: str) -> dict[str, float]:
        with torch.device("meta"):
            network = build_network(backbone, strategy, params.bands, classes, params.width)
        counted = (network, network.in_channels, params.size)
        macs, published, parameters = count(*counted)
        return {
            "gmacs": macs / 1e9,
            "gmacs_published_convention": published / 1e9,
            "params_millions": parameters / 1e6,
            "gflops": flops(*counted) / 1e9,
            "activations_inference_mib": inference_bytes(*counted) / MIB,
            "activations_training_mib": training_bytes(*counted) / MIB,
        }

    rows = []
    for (backbone, strategy), row in by_network(cost, backbones, strategies, params.bands).items():
        row = row | {"gmacs_reduction": _reduction_gmacs(strategy, params)}
        numbers = (row[name] if row[name] is None else f"{row[name]:.4f}" for name in COLUMNS[2:])
        rows.append([backbone, strategy, *numbers])
    write_csv(out, COLUMNS, rows)


def check(out: Path, backbones: list[str], strategies: list[str], classes: int) -> None:
    """Refuse lists of networks that cannot be counted.

    Raises:
        BoardbenchError: for an unknown or missing name, or fewer than 2 classes.
    """
    for flag, given in {"--backbones": backbones, "--strategies": strategies}.items():
        if not given:
            raise BoardbenchError(f"{out}: nothing to count. Give {flag} at least once.")
    if classes < 2:
        raise BoardbenchError(f"{out}: --classes is {classes}; a segmentation has at least 2 classes.")
    for name in backbones:
        known.check(name)
    for name in strategies:
        reduction.get(name)


def by_network(
    examine: Callable[[str, str], Any], backbones: list[str], strategies: list[str], bands: int
) -> dict[tuple[str, str], Any]:
    """Examine every network once, and give the result to every backbone and strategy that make it.

    Networks are equal where the backbone, the channels that come in and the learned front are: those of all fitted
    strategies with 3 components, for example.
    """
    results, rows = {}, {}
    for backbone in backbones:
        for strategy in strategies:
            plan = reduction.get(strategy)
            network = (backbone, plan.channels(bands), plan.encoder)
            if network not in results:
                results[network] = examine(backbone, strategy)
            rows[backbone, strategy] = results[network]
    return rows


def _reduction_gmacs(strategy: str, params: Complexity) -> float | None:
    plan = reduction.get(strategy)
    if not plan.fitted:
        return None
    lines, samples = params.size
    return plan.components * params.bands * lines * samples / 1e9 if plan.projects else 0.0
