"""The weights that a network starts from: those of another run, or published ones; the head is always new."""

from pathlib import Path
from typing import Any

from torch import nn

from boardbench.classification.model import BUILT_BY, load, network_of
from boardbench.errors import BoardbenchError
from boardbench.networks.weights import load_weights

_PUBLISHED_CLASSES = 1000


def take_weights(
    network: nn.Module, settings: dict[str, Any], size: tuple[int, int, int], source: str, folder: Path
) -> dict[str, Any]:
    """Give a network the weights of another, all but those of its head.

    Args:
        network: what takes the weights.
        settings: that it was built by.
        size: (lines, samples, channels) of its images.
        source: a run folder of this study or its model.pt, or a file or address of published weights, which have 1000
            classes and torchvision's names.
        folder: where a download is kept.

    Returns:
        what the weights are: ``source``, ``classes`` (names; of published weights their number) and, of published
        weights, ``sha256``.

    Raises:
        BoardbenchError: no such weights, or those of another network; the first differences are named.
    """
    path = Path(source)
    if not path.exists() and not path.suffix and "/" not in source:
        raise BoardbenchError(
            f"weights: '{source}' is no file or folder here. If it names a run of classification.networks.runs, give "
            "its model.pt with --start, as snakemake does."
        )
    if path.is_dir() or path.name == "model.pt":
        parent = load(path)
        named = (*BUILT_BY, "channels")
        here = {**settings, "channels": size[2]}
        there = {**parent.settings, "channels": parent.size[2]}
        differ = [f"{key} {there[key]} there, {here[key]} here" for key in named if there[key] != here[key]]
        if parent.pruning:
            differ.append("it is pruned")
        if differ:
            raise BoardbenchError(
                f"{source}: weights of another network: {'; '.join(differ)}. Give the run the same settings, or take "
                "other weights."
            )
        state, metadata = parent.network.state_dict(), {"source": parent.name, "classes": parent.classes}
    else:
        published = network_of(settings, size, _PUBLISHED_CLASSES)
        digest = load_weights(published, source, settings["checksum"], folder)
        state, metadata = published.state_dict(), {"source": source, "classes": _PUBLISHED_CLASSES, "sha256": digest}
    head = f"{network.head}."
    network.load_state_dict(
        {key: value for key, value in state.items() if not key.startswith(head)}
        | {key: value for key, value in network.state_dict().items() if key.startswith(head)}
    )
    return metadata


def freeze(network: nn.Module, unfrozen: int) -> None:
    """Keep all blocks but the last ``unfrozen`` as they are, batch normalization's statistics included.

    Raises:
        BoardbenchError: more blocks than there are.
    """
    blocks = network.blocks()
    if unfrozen > len(blocks):
        raise BoardbenchError(
            f"unfrozen: {unfrozen}, but the network has {len(blocks)} blocks. Give {len(blocks)} or less, or null to "
            "train all of it."
        )
    for block in blocks[: len(blocks) - unfrozen]:
        block.requires_grad_(False)
