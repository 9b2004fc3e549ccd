"""A window of a stream, raw counts to classes: the spectral encoder by lines and then the network, against one file.

Usage: python benchmarks/windows.py [--quick] [--out FILE.csv]

128 lines x 1024 samples x 224 bands, U-Net of width 8, two threads. ``rivals/whole_file.py`` runs the file that commit
667d6f9 exported, as one. Classes must agree on 99.9 % of the pixels. (1) With SCRB and with twelve bands. (2) What the
file exported now takes by itself, for those who run it without boardbench. (3) A network of which channels with 70 %
of the GMACs are gone (at random: time does not depend on the weights) against the one before. Limit: 2 x MACs of
encoder and network at the rate of torch's matrix product, two threads.
"""

import statistics
import tempfile
from pathlib import Path

import numpy as np

import measuring
from boardbench.engine.latency import gemm_rate
from measuring import Row, Wire, Worker, compare, in_turn

THREADS, WIDTH, EXPOSURE = 2, 8, 0.8
RATIO, MULTIPLE = 0.7, 8
SAME_CLASS = 0.999
TARGETS = {"scrb": 2.15, "scrb12": 2.0}


def side(who: str, folder: str, *numbers: str) -> None:
    """Be one side: a window's way to classes, of the strategy that is asked for."""
    wire, folder = Wire(), Path(folder)
    lines, samples, bands = map(int, numbers)
    {"ours": ours, "rival": rival}[who](wire, folder, lines, samples, bands)


def ours(wire: Wire, folder: Path, lines: int, samples: int, bands: int) -> None:
    """Take windows as the verb ``stream`` does, or through the exported file alone."""
    import exported
    from boardbench.engine.complexity import flops
    from boardbench.engine.onnxfile import cut, session
    from boardbench.stream.spectral_encoder import SpectralEncoder
    from boardbench.stream.worker import Network

    given = exported.capture(lines, samples, bands)
    ways, works = {}, {}
    for name in (*TARGETS, "pruned"):
        model = exported.untrained("unet", name.replace("pruned", "scrb"), WIDTH, bands)
        if name == "pruned":
            model = pruned(model)
        path = folder / f"{name}.onnx"
        exported.write_onnx(model, path)
        encoder = SpectralEncoder(path, white=given["white"], dark=given["dark"], exposure=EXPOSURE, threads=THREADS)
        network = Network(path, THREADS)
        file = session(cut(path, list(given), ["classes"]), THREADS)
        ways[name] = lambda encoder=encoder, network=network: network.classes(encoder.lines(given["counts"]))
        ways[f"{name}, file"] = lambda file=file: file.run(["classes"], given)[0]
        works[name] = flops(model.network, model.network.in_channels, (lines, samples))

    def job(part: str) -> dict[str, float]:
        if part == "limit":
            rate = gemm_rate(THREADS, 256 if samples < 1024 else 2048, 3)
            return {name: 1e3 * work / rate for name, work in works.items()}
        return timed(ways[part], folder / f"ours-{part}.npy")

    wire.serve(job)


def pruned(model):
    """Return a model of which channels are gone."""
    from dataclasses import replace

    import torch

    from boardbench.engine.channels import prune_channels

    images, labels = torch.rand(2, model.network.in_channels, 32, 32), torch.randint(4, (2, 32, 32))

    def losses(network):
        yield torch.nn.functional.cross_entropy(network(images), labels)

    network = prune_channels(model.network, RATIO, (32, 32), ["backbone.head"], losses, MULTIPLE).eval()
    return replace(model, network=network)


def rival(wire: Wire, folder: Path, lines: int, samples: int, bands: int) -> None:
    """Run the file that was exported then."""
    import exported
    from boardbench.engine.onnxfile import session
    from rivals.whole_file import INTERMEDIATES, WholeFile

    given, ways = exported.capture(lines, samples, bands), {}
    for name in TARGETS:
        path = folder / f"rival-{name}.onnx"
        exported.write_onnx(exported.untrained("unet", name, WIDTH, bands), path, WholeFile, INTERMEDIATES)
        file = session(path, THREADS)
        ways[name] = lambda file=file: file.run(["classes"], given)[0]
    wire.serve(lambda part: timed(ways[part], folder / f"rival-{part}.npy"))


def timed(way, path: Path) -> dict[str, float]:
    """Return the milliseconds of a way to classes, which are written."""
    found = []
    spent = measuring.seconds(lambda: found.append(way()))
    np.save(path, found[0])
    return {"ms": 1e3 * spent}


def check_same(folder: Path, name: str) -> None:
    """Refuse to compare times of class maps that differ, or show nothing."""
    theirs = np.load(folder / f"rival-{name}.npy")
    if len(np.unique(theirs)) == 1:
        raise SystemExit("windows: the whole map is one class, so that it proves nothing")
    for part in (name, f"{name}, file"):
        if (share := np.mean(np.load(folder / f"ours-{part}.npy") == theirs)) < SAME_CLASS:
            raise SystemExit(f"windows, {part}: class maps differ: {share:.4%} of the pixels are equal")


def rows(quick: bool) -> list[Row]:
    """Measure, and return milliseconds of windows."""
    lines, samples, bands, repeats = (32, 64, 24, 1) if quick else (128, 1024, 224, 9)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arguments = (folder, lines, samples, bands)
        with Worker("windows.py", "ours", *arguments) as mine, Worker("windows.py", "rival", *arguments) as theirs:
            parts = [*TARGETS, *(f"{name}, file" for name in TARGETS), "pruned"]
            sides = {part: lambda part=part: mine.ask(part=part) for part in parts}
            sides |= {f"{name}, before": lambda name=name: theirs.ask(part=name) for name in TARGETS}
            answers = in_turn(sides | {"limit": lambda: mine.ask(part="limit")}, repeats, warm=2)
        for name in TARGETS:
            check_same(folder, name)
    limits = {name: statistics.median(answer[name] for answer in answers["limit"]) for name in (*TARGETS, "pruned")}
    spent = {part: [answer["ms"] for answer in found] for part, found in answers.items() if part != "limit"}
    what = f"window {lines} x {samples}, unet, width {WIDTH}, {THREADS} threads, raw counts to classes"
    table = []
    for name, target in TARGETS.items():
        for part, aim in ((name, target), (f"{name}, file", None)):
            label = f"{what}: {name}" + (", by the exported file alone" if aim is None else "")
            table.append(
                compare(
                    label, "commit 667d6f9", "ms", spent[part], spent[f"{name}, before"], target=aim, limit=limits[name]
                )
            )
    label = f"{what}: scrb without {RATIO:.0%} of its GMACs"
    small = (spent["pruned"], spent["scrb"])
    return [*table, compare(label, "the network before", "ms", *small, target=1.6, limit=limits["pruned"])]


def main() -> None:
    """Run the benchmark, or be a side of it."""
    measuring.alone(rows, __doc__, side)


if __name__ == "__main__":
    main()
