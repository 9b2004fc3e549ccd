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
PAPER = (1.0, (256, 256))
"""Width and size of paper 4's network."""
MIB = 2**20


def complexity(*, out: Path, width: float, size: list[int]) -> None:
    """Count the study's network, and paper 4's (width 1, 256 x 256) beside it.

    Args:
        out: table to write (CSV, 4 decimals): network (ours, paper); width; lines; samples; gmacs
            (:mod:`boardbench.engine.complexity`); gflops; params_millions, and how many of them the head has;
            activations_inference_mib and activations_training_mib (:mod:`boardbench.engine.memory`) of one image, all
            layers trained.
        width: of MobileNetV2.
        size: lines and samples of an image.
    """
    import torch

    from boardbench.engine.complexity import count, flops
    from boardbench.engine.memory import inference_bytes, training_bytes
    from boardbench.placement.network import build_network

    rows = []
    for name, (wide, form) in {"ours": (width, tuple(size)), "paper": PAPER}.items():
        with torch.device("meta"):
            network = build_network(wide, form)
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
