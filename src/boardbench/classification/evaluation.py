"""Finished runs, shown in MLflow: the files are the truth."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from boardbench.errors import BoardbenchError
from boardbench.files import sha256, write_json

VERBS = {"baseline": "baseline", "numpy_network": "numpy-network", "network": "train", "pruned": "prune"}
"""Kind of a run -> the verb that makes it."""
TRAINED = ("network", "pruned")
_SHOWN = ("accuracy", "precision", "recall", "f_score", "low", "high")


def sync(*, runs: list[Path], tracking: Path, out: Path | None = None) -> None:
    """Show finished runs in MLflow's experiment "classification".

    Scores are metrics; those of a baseline have its k as their step. A network has its history too. A run that is
    synced again replaces its former entry; networks in PyTorch, which show themselves while they train, are left as
    they are where they stand there.

    Args:
        runs: run folders with metrics.json.
        tracking: MLflow store.
        out: JSON written last: the run folders and the hash of what was synced.

    Raises:
        BoardbenchError: a folder without metrics.json, or with one that this study did not write.
    """
    from boardbench.engine.tracking import Store, fingerprint_of

    read = [(folder, _metrics(folder)) for folder in runs]
    store, shown = Store(tracking), {}
    for folder, metrics in read:
        kind = metrics["kind"]
        title = f"{folder.name}-{metrics['pruning']['name']}" if kind == "pruned" else folder.name
        shown[title] = sha256(folder / "metrics.json")
        key = {"dataset": metrics["dataset"], "kind": kind, "run": title}
        fingerprint = metrics.get("fingerprint") or fingerprint_of(**key, study="classification")
        if kind in TRAINED and store.find("classification", fingerprint):
            continue
        run = store.start(
            "classification",
            f"{metrics['dataset']} {title}",
            fingerprint,
            key | _parameters(metrics),
            f"classification {VERBS[kind]}",
        )
        if kind == "baseline":
            run.log(
                [
                    {"epoch": scored["k"] or 0, **{f"test_{name}": scored[name] for name in _SHOWN}}
                    for scored in metrics["scores"]
                ]
            )
            run.results({}, _files(folder))
        else:
            run.log(_history(folder / "history.csv"))
            run.results({f"test_{name}": metrics["scores"][name] for name in _SHOWN}, _files(folder))
        run.finish()
    if out:
        write_json(out, {"runs": shown})


def _metrics(folder: Path) -> dict[str, Any]:
    """Read metrics.json of a run folder."""
    path = folder / "metrics.json"
    again = "Make the run again by running snakemake, or with its verb of `boardbench classification`."
    if not path.is_file():
        raise BoardbenchError(f"{path}: missing. {again}")
    try:
        metrics = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BoardbenchError(f"{path}: not readable ({error}). {again}") from None
    known = isinstance(metrics, dict) and metrics.get("study") == "classification"
    if not known or metrics.get("kind") not in VERBS:
        raise BoardbenchError(f"{path}: study or kind is not one of the classification study. {again}")
    return metrics


def _parameters(metrics: dict[str, Any]) -> dict[str, Any]:
    """Return what a run is: all single values of metrics.json, and the settings of a run in NumPy."""
    left_out = ("study", "kind", "dataset", "epochs")
    single = {
        name: value
        for name, value in metrics.items()
        if isinstance(value, str | int | float | None) and name not in left_out
    }
    return {**single, **metrics.get("settings", {})}


def _history(path: Path) -> list[dict[str, float]]:
    """Return the rows of history.csv; those of a fold are named by it. Empty cells are left out."""
    rows = []
    for row in pd.read_csv(path).to_dict("records"):
        fold = row.pop("fold", None)
        before = f"fold{int(fold)}_" if fold is not None and fold == fold else ""
        shown = {f"{before}{name}": value for name, value in row.items() if name != "epoch" and value == value}
        rows.append({"epoch": int(row["epoch"]), **shown})
    return rows


def _files(folder: Path) -> list[Path]:
    return [path for name in ("metrics.json", "predictions.csv", "history.csv") if (path := folder / name).is_file()]
