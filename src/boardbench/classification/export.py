"""The step from a trained run to ONNX files that take images, each checked against the run itself."""

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from boardbench.classification.data import Samples, read_samples
from boardbench.engine.onnxfile import session
from boardbench.engine.tracking import git_commit
from boardbench.errors import BoardbenchError
from boardbench.files import write_json

if TYPE_CHECKING:
    from boardbench.classification.dataset import Parts
    from boardbench.classification.model import Model

NAMES = {"float32": "model.onnx", "int8": "model-int8.onnx"}
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
    tracking: Path = Path("results/mlflow.db"),
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

    precisions = precisions or ["float32"]
    for precision in precisions:
        if precision not in NAMES:
            raise BoardbenchError(f"--precisions {precision}: not known. Valid: {', '.join(NAMES)}.")
    model = load(run)
    folder = run if run.is_dir() else run.parent
    out = out or folder
    parts = _parts(model, samples, folder)
    torch.set_num_threads(threads)

    paths = {precision: out / name for precision, name in NAMES.items()}
    to_file(model, paths["float32"])
    if "int8" in precisions:
        images = parts.validation.images[:: -(-len(parts.validation) // EXAMPLES)].numpy()
        blocks = ({"images": block} for block in np.array_split(images, -(-len(images) // _BATCH)))
        to_int8(paths["float32"], blocks, INTERMEDIATE, _metadata(model, "int8"), paths["int8"])
    for precision in precisions:
        path = paths[precision]
        checked = _check(model, path, parts, threads)
        write_json(
            path.with_name(path.name.replace("model", "export")).with_suffix(".json"),
            {"precision": precision, "bytes": path.stat().st_size, **checked},
        )
        print(
            f"{path}: {checked['same_class']:.4%} of {checked['images']} test images have the run's class, "
            f"probabilities differ by at most {checked['largest_probability_difference']:.3g}, accuracy "
            f"{checked['accuracy']:.4f} (run: {checked['run_accuracy']:.4f})"
        )
        if precision == "float32" and checked["same_class"] < SAME_CLASS:
            raise BoardbenchError(
                f"{path}: only {checked['same_class']:.3%} of the test images have the class that the run gives them "
                f"(least: {SAME_CLASS:.1%}). Do not use it; please report it with {folder / 'training.json'}."
            )
        if not unregistered:
            pruned = [model.pruning["name"]] if model.pruning else []
            name = "-".join([model.dataset, model.name, *pruned, f"seed{model.seed}"]) + path.stem.removeprefix("model")
            outputs = {"classes": ("int64", (-1,)), "probabilities": ("float32", (-1, len(model.classes)))}
            number = register(path, name, {"images": ("uint8", (-1, *model.size))}, outputs, tracking)
            print(f"registered in {tracking} as '{name}', version {number}")


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
    plain = ("dataset", "name", "seed", "classes", "size", "pruning")
    return {
        "boardbench": version("boardbench"),
        "study": "classification",
        **{name: getattr(model, name) for name in plain},
        "network": model.settings["network"],
        "normalization": model.normalization.to_dict(),
        "precision": precision,
        "git_commit": git_commit(),
    }


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
