"""One raw capture to reflectance on disk: ours against the straightforward way.

Usage: python benchmarks/reflectance.py [--out FILE.csv] [--repeats 7] [--lines 640 --samples 640 --bands 224]

Each run is a process of its own, alternating, with a warm cache; seconds are those of the call (imports
excluded for both), memory is the peak of the whole process. The capture is made on the fly in a temporary
folder.
"""

import argparse
import csv
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
DROP_FIRST = 10
TARGET = 3
COLUMNS = (
    "name",
    "rival",
    "unit",
    "ours_median",
    "rival_median",
    "ratio",
    "target",
    "floor",
    "n",
    "hardware",
)


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
        from boardbench.params import Reflectance

        arguments |= {"classes": 4, "params": Reflectance(drop_first=DROP_FIRST, size=None)}
    else:
        from rivals.straightforward import straightforward as job

        arguments |= {"drop_first": DROP_FIRST}
    arguments["out"].unlink(missing_ok=True)
    start = time.perf_counter()
    job(**arguments)
    seconds = time.perf_counter() - start
    print(json.dumps({"s": seconds, "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def copy_seconds(folder: Path) -> float:
    """Return the time to read the raw file and write as many bytes as the result has: the floor."""
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
    facts = [json.loads((folder / f"{who}.json").read_text()) for who in ("ours", "rival")]
    same = all(facts[0][key] == facts[1][key] for key in ("invalid", "saturated"))
    if worst > 2**-10 or not same:
        raise SystemExit(f"results differ: by {worst}, facts {facts}")


def hardware() -> str:
    """Name the processor and the versions that matter."""
    info = Path("/proc/cpuinfo")
    text = info.read_text() if info.exists() else ""
    models = [line.split(":")[1].strip() for line in text.splitlines() if line.startswith("model name")]
    name = models[0] if models else platform.processor()
    return f"{os.cpu_count()} x {name}; Python {platform.python_version()}; NumPy {np.__version__}"


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--lines", type=int, default=640)
    parser.add_argument("--samples", type=int, default=640)
    parser.add_argument("--bands", type=int, default=224)
    parser.add_argument("--one", nargs=2, metavar=("WHO", "FOLDER"), help=argparse.SUPPRESS)
    parser.add_argument("--make", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        make_capture(Path(options.make[0]), *map(int, options.make[1:]))
        return
    if options.one:
        one_run(options.one[0], Path(options.one[1]))
        return
    repeats = options.repeats
    results = {"ours": [], "rival": []}
    floors = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # In a process of its own: a child would inherit this process's peak memory.
        size = [str(value) for value in (options.lines, options.samples, options.bands)]
        subprocess.run([sys.executable, str(HERE / "reflectance.py"), "--make", name, *size], check=True)
        # One round to warm the cache, not counted.
        for repeat in range(repeats + 1):
            for who, runs in results.items():
                command = [sys.executable, str(HERE / "reflectance.py"), "--one", who, name]
                done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE)
                if repeat:
                    runs.append(json.loads(done.stdout))
            floors.append(copy_seconds(folder))
        check_same(folder)
    rows = []
    for unit, floor in (("s", round(statistics.median(floors), 3)), ("MB", "")):
        ours, rival = (statistics.median(run[unit] for run in results[who]) for who in ("ours", "rival"))
        ratio = round(rival / ours, 2)
        medians = (round(ours, 3), round(rival, 3), ratio)
        rows.append(("reflectance", "straightforward", unit, *medians, TARGET, floor, repeats, hardware()))
        print(f"reflectance, {unit}: ours {ours:.3f}, rival {rival:.3f}, ratio {ratio} (target {TARGET})")
    print(f"floor, s: reading and writing the same bytes {rows[0][7]}")
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        with options.out.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])


if __name__ == "__main__":
    main()
