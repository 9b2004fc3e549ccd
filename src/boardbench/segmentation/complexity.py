"""What every backbone with every strategy costs at full size.

A fitted strategy (``pca3``) is counted without its projection, which happens outside the network: 3 * bands MACs a
pixel, 0.263 GMACs at 640 x 640 and 214 bands.
"""

from pathlib import Path

from boardbench.errors import BoardbenchError
from boardbench.files import write_text
from boardbench.params import Complexity

COLUMNS = ("backbone", "strategy", "gmacs", "gmacs_published_convention", "params_millions")


def complexity(*, out: Path, backbones: list[str], strategies: list[str], classes: int, params: Complexity) -> None:
    """Count GMACs and parameters of every backbone with every strategy; nothing is computed.

    Args:
        out: table to write (CSV, 4 decimals): backbone, strategy, gmacs, gmacs_published_convention,
            params_millions, in the order of the arguments; fitted strategies without their projection.
        backbones: names of backbones.
        strategies: names of input strategies.
        classes: channels of the logits.
        params: size, width and bands of the counted networks.

    Raises:
        BoardbenchError: for an unknown or missing name, or fewer than 2 classes.
    """
    for flag, given in {"--backbones": backbones, "--strategies": strategies}.items():
        if not given:
            raise BoardbenchError(f"{out}: nothing to count. Give {flag} at least once.")
    if classes < 2:
        raise BoardbenchError(f"{out}: --classes is {classes}; a segmentation has at least 2 classes.")
    import torch

    from boardbench.engine.complexity import count
    from boardbench.segmentation.networks import build_network

    lines = [",".join(COLUMNS)]
    for backbone in backbones:
        for strategy in strategies:
            with torch.device("meta"):
                network = build_network(backbone, strategy, params.bands, classes, params.width)
            macs, published, parameters = count(network, network.in_channels, params.size)
            lines.append(f"{backbone},{strategy},{macs / 1e9:.4f},{published / 1e9:.4f},{parameters / 1e6:.4f}")
    write_text(out, "\n".join(lines) + "\n")
