"""One trained run, whole: the network, and all that an inspection needs beside it.

``model.pt`` holds tensors and plain values only (``torch.load(..., weights_only=True)``).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from boardbench.engine.modelfile import plain_fields, read_model, refusing, write_model
from boardbench.placement.artifacts import FORMER_INIT
from boardbench.placement.network import PlacementNetwork, build_network, preprocess

BATCH = 64  # images predicted at once


@dataclass(frozen=True)
class Model:
    """A trained network and the station it was trained for.

    Attributes:
        network: (N, 3, lines, samples) to corners (N, 4, 2) in image sizes, in evaluation mode.
        init: random, finetune or frozen.
        loss: rectangle or corners.
        backbone: one of ``boardbench.placement.network.BACKBONES``.
        width: of the backbone.
        dataset: what it was trained on.
        seed: of the run.
        size: of the network's images (lines, samples).
        photo_size: of the photos (lines, samples).
        mm_per_pixel: of an image, (x, y).
        nominal: (4, 2) corners of a chip that sits right, in pixels of an image.
    """

    network: PlacementNetwork
    init: str
    loss: str
    backbone: str
    width: float
    dataset: str
    seed: int
    size: tuple[int, int]
    photo_size: tuple[int, int]
    mm_per_pixel: tuple[float, float]
    nominal: np.ndarray


PLAIN = ("init", "loss", "backbone", "width", "dataset", "seed")
PAIRS = ("size", "photo_size", "mm_per_pixel")


def save(model: Model, path: Path) -> None:
    """Write a model.pt, whole or not at all; equal models give equal bytes."""
    content: dict[str, Any] = {"study": "placement"} | {name: getattr(model, name) for name in PLAIN}
    content |= {name: list(getattr(model, name)) for name in PAIRS}
    content["nominal"] = model.nominal.tolist()
    content["state_dict"] = {key: value.contiguous() for key, value in model.network.state_dict().items()}
    write_model(content, path)


def load(path: Path) -> Model:
    """Build a trained run again.

    Args:
        path: a run folder, or its model.pt.

    Raises:
        BoardbenchError: no such file, not a model of boardbench, or one of another study.
    """
    saved, file = read_model(path, "placement")
    with refusing(file):
        if "init" not in saved:
            saved["init"] = FORMER_INIT.get(saved["features"], saved["features"])
        saved.setdefault("backbone", "mobilenet_v2")  # the only one there was
        plain = plain_fields(saved, Model, (*PLAIN, *PAIRS))
        network = build_network(plain["width"], plain["size"], plain["init"], plain["backbone"])
        network.load_state_dict(saved["state_dict"])
        return Model(
            network=network.eval(),
            nominal=np.array(saved["nominal"], dtype=np.float64),
            **plain,
        )


def predict(network: PlacementNetwork, images: np.ndarray) -> np.ndarray:
    """Return the corners (n, 4, 2), in their pixels, that a network finds on images (n, lines, samples, 3) uint8."""
    network.eval()
    found = [np.empty((0, 4, 2))]
    with torch.inference_mode():
        for start in range(0, len(images), BATCH):
            batch = torch.from_numpy(np.array(images[start : start + BATCH]))
            found.append(network(preprocess(batch)).double().numpy() * images.shape[2:0:-1])
    return np.concatenate(found)
