"""A preset at full size on a GPU: time per epoch, memory and utilization of every run, and the tables it makes.

Usage: python benchmarks/paper.py [--preset workflow/presets/paper.yaml] [--epochs N] [--out FILE.csv]

Runs the pipeline with the preset (Snakemake resumes what was killed) and asks nvidia-smi every two seconds meanwhile.
The rows are labelled by the data set of the preset; `simulated-paper` is simulated. Without a GPU it runs too, on the
processor, which is of use for a tiny preset only. Not part of `make bench`: paper.yaml takes hours.
"""

import argparse
import csv
import json
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

import measuring
from measuring import Row, not_run

ROOT = measuring.HERE.parent
COLUMNS = ("dataset", "run", "epochs", "seconds", "seconds_per_epoch", "miou", "hardware")
QUERY = ["nvidia-smi", "--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits"]
EVERY_SECONDS = 2.0


@dataclass(frozen=True)
class Sample:
    """One look at the GPU: busy in % of the time since the last, memory in MiB."""

    busy: float
    memory: float


class Watch:
    """Looks at the first GPU in a thread while a block runs; sees nothing where there is no nvidia-smi."""

    def __init__(self, query: list[str] = QUERY, every: float = EVERY_SECONDS):
        self.samples: list[Sample] = []
        self._query, self._every = query, every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        if shutil.which(self._query[0]):
            self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(self._every):
            said = subprocess.run(self._query, capture_output=True, text=True, check=False)
            if said.returncode == 0 and said.stdout.strip():
                self.samples.append(Sample(*map(float, said.stdout.splitlines()[0].split(","))))


def dataset_of(preset: Path) -> str:
    """Return the name of a preset's data set."""
    return yaml.safe_load(preset.read_text(encoding="utf-8"))["segmentation"]["dataset"]


def command(preset: Path, epochs: int | None, folder: Path) -> list[str]:
    """Return the call of Snakemake; ``epochs`` is an overlay of its own."""
    overlays = [str(preset)]
    if epochs:
        overlay = folder / "epochs.yaml"
        overlay.write_text(yaml.safe_dump({"segmentation": {"training": {"epochs": epochs}}}))
        overlays.append(str(overlay))
    return [sys.executable, "-m", "snakemake", "--cores", "all", "--configfile", *overlays]


def runs_of(results: Path) -> list[dict]:
    """Return the trained runs below results/segmentation/<dataset>, a row of COLUMNS each."""
    rows = []
    for path in sorted(results.glob("runs/*/training.json")):
        training = json.loads(path.read_text())
        scored = path.with_name("metrics.json")
        rows.append(
            {
                "dataset": training["dataset"],
                "run": path.parent.name,
                "epochs": training["epochs"],
                "seconds": training["seconds"],
                "seconds_per_epoch": round(training["seconds"] / training["epochs"], 3),
                "miou": json.loads(scored.read_text())["miou"] if scored.is_file() else None,
                "hardware": measuring.hardware(),
            }
        )
    return rows


def table(runs: list[dict], samples: Iterable[Sample]) -> list[Row]:
    """Return benchmark rows: seconds an epoch of each run; the GPU's memory and idle share."""
    rows = [
        measuring.compare(f"{run['dataset']}: {run['run']}, an epoch", "none", "s", [run["seconds_per_epoch"]])
        for run in runs
    ]
    samples = list(samples)
    names = ("memory of the GPU, peak", "MiB"), ("idle share of the GPU, median", "share")
    if not samples:
        return rows + [not_run(name, "none", unit, "nvidia-smi saw no GPU") for name, unit in names]
    values = [max(sample.memory for sample in samples)], [1 - sample.busy / 100 for sample in samples]
    return rows + [
        measuring.compare(name, "none", unit, value) for (name, unit), value in zip(names, values, strict=True)
    ]


def rows(quick: bool) -> list[Row]:
    """Return what stands in for this script in the table of all benchmarks: it is never run there."""
    why = "hours on a GPU (python benchmarks/paper.py)"
    return [not_run("paper.yaml at 640 x 640 x 214 (simulated), an epoch", "none", "s", why)]


def main() -> None:
    """Run the preset and write its times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", type=Path, default=ROOT / "workflow" / "presets" / "paper.yaml")
    parser.add_argument("--epochs", type=int, help="as many as fit, in place of the preset's")
    parser.add_argument("--out", type=Path, help="table; default: reports/tables/<dataset>/training_seconds.csv")
    options = parser.parse_args()
    dataset = dataset_of(options.preset)
    with tempfile.TemporaryDirectory() as name, Watch() as watch:
        call = command(options.preset.resolve(), options.epochs, Path(name))
        failed = subprocess.run(call, cwd=ROOT, check=False).returncode
    runs = runs_of(ROOT / "results" / "segmentation" / dataset)
    if not runs:
        raise SystemExit(f"no run of {dataset} was trained: see the messages above")
    measuring.show(table(runs, watch.samples))
    out = options.out or ROOT / "reports" / "tables" / dataset / "training_seconds.csv"
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(runs)
    raise SystemExit(failed)


if __name__ == "__main__":
    main()
