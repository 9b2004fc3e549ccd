"""Scores of a run on the test part: one confusion matrix first, every score from it."""

import math
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from boardbench.artifacts import read, write
from boardbench.captures.artifacts import CaptureReport
from boardbench.captures.resize import resize_mask
from boardbench.engine.address import StoreAddress
from boardbench.files import atomic_write, sha256, write_json
from boardbench.segmentation.artifacts import SegmentationMetrics, SegmentationTraining
from boardbench.segmentation.data import captures_of, load_cube, load_mask
from boardbench.segmentation.leaks import check_fitted
from boardbench.segmentation.scores import confusion_matrix, read_confusion, scores, write_confusion, write_confusions

if TYPE_CHECKING:
    from torch import nn

    from boardbench.engine.tracking import Store
    from boardbench.segmentation.dataset import Cubes


def evaluate(
    *,
    split: Path,
    reflectance: Path,
    normalization: Path | None = None,
    reduction: Path | None = None,
    truth: Path | None = None,
    out: Path,
    tracking: StoreAddress | None = None,
    threads: int = 1,
) -> None:
    """Score the model of the run folder ``out`` on the test part.

    Writes confusion.csv, confusions.csv (one matrix a capture), metrics.json and predictions/ beside the model.

    Args:
        split: split.csv.
        reflectance: folder of cubes and masks at working size.
        normalization: normalization.npz that the run was trained with; none: bands as they are.
        reduction: fitted reduction, where the run's strategy has one.
        truth: folder of masks of another size, such as the captures' own; predictions are resized to them by the
            nearest pixel before they are scored. None: masks at working size.
        out: run folder with model.pt and training.json.
        tracking: MLflow store that shows the scores.
        threads: torch threads.

    Raises:
        BoardbenchError: normalization or reduction fitted on captures outside the training part.
    """
    from boardbench.engine.arithmetic import fix_arithmetic
    from boardbench.segmentation.dataset import Cubes
    from boardbench.segmentation.model import load

    fix_arithmetic(threads)
    training = read(out / "training.json", SegmentationTraining, "segmentation train")
    model = load(out)
    check_fitted([(normalization, "normalization"), (reduction, "reduction")], captures_of(split, "train"))
    names = captures_of(split, "test")
    write_run(
        out,
        **{name: getattr(training, name) for name in ("dataset", "backbone", "strategy", "seed")},
        classes=model.classes,
        reflectance=reflectance,
        truth=truth,
        predictions=predict(model.network, Cubes(reflectance, normalization, reduction), names, model.patch),
        extra={
            name: getattr(training, name)
            for name in ("normalization", "fingerprint", "data", "epochs", "kept_epoch", "parameters")
        },
    )
    if tracking:
        sync(runs=[out], tracking=tracking)


