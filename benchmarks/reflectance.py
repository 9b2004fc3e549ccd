"""One raw capture to reflectance on disk: ours against the straightforward way.

Usage: python benchmarks/reflectance.py [--quick] [--out FILE.csv]

640 x 640 pixels of 224 bands. Each run is a process of its own, alternating, with a warm cache; seconds are those of
the call (imports excluded for both), memory is the peak of the whole process. The capture is made on the fly in a
temporary folder. Limit: reading the raw file and writing as many bytes as the result has. Besides, whether cost is
straight in the number of lines and memory flat: 1280 lines against 320.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import measuring
from measuring import HERE, Row, compare, in_turn

DROP_FIRST = 10
RIVAL = "straightforward NumPy"


def make_capture(folder: Path, lines: int, samples: int, bands: int) -> None:
    """Write a capture of random 12-bit counts with references of 100 lines, in Lumo's form."""
    from PIL import Image

    generator = np.random.default_rng(0)
    wavelengths = ", ".join(f"{value:.2f}" for value in np.linspace(400, 1000, bands))
    for name, count, low, high, tint in (
        ("cube", lines, 80, 4096, 5.0),
        ("white", 100, 3300, 3700, 4.0),
        ("dark", 100, 90, 110, 5.0),
    ):
        generator.integers(low, high, (count, bands, samples), np.uint16).tofile(folder / f"{name}.raw")
        (folder / f"{name}.hdr").write_text(
            f"ENVI\nlines = {count}\nsamples = {samples}\nbands = {bands}\ndata type = 12\ninterleave = bil\n"
            f"byte order = 0\nheader offset = 0\ntint = {tint}\nwavelength = {{{wavelengths}}}\n"
        )
    # Blocks of 16 x 16 pixels, about as fine as the parts of a board.
    blocks = generator.integers(0, 4, (lines // 16 + 1, samples // 16 + 1), np.uint8)
    Image.fromarray(blocks.repeat(16, axis=0).repeat(16, axis=1)[:lines, :samples]).save(folder / "mask.png")


def one_run(who: str, folder: Path) -> None:
    """Do the job once in this process and print seconds and peak MB as JSON."""
    paths = {kind: folder / f"{kind}.hdr" for kind in ("cube", "white", "dark")}
    arguments = {**paths, "mask": folder / "mask.png", "out": folder / f"{who}.npy"}
    if who == "ours":
        from boardbench.captures.reflectance import reflectance as job
        from boardbench.params.segmentation import Reflectance

        arguments |= {"classes": 4, "params": Reflectance(drop_first=DROP_FIRST, size=None)}
    else:
        from rivals.straightforward import straightforward as job

        arguments |= {"drop_first": DROP_FIRST}
    arguments["out"].unlink(missing_ok=True)
    seconds = measuring.seconds(lambda: job(**arguments))
    print(json.dumps({"s": seconds, "MB": measuring.peak_mb()}))


def run(who: str, folder: Path) -> dict[str, float]:
    """Do the job once in a process of its own."""
    command = [sys.executable, str(HERE / "reflectance.py"), "--side", who, str(folder)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def copy_seconds(folder: Path) -> float:
    """Return the time to read the raw file and write as many bytes as the result has: the limit."""
    source, target = folder / "cube.raw", folder / "copy.bin"
    size = (folder / "ours.npy").stat().st_size
    target.unlink(missing_ok=True)
    buffer = bytearray(1 << 20)
    start = time.perf_counter()
    with source.open("rb", buffering=0) as reader, target.open("wb", buffering=0) as writer:
        left = size
        while got := reader.readinto(buffer):
            left -= writer.write(memoryview(buffer)[: min(got, left)]) if left else 0
    return time.perf_counter() - start


def check_same(folder: Path) -> None:
    """Refuse to compare times of results that differ by more than float16 can show."""
    ours, rival = (np.load(folder / f"{who}.npy", mmap_mode="r") for who in ("ours", "rival"))
    if ours.shape != rival.shape or ours.dtype != rival.dtype:
        raise SystemExit(f"results differ: {ours.shape} {ours.dtype} and {rival.shape} {rival.dtype}")
    worst = 0.0
    for mine, other in zip(ours, rival, strict=True):
        worst = max(worst, float(np.abs(mine.astype(np.float32) - other.astype(np.float32)).max()))
    metadata = [json.loads((folder / f"{who}.json").read_text()) for who in ("ours", "rival")]
    same = all(metadata[0][key] == metadata[1][key] for key in ("invalid", "saturated"))
    if worst > 2**-10 or not same:
        raise SystemExit(f"results differ: by {worst}, metadata {metadata}")


def rows(quick: bool) -> list[Row]:
    """Measure, and return seconds and memory against the rival, and of many lines against few."""
    lines, samples, bands, repeats = (48, 32, 24, 1) if quick else (640, 640, 224, 7)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_capture(folder, lines, samples, bands)
        sides = {who: lambda who=who: run(who, folder) for who in ("ours", "rival")}
        answers = in_turn(sides | {"copy": lambda: {"s": copy_seconds(folder)}}, repeats)
        check_same(folder)
    what = f"reflectance {lines} x {samples} x {bands}"
    table = []
    for unit, target in (("s", 3.5), ("MB", 1 / 0.3)):
        ours, theirs = ([answer[unit] for answer in answers[who]] for who in ("ours", "rival"))
        limit = min(answer["s"] for answer in answers["copy"]) if unit == "s" else None
        table.append(compare(what, RIVAL, unit, ours, theirs, target=target, limit=limit))
    few, many = lines // 2, lines * 2
    with tempfile.TemporaryDirectory() as name:
        folders = {count: Path(name) / str(count) for count in (few, many)}
        for count, folder in folders.items():
            folder.mkdir()
            make_capture(folder, count, samples, bands)
        sides = {count: lambda folder=folder: run("ours", folder) for count, folder in folders.items()}
        answers = in_turn(sides, min(repeats, 5))
    for unit, divide in (("s", True), ("MB", False)):
        mine, other = ([answer[unit] / (count if divide else 1) for answer in answers[count]] for count in (many, few))
        label = f"reflectance, {many} lines{', a line' if divide else ''}"
        table.append(compare(label, f"itself at {few} lines", unit, mine, other, target=1 / 1.15))
    return table


def main() -> None:
    """Run the benchmark, or one job."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--side", nargs=2)
    options, _ = parser.parse_known_args()
    if options.side:
        one_run(options.side[0], Path(options.side[1]))
    else:
        measuring.alone(rows, __doc__)


if __name__ == "__main__":
    main()
