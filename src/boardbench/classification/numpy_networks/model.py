"""A trained network as a file: weights, and all that is needed to use them."""

import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from boardbench.classification.normalization import Normalization
from boardbench.classification.numpy_networks.network import Network
from boardbench.classification.numpy_networks.networks import build_network
from boardbench.classification.numpy_networks.workers import Workers
from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write, parse_json
from boardbench.integrity import checked


@dataclass(frozen=True)
class Architecture:
    """What a network is built from; see :func:`build_network`."""

    network: str
    size: tuple[int, int, int]
    classes: list[str]
    pool: bool
    dropout: float
    relu_logits: bool = False

    def build(self) -> Network:
        """Return the network, all parameters 0."""
        return build_network(self.network, self.size, len(self.classes), self.pool, self.dropout, self.relu_logits)


@dataclass(frozen=True)
class Model:
    """A trained network.

    Attributes:
        architecture: what it was built from.
        normalization: of its images, fitted on those that trained it.
        network: with its weights.
    """

    architecture: Architecture
    normalization: Normalization
    network: Network

    def predict(self, images: np.ndarray, threads: int = 1) -> np.ndarray:
        """Return the classes (images,) int64 of uint8 images (images, lines, samples, channels)."""
        with Workers(self.network, self.normalization.apply, threads) as workers:
            return workers.logits(images).argmax(axis=1)


def save(model: Model, path: Path) -> None:
    """Write model.npz: an array a parameter (``1.weight`` ...), architecture and normalization as JSON text."""
    texts = {"architecture": asdict(model.architecture), "normalization": model.normalization.to_dict()}
    with atomic_write(path, record=True) as temporary, temporary.open("wb") as file:
        np.savez(file, **{key: np.array(json.dumps(text)) for key, text in texts.items()}, **model.network.named())


def load(path: Path) -> Model:
    """Read model.npz, or that of a run folder.

    Raises:
        BoardbenchError: if the file is missing, damaged, or its weights do not fit its architecture.
    """
    path = path / "model.npz" if path.is_dir() else path
    again = "Train the run again with `boardbench classification numpy-network`."
    if not path.is_file():
        raise BoardbenchError(f"{path}: no model. {again}")
    try:
        with np.load(checked(path), allow_pickle=False) as file:
            architecture = Architecture(**parse_json(str(file["architecture"])))
            normalization = Normalization.from_dict(parse_json(str(file["normalization"])))
            network = architecture.build()
            for name, array in network.named().items():
                if file[name].shape != array.shape:
                    raise ValueError(f"{name} is {file[name].shape}, not {array.shape}")
                array[...] = file[name]
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise BoardbenchError(f"{path}: not a model of boardbench ({error}). {again}") from None
    return Model(architecture, normalization, network)
