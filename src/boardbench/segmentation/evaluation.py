"""Scores of a run on the test part: one confusion matrix first, every score from it."""

import json
import math
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from boardbench.captures.resize import resize_mask
from boardbench.errors import BoardbenchError
from boardbench.files import write_json
from boardbench.segmentation.data import captures_of, load_cube, load_mask
from boardbench.segmentation.scores import confusion_matrix, scores, write_confusion, write_confusions

if TYPE_CHECKING:
    from torch import nn


def evaluate(
    *,
    split: Path,
    reflectance: Path,
    reduction: Path | None = None,
    truth: Path | None = None,
    out: Path,
    tracking: Path | None = None,
    threads: int = 1,
) -> None:
    """Score the model of the run folder ``out`` on the test part.

    Writes confusion.csv, confusions.csv (one matrix a capture), metrics.json and predictions/ beside the model.

    Args:
        split: split.csv.
        reflectance: folder of cubes and masks at working size.
        reduction: fitted reduction, where the run's strategy has one.
        truth: folder of masks of another size, such as the captures' own; predictions are resized to them by the
            nearest pixel before they are scored. None: masks at working size.
        out: run folder with model.pt and training.json.
        tracking: MLflow store that mirrors the scores.
        threads: torch threads.
    """
    training = json.loads((out / "training.json").read_text())
    model, classes = load_model(out / "model.pt")
    names = captures_of(split, "test")
    write_run(
        out,
        dataset=training["dataset"],
        backbone=training["backbone"],
        strategy=training["strategy"],
        seed=training["seed"],
        classes=classes,
        reflectance=reflectance,
        truth=truth,
        predictions=predict(model, reflectance, reduction, names, threads, training["training"]["patch"]),
        extra={key: training[key] for key in ("identity", "data", "epochs", "best_epoch", "parameters")},
    )
    if tracking:
        mirror(out, tracking)


def load_model(path: Path) -> tuple["nn.Module", list[str]]:
    """Build the network of a model.pt; return it in evaluation mode, with its class names."""
    import pickle

    import torch

    from boardbench.segmentation.networks import build_network

    try:
        saved = torch.load(path, weights_only=True, map_location="cpu")
        shape = {key: saved[key] for key in ("backbone", "strategy", "in_bands", "width")}
        network = build_network(**shape, classes=len(saved["classes"]))
        network.load_state_dict(saved["state_dict"])
    except (KeyError, TypeError, EOFError, OSError, RuntimeError, pickle.UnpicklingError) as error:
        reason = str(error).split(". ")[0]
        raise BoardbenchError(f"{path}: not a model of boardbench ({reason}). Train the run again.") from None
    return network.eval(), saved["classes"]


def predict(
    network: "nn.Module",
    reflectance: Path,
    reduction: Path | None,
    names: list[str],
    threads: int,
    patch: int | None = None,
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (capture name, class map (lines, samples) uint8), one capture at a time.

    With ``patch``, a capture is predicted patch by patch and put together again; padding falls away.
    """
    import torch

    from boardbench.segmentation.dataset import Cubes, Patches, WholeCaptures

    def classes(inputs: torch.Tensor) -> np.ndarray:
        with torch.inference_mode():
            return network(inputs[None])[0].argmax(dim=0).to(torch.uint8).numpy()

    torch.set_num_threads(threads)
    cubes = Cubes(reflectance, reduction)
    for name in names:
        if not patch:
            yield name, classes(WholeCaptures(cubes, [name])[0][0])
            continue
        patches = Patches(cubes, [name], patch)
        prediction = np.empty(cubes[name][1].shape, np.uint8)
        for (_, window), (inputs, _) in zip(patches.rows, patches, strict=True):
            part = prediction[window]
            part[...] = classes(inputs)[: part.shape[0], : part.shape[1]]
        yield name, prediction


def write_run(
    out: Path,
    *,
    dataset: str,
    backbone: str,
    strategy: str,
    seed: int,
    classes: list[str],
    reflectance: Path,
    predictions: Iterable[tuple[str, np.ndarray]],
    extra: dict,
    truth: Path | None = None,
) -> None:
    """Write confusion.csv, confusions.csv, predictions/<capture>.png and, last, metrics.json (the truth of a run).

    ``predictions`` gives (capture name, class map (lines, samples)); each is scored against the capture's mask in
    ``truth``, at that mask's size, or against the mask at working size.
    """
    from boardbench.segmentation.overlay import overlay

    pictures = out / "predictions"
    fresh = out / ".predictions"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    confusions = {}
    for name, prediction in predictions:
        working = load_mask(reflectance, name)
        scored = load_mask(truth, name) if truth else working
        resized = resize_mask(prediction, scored.shape)
        confusions[name] = confusion_matrix(scored, resized, len(classes))
        wavelengths = json.loads((reflectance / f"{name}.json").read_text())["wavelengths"]
        cube = np.asarray(load_cube(reflectance, name), dtype=np.float32)
        overlay(cube, wavelengths, working, prediction, classes).save(fresh / f"{name}.png")
    shutil.rmtree(pictures, ignore_errors=True)
    fresh.rename(pictures)
    total = sum(confusions.values())
    write_confusion(out / "confusion.csv", total, classes)
    write_confusions(out / "confusions.csv", confusions, classes)
    result = {
        key: [_number(item) for item in value] if np.ndim(value) else _number(value)
        for key, value in scores(total).items()
    }
    write_json(
        out / "metrics.json",
        {
            "study": "segmentation",
            "dataset": dataset,
            "backbone": backbone,
            "strategy": strategy,
            "seed": seed,
            "classes": classes,
            "test_captures": len(confusions),
            "scores": result,
            **extra,
        },
    )


def mirror(out: Path, tracking: Path) -> None:
    """Show a run folder's final scores and pictures in MLflow; a run that is not there yet is made."""
    from boardbench.engine.tracking import Store, git_commit, identity

    metrics = json.loads((out / "metrics.json").read_text())
    key = {name: metrics[name] for name in ("dataset", "backbone", "strategy", "seed")}
    what = metrics.get("identity") or identity(**key)
    store = Store(tracking)
    run = store.find("segmentation", what) or store.start(
        "segmentation", f"{metrics['dataset']} {out.name}", what, {}, {**key, "git_commit": git_commit()}
    )
    results = metrics["scores"]
    flat = {f"test_{name}": results[name] for name in ("miou", "mf1", "kappa")}
    for name in ("iou", "f1"):
        flat |= {f"test_{name}_{label}": v for label, v in zip(metrics["classes"], results[name], strict=True)}
    pictures = sorted((out / "predictions").glob("*.png"))[:4]
    run.results(
        {name: value for name, value in flat.items() if value is not None},
        [out / "metrics.json", out / "confusion.csv", *pictures],
    )
    run.finish()


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
