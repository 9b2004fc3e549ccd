"""Training: our loop against a plain PyTorch loop as paper 1's text describes it.

Usage: python benchmarks/training_step.py [--quick] [--out FILE.csv]

Both train the same network from the same weights on the same batches in the same order; the losses of the first
epoch must agree, or nothing is reported. An epoch is 6 steps of 4 captures and a validation pass of one batch; reading,
augmentation, logging and (ours) the checkpoint are part of it. Limit: the FLOPs of forward and backward pass
at the rate of torch's matrix product.
"""

import argparse
import copy
import csv
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import measuring
from boardbench.engine.latency import gemm_rate
from measuring import Row, Wire, Worker, compare, in_turn, not_run

NETWORKS = [("unet", "scrb"), ("unet", "full")]
SEED = 0
WIDTH = 8
WEIGHTS = [0.1, 0.5, 4.0, 2.0]
LEARNING_RATE = 5e-5  # the paper's: so small that rounding does not part the losses within an epoch
STEPS = 6
TARGET = {"cpu": 1.3, "cuda": 3.0}
RIVAL = "plain PyTorch loop of paper 1"
TOLERANCE = 2e-3


def make(folder: Path, lines: int, bands: int, train: int, validation: int, distinct: int | None = None) -> None:
    """Write random reflectance cubes, masks and their split.

    Args:
        folder: to write into.
        lines: of a capture, and samples.
        bands: of a capture.
        train: captures of the training part.
        validation: likewise.
        distinct: captures that lie on the disk, the others are links to them; None: all.
    """
    from PIL import Image

    generator = np.random.default_rng(0)
    names = [f"s{number:02}_1" for number in range(train + validation)]
    parts = ["train"] * train + ["validation"] * validation
    with (folder / "split.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["scene", "condition", "part"])
        table.writerows([*name.split("_"), part] for name, part in zip(names, parts, strict=True))
    for number, name in enumerate(names):
        if distinct and number >= distinct:
            for kind in ("npy", "png", "json"):
                (folder / f"{name}.{kind}").hardlink_to(folder / f"{names[number % distinct]}.{kind}")
            continue
        np.save(folder / f"{name}.npy", generator.random((bands, lines, lines), np.float32).astype(np.float16))
        blocks = generator.integers(0, len(WEIGHTS), (lines // 16, lines // 16), np.uint8)
        Image.fromarray(blocks.repeat(16, axis=0).repeat(16, axis=1)).save(folder / f"{name}.png")
        working = {"lines": lines, "samples": lines, "bands": bands}
        report = {
            "wavelengths": None,
            "kind": "raw",
            "sensor": {"wavelengths": None, "keep": [*range(bands)], "panel": 1},
        }
        report |= {"resize": "bilinear", "original": working, "working": working, "saturated": 0}
        report |= dict.fromkeys(("values", "invalid", "clipped_low", "clipped_high"), 0)
        (folder / f"{name}.json").write_text(json.dumps(report))


def plan(folder: Path, epochs: int, batch: int) -> None:
    """Write the plan of flips, and what the rival needs of it: batches of (capture, transforms) in their order."""
    from boardbench.engine.training import EpochSampler
    from boardbench.params.segmentation import Augmentation
    from boardbench.segmentation.augmentation import augmentation
    from boardbench.segmentation.data import captures_of
    from boardbench.segmentation.dataset import Cubes, PlannedSamples

    split, out = folder / "split.csv", folder / "plan.csv"
    augmentation(split=split, reflectance=folder, out=out, epochs=epochs, params=Augmentation(plan="flips"))
    sampler = EpochSampler(PlannedSamples(Cubes(folder, None, None), out).rows_of, SEED)
    with out.open(newline="") as file:
        rows = [(row["capture"], row["transform"].split("+")) for row in csv.DictReader(file)]
    order = []
    for epoch in range(epochs):
        sampler.set_epoch(epoch)
        samples = [rows[index] for index in sampler]
        order.append([samples[first : first + batch] for first in range(0, len(samples), batch)])
    held_out = [(name, []) for name in captures_of(split, "validation")]
    (folder / "epochs.json").write_text(json.dumps({"epochs": order, "validation": held_out}))


class _Turns:
    """In place of a tracker's store and run: ends a turn after each epoch and waits to be asked for the next."""

    def __init__(self, wire: Wire):
        self._wire = wire
        self.waited = 0.0  # seconds for batches

    def start(self, *_) -> "_Turns":
        """Be the run; wait for the first request."""
        self._begin()
        return self

    def _begin(self) -> None:
        if self._wire.wait() is None:
            raise SystemExit
        self.waited, self._start = 0.0, time.perf_counter()

    def log(self, rows: list[dict[str, float]]) -> None:
        """Answer with the epoch's time, losses and the loader's share."""
        spent = time.perf_counter() - self._start
        losses = {key: rows[-1][key] for key in ("train_loss", "validation_loss")}
        self._wire.answer(s=spent, loader=self.waited / spent, **losses)
        self._begin()

    def finish(self, *_) -> None:
        """Do nothing."""


def timed(loader: type, turns: Any) -> type:
    """Return a kind of loader that adds the seconds it is waited for to ``turns.waited``."""

    class Timed(loader):
        def __iter__(self):
            batches = super().__iter__()
            while True:
                start = time.perf_counter()
                batch = next(batches, None)
                turns.waited += time.perf_counter() - start
                if batch is None:
                    return
                yield batch

    return Timed


def ours(wire: Wire, folder: Path, backbone: str, strategy: str, epochs: int, batch: int, threads: int, device: str):
    """Train by the verb itself; only its tracker, which ends the turns, is another."""
    from boardbench.engine import record
    from boardbench.params.segmentation import Training
    from boardbench.segmentation import training

    on_gpu = device == "cuda"
    plan(folder, epochs, batch)
    turns = _Turns(wire)
    record.Store = lambda _: turns
    training.DataLoader = timed(training.DataLoader, turns)
    if on_gpu:
        build = training.build_network

        def compiled(*arguments, **options):
            network = build(*arguments, **options)
            network.compile()
            return network

        training.build_network = compiled
    training.train(
        backbone=backbone,
        strategy=strategy,
        seed=SEED,
        dataset="random",
        classes=[str(number) for number in range(len(WEIGHTS))],
        split=folder / "split.csv",
        augmentation=folder / "plan.csv",
        reflectance=folder,
        out=folder / f"run-{time.time_ns()}",
        tracking=folder / "none.db",
        params=Training(
            width=WIDTH,
            epochs=epochs,
            batch_size=batch,
            learning_rate=LEARNING_RATE,
            schedule="constant",
            class_weights=WEIGHTS,
            loss="cross_entropy",
            keep="best",
            freeze_batch_norm=0.0,
            patience=epochs,
            precision="bf16" if on_gpu else "32",
            device=device,
            threads=threads,
            workers=4 if on_gpu else 0,
        ),
    )


def rival(wire: Wire, folder: Path, network, limits: dict[str, float], device: str) -> None:
    """Train as the paper's text says, when asked; the first answer is the limit."""
    from rivals.paper_loop import paper_loop

    wire.wait()
    wire.answer(**limits)
    order = json.loads((folder / "epochs.json").read_text())
    losses = paper_loop(network, folder, order["epochs"], order["validation"], WEIGHTS, LEARNING_RATE, device)
    while wire.wait() is not None:
        start = time.perf_counter()
        values = next(losses)
        wire.answer(s=time.perf_counter() - start, **values)


def flops_of_a_step(network, bands: int, lines: int, batch: int) -> int:
    """Return the FLOPs of forward and backward pass of a batch, counted by torch."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    network = copy.deepcopy(network).to("meta")
    with FlopCounterMode(display=False) as counter:
        network(torch.empty(batch, bands, lines, lines, device="meta")).sum().backward()
    return counter.get_total_flops()


def limit(network, bands: int, lines: int, batch: int, threads: int) -> float:
    """Return the samples/s that the matrix product's rate allows."""
    return batch * gemm_rate(threads) / flops_of_a_step(network, bands, lines, batch)


def side(who: str, folder: str, backbone: str, strategy: str, epochs: str, *numbers: str, device: str = "cpu") -> None:
    """Be one side: ``ours`` or ``rival``."""
    import torch

    from boardbench.segmentation.networks import build_network

    wire = Wire()
    lines, bands, batch, threads = map(int, numbers)
    if who == "ours":
        ours(wire, Path(folder), backbone, strategy, int(epochs), batch, threads, device)
        return
    torch.set_num_threads(threads)
    torch.manual_seed(SEED)
    network = build_network(backbone, strategy, in_bands=bands, classes=len(WEIGHTS), width=WIDTH)
    rate = limit(network, bands, lines, batch, threads) if device == "cpu" else None
    rival(wire, Path(folder), network, {"rate": rate}, device)


def check_same(first: dict[str, dict[str, float]], tolerance: float) -> None:
    """Refuse to compare loops that do not do the same work."""
    for loss in ("train_loss", "validation_loss"):
        values = [answer[loss] for answer in first.values()]
        if abs(values[0] - values[1]) > tolerance * abs(values[1]):
            raise SystemExit(f"training: {loss} of the first epoch differs: ours {values[0]}, rival {values[1]}")


def rows(quick: bool, device: str = "cpu") -> list[Row]:
    """Measure, and return samples/s of each network and number of threads."""
    if device == "cuda" and not measuring.has_gpu():
        why = "no GPU here (python benchmarks/training_step.py --device cuda)"
        table = [not_run(_name(*network, "GPU"), RIVAL, "samples/s", why, TARGET["cuda"]) for network in NETWORKS]
        return [*table, not_run("loader's share of an epoch on a GPU", "half of it", "share", why, 1.0)]
    repeats = 1 if quick else 5
    lines, bands, batch = (32, 24, 2) if quick else (128, 214, 4)
    epochs = repeats + 1
    table, shares = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, lines, bands, STEPS * batch, batch)
        for network in NETWORKS[:1] if quick else NETWORKS:
            for threads in (1,) if quick or device == "cuda" else (1, 2):
                arguments = (folder, *network, epochs, lines, bands, batch, threads, "--device", device)
                # Ours begins: it writes the order of the samples.
                with Worker("training_step.py", "ours", *arguments) as mine:
                    first = {"ours": mine.ask()}
                    with Worker("training_step.py", "rival", *arguments) as theirs:
                        limit = theirs.ask()["rate"]
                        first["rival"] = theirs.ask()
                        check_same(first, TOLERANCE if device == "cpu" else 0.05)
                        answers = in_turn({"ours": mine.ask, "rival": theirs.ask}, repeats, warm=0)
                rates = {who: [STEPS * batch / answer["s"] for answer in given] for who, given in answers.items()}
                where = "GPU" if device == "cuda" else f"{threads} thread{'s' * (threads > 1)}"
                table.append(
                    compare(
                        _name(*network, where),
                        RIVAL,
                        "samples/s",
                        rates["ours"],
                        rates["rival"],
                        target=TARGET[device],
                        limit=limit,
                    )
                )
                shares += [answer["loader"] for answer in answers["ours"]]
    if device == "cuda":
        table.append(compare("loader's share of an epoch on a GPU", "half of it", "share", shares, [0.5], target=1.0))
    elif not quick:
        table += rows(quick, "cuda")
    return table


def _name(backbone: str, strategy: str, where: str) -> str:
    return f"training, {backbone} {strategy}, {where}"


def main() -> None:
    """Run the benchmark, or be a part of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--side", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        side(*options.side, device=options.device)
    else:
        table = rows(options.quick, options.device)
        measuring.show(table)
        if options.out:
            measuring.write(options.out, table)


if __name__ == "__main__":
    main()
