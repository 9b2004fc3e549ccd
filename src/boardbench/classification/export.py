"""The step from a trained run to ONNX files that take images, each checked against the run itself."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from boardbench.classification.data import Samples, read_samples
from boardbench.engine.address import STORE, StoreAddress
from boardbench.engine.exported import FILES, check_precisions, metadata_of, report_on
from boardbench.engine.models import ModelFacts
from boardbench.engine.onnxfile import session
from boardbench.errors import BoardbenchError

if TYPE_CHECKING:
    from boardbench.classification.dataset import Parts
    from boardbench.classification.model import Model

SAME_CLASS = 0.999
"""Least share of test images that a float32 file must give the run's class."""
EXAMPLES = 256
"""Validation images, at most, that the ranges of an int8 file are taken from."""
_BATCH = 250


def export(
    *,
    run: Path,
    precisions: list[str] | None = None,
    out: Path | None = None,
    samples: Path | None = None,
    unregistered: bool = False,
    tracking: StoreAddress = STORE,
    threads: int = 2,
) -> None:
    """Write a trained run as ONNX files from images to classes, and check them on the run's test images.

    A file takes images (N, lines, samples, channels) uint8, any N, of the size the run was trained on, and gives
    classes (N,) int64 and probabilities (N, classes) float32. Normalization is inside, and the metadata say which
    classes, run, pruning and commit it is of.

    Writes model.onnx and, for int8, model-int8.onnx, and beside each export.json or export-int8.json: bytes; images
    compared; same_class, the share of them with the run's own class; largest_probability_difference; accuracy of the
    file, and run_accuracy.

    Args:
        run: folder of the run (model.pt), pruned or not.
        precisions: float32, int8; float32 where none is given. int8 is quantized on validation images.
        out: folder to write to; the run's own where none is given.
        samples: samples.csv; where none is given, the one in a folder above the run.
        unregistered: leave MLflow's model registry alone.
        tracking: MLflow store whose registry gets the files, as <dataset>-<run> and <dataset>-<run>-int8.
        threads: of ONNX Runtime and torch.

    Raises:
        BoardbenchError: no samples, or of another data set, or a float32 file that gives less than 99.9 % of the images
            the run's class.
    """
    import torch

    from boardbench.classification.deployment import INTERMEDIATE
    from boardbench.classification.model import load
    from boardbench.engine.export import register, to_int8

    precisions = check_precisions(precisions)
    model = load(run)
    folder = run if run.is_dir() else run.parent
    out = out or folder
    parts = _parts(model, samples, folder)
    torch.set_num_threads(threads)

    paths = {precision: out / name for precision, name in FILES.items()}
    to_file(model, paths["float32"])
    if "int8" in precisions:
        images = parts.validation.images[:: -(-len(parts.validation) // EXAMPLES)].numpy()
        blocks = ({"images": block} for block in np.array_split(images, -(-len(images) // _BATCH)))
        to_int8(paths["float32"], blocks, INTERMEDIATE, _metadata(model, "int8"), paths["int8"])
    for precision in precisions:
        path = paths[precision]
        checked = _check(model, path, parts, threads)
        same = checked["same_class"]
        said = (
            f"{same:.4%} of {checked['images']} test images have the run's class, probabilities differ by at most "
            f"{checked['largest_probability_difference']:.3g}, accuracy {checked['accuracy']:.4f} (run: "
            f"{checked['run_accuracy']:.4f})"
        )
        other = precision == "float32" and same < SAME_CLASS
        fault = f"only {same:.3%} of the test images have the run's class (least: {SAME_CLASS:.1%})." if other else ""
        report_on(path, precision, checked, said, fault)
        if not unregistered:
            pruned = [model.pruning["name"]] if model.pruning else []
            name = "-".join([model.dataset, model.name, *pruned, f"seed{model.seed}"]) + path.stem.removeprefix("model")
            outputs = {"classes": ("int64", (-1,)), "probabilities": ("float32", (-1, len(model.classes)))}
            facts = ModelFacts.of_check(checked, f"{model.dataset} {model.name}: {path.name}")
            register(path, name, {"images": ("uint8", (-1, *model.size))}, outputs, tracking, facts)


def to_file(model: "Model", out: Path) -> None:
    """Write a run as a float32 ONNX file, unchecked."""
    import torch

    from boardbench.classification.deployment import INTERMEDIATE, Deployed
    from boardbench.engine.export import to_onnx

    # Two images: torch.export takes an axis of one for a constant.
    example = {"images": torch.zeros((2, *model.size), dtype=torch.uint8)}
    outputs = ["classes", "probabilities"]
    to_onnx(
        Deployed(model),
        example,
        {"images": {0: "count"}},
        outputs,
        [INTERMEDIATE],
        _metadata(model, "float32"),
        out,
        least=1,
    )


def _parts(model: "Model", samples: Path | None, folder: Path) -> "Parts":
    """Return the images that the run was trained, chosen and scored on."""
    from boardbench.classification.dataset import parts_of

    above = [parent / "samples.csv" for parent in folder.resolve().parents]
    samples = samples or next((path for path in above if path.is_file()), above[1])
    if not samples.exists():
        raise BoardbenchError(
            f"{samples}: no such file. An exported model is checked on its run's test images: name their file with "
            "--samples."
        )
    given: Samples = read_samples(samples)
    model.check(given, samples)
    settings = model.settings
    where = f"{samples}, run {model.name}"
    return parts_of(given, model.classes, settings["validation"], model.seed, where, settings["train_images"])


def _metadata(model: "Model", precision: str) -> dict[str, Any]:
    names = ("dataset", "name", "seed", "classes", "size", "pruning")
    fitted = {"network": model.settings["network"], "normalization": model.normalization.to_dict()}
    return metadata_of("classification", model, names, precision, **fitted)


def _check(model: "Model", path: Path, parts: "Parts", threads: int) -> dict[str, Any]:
    """Compare a file with the run, and score it, on the test images."""
    import torch

    from boardbench.classification.deployment import Deployed

    deployed, opened = Deployed(model), session(path, threads)
    same, right, run_right, largest = 0, 0, 0, 0.0
    for images, labels in zip(parts.test.images.split(_BATCH), parts.test.labels.split(_BATCH), strict=True):
        classes, probabilities = opened.run(["classes", "probabilities"], {"images": images.numpy()})
        with torch.inference_mode():
            wanted, expected, _ = deployed(images)
        same += int(np.count_nonzero(classes == wanted.numpy()))
        right += int(np.count_nonzero(classes == labels.numpy()))
        run_right += int((wanted == labels).sum())
        largest = max(largest, float(np.abs(probabilities - expected.numpy()).max()))
    count = len(parts.test)
    return {
        "images": count,
        "same_class": same / count,
        "largest_probability_difference": largest,
        "accuracy": right / count,
        "run_accuracy": run_right / count,
    }
