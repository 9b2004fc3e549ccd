"""Scores of a run on the test images, and finished runs shown in MLflow: the files are the truth."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from boardbench.artifacts import read, write
from boardbench.classification.artifacts import KINDS, ClassificationTraining, NetworkMetrics, RunMetrics
from boardbench.classification.data import read_samples
from boardbench.engine.address import StoreAddress
from boardbench.files import sha256, write_json, write_text

if TYPE_CHECKING:
    from boardbench.engine.tracking import Store

VERBS = {"baseline": "baseline", "numpy_network": "numpy-network", "network": "train", "pruned": "prune"}
"""Kind of a run -> the verb that makes it."""
TRAINED = ("network", "pruned")
_SHOWN = ("accuracy", "precision", "recall", "f_score", "low", "high")


def evaluate(*, samples: Path, out: Path, tracking: StoreAddress | None = None, threads: int = 1) -> None:
    """Score the model of the run folder ``out`` on the test images.

    Writes predictions.csv and, last, metrics.json (the truth of a run) beside the model. Labels are those of the data
    set, where the run knows some of its classes only.

    Args:
        samples: samples.csv, with samples.json and images.npy beside it.
        out: run folder with model.pt and training.json.
        tracking: MLflow store that shows the scores.
        threads: torch threads.

    Raises:
        BoardbenchError: no run, or images that are not of its data set.
    """
    from boardbench.classification.dataset import parts_of
    from boardbench.classification.model import load
    from boardbench.classification.scores import scores
    from boardbench.engine.arithmetic import fix_arithmetic

    fix_arithmetic(threads)
    training = read(out / "training.json", ClassificationTraining, "classification train")
    model, given = load(out), read_samples(samples)
    model.check(given, samples)
    settings = model.settings
    where = f"{samples}, run {model.name}"
    parts = parts_of(given, model.classes, settings["validation"], model.seed, where, settings["train_images"])
    truth, predicted = parts.test.labels.numpy(), model.predict(parts.test.images)
    table = pd.DataFrame({"sample": parts.numbers, "label": truth, "predicted": predicted})
    positions = np.array([given.classes.index(name) for name in model.classes])
    table[["label", "predicted"]] = positions[table[["label", "predicted"]]]
    write_text(out / "predictions.csv", table.to_csv(index=False), record=True)
    told, scored = training.model_dump(), scores(truth, predicted, len(model.classes))
    write(out / "metrics.json", KINDS[training.kind](**told, test_images=len(truth), scores=scored))
    if tracking:
        sync(runs=[out], tracking=tracking)


def sync(*, runs: list[Path], tracking: StoreAddress, out: Path | None = None) -> None:
    """Show finished runs in MLflow's experiment "classification".

    Scores are metrics; those of a baseline have its k as their step. A network has its history too. A run that is
    synced again replaces its former entry; networks in PyTorch, which show themselves while they train, get their
    scores.

    Args:
        runs: run folders with metrics.json.
        tracking: MLflow store.
        out: JSON written last: the run folders and the hash of what was synced.

    Raises:
        BoardbenchError: a folder without metrics.json, or with one that this study did not write.
    """
    from boardbench.engine.tracking import Store

    titles = {_title(folder, _metrics(folder)): folder for folder in runs}
    show(runs, Store(tracking))
    if out:
        write_json(
            out, {"runs": {title: sha256(folder / "metrics.json") for title, folder in titles.items()}}, record=True
        )


def _title(folder: Path, metrics: RunMetrics) -> str:
    return f"{folder.name}-{metrics.pruning.name}" if metrics.kind == "pruned" else folder.name


def show(runs: list[Path], store: "Store") -> None:
    """Show run folders in an MLflow store."""
    from boardbench.engine.shown import read_history, results_with_confusion
    from boardbench.engine.system import read_samples
    from boardbench.engine.tracking import fingerprint_of

    for folder in runs:
        metrics = _metrics(folder)
        kind, title = metrics.kind, _title(folder, metrics)
        key = {"dataset": metrics.dataset, "kind": kind, "run": title}
        fingerprint = getattr(metrics, "fingerprint", None) or fingerprint_of(**key, study="classification")
        found = store.find("classification", fingerprint) if kind in TRAINED else None
        shown_before = found if found and found.finished else None
        run = shown_before or store.start(
            "classification",
            f"{metrics.dataset} {title}",
            fingerprint,
            key | _parameters(metrics.model_dump()),
            f"classification {VERBS[kind]}",
        )
        if kind == "baseline":
            run.log(
                [
                    {"epoch": scored.k or 0, **{f"test_{name}": getattr(scored, name) for name in _SHOWN}}
                    for scored in metrics.scores
                ]
            )
            run.results({}, _files(folder))
        else:
            if not shown_before:
                run.log(read_history(folder / "history.csv"))
                run.system(read_samples(folder))
            found = {f"test_{name}": getattr(metrics.scores, name) for name in _SHOWN}
            results_with_confusion(run, found, _files(folder), _confusion(metrics))
        run.finish()


def _confusion(metrics: Any) -> tuple[list[list[int]], list[str]] | None:
    """Return the confusion matrix of a trained run and its classes, by their numbers where their names are not told."""
    counts = getattr(metrics.scores, "confusion", None)
    if not counts:
        return None
    names = getattr(metrics, "classes", None) or []
    return counts, list(names) if len(names) == len(counts) else [str(number) for number in range(len(counts))]


def _metrics(folder: Path) -> Any:
    """Read metrics.json of a run folder, by its kind."""
    path, verb = folder / "metrics.json", "classification evaluate"
    return read(path, KINDS.get(read(path, RunMetrics, verb).kind, NetworkMetrics), verb)


def _parameters(metrics: dict[str, Any]) -> dict[str, Any]:
    """Return what a run is: all single values of metrics.json, and the settings of a run in NumPy."""
    left_out = ("study", "kind", "dataset", "epochs")
    single = {
        name: value
        for name, value in metrics.items()
        if isinstance(value, str | int | float | None) and name not in left_out
    }
    return {**single, **metrics.get("settings", {})}


def _files(folder: Path) -> list[Path]:
    return [path for name in ("metrics.json", "predictions.csv", "history.csv") if (path := folder / name).is_file()]
