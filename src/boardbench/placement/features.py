"""The backbone's features as training starts from them, and what frozen ones make of every image, computed once."""

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import update_bn

from boardbench.arrays import new_array
from boardbench.artifacts import read, write
from boardbench.engine.arithmetic import fix_arithmetic
from boardbench.engine.modelfile import read_model, refusing, write_model
from boardbench.errors import BoardbenchError
from boardbench.fetch.download import local_file
from boardbench.files import atomic_write, sha256
from boardbench.integrity import checked, hash_of
from boardbench.networks.image_network import ImageNetwork
from boardbench.networks.mobilenet_v2 import IMAGENET
from boardbench.networks.weights import load_weights
from boardbench.params.placement import Training
from boardbench.placement.artifacts import Features
from boardbench.placement.data import read_samples
from boardbench.placement.network import MEAN, STD, build_backbone, preprocess

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

    The weights of a classification run come from its model.pt: of this backbone at the same width, as published, on
    color images. Its stem may be either; here the first convolution has stride 2. Its normalization goes into the first
    layer, so that the features see the numbers that they learnt.

    Args:
        samples: samples.csv.
        out: weights.pt.
        threads: torch threads.
        frozen: compute the features too.
        params: backbone, width, weights and checksum.

    Raises:
        BoardbenchError: weights that cannot be had, or of another network (the first differences are named).
    """
    fix_arithmetic(threads)
    torch.manual_seed(0)
    whole_network = build_backbone(params.backbone, params.width)
    origin = "random (seed 0)"
    digest = None
    if params.weights:
        origin = params.weights
        file = local_file(params.weights)
        if file is not None and (file.is_dir() or file.name == "model.pt"):
            digest = _take_run(whole_network, file, params)
        else:
            digest = load_weights(whole_network, params.weights, params.checksum, out.parent)
            if whole_network.published_input:
                _see(whole_network.features[0], *whole_network.published_input)
    network = whole_network.features.to(memory_format=torch.channels_last)
    given = read_samples(samples) if frozen else None
    if given and not params.weights:
        update_bn(_batches(given.images, np.flatnonzero(given.parts == "train")), network)
    network.eval()
    metadata = {"weights": origin, "weights_sha256": digest, "features_sha256": None}
    metadata |= {"backbone": params.backbone, "width": params.width}
    if given:
        rows = np.flatnonzero(np.isin(given.parts, ("train", "validation")))
        with torch.inference_mode(), atomic_write(out.with_suffix(".npy"), record=True) as beside:
            form = tuple(network(preprocess(torch.from_numpy(given.images[rows[:1]]))).shape[1:])
            made = new_array(beside, np.float32, (len(given.parts), *form))
            for number, batch in enumerate(_batches(given.images, rows)):
                done = rows[number * BATCH : (number + 1) * BATCH]
                made[done] = network(batch).numpy()
                print(f"features of {number * BATCH + len(done)} of {len(rows)} images", flush=True)
            made.flush()
            del made
            metadata["features_sha256"] = sha256(beside)
    write_model({"study": "placement", "features": network.state_dict()}, out)
    write(out.with_suffix(".json"), Features(**metadata))


def _take_run(network: ImageNetwork, path: Path, params: Training) -> str:
    """Give a network the features of a classification run; return the hash of its model.pt.

    Its content is read here, without the other study's modules: an edit there does not run placement again.
    """
    saved, file = read_model(path, "classification")
    with refusing(file):
        settings, state, channels = saved["settings"], saved["state_dict"], saved["size"][2]
        pruned, normalization = saved["pruning"], saved["normalization"]
        differ = _differences(settings, channels, bool(pruned), params)
    if params.checksum:
        raise BoardbenchError(
            f"{file}: training.checksum is of published weights, but training.weights names a run. Set it to null."
        )
    if differ:
        raise BoardbenchError(
            f"{file}: features of another network: {'; '.join(differ)}. Name a run of {params.backbone} of this width, "
            "without settings, on color images, or change training.backbone or training.width."
        )
    with refusing(file):
        features = {key.removeprefix("features."): v for key, v in state.items() if key.startswith("features.")}
        network.features.load_state_dict(features)
        _see(network.features[0], normalization["offset"], normalization["scale"])
    return hash_of(file)


def _differences(settings: dict[str, Any], channels: int, pruned: bool, params: Training) -> list[str]:
    """Return in what a run's network is not the one here, the first differing row of its settings only."""
    here = {"network": params.backbone, "width": params.width, "channels": 3}
    there = {"network": settings["network"], "width": settings["width"], "channels": channels}
    differ = [f"{key} {there[key]} there, {here[key]} here" for key in here if there[key] != here[key]]
    rows = [list(row) for row in settings["settings"] or IMAGENET]
    if there["network"] == here["network"] == "mobilenet_v2":
        for number, (row, wanted) in enumerate(zip_longest(rows, map(list, IMAGENET)), start=1):
            if row != wanted:
                differ.append(f"settings, row {number}: {row or 'none'} there, {wanted or 'none'} here")
                break
    return [*differ, "it is pruned"] if pruned else differ


@torch.no_grad()
def _see(first: nn.Sequential, offset: float, scale: float) -> None:
    """Let a first layer (convolution, batch normalization) take images of ``preprocess`` for (counts - offset) / scale.

    Exact but for the image's edge, where zeros stand for another gray.
    """
    conv, norm = (layer for layer in first if isinstance(layer, nn.Conv2d | nn.BatchNorm2d))
    mean, std = 255 * torch.tensor((MEAN, STD), dtype=torch.float64)
    weight = conv.weight.double()
    shift = (weight.sum(dim=(2, 3)) * ((mean - offset) / scale)).sum(dim=1)
    norm.running_mean.copy_(norm.running_mean - shift)
    conv.weight.copy_(weight * (std / scale)[:, None, None])


def load_features(path: Path) -> tuple[dict[str, torch.Tensor], np.ndarray | None, Features]:
    """Return the features' weights, the features themselves (memory-mapped) where they were computed, and their origin.

    Raises:
        BoardbenchError: missing or unreadable files.
    """
    if not path.is_file():
        raise BoardbenchError(f"{path}: no such file. Make it with 'boardbench placement features'.")
    origin = read(path.with_suffix(".json"), Features, "placement features")
    with refusing(path):
        state = torch.load(checked(path), weights_only=True, map_location="cpu")["features"]
    computed = np.load(checked(path.with_suffix(".npy")), mmap_mode="r") if origin.features_sha256 else None
    return state, computed, origin
