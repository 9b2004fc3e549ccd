"""Networks from scratch: an epoch of paper 2's largest convolutional network in NumPy, beside torch's.

Usage: python benchmarks/numpy_networks.py [--quick] [--out FILE.csv]

Both train cnn32_32_64_64 without pooling on the same random images of 32 x 32 x 3 from the same weights, with SGD and
momentum, batches of 64; their losses must agree, or nothing is reported. A round trains 1,280 images, and its time is
stated for 10,000. Limit: three times the forward multiplications (forward, weights' gradient, inputs' gradient) at the
rate of torch's matrix product. Paper 2's own epoch, one batch of 10,000, is run whole, for its time and its memory; the
published time, of another processor, stands beside it.
"""

import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np

import measuring
from measuring import Row, Wire, Worker, compare, in_turn

NETWORK, SHAPE, CLASSES = "cnn32_32_64_64", (32, 32, 3), 10
RATE, MOMENTUM = 0.001, 0.9
STATED = 10_000
TORCH = "torch eager, channels last"
PAPER = "as published by paper 2, Core i5-8400"
PUBLISHED_SECONDS = 50_021.81
TARGET_SECONDS = 200.0
TOLERANCE = 2e-3


def make(folder: Path, images: int) -> None:
    """Write random images, their labels and the first weights."""
    from boardbench.classification.numpy_networks.initialization import initialize
    from boardbench.classification.numpy_networks.networks import build_network

    generator = np.random.default_rng(0)
    np.save(folder / "images.npy", generator.integers(0, 256, (images, *SHAPE), np.uint8))
    np.save(folder / "labels.npy", generator.integers(0, CLASSES, images))
    network = build_network(NETWORK, SHAPE, CLASSES)
    initialize(network.layers, "he", generator)
    np.savez(folder / "weights.npz", **network.named())


def _prepared(images: np.ndarray) -> np.ndarray:
    return (images.astype(np.float32) - np.float32(127.5)) * np.float32(1 / 64)


def ours(wire: Wire, folder: Path, threads: int) -> None:
    """Train in NumPy: each request is a pass over the first ``images`` in batches of ``batch``."""
    from boardbench.classification.numpy_networks.networks import build_network
    from boardbench.classification.numpy_networks.optimizers import SGD
    from boardbench.classification.numpy_networks.workers import Workers

    images, labels = np.load(folder / "images.npy", mmap_mode="r"), np.load(folder / "labels.npy")
    network = build_network(NETWORK, SHAPE, CLASSES)
    with np.load(folder / "weights.npz") as file:
        for name, array in network.named().items():
            array[...] = file[name]
    optimizer = SGD(network.parameters, MOMENTUM)
    with Workers(network, _prepared, threads) as workers:

        def epoch(count: int, batch: int) -> dict:
            start, total = time.perf_counter(), 0.0
            for first in range(0, count, batch):
                rows = np.arange(first, min(first + batch, count))
                total += workers.gradient(images, labels, rows, [0])[0]
                optimizer.step(workers.gradients, RATE, workers)
            return {"s": time.perf_counter() - start, "loss": total / count, "mb": measuring.peak_mb()}

        wire.serve(epoch)


