"""The cost table of nine networks: counted on torch's meta device against running ptflops on real forward passes.

Usage: python benchmarks/complexity.py [--quick] [--out FILE.csv]

U-Net, Attention U-Net and ResU-Net with full, pca3 and scrb, width 64, 640 x 640 pixels. Ours is the whole verb
(GMACs in two conventions, parameters, FLOPs, memory), the rival counts MACs and parameters only; its MACs must be those
of our table. Both without imports, two threads; the rival passes once
through each network (n of the row is ours). Limit: the FLOPs of those passes at the rate of torch's matrix product,
which only a count that computes nothing can go below.
"""

import csv
import tempfile
from pathlib import Path

import measuring
from boardbench.engine.latency import gemm_rate
from measuring import Row, Wire, Worker, compare

BACKBONES = ["unet", "attention_unet", "resunet"]
STRATEGIES = ["full", "pca3", "scrb"]
THREADS = 2


def side(who: str, folder: str, *numbers: str) -> None:
    """Be one side."""
    import torch

    wire = Wire()
    torch.set_num_threads(THREADS)
    size, width, bands = map(int, numbers)
    wire.serve(ours(Path(folder), size, width, bands) if who == "ours" else rival(size, width, bands))


def ours(folder: Path, size: int, width: int, bands: int):
    """Return the job: the verb, in this process."""
    from boardbench.params.segmentation import Complexity
    from boardbench.segmentation.complexity import complexity

    params = Complexity(size=(size, size), width=width, bands=bands)

    def job(names: list[list[str]]) -> dict:
        backbones, strategies = (list(dict.fromkeys(column)) for column in zip(*names, strict=True))
        out = folder / "complexity.csv"
        spent = measuring.seconds(
            lambda: complexity(out=out, backbones=backbones, strategies=strategies, classes=4, params=params)
        )
        with out.open(newline="") as file:
            counted = {f"{row['backbone']} {row['strategy']}": float(row["gmacs"]) for row in csv.DictReader(file)}
        return {"s": spent, "gmacs": counted}

    return job


def rival(size: int, width: int, bands: int):
    """Return the job: real passes; networks are built outside the time."""
    from boardbench.segmentation.networks import build_network
    from rivals.ptflops_real import ptflops_real

    # What it imports is not in the time of the first network.
    ptflops_real(build_network("unet", "pca3", 8, 4, 1), 3, (32, 32))

    def job(names: list[list[str]], limit: bool = False) -> dict:
        if limit:
            return {"rate": gemm_rate(THREADS, 256 if size < 640 else 2048, 3)}
        spent, gmacs = 0.0, {}
        for backbone, strategy in names:
            network = build_network(backbone, strategy, bands, 4, width)
            found = []
            spent += measuring.seconds(
                lambda network=network, found=found: found.append(
                    ptflops_real(network, network.in_channels, (size, size))
                )
            )
            gmacs[f"{backbone} {strategy}"] = found[0][0] / 1e9
        return {"s": spent, "gmacs": gmacs}

    return job


def rows(quick: bool) -> list[Row]:
    """Measure, and return seconds of the whole table."""
    size, width, bands, repeats = (32, 4, 8, 1) if quick else (640, 64, 214, 5)
    names = [(backbone, strategy) for backbone in BACKBONES[: 1 if quick else 3] for strategy in STRATEGIES]
    with tempfile.TemporaryDirectory() as folder:
        with Worker("complexity.py", "ours", folder, size, width, bands) as worker:
            answers = [worker.ask(names=names) for _ in range(repeats + 1)]
        with Worker("complexity.py", "rival", folder, size, width, bands) as worker:
            theirs = worker.ask(names=names)
            rate = worker.ask(names=[], limit=True)["rate"]
    for name, gmacs in answers[0]["gmacs"].items():
        if abs(gmacs - theirs["gmacs"][name]) > 1e-3 * gmacs + 1e-4:
            raise SystemExit(f"complexity: {name}: ours {gmacs} GMACs, rival {theirs['gmacs'][name]}")
    spent = [answer["s"] for answer in answers[1:]]
    limit = 2e9 * sum(theirs["gmacs"].values()) / rate
    what = f"complexity, {len(names)} networks at {size} x {size}"
    return [compare(what, "ptflops on real passes, n = 1", "s", spent, [theirs["s"]], target=50, limit=limit)]


def main() -> None:
    """Run the benchmark, or be a side of it."""
    measuring.alone(rows, __doc__, side)


if __name__ == "__main__":
    main()
