"""One trained network of the classification study, whole: the network, and what happens to an image before it.

``model.pt`` holds tensors and plain values only (``torch.load(..., weights_only=True)``).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from boardbench.classification.data import Samples
from boardbench.classification.dataset import normalized
from boardbench.classification.networks import build_network
from boardbench.classification.normalization import Normalization
from boardbench.engine.modelfile import plain_fields, read_model, refusing, write_model
from boardbench.engine.sizes import take_sizes
from boardbench.errors import BoardbenchError

BUILT_BY = ("network", "width", "stem", "reduction", "settings")
"""The settings that a network's layers follow from."""
PLAIN = ("name", "seed", "dataset", "classes", "settings", "pruning")
_BATCH = 500


@dataclass(frozen=True)
class Model:
    """A trained network and its preprocessing.

    Attributes:
        network: (n, channels, lines, samples) of normalized images to logits (n, classes), in evaluation mode.
        name: of the run.
        seed: of the run.
        dataset: what it was trained on.
        classes: names, in the order of the logits.
        size: (lines, samples, channels) of an image.
        normalization: of the images, fitted on those that trained.
        settings: section ``Training`` of the run's params, as plain values.
        pruning: what was pruned and how; None: nothing.
    """

    network: nn.Module
    name: str
    seed: int
    dataset: str
    classes: list[str]
    size: tuple[int, int, int]
    normalization: Normalization
    settings: dict[str, Any]
    pruning: dict[str, Any] | None = None

    def normalized(self, images: torch.Tensor) -> torch.Tensor:
        """Return what the network takes of uint8 images (n, lines, samples, channels)."""
        scrambled = self.settings.get("scrambled", False)  # old runs know no such setting
        return normalized(images, self.normalization.offset, self.normalization.scale, scrambled)

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Return the logits (n, classes) of uint8 images (n, lines, samples, channels)."""
        return self.network(self.normalized(images))

    def predict(self, images: torch.Tensor) -> np.ndarray:
        """Return the class (n,) int64 of each uint8 image (n, lines, samples, channels)."""
        self.network.eval()
        with torch.inference_mode():
            return torch.cat([self.logits(block).argmax(dim=1) for block in images.split(_BATCH)]).numpy()

    def check(self, given: Samples, samples: Path) -> None:
        """Refuse images that the network was not made for.

        Raises:
            BoardbenchError: other sizes or classes.
        """
        if tuple(given.size) != tuple(self.size):
            raise BoardbenchError(
                f"{samples}: images are {' x '.join(map(str, given.size))}, but run {self.name} was trained on "
                f"{' x '.join(map(str, self.size))} (lines x samples x channels). Give the samples of its data set, "
                f"{self.dataset}."
            )
        missing = [name for name in self.classes if name not in given.classes]
        if missing:
            raise BoardbenchError(
                f"{samples}: {len(given.classes)} classes, without {', '.join(missing[:3])} of the {len(self.classes)} "
                f"that run {self.name} knows. Give the samples of its data set, {self.dataset}."
            )


def network_of(settings: dict[str, Any], size: tuple[int, int, int], classes: int) -> nn.Module:
    """Return an untrained network.

    Args:
        settings: of BUILT_BY.
        size: (lines, samples, channels) of an image.
        classes: of the logits.

    Raises:
        BoardbenchError: settings or sizes that the network does not take.
    """
    return build_network(classes=classes, in_channels=size[2], **{key: settings[key] for key in BUILT_BY})


def save(model: Model, path: Path) -> None:
    """Write a model.pt, whole or not at all; equal models give equal bytes."""
    content = {name: getattr(model, name) for name in PLAIN}
    content |= {
        "study": "classification",
        "size": list(model.size),
        "normalization": model.normalization.to_dict(),
        "state_dict": {
            key: value.clone(memory_format=torch.contiguous_format) for key, value in model.network.state_dict().items()
        },
    }
    write_model(content, path)


def load(path: Path) -> Model:
    """Build a trained run again.

    Args:
        path: a run folder, or its model.pt.

    Raises:
        BoardbenchError: no such file, or not a model of this study.
    """
    saved, file = read_model(path, "classification")
    with refusing(file):
        plain = plain_fields(saved, Model, (*PLAIN, "size"))
        network = network_of(plain["settings"], plain["size"], len(plain["classes"]))
        if saved["pruning"]:
            take_sizes(network, saved["state_dict"])
        network.load_state_dict(saved["state_dict"])
        normalization = Normalization.from_dict(saved["normalization"])
        if "normalization" in plain["settings"]:
            plain["settings"]["normalization"] = normalization.name  # of old runs another word for the same
        return Model(
            network=network.eval(),
            normalization=normalization,
            **plain,
        )
