"""What one epoch of training takes, on the processor and on a GPU: paper 2's table 7 on the machine at hand.

Whole steps are timed (the batch to the device, forward, loss, backward, SGD) and an epoch is reckoned from their
median: a step takes the same time anywhere in an epoch, and one of VGG-16 is long. Reading and augmenting images is
not in it; weights and images are random, which no step is faster or slower for.
"""

import math
from pathlib import Path

import numpy as np

from boardbench.errors import BoardbenchError, nearest
from boardbench.files import write_csv

COLUMNS = (
    "network",
    "stem",
    "device",
    "images",
    "batch_size",
    "threads",
    "steps",
    "seconds_per_epoch",
    "hardware",
)
PAPER = ("resnet18", "vgg16", "mobilenet_v2")
"""Networks of paper 2's table 7."""
DEVICES = ("cpu", "cuda")
SIZE, CLASSES = (32, 32), 10
WARM_UP = 3
"""Untimed steps: the first ones lay out memory, and on a GPU choose and load kernels."""


def epoch(
    *,
    out: Path,
    networks: list[str] | None = None,
    devices: list[str] | None = None,
    stem: str = "imagenet",
    images: int = 50_000,
    batch_size: int = 64,
    steps: int = 20,
    threads: int = 2,
) -> None:
    """Time one epoch of training of every network on every device, on random images of 32 x 32, 10 classes.

    Args:
        out: table to write (CSV), rows by network and device: network, stem, device, images, batch_size, threads (of
            the processor), steps (timed), seconds_per_epoch (their median, times images over batch_size), hardware. A
            device that is not there has a row without steps and seconds, and 'not run: no CUDA device' as hardware.
        networks: names; those of paper 2's table 7 where none is given.
        devices: cpu, cuda; both where none is given.
        stem: imagenet (PyTorch's ready networks as they are, which is what the paper took) or cifar (3 x 3, no pool).
        images: of an epoch.
        batch_size: images a step; the paper names none.
        steps: that are timed; fewer where an epoch has fewer.
        threads: of the processor.

    Raises:
        BoardbenchError: an unknown network, device or stem, or a number below 1.
    """
    from boardbench.classification.networks import NETWORKS

    networks, devices = networks or list(PAPER), devices or list(DEVICES)
    for flag, given, valid in (
        ("networks", networks, list(NETWORKS)),
        ("devices", devices, list(DEVICES)),
        ("stem", [stem], ["imagenet", "cifar"]),
    ):
        for word in given:
            if word not in valid:
                raise BoardbenchError(f"{out}: --{flag} {word}: not known. {nearest(word, valid)}")
    numbers = {"--images": images, "--batch-size": batch_size, "--steps": steps, "--threads": threads}
    for flag, value in numbers.items():
        if value < 1:
            raise BoardbenchError(f"{out}: {flag} is {value}; it must be at least 1.")
    import torch

    from boardbench.engine.latency import hardware

    batch_size = min(batch_size, images)
    steps = min(steps, math.ceil(images / batch_size))
    rows = []
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        for network in networks:
            for device in devices:
                what = [network, stem, device, images, batch_size, threads]
                if device == "cuda" and not torch.cuda.is_available():
                    rows.append([*what, None, None, "not run: no CUDA device"])
                    continue
                seconds = _step(network, stem, device, batch_size, steps) * images / batch_size
                machine = hardware() if device == "cpu" else _gpu()
                rows.append([*what, steps, f"{seconds:.3f}", machine])
                print(f"{network} on {device}: {seconds:.1f} s an epoch of {images} images, from {steps} steps")
    finally:
        torch.set_num_threads(before)
    write_csv(out, COLUMNS, rows)


def _step(network: str, stem: str, device: str, batch_size: int, steps: int) -> float:
    """Return the median seconds of a training step, after some that are not timed."""
    import torch
    from torch import nn

    from boardbench.classification.networks import build_network
    from boardbench.engine.latency import measure

    torch.manual_seed(0)
    module = build_network(network, CLASSES, stem=stem).to(device, memory_format=torch.channels_last).train()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.001, momentum=0.9)
    loss = nn.CrossEntropyLoss()
    images = torch.randn(batch_size, module.in_channels, *SIZE).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(CLASSES, (batch_size,))

    def step() -> None:
        optimizer.zero_grad()
        loss(module(images.to(device)), labels.to(device)).backward()
        optimizer.step()
        if device == "cuda":  # the queue: only now the step is done
            torch.cuda.synchronize()

    measure(step, WARM_UP)
    return float(np.median(measure(step, steps)))


def _gpu() -> str:
    import torch

    return f"{torch.cuda.get_device_name()}; torch {torch.__version__}".replace(",", ";")