def predict(
    network: "nn.Module",
    cubes: "Cubes",
    names: list[str],
    patch: int | None = None,
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (capture name, class map (lines, samples) uint8), one capture at a time.

    With ``patch``, a capture is predicted patch by patch and put together again; padding falls away.
    """
    import torch

    from boardbench.segmentation.dataset import Patches, WholeCaptures

    def classes(inputs: torch.Tensor) -> np.ndarray:
        with torch.inference_mode():
            return network(inputs[None])[0].argmax(dim=0).to(torch.uint8).numpy()

    for name in names:
        if not patch:
            yield name, classes(WholeCaptures(cubes, [name])[0][0])
            continue
        patches = Patches(cubes, [name], patch)
        prediction = np.empty(cubes[name].mask.shape, np.uint8)
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
    confusions, audit = {}, None
    for name, prediction in predictions:
        working = load_mask(reflectance, name)
        scored = load_mask(truth, name) if truth else working
        resized = resize_mask(prediction, scored.shape)
        confusions[name] = confusion_matrix(scored, resized, len(classes))
        report = read(reflectance / f"{name}.json", CaptureReport, "reflectance")
        audit = audit or report.audit
        cube = np.asarray(load_cube(reflectance, name), dtype=np.float32)
        with atomic_write(fresh / f"{name}.png", record=True) as beside:
            overlay(cube, report.wavelengths, working, prediction, classes).save(beside)
    shutil.rmtree(pictures, ignore_errors=True)
    fresh.rename(pictures)
    total = sum(confusions.values())
    write_confusion(out / "confusion.csv", total, classes)
    write_confusions(out / "confusions.csv", confusions, classes)
    result = {
        key: [_number(item) for item in value] if np.ndim(value) else _number(value)
        for key, value in scores(total).items()
    }
    metrics = SegmentationMetrics(
        study="segmentation",
        dataset=dataset,
        backbone=backbone,
        strategy=strategy,
        seed=seed,
        classes=classes,
        test_captures=len(confusions),
        scores=result,
        **({"audit": audit} if audit else {}),
        **extra,
    )
    write(out / "metrics.json", metrics)


def sync(*, runs: list[Path], tracking: StoreAddress, out: Path | None = None) -> None:
    """Show the final scores and pictures of run folders in MLflow; a run that is not there yet is made.

    Args:
        runs: run folders with metrics.json.
        tracking: MLflow store.
        out: JSON written last: the run folders, each with the one it lies in, and the hash of what was synced.
    """
    from boardbench.engine.tracking import Store

    show(runs, Store(tracking))
    if out:
        write_json(
            out,
            {"runs": {"/".join(folder.parts[-2:]): sha256(folder / "metrics.json") for folder in runs}},
            record=True,
        )


def show(runs: list[Path], store: "Store") -> None:
    """Show run folders in an MLflow store."""
    from boardbench.engine.shown import show_run
    from boardbench.engine.tracking import fingerprint_of

    for folder in runs:
        metrics = read(folder / "metrics.json", SegmentationMetrics, "segmentation evaluate")
        key = {name: getattr(metrics, name) for name in ("dataset", "backbone", "strategy", "seed")}
        fingerprint = metrics.fingerprint or fingerprint_of(**key)
        word = folder.name
        if metrics.normalization:  # a network: named as its training names it
            key["normalization"] = metrics.normalization
            word = "{backbone}-{strategy}-{normalization}-seed{seed}".format(**key)
        if metrics.audit:
            key["audit"] = metrics.audit
            word = f"{word} audit {metrics.audit}"
        scored = metrics.scores
        flat = {f"test_{name}": getattr(scored, name) for name in ("miou", "mf1", "kappa")}
        for name in ("iou", "f1"):
            by_class = zip(metric_words(metrics.classes), getattr(scored, name), strict=True)
            flat |= {f"test_{name}_{label}": value for label, value in by_class}
        pictures = sorted((folder / "predictions").glob("*.png"))[:4]
        show_run(
            store,
            "segmentation",
            folder,
            name=f"{metrics.dataset} {word}",
            fingerprint=fingerprint,
            parameters=key,
            verb="segmentation evaluate",
            scores={name: value for name, value in flat.items() if value is not None},
            files=[folder / "metrics.json", folder / "confusion.csv", *pictures],
            confusion=_confusion(folder / "confusion.csv"),
        )


def _confusion(path: Path) -> tuple[list[list[int]], list[str]] | None:
    """Return what a run's confusion.csv holds, as plain numbers; None where there is none."""
    if not path.is_file():
        return None
    counts, classes = read_confusion(path)
    return counts.tolist(), classes


def metric_words(classes: list[str]) -> list[str]:
    """Return the classes' names as MLflow takes them in names of metrics: '-' for a sign it refuses; all differ."""
    words = [re.sub(r"[^\w .:-]", "-", name) for name in classes]
    return [f"{word}-{index}" if words.count(word) > 1 else word for index, word in enumerate(words)]


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
