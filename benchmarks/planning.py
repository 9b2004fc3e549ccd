"""Planning at scale: what ``snakemake --dry-run`` takes for 10,000 captures of a user's own, before any work.

Usage: python benchmarks/planning.py [--quick] [--out FILE.csv]

The captures are a sheet and files of one byte: planning looks at names, times and sizes. Processor seconds are
counted, of Snakemake and of what it starts, so that other work on the machine disturbs little; memory is the peak.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import measuring
from measuring import Row, compare

ROOT = measuring.HERE.parent
CAPTURES, QUICK = 10_000, 240
ALLOWED = {"s": 40.0, "MB": 500.0}
PARAMS = "studies: [segmentation]\nsegmentation: {source: captures, dataset: many}\n"


def write_captures(folder: Path, count: int) -> None:
    """Write a sheet of scenes with three conditions each, and the files that its rows name."""
    rows = ["scene,condition,kind,cube,white,dark,mask"]
    for index in range(count):
        scene, condition = f"b{index // 3:05d}", index % 3 + 1
        name = f"{scene}_{condition}"
        capture = folder / name
        capture.mkdir(parents=True)
        for kind in ("cube", "white", "dark"):
            (capture / f"{kind}.hdr").write_bytes(b"0")
            (capture / f"{kind}.raw").write_bytes(b"0")
        (capture / "mask.png").write_bytes(b"0")
        cells = (f"{name}/{kind}" for kind in ("cube.hdr", "white.hdr", "dark.hdr", "mask.png"))
        rows.append(",".join([scene, str(condition), "raw", *cells]))
    (folder / "captures.csv").write_text("\n".join(rows) + "\n")


def plan(folder: Path) -> tuple[float, float]:
    """Plan once, and return processor seconds and the peak of memory, MB."""
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "--cores", "2", "--configfile", "many.yaml"]
    environment = os.environ | {"PYTHONPATH": str(folder / "src")}
    child = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = child.stderr.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"snakemake: exit status {os.waitstatus_to_exitcode(status)}:\n{said[-2000:]}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000


def rows(quick: bool) -> list[Row]:
    """Plan three times, and return the medians beside what is allowed."""
    count = QUICK if quick else CAPTURES
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for source in ("Snakefile", "params.yaml", "workflow", "profiles", "src", "reports"):
            copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
            copy(ROOT / source, folder / source)
        write_captures(folder / "data/raw/many", count)
        (folder / "many.yaml").write_text(PARAMS)
        measured = [plan(folder) for _ in range(1 if quick else 3)]
    return [
        compare(f"planning {count} captures", f"{allowed:g} {unit} allowed", unit, values, [allowed], target=1.0)
        for (unit, allowed), values in zip(ALLOWED.items(), zip(*measured, strict=True), strict=True)
    ]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    table = rows(options.quick)
    measuring.show(table)
    if options.out:
        measuring.write(options.out, table)


if __name__ == "__main__":
    main()