def rival(wire: Wire, folder: Path, threads: int) -> None:
    """Train the same with torch."""
    import torch
    from torch import nn

    from boardbench.engine.latency import gemm_rate

    rate = gemm_rate(threads)
    torch.set_num_threads(threads)
    images, labels = np.load(folder / "images.npy", mmap_mode="r"), torch.tensor(np.load(folder / "labels.npy"))
    convolutions, channels = [], SHAPE[2]
    for filters in (32, 32, 64, 64):
        convolutions += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU()]
        channels = filters
    features = nn.Sequential(*convolutions).to(memory_format=torch.channels_last)
    head = nn.Linear(channels * SHAPE[0] * SHAPE[1], CLASSES)
    with np.load(folder / "weights.npz") as file, torch.no_grad():
        weights = {name: torch.tensor(file[name]) for name in file}
        for at in (0, 2, 4, 6):
            features[at].weight.copy_(weights[f"{at}.weight"].permute(3, 2, 0, 1))
            features[at].bias.copy_(weights[f"{at}.bias"])
        head.weight.copy_(weights["9.weight"].T)
        head.bias.copy_(weights["9.bias"])
    parameters = [*features.parameters(), *head.parameters()]
    optimizer = torch.optim.SGD(parameters, RATE, momentum=MOMENTUM)

    def epoch(count: int, batch: int) -> dict:
        start, total = time.perf_counter(), 0.0
        for first in range(0, count, batch):
            x = torch.from_numpy(_prepared(images[first : min(first + batch, count)])).permute(0, 3, 1, 2)
            logits = head(features(x).permute(0, 2, 3, 1).flatten(1))
            loss = nn.functional.cross_entropy(logits, labels[first : first + len(x)])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
        return {"s": time.perf_counter() - start, "loss": total / count, "mb": measuring.peak_mb(), "rate": rate}

    wire.serve(epoch)


def side(who: str, folder: str, threads: str) -> None:
    """Be one side: ``ours`` or ``rival``."""
    {"ours": ours, "rival": rival}[who](Wire(), Path(folder), int(threads))


def check_same(answers: dict[str, list[dict]]) -> None:
    """Refuse to compare trainings that do not do the same work."""
    for mine, other in zip(answers["ours"], answers["rival"], strict=True):
        if not abs(mine["loss"] - other["loss"]) <= TOLERANCE * abs(other["loss"]):
            raise SystemExit(f"numpy_networks: the losses differ: ours {mine['loss']}, torch {other['loss']}")


def rows(quick: bool) -> list[Row]:
    """Measure, and return seconds of 10,000 images, and the time and memory of paper 2's batch."""
    from boardbench.classification.numpy_networks.networks import build_network

    # Rounds are of that many images; paper 2's batch is stated only where it is as large as the paper's.
    count, repeats, large = (128, 1, 256) if quick else (1280, 3, STATED)
    flops = 2 * 3 * build_network(NETWORK, SHAPE, CLASSES).macs * STATED
    table = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, max(count, large))
        work = {"count": count, "batch": 64}
        for threads in (1, 2):
            with (
                Worker("numpy_networks.py", "ours", folder, threads) as mine,
                Worker("numpy_networks.py", "rival", folder, threads) as theirs,
            ):
                sides = {"ours": partial(mine.ask, **work), "rival": partial(theirs.ask, **work)}
                answers = in_turn(sides, repeats)
                check_same(answers)
                seconds = {who: [answer["s"] * STATED / count for answer in given] for who, given in answers.items()}
                limit = flops / answers["rival"][0]["rate"]
                label = f"{NETWORK} in NumPy, {threads} thread{'s' * (threads > 1)}, 10,000 images"
                table.append(compare(label, TORCH, "s", seconds["ours"], seconds["rival"], target=0.25, limit=limit))
                if threads == 2:
                    wanted = f"{TARGET_SECONDS:.0f} s"
                    table.append(compare(label, wanted, "s", seconds["ours"], [TARGET_SECONDS], target=1, limit=limit))
                    small = mine.ask(**work)["mb"]
                    whole = mine.ask(count=large, batch=large)
                    label = f"{NETWORK} in NumPy, 2 threads, one batch of {large:,}"
                    table.append(compare(label, PAPER, "s", [whole["s"]], [PUBLISHED_SECONDS]))
                    table.append(compare(label, "itself, batches of 64", "MB", [whole["mb"]], [small], target=0.5))
    return table


def main() -> None:
    """Run the benchmark, or be a side of it."""
    measuring.alone(rows, __doc__, side)


if __name__ == "__main__":
    main()
