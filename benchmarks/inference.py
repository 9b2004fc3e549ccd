"""Inference on the processor: the exported ONNX file against eager PyTorch, from raw counts to the class map.

Usage: python benchmarks/inference.py [--quick] [--out FILE.csv]

U-Net with SCRB, width 64, 640 x 640 pixels of 224 bands, two threads each. The class maps must agree on 99.9 % of
the pixels. Limit: 2 x MACs at the rate of torch's matrix product, measured in the same run; the network alone
(behind the spectral block) is compared with it by itself.
"""

import statistics
import tempfile
from pathlib import Path

import numpy as np

import measuring
from boardbench.engine.latency import gemm_rate
from measuring import Row, Wire, Worker, compare, in_turn

THREADS = 2
SAME_CLASS = 0.999


def side(who: str, folder: str, *numbers: str) -> None:
    """Be one side: ``ours`` writes the file first; ``rival`` measures the limits too."""
    import exported

    wire, folder = Wire(), Path(folder)
    size, bands, width = map(int, numbers)
    model = exported.untrained("unet", "scrb", width, bands)
    given = exported.capture(size, size, bands)
    if who == "ours":
        ours(wire, folder, model, given)
    else:
        rival(wire, folder, model, given)


def ours(wire: Wire, folder: Path, model, given: dict[str, np.ndarray]) -> None:
    """Run the exported file, whole or behind its intermediate output."""
    import exported
    from boardbench.engine.onnxfile import cut, session

    path = folder / "model.onnx"
    exported.write_onnx(model, path)
    del model
    whole = session(path, THREADS)
    network = session(cut(path, ["reduced"], ["classes"]), THREADS)
    lines, _, samples = given["counts"].shape
    reduced = {"reduced": np.random.default_rng(0).random((1, 3, lines, samples), np.float32)}

    def job(part: str) -> dict[str, float]:
        if part == "network":
            return {"s": measuring.seconds(lambda: network.run(["classes"], reduced))}
        found = []
        spent = measuring.seconds(lambda: found.append(whole.run(["classes"], given)[0]))
        np.save(folder / "ours.npy", found[0])
        return {"s": spent}

    wire.serve(job)


def rival(wire: Wire, folder: Path, model, given: dict[str, np.ndarray]) -> None:
    """Run the network eagerly; tell what limits both."""
    import torch

    from boardbench.engine.complexity import flops
    from exported import DROP_FIRST
    from rivals.eager import eager

    torch.set_num_threads(THREADS)
    size = given["counts"].shape[0], given["counts"].shape[2]

    def job(part: str) -> dict[str, float]:
        if part == "limit":
            rate = gemm_rate(THREADS, size=512 if size[0] < 640 else 4096, repeats=3)
            whole = flops(model.network, model.network.in_channels, size)
            return {"whole": whole / rate, "network": flops(model.network.backbone, 3, size) / rate, "rate": rate}
        found = []
        exposure = float(given["exposure"][0])
        arrays = (given[name] for name in ("counts", "white", "dark"))
        spent = measuring.seconds(lambda: found.append(eager(model.network, *arrays, exposure, DROP_FIRST)))
        np.save(folder / "rival.npy", found[0])
        return {"s": spent}

    wire.serve(job)


def check_same(folder: Path) -> None:
    """Refuse to compare times of class maps that differ, or show nothing."""
    ours, theirs = (np.load(folder / f"{who}.npy") for who in ("ours", "rival"))
    if len(np.unique(theirs)) == 1:
        raise SystemExit("inference: the whole map is one class, so that it proves nothing")
    if ours.shape != theirs.shape or (share := np.mean(ours == theirs)) < SAME_CLASS:
        raise SystemExit(f"inference: class maps differ: {ours.shape} and {theirs.shape}, {share:.4%} of pixels equal")


def rows(quick: bool) -> list[Row]:
    """Measure, and return seconds for raw counts to classes, and of the network alone."""
    size, bands, width, repeats = (64, 24, 4, 1) if quick else (640, 224, 64, 5)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            Worker("inference.py", "ours", folder, size, bands, width) as mine,
            Worker("inference.py", "rival", folder, size, bands, width) as theirs,
        ):
            sides = {
                "ours": lambda: mine.ask(part="whole"),
                "rival": lambda: theirs.ask(part="whole"),
                "network": lambda: mine.ask(part="network"),
                "limit": lambda: theirs.ask(part="limit"),
            }
            answers = in_turn(sides, repeats)
        check_same(folder)
    seconds = {who: [answer["s"] for answer in answers[who]] for who in ("ours", "rival", "network")}
    limits = {part: statistics.median(answer[part] for answer in answers["limit"]) for part in ("whole", "network")}
    what = f"{size} x {size}, unet scrb, width {width}, {THREADS} threads"
    return [
        compare(
            f"inference {what}: raw counts to classes",
            "eager PyTorch",
            "s",
            seconds["ours"],
            seconds["rival"],
            target=1.6,
            limit=limits["whole"],
        ),
        compare(
            f"inference {what}: network alone",
            "matrix product of as many FLOPs",
            "s",
            seconds["network"],
            [answer["network"] for answer in answers["limit"]],
            target=1 / 1.15,
            limit=limits["network"],
        ),
    ]


def main() -> None:
    """Run the benchmark, or be a side of it."""
    measuring.alone(rows, __doc__, side)


if __name__ == "__main__":
    main()
