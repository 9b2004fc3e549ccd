"""MobileNetV2's features as training starts from them, and what frozen ones make of every image, computed once."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch.optim.swa_utils import update_bn

from boardbench.engine.modelfile import refusing, write_model
from boardbench.errors import BoardbenchError
from boardbench.files import sha256, whole, write_json
from boardbench.networks.mobilenet_v2 import MobileNetV2
from boardbench.networks.weights import load_weights
from boardbench.params.placement import Training
from boardbench.placement.data import read_samples
from boardbench.placement.network import preprocess

BATCH = 32  # images at once


def _batches(images: np.ndarray, rows: np.ndarray) -> Iterator[torch.Tensor]:
    for start in range(0, len(rows), BATCH):
        yield preprocess(torch.from_numpy(images[rows[start : start + BATCH]]))


def features(*, samples: Path, out: Path, threads: int = 1, frozen: bool = False, params: Training) -> None:
    """Write the features' weights, and what they make of the training and validation images.

    Writes ``out`` (.pt, the features' weights) and beside it .json (where they come from) and, with ``frozen``, .npy:
    (samples, channels, lines / 32, samples / 32) float32, zeros for images of other parts. 2000 images of 256 x 256
    take 655 MB.

    Without ``weights`` the start is random (seed 0): frozen, it is a control that says what pretraining is worth. Its
    BatchNorm statistics are then those of the training images, as pretrained ones are those of theirs: with the means
    of 0 and variances of 1 of a start, 52 random layers let 1e-8 of the signal through.

    Args:
        samples: samples.csv.
        out: weights.pt.
        threads: torch threads.
        frozen: compute the features too.
        params: width, weights and checksum.

    Raises:
        BoardbenchError: weights that cannot be had, or of another network.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    whole_network = MobileNetV2(width=params.width)
    origin = "random (seed 0)"
    digest = None
    if params.weights:
        origin = params.weights
        digest = load_weights(whole_network, params.weights, params.checksum, out.parent)
    network = whole_network.features.to(memory_format=torch.channels_last)
    given = read_samples(samples) if frozen else None
    if given and not params.weights:
        update_bn(_batches(given.images, np.flatnonzero(given.parts == "train")), network)
    network.eval()
    facts = {"weights": origin, "weights_sha256": digest, "width": params.width, "features_sha256": None}
    if given:
        rows = np.flatnonzero(np.isin(given.parts, ("train", "validation")))
        with torch.inference_mode(), whole(out.with_suffix(".npy")) as beside:
            form = tuple(network(preprocess(torch.from_numpy(given.images[rows[:1]]))).shape[1:])
            made = np.lib.format.open_memmap(beside, "w+", np.float32, (len(given.parts), *form))
            for number, batch in enumerate(_batches(given.images, rows)):
                done = rows[number * BATCH : (number + 1) * BATCH]
                made[done] = network(batch).numpy()
                print(f"features of {number * BATCH + len(done)} of {len(rows)} images", flush=True)
            made.flush()
            del made
            facts["features_sha256"] = sha256(beside)
    write_model({"study": "placement", "features": network.state_dict()}, out)
    write_json(out.with_suffix(".json"), facts)


def load_features(path: Path) -> tuple[dict[str, torch.Tensor], np.ndarray | None]:
    """Return the features' weights, and the features themselves (memory-mapped) where they were computed.

    Raises:
        BoardbenchError: missing or unreadable files.
    """
    for file in (path, path.with_suffix(".json")):
        if not file.is_file():
            raise BoardbenchError(f"{file}: no such file. Make it with 'boardbench placement features'.")
    with refusing(path):
        state = torch.load(path, weights_only=True, map_location="cpu")["features"]
    frozen = json.loads(path.with_suffix(".json").read_text())["features_sha256"] is not None
    return state, np.load(path.with_suffix(".npy"), mmap_mode="r") if frozen else None
