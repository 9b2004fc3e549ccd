"""The step from a trained run to ONNX files that take raw counts, each checked against the run itself."""

from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boardbench.artifacts import read as read_artifact
from boardbench.captures.sheet import Capture, read_sheet
from boardbench.engine.address import STORE, StoreAddress
from boardbench.engine.complexity import count as count_macs
from boardbench.engine.exported import FILES, check_precisions, metadata_of, report_on
from boardbench.engine.runtimes import DEFAULT, check_runtime
from boardbench.errors import BoardbenchError
from boardbench.segmentation.artifacts import SegmentationMetrics
from boardbench.segmentation.data import captures_of
from boardbench.segmentation.drift.watch import nearest_drift, read_drift
from boardbench.segmentation.export_check import check_files, inputs_of, verdict_of
from boardbench.segmentation.registered import facts_of

if TYPE_CHECKING:
    from boardbench.segmentation.model import Model

ANY = "any"
EXAMPLES = 16
"""Validation captures, at most, that the ranges of an int8 file are taken from."""


def export(
    *,
    run: Path,
    precisions: list[str] | None = None,
    runtimes: list[str] | None = None,
    out: Path | None = None,
    sheet: Path | None = None,
    split: Path | None = None,
    drift: Path | None = None,
    bands_read: bool = False,
    size: str | None = None,
    unregistered: bool = False,
    tracking: StoreAddress = STORE,
    threads: int = 2,
) -> None:
    """Write a trained run as ONNX files from raw counts to classes, and check them on the run's test captures.

    A file takes counts (lines, bands, samples) uint16 of any size, white and dark (bands, samples) float32, averaged
    over the references' lines, and exposure = t_white / t_raw (1,); or, where the run was trained on reflectance,
    reflectance float32 (lines, bands, samples). It gives classes (lines, samples) uint8 and probabilities (classes,
    lines, samples) float32. Calibration, trimming, reduction and network are inside, and its metadata say which
    classes, wavelengths, run and commit it is of. Where the run's captures were resized, so does the file: classes have
    the working size, and no line can be resized. With --size any it does not: it takes captures and lines at their own
    size, at which parts look larger to the network than in training; how it scores there is part of the check. A run
    trained on patches takes captures whole.

    Writes model.onnx and, for int8, model-int8.onnx, and beside each export.json or export-int8.json: bytes; captures
    and pixels compared; same_class, the share of pixels of the run's own class; largest_probability_difference; scores
    of the file itself, from raw counts; gmacs_per_megapixel; runtimes, the same shares and scores by other runtimes.

    Args:
        run: folder of the run (model.pt).
        precisions: float32, int8; float32 where none is given. int8 is quantized on the validation captures.
        runtimes: onnxruntime, openvino: what the files are checked by; onnxruntime always. OpenVINO computes a float32
            file in bf16, too, where the processor has it.
        out: folder to write to; the run's own where none is given.
        sheet: capture sheet; where none is given, data/raw/<dataset>/captures.csv.
        split: split.csv; where none is given, the nearest above the run.
        drift: drift.json, which the files then carry; where none is given, the nearest above the run, if there is one.
        bands_read: take no other bands than those that the network reads, as a camera set to them delivers; the files
            are then called model-bands.onnx and so on. They carry no drift.json, which is of all bands.
        size: any: of a run whose captures were resized, files that do not resize, called model-any.onnx and so on. They
            carry no drift.json, which is of the working size. Of another run: the same files as without.
        unregistered: leave MLflow's model registry alone.
        tracking: MLflow store whose registry gets the files, as <dataset>-<run> and <dataset>-<run>-int8; <run>
            ends with the pruning's name where it is pruned.
        threads: of the runtimes and torch.

    Raises:
        BoardbenchError: a run that cannot leave its captures, missing captures, a runtime that is not there, or a
            float32 file that gives less than 99.9 % of the pixels the run's class.
    """
    import torch

    from boardbench.engine.export import register, to_int8, to_onnx
    from boardbench.segmentation.deployment import INTERMEDIATES, Deployed, example, only_read
    from boardbench.segmentation.model import load

    precisions = check_precisions(precisions)
    others = [check_runtime("--runtimes", name) for name in runtimes or [] if name != DEFAULT]
    if size not in (None, ANY):
        raise BoardbenchError(f"--size {size}: not known. Give 'any', or leave it out for the run's own.")
    trained = load(run)
    resized = trained.size if size == ANY else None
    trained = replace(trained, size=None) if resized else trained
    model, read = only_read(trained) if bands_read else (trained, list(range(trained.sensor.bands)))
    deployed = Deployed(model).eval()
    out = out or (run if run.is_dir() else run.parent)
    parts = _captures(model, run, sheet, split)
    torch.set_num_threads(threads)

    inputs, outputs = _signature(model)
    drift = drift or nearest_drift(run)
    carried = read_drift(drift).as_json() if drift and not (bands_read or resized) else None
    metadata = partial(_metadata, model, drift=carried)
    given = dict(zip(inputs, example(model), strict=True))
    axes = {
        name: {axis: word for axis, word in enumerate(shape) if isinstance(word, str)}
        for name, (_, shape) in inputs.items()
    }
    intermediates = INTERMEDIATES if model.sensor.kind == "raw" else INTERMEDIATES[-1:]
    kind = "model" + ("-bands" if bands_read else "") + ("-any" if resized else "")
    paths = {key: out / name.replace("model", kind) for key, name in FILES.items()}
    plain = paths["float32"]
    to_onnx(deployed, given, axes, list(outputs), list(intermediates), metadata("float32"), plain)
    if "int8" in precisions:
        chosen = parts["validation"][:: -(-len(parts["validation"]) // EXAMPLES)]
        samples = (inputs_of(trained, capture, read) for capture in chosen)
        to_int8(plain, samples, "reduced", metadata("int8"), paths["int8"])
    paths = {precision: paths[precision] for precision in precisions}
    for precision, checked in check_files(trained, paths, parts["test"], read, threads, others).items():
        path = paths[precision]
        said, fault = verdict_of(precision, checked)
        said += _about_size(model, run, resized)
        report_on(path, precision, {**checked, "gmacs_per_megapixel": _gmacs(model)}, said, fault)
        if not unregistered:
            # models:/name@alias is MLflow's own
            name = f"{model.dataset}-{model.name}".replace("@imagenet", "-imagenet").replace("@", "-width")
            name += path.stem.removeprefix("model")
            facts = facts_of(model, path, checked, threads)
            register(path, name, _any_size(inputs), _any_size(outputs), tracking, facts)


def _about_size(model: "Model", run: Path, resized: tuple[int, int] | None) -> str:
    """Return what a person at a line must know of the size that a network was trained at."""
    if resized:
        metrics = (run if run.is_dir() else run.parent) / "metrics.json"
        known = (
            read_artifact(metrics, SegmentationMetrics, "segmentation evaluate").scores.miou
            if metrics.is_file()
            else None
        )
        before = "" if known is None else f" (the run itself: {known:.4f})"
        return f", at the captures' own size; trained at {_by(resized)}{before}. It carries no drift.json"
    if model.size:
        return (
            f". It resizes captures to {_by(model.size)}, as in training, and 'boardbench stream' cannot: for lines, "
            "add --size any"
        )
    return ""


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


def _signature(model: "Model") -> tuple[dict[str, tuple], dict[str, tuple]]:
    """Return dtype and shape of inputs and outputs; words are axes of any size."""
    bands, classes = model.sensor.bands, len(model.classes)
    if model.sensor.kind == "raw":
        inputs = {
            "counts": ("uint16", ("lines", bands, "samples")),
            "white": ("float32", (bands, "samples")),
            "dark": ("float32", (bands, "samples")),
            "exposure": ("float32", (1,)),
        }
    else:
        inputs = {"reflectance": ("float32", ("lines", bands, "samples"))}
    size = model.size or ("lines", "samples")
    return inputs, {"classes": ("uint8", size), "probabilities": ("float32", (classes, *size))}


def _any_size(side: dict[str, tuple]) -> dict[str, tuple]:
    """Return a signature with -1 for axes of any size, as MLflow writes them."""
    return {
        name: (kind, tuple(-1 if isinstance(size, str) else size for size in shape))
        for name, (kind, shape) in side.items()
    }


def _metadata(model: "Model", precision: str, drift: dict[str, Any] | None = None) -> dict[str, Any]:
    names = ("dataset", "backbone", "strategy", "width", "seed", "classes", "size", "resize", "patch")
    pruning = model.pruning["name"] if model.pruning else ""
    more = {"sensor": asdict(model.sensor), "pruning": pruning, "drift": drift}
    return metadata_of("segmentation", model, names, precision, **more)


def _captures(model: "Model", run: Path, sheet: Path | None, split: Path | None) -> dict[str, list[Capture]]:
    """Return the captures of the validation and the test part."""
    folder = run if run.is_dir() else run.parent
    sheet = sheet or Path("data/raw") / model.dataset / "captures.csv"
    above = folder.resolve().parents
    split = split or next((up / "split.csv" for up in above if (up / "split.csv").is_file()), above[1] / "split.csv")
    for flag, path in {"--sheet": sheet, "--split": split}.items():
        if not path.is_file():
            raise BoardbenchError(
                f"{path}: no such file. An exported model is checked on its run's test captures: name their file "
                f"with {flag}."
            )
    by_name = {capture.name: capture for capture in read_sheet(sheet)}
    parts = {part: captures_of(split, part) for part in ("validation", "test")}
    missing = [name for names in parts.values() for name in names if name not in by_name]
    if missing:
        raise BoardbenchError(
            f"{sheet}: no row for {', '.join(missing[:5])}, which {split} names. Give the sheet that the run was made "
            "from with --sheet."
        )
    return {part: [by_name[name] for name in names] for part, names in parts.items()}


def _gmacs(model: "Model") -> float:
    """Return the GMACs of a million pixels: network and the projection of a fitted reduction."""
    size = (1024, 1024)
    macs = count_macs(model.network, model.network.in_channels, size)[0] / (size[0] * size[1])
    if model.reduction is not None and not model.reduction.bands.size:
        macs += model.reduction.components.shape[1] * len(model.sensor.keep)
    return macs * 1e6 / 1e9
