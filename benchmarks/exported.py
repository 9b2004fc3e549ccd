"""Untrained networks as ``boardbench export`` writes them: speed does not depend on the weights.

They must tell pixels apart, though, or equal class maps would prove nothing: normalization is fitted on random
reflectance, and the last layer's bias makes the classes about equally frequent.
"""

from pathlib import Path

import numpy as np

DROP_FIRST = 10
CLASSES = ["others", "ic", "capacitor", "connectors"]


def untrained(backbone: str, strategy: str, width: int, bands: int):
    """Return a run of raw captures with random weights (seed 0), the first 10 bands dropped."""
    import torch

    from boardbench.segmentation.model import Model, Sensor
    from boardbench.segmentation.networks import build_network
    from boardbench.segmentation.reduction import get
    from boardbench.segmentation.reduction.bands import even_bands
    from boardbench.segmentation.reduction.pca import Axes

    keep = list(range(DROP_FIRST, bands))
    axes, found = None, get(strategy)
    if found.fitted:  # of the fitted ones only those that pick even bands, which need no captures
        pixels = np.zeros((1, len(keep)), np.float32)
        fit = even_bands(iter([(pixels, np.zeros(1, np.uint8))]), found.components, strategy)
        axes = Axes(np.array(["*"]), **{name: np.asarray(value)[None] for name, value in fit._asdict().items()})
    torch.manual_seed(0)
    network = build_network(backbone, strategy, found.channels(len(keep)), len(CLASSES), width)
    _liven(network)
    wavelengths = np.linspace(400, 1000, bands).round(4).tolist()
    return Model(
        network=network,
        backbone=backbone,
        strategy=strategy,
        width=width,
        dataset="random",
        seed=0,
        classes=CLASSES,
        sensor=Sensor("raw", bands, wavelengths, keep, 1.0),
        reduction=axes,
    )


def _liven(network) -> None:
    """Fit normalization and the last bias to random reflectance; leave the network in evaluation mode."""
    import torch
    from torch import nn

    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    with torch.no_grad():
        image = torch.rand(2, network.in_channels, 32, 32)
        for norm in norms:
            norm.momentum = 1.0  # the statistics of one pass
        network.train()(image)
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        last = [module for module in network.modules() if isinstance(module, nn.Conv2d)][-1]
        last.bias -= network.eval()(image).mean(dim=(0, 2, 3))


def write_onnx(model, path: Path, deployed=None, intermediates: tuple[str, ...] = ()) -> None:
    """Write a model as ``boardbench export`` does, unchecked: there is no capture to check it on. A rival gives what it
    exported instead.
    """
    from boardbench.engine.export import to_onnx
    from boardbench.segmentation import export
    from boardbench.segmentation.deployment import INTERMEDIATES, Deployed, example

    inputs, outputs = export._signature(model)
    axes = {
        name: {axis: word for axis, word in enumerate(shape) if isinstance(word, str)}
        for name, (_, shape) in inputs.items()
    }
    given = dict(zip(inputs, example(model), strict=True))
    to_onnx(
        (deployed or Deployed)(model).eval(),
        given,
        axes,
        list(outputs),
        list(intermediates or INTERMEDIATES),
        export._metadata(model, "float32"),
        path,
    )


def capture(lines: int, samples: int, bands: int) -> dict[str, np.ndarray]:
    """Return random 12-bit counts (lines, bands, samples) with references, one white element dead, and exposure."""
    random = np.random.default_rng(0)
    white = random.uniform(3300, 3700, (bands, samples)).astype(np.float32)
    dark = random.uniform(90, 110, (bands, samples)).astype(np.float32)
    white[DROP_FIRST, 0] = dark[DROP_FIRST, 0]
    counts = random.integers(80, 4096, (lines, bands, samples), np.uint16)
    return {"counts": counts, "white": white, "dark": dark, "exposure": np.float32([0.8])}
