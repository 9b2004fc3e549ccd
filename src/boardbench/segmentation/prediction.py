"""Captures to component maps with a trained model: the verb ``boardbench predict``.

Each capture gets a folder ``<out>/<capture>/``:

- ``classes.hdr`` and ``classes.img``: the class map as an ENVI classification, in the capture's own geometry
- ``overlay.png``: pseudo-RGB and the prediction on it
- ``components.csv``: connected components, see :mod:`boardbench.segmentation.components`, and whether they are trusted
- ``summary.json``: model, capture, references, whether the model is to be trusted on it, shares of saturated and
  invalid values, pixels of each class, seconds
"""

import json as text
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from boardbench.captures.envi_classmap import write_classification
from boardbench.captures.locate import Located, capture_name, locate
from boardbench.captures.names import header_file
from boardbench.captures.references import read_references
from boardbench.captures.shares import shares
from boardbench.engine.runtimes import DEFAULT, check_runtime
from boardbench.errors import BoardbenchError
from boardbench.files import write_json
from boardbench.segmentation.bands import Bands, choose_bands
from boardbench.segmentation.components import components
from boardbench.segmentation.inference import OnnxPredictor, Predictor, TorchPredictor
from boardbench.segmentation.overlay import capture_rgb, class_colours, overlay_prediction

if TYPE_CHECKING:
    import pandas as pd

FILES = ("classes.hdr", "classes.img", "overlay.png", "components.csv", "summary.json")


def predict(
    *,
    captures: list[Path],
    run: Path | None = None,
    model: Path | None = None,
    out: Path = Path("predictions"),
    white: Path | None = None,
    dark: Path | None = None,
    resample: bool = False,
    runtime: str | None = None,
    precision: str | None = None,
    threads: int = 2,
    json: bool = False,
    quiet: bool = False,
) -> None:
    """Find the components on captures with a trained model: class map, picture and table for each.

    A capture is a folder as Lumo writes it, or an ENVI cube by its header or data file. One that fails does not stop
    the others; all that failed are listed at the end. Results of one capture appear together or not at all, and
    replace those of an earlier call. References and spectra are held against what the model saw in training (drift.json
    above the run, or what the exported file carries): where they are too far from it, the capture is not trusted, and
    the reason is said.

    One capture is in memory at a time: with ``run``, 2 bytes a value of the bands that the network takes, 4 more where
    it takes them unreduced, and the network's own activations (640 x 640 x 224 with a U-Net of width 8 and scrb: 1 GB
    in all); with ``model`` the whole raw cube (2 bytes a value), or 6 bytes a value of reflectance, and the same.

    Args:
        captures: folders, headers or data files; each name once.
        run: folder of a run (or its model.pt); predicts by torch, exactly as in evaluation.
        model: file that ``boardbench export`` wrote, instead of ``run``.
        out: folder that receives a folder for each capture.
        white: white reference for captures that have none of their own.
        dark: dark reference, likewise.
        resample: interpolate captures of other bands onto the model's, instead of refusing them.
        runtime: of ``model``: onnxruntime, or openvino where it is installed; onnxruntime where none is given.
        precision: bf16: compute a float32 ``model`` in bfloat16, by openvino on a processor that has it.
        threads: of torch or the runtime.
        json: print JSON at the end: captures, each with its folder and what summary.json holds; failed, with reasons.
        quiet: say nothing of captures that succeed.

    Raises:
        BoardbenchError: before any work: no or two models, captures of one name, one reference without the other, a
            runtime that is not there; at the end: captures that failed, each with its reason.
    """
    names = _names(captures)
    if (run is None) == (model is None):
        raise BoardbenchError(
            f"{'no model' if run is None else '--run and --model'} given: name either a run folder with --run, or an "
            "exported .onnx file with --model."
        )
    if run is not None and run.suffix.lower() == ".onnx":
        raise BoardbenchError(f"{run}: --run takes the folder of a run; name an exported file with --model.")
    if model is not None and (model.is_dir() or model.suffix == ".pt"):
        raise BoardbenchError(f"{model}: --model takes an exported .onnx file; name a run's folder with --run.")
    if run is not None and (runtime or precision):
        flag = "--runtime" if runtime else "--precision"
        raise BoardbenchError(f"{flag}: is of an exported file (--model); --run predicts by torch, in float32.")
    runtime = check_runtime("--runtime", runtime or DEFAULT, precision)
    if (white is None) != (dark is None):
        missing = "--dark" if dark is None else "--white"
        raise BoardbenchError(f"{missing} is missing: raw counts need a white and a dark reference. Give both.")
    for reference in (white, dark):
        if reference is not None:
            header_file(reference)
    if threads < 1:
        raise BoardbenchError(f"--threads {threads}: give 1 or more.")
    if out.exists() and not out.is_dir():
        raise BoardbenchError(f"{out}: --out is a file. Name a folder; it is made where it does not exist.")
    predictor = TorchPredictor(run, threads) if run is not None else OnnxPredictor(model, threads, runtime, precision)
    failed, done = {}, []
    with tqdm(total=len(names), unit="capture", file=sys.stderr, disable=quiet or not sys.stderr.isatty()) as bar:
        for name, path in names.items():
            bar.set_description(name)
            try:
                line, summary = _one(predictor, path, out / name, (white, dark), resample)
                done.append({"folder": str(out / name), **summary})
            except Exception as error:
                failed[name] = _reason(error)
                line = "FAILED, see the list at the end"
            bar.update()
            if name in failed or (bar.disable and not quiet):
                tqdm.write(f"{name}: {line}", file=sys.stderr)
    if json:
        reasons = [{"name": name, "path": str(names[name]), "reason": reason} for name, reason in failed.items()]
        print(text.dumps({"captures": done, "failed": reasons}, indent=2))
    if failed:
        listed = "\n".join(f"  {name} ({names[name]}): {reason}" for name, reason in failed.items())
        raise BoardbenchError(f"{len(failed)} of {len(names)} captures failed:\n{listed}")


