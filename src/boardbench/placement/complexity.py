"""What the placement network costs: counted on the meta device, nothing is computed."""

from pathlib import Path

from boardbench.files import write_csv

COLUMNS = (
    "network",
    "width",
    "lines",
    "samples",
    "gmacs",
    "gflops",
    "params_millions",
    "params_millions_head",
    "activations_inference_mib",
    "activations_training_mib",
)
PAPER = ("mobilenet_v2", 1.0, (256, 256))
"""Backbone, width and size of paper 4's network."""
MIB = 2**20


def complexity(*, out: Path, backbone: str = "mobilenet_v2", width: float, size: list[int]) -> None:
    """Count the study's network, and paper 4's (width 1, 256 x 256) beside it.

    Args:
        out: table to write (CSV, 4 decimals): network (ours, paper); width; lines; samples; gmacs
            (:mod:`boardbench.engine.complexity`); gflops; params_millions, and how many of them the head has;
            activations_inference_mib and activations_training_mib (:mod:`boardbench.engine.memory`) of one image, all
            layers trained.
        backbone: mobilenet_v2 or efficientnet_lite0.
        width: of the backbone.
        size: lines and samples of an image.
    """
    import torch

    from boardbench.engine.complexity import count, flops
    from boardbench.engine.memory import inference_bytes, training_bytes
    from boardbench.placement.network import build_network

    rows = []
    for name, (base, wide, form) in {"ours": (backbone, width, tuple(size)), "paper": PAPER}.items():
        with torch.device("meta"):
            network = build_network(wide, form, backbone=base)
        counted = (network, 3, form)
        macs, _, parameters = count(*counted)
        numbers = (
            macs / 1e9,
            flops(*counted) / 1e9,
            parameters / 1e6,
            sum(parameter.numel() for parameter in network.head.parameters()) / 1e6,
            inference_bytes(*counted) / MIB,
            training_bytes(*counted) / MIB,
        )
        rows.append([name, f"{wide:g}", *form, *(f"{number:.4f}" for number in numbers)])
    write_csv(out, COLUMNS, rows)
