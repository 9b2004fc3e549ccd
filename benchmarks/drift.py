"""What drift costs a trained network that does not notice it, and what looking for it costs a line.

Usage: python benchmarks/drift.py RUN [RUN ...]

RUN: folders of trained segmentation runs, as ``snakemake`` leaves them. The first table has the mean IoU of each on its
test captures under the drifts of ``segmentation_drift.csv`` (simulated; pixels of an unknown material are left out),
the second the median time of a line of 1024 samples x 224 bands in the spectral encoder of a stream, and the mean time
of the look for drift beside it. No part of ``make bench``: it needs finished runs.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from measuring import hardware

SPECTRAL = ("full", "scrb")
LINES = 256


def scored(run: Path) -> dict[str, float]:
    """Return the mean IoU of a run on its test captures under each drift that changes spectra."""
    import torch

    from boardbench.segmentation.data import IGNORED, captures_of, load_capture
    from boardbench.segmentation.drift.trial import TRIALS
    from boardbench.segmentation.model import load
    from boardbench.segmentation.reduction.pca import project
    from boardbench.segmentation.scores import confusion_matrix, scores

    model, above = load(run), run.parents[1]
    classes = len(model.classes)
    found: dict[str, float] = {}
    seen = set()
    for trial in TRIALS:
        if trial.spectra in seen:
            continue
        seen.add(trial.spectra)
        confusion = np.zeros((classes, classes), np.int64)
        for name in captures_of(above / "split.csv", "test"):
            cube, truth = load_capture(above / "reflectance", name)
            usual = np.ascontiguousarray(np.moveaxis(np.asarray(cube, np.float32), 0, -1))
            changed = trial.spectra(usual)
            if trial.name.startswith("unknown"):
                truth = np.where((changed != usual).any(axis=-1), IGNORED, truth)
            drifted = np.moveaxis(changed, -1, 0).astype(np.float16)
            factors = model.normalization and model.normalization.factors(name, len(drifted))
            if model.reduction:
                values = project(drifted, model.reduction, name, factors)
            else:
                values = factors.cube(drifted) if factors else drifted.astype(np.float32)
            with torch.inference_mode():
                logits = model.network(torch.from_numpy(np.ascontiguousarray(values))[None])
            confusion += confusion_matrix(truth, logits[0].argmax(dim=0).numpy(), classes)
        found[trial.name] = scores(confusion)["miou"]
    return found


def line_seconds(strategy: str, known: Path) -> tuple[float, float]:
    """Return the median seconds of a line in the spectral encoder, and the mean of the look beside it."""
    import json

    import exported
    from boardbench.segmentation.drift.references import seen_counts
    from boardbench.stream.look import Look
    from boardbench.stream.spectral_encoder import SpectralEncoder

    given = exported.capture(64, 1024, 224)
    keep = list(range(exported.DROP_FIRST, 224))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        exported.write_onnx(exported.untrained("unet", strategy, 8, 224), path)
        exposure = float(given["exposure"][0])
        encoder = SpectralEncoder(path, white=given["white"], dark=given["dark"], exposure=exposure)
    metadata = {"sensor": {"keep": keep, "panel": 1.0}, "drift": json.loads(known.read_text(encoding="utf-8"))}
    span = given["white"] - given["dark"]
    factors = SimpleNamespace(dark=given["dark"].T, gain=(exposure / span).T)
    inputs = SimpleNamespace(white=given["white"], factors=factors)
    inputs.seen = seen_counts(span, given["dark"], 7.5, keep)
    look, counts = Look(metadata, inputs, "0:16"), given["counts"]
    encoders, looks = [], []
    for number in range(LINES):
        for spent, work in ((encoders, lambda line: encoder.lines(line[None])), (looks, look.line)):
            start = time.perf_counter()
            work(counts[number % 64])
            spent.append(time.perf_counter() - start)
    return statistics.median(encoders), statistics.fmean(looks)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", metavar="RUN", type=Path, nargs="+")
    runs = [run.resolve() for run in parser.parse_args().runs]
    print(hardware())
    columns = {run.name: scored(run) for run in runs}
    print("mean IoU under drift:", *columns, sep="\t")
    for name in next(iter(columns.values())):
        print(name, *(f"{found[name]:.3f}" for found in columns.values()), sep="\t")
    for strategy in SPECTRAL:
        encoder, look = line_seconds(strategy, runs[0].parents[1] / "drift.json")
        print(
            f"a line, {strategy}: encoder {1e3 * encoder:.3f} ms, look {1e3 * look:.3f} ms, {look / encoder:.2f} of it"
        )


if __name__ == "__main__":
    main()
