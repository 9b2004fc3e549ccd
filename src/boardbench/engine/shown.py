"""A finished run folder, shown in MLflow: what a training shows while it runs, from what it left on disk."""

import csv
import tempfile
from pathlib import Path
from typing import Any

from boardbench.artifacts import read
from boardbench.engine.artifacts import Training
from boardbench.engine.confusion import confusion_svg
from boardbench.engine.system import read_samples
from boardbench.engine.tracking import Run, Store
from boardbench.integrity import checked


def show_run(
    store: Store,
    study: str,
    folder: Path,
    *,
    name: str,
    fingerprint: str,
    parameters: dict[str, Any],
    verb: str,
    scores: dict[str, float],
    files: list[Path],
    confusion: tuple[list[list[int]], list[str]] | None = None,
) -> None:
    """Add a run's final scores and files to its entry; one that is missing, or did not end, is made from the folder.

    Args:
        store: to show it in.
        study: name of the experiment.
        folder: of the run, with training.json and history.csv where it was trained.
        name: of the entry.
        fingerprint: of the run.
        parameters: that runs are compared by; the settings in training.json are added.
        verb: that made the run, without "boardbench".
        scores: shown as metrics.
        files: copied.
        confusion: counts [truth][prediction] and the classes, shown as a picture.
    """
    run = store.find(study, fingerprint)
    if run is None or not run.finished:
        run = store.start(study, name, fingerprint, _settings(folder / "training.json", study) | parameters, verb)
        run.log(read_history(folder / "history.csv"))
        run.system(read_samples(folder))
    results_with_confusion(run, scores, files, confusion)
    run.finish()


def results_with_confusion(
    run: Run, scores: dict[str, float], files: list[Path], confusion: tuple[list[list[int]], list[str]] | None
) -> None:
    """Show final scores and files of a run, and its confusion matrix as a picture; see :func:`show_run`."""
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "confusion.svg"
        if confusion:
            picture.write_text(confusion_svg(*confusion), encoding="utf-8")
        run.results(scores, [*files, picture])


def _settings(path: Path, study: str) -> dict[str, Any]:
    """Return how a run was trained; nothing where it was not."""
    if not path.is_file():
        return {}
    training = read(path, Training, f"{study} train")
    pruned = {"pruning": training.pruning.name} if training.pruning else {}
    return training.settings | {"data": training.data} | pruned


def read_history(path: Path) -> list[dict[str, float]]:
    """Return the rows of history.csv, none where there is none; a fold's are named by it, empty cells left out."""
    if not path.is_file():
        return []
    rows = []
    with checked(path).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            fold = row.pop("fold", "")
            before = f"fold{int(float(fold))}_" if fold else ""
            shown = {f"{before}{name}": float(value) for name, value in row.items() if name != "epoch" and value}
            rows.append({"epoch": int(float(row["epoch"])), **shown})
    return rows