def _names(captures: list[Path]) -> dict[str, Path]:
    """Return the captures by name, after checking that no two have the same."""
    if not captures:
        raise BoardbenchError("no capture given. Name capture folders, or ENVI headers or data files.")
    names: dict[str, Path] = {}
    for path in captures:
        name = capture_name(path)
        if name in names:
            raise BoardbenchError(
                f"{names[name]} and {path}: both captures are called '{name}', and one's results would replace the "
                "other's. Give each capture once; predict captures of equal names in two calls with their own --out."
            )
        names[name] = path
    return names


def _reason(error: Exception) -> str:
    """Return why a capture failed; raise again what is no fault of the capture or the machine."""
    if isinstance(error, BoardbenchError | OSError):
        return str(error)
    if isinstance(error, MemoryError) or "alloc" in str(error).lower():
        return f"not enough memory ({error}). Cut the capture into shorter ones, or use a machine with more."
    raise error


def _one(
    predictor: Predictor, path: Path, target: Path, given: tuple[Path | None, Path | None], resample: bool
) -> tuple[str, dict[str, Any]]:
    """Predict one capture, write its folder and return a line about it, and its summary."""
    started = time.perf_counter()
    _check_target(target)
    capture = locate(path, *given)
    bands = choose_bands(predictor.sensor, capture, resample)
    classes, probability = predictor(capture, bands)
    predicted = time.perf_counter()
    table = components(classes, probability, predictor.classes)
    drift = predictor.watch(capture, bands).report()
    table["trusted"] = {True: "yes", False: "no", None: ""}[drift["trusted"]]
    with _whole_folder(target) as fresh:
        description = f"classes by boardbench, {predictor.metadata['backbone']} {predictor.metadata['strategy']}"
        write_classification(
            fresh / "classes.hdr",
            classes,
            predictor.classes,
            class_colours(predictor.classes),
            capture.source.metadata,
            description,
        )
        picture = capture_rgb(capture, predictor.sensor.panel)
        overlay_prediction(picture, classes, predictor.classes).save(fresh / "overlay.png")
        table.to_csv(fresh / "components.csv", index=False, lineterminator="\n")
        summary = _summary(predictor, path, capture, bands, classes, table) | {"drift": drift}
        seconds = {"prediction": predicted - started, "all": time.perf_counter() - started}
        summary["seconds"] = {key: round(value, 3) for key, value in seconds.items()}
        write_json(fresh / "summary.json", summary)
    counted = ", ".join(f"{name} {count}" for name, count in summary["components"].items())
    notes = "".join(f"; note: {note}" for note in summary["notes"])
    notes += "".join(f"; not trusted: {reason}" for reason in drift["because"].values())
    return f"{len(table)} components ({counted}), {seconds['all']:.1f} s, {target}{notes}", summary


def _summary(
    predictor: Predictor, path: Path, capture: Located, bands: Bands, classes: np.ndarray, table: "pd.DataFrame"
) -> dict[str, Any]:
    source, names = capture.source, predictor.classes
    pixels = np.bincount(classes.ravel(), minlength=len(names))
    found = Counter(table["class"])
    found_references = read_references(source, **capture.references) if capture.kind == "raw" else None
    saturated, invalid = shares(source, found_references, bands.keep)
    return {
        "made_by": "boardbench predict",
        "model": {"path": str(predictor.path), **predictor.metadata},
        "capture": {
            "name": capture.name,
            "path": str(path),
            "kind": capture.kind,
            "cube": str(source.header),
            "white": capture.white and str(capture.white),
            "dark": capture.dark and str(capture.dark),
            "white_dark": capture.white_dark and str(capture.white_dark),
            "lines": source.lines,
            "samples": source.samples,
            "bands": source.bands,
        },
        "bands_used": len(bands.keep),
        "resampled": bands.resampling is not None,
        "saturated_share": saturated,
        "invalid_share": invalid,
        "pixels": dict(zip(names, pixels.tolist(), strict=True)),
        "components": {name: found[name] for name in names if found[name]},
        "notes": [*capture.notes, *bands.notes],
    }


def _check_target(target: Path) -> None:
    """Refuse to replace a folder that is no earlier result, such as the capture itself."""
    if not target.exists():
        return
    # QGIS leaves .aux.xml files beside what it opened.
    foreign = (
        [path.name for path in target.iterdir() if path.name not in FILES and not path.name.endswith(".aux.xml")]
        if target.is_dir()
        else [target.name]
    )
    if foreign:
        raise BoardbenchError(
            f"{target}: exists and is no earlier result of this verb (it holds {sorted(foreign)[0]}); it is not "
            "replaced. Give --out another folder, or move this one away."
        )


@contextmanager
def _whole_folder(target: Path) -> Iterator[Path]:
    """Give a temporary folder beside ``target``; only when the block succeeds it takes the place of ``target``."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    former = fresh.with_name(f"{fresh.name}-former")
    try:
        yield fresh
        umask = os.umask(0)
        os.umask(umask)
        fresh.chmod(0o777 & ~umask)
        if target.exists():
            target.rename(former)
        fresh.rename(target)
    finally:
        if former.exists() and not target.exists():
            former.rename(target)
        shutil.rmtree(former, ignore_errors=True)
        shutil.rmtree(fresh, ignore_errors=True)
