"""The placement study's tables; same runs, same bytes. Paper 4 prints curves and no score, so none stands beside."""

import math
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from boardbench.artifacts import read, write
from boardbench.errors import BoardbenchError
from boardbench.files import write_json
from boardbench.params.placement import Tolerance
from boardbench.placement.artifacts import PlacementSamples, PlacementTraining
from boardbench.report.placement.artifacts import PlacementAbout
from boardbench.report.placement.differences import differences
from boardbench.report.placement.images import read_images
from boardbench.report.placement.runs import CORNERS, PARTS, Group, read_groups
from boardbench.report.runs import (
    AGAIN,
    given_settings,
    numbers,
    read_csv,
    read_history,
    run_name,
    runs_table,
)
from boardbench.report.writing import decimals, write_table

LABELS = {"simulate": "SIMULATED: rendered, not a result", "photos": "own photos"}
# Scores of placement.csv with their decimals, in column order.
SCORES = {
    "centre_mae_px": 4,
    "centre_mae_px_sd": 4,
    "centre_mae_mm": 4,
    "centre_worst_mm": 4,
    "corner_mae_px": 4,
    "rotation_mae_deg": 4,
    "rotation_worst_deg": 4,
    "false_accept_rate": 4,
    "false_reject_rate": 4,
    "auc": 4,
}
COUNTED = ("network", "width", "lines", "samples", "gmacs", "params_millions")
MEASURED = ("precision", "lines", "samples", "threads", "n", "p50_ms", "p99_ms", "limit_ms", "hardware")
TIMES = ("init", "loss", *MEASURED)
HISTORY = ("epoch", "train_loss", "validation_loss", "validation_centre")
CONVERGED = 0.1  # training has settled where the loss stays within a tenth of where it ends


def _rows(dataset: str, groups: list[Group], scores: dict[str, int]) -> pd.DataFrame:
    rows = []
    for group in groups:
        for part in (part for part in PARTS if part in group.scores[0]):
            row = {"dataset": dataset, "init": group.init, "loss": group.loss, "part": part}
            row["seeds"] = str(len(group.scores))
            row |= {key: f"{group.over_seeds(part, key):.0f}" for key in ("samples", "bad")}
            for score, digits in scores.items():
                name = score.removesuffix("_sd")
                value = group.spread(part, name) if name != score else group.over_seeds(part, score)
                row[score] = decimals(value, digits)
            rows.append(row)
    return pd.DataFrame(rows)


def _scores(dataset: str, groups: list[Group]) -> pd.DataFrame:
    frame = _rows(dataset, groups, SCORES)
    return frame.assign(centre_mae_published="")


def _runs(dataset: str, groups: list[Group], seeds: list[int]) -> pd.DataFrame:
    """Return the centre error of every run, on images of photos never seen and on chips really displaced."""
    scores = []
    for group in groups:
        for seed, parts in zip([0] if group.baseline else seeds, group.scores, strict=True):
            errors = {f"{part}_centre_mae_px": parts[part]["centre_mae_px"] for part in PARTS[1:] if part in parts}
            scores.append((f"{group.init}-{group.loss}", seed, errors))
    return runs_table(dataset, scores)


def _corners(dataset: str, groups: list[Group]) -> pd.DataFrame:
    frame = _rows(dataset, groups, dict.fromkeys(CORNERS, 4)).drop(columns="bad")
    return frame.rename(columns={corner: f"{corner}_mae_px" for corner in CORNERS})


def _complexity(dataset: str, path: Path) -> pd.DataFrame:
    """Return the counts as text: our network's, and that of paper 4's size and width."""
    verb = "placement complexity"
    frame = read_csv(path, verb, COUNTED)[list(COUNTED)]
    numbers(path, frame, COUNTED[1:], verb)
    if "ours" not in set(frame["network"]):
        raise BoardbenchError(f"{path}: no row for network ours. {AGAIN.format(verb=verb)}")
    frame.insert(0, "dataset", dataset)
    return frame


def _latency(dataset: str, path: Path) -> pd.DataFrame:
    """Return the measured times as text; a model is a run, or a baseline by its name."""
    frame = read_csv(path, "placement latency", ("model", *MEASURED))
    runs = [model.rsplit("-", 2) if model.count("-") >= 2 else (model, "none", "") for model in frame["model"]]
    frame = frame[list(MEASURED)]
    for place, name in enumerate(("init", "loss")):
        frame.insert(place, name, [run[place] for run in runs])
    frame.insert(0, "dataset", dataset)
    return frame


def convergence_epoch(history: pd.DataFrame) -> int:
    """Return the epoch from which the validation loss stays within a tenth of the median of its last tenth.

    The loss at an epoch is the median over the latest epochs, a twentieth of all, so that a single peak does not count.

    Args:
        history: columns epoch and validation_loss, as numbers.
    """
    count = len(history)
    loss = history["validation_loss"].rolling(max(1, count // 20), min_periods=1).median()
    end = history["validation_loss"].tail(max(1, count // 10)).median()
    above = loss > (1 + CONVERGED) * end
    last = int(above.to_numpy().nonzero()[0][-1]) + 1 if above.any() else 0
    return int(history["epoch"].iloc[min(last, count - 1)])


def _training(runs: Path, names: list[str]) -> dict[str, Any]:
    """Return the settings of the first run, and how many epochs all of them took."""
    if not names:
        return {}
    histories = [read_history(runs / name / "history.csv", "placement train", HISTORY) for name in names]
    training = read(runs / names[0] / "training.json", PlacementTraining, "placement train")
    return {
        "settings": training.settings,
        "epochs": median(len(history) for history in histories),
        "convergence_epoch": median(convergence_epoch(history) for history in histories),
    }


def _about(
    dataset: str, source: str, samples: Path, metadata: PlacementSamples, tolerance: Tolerance, **more: Any
) -> PlacementAbout:
    parts = read_csv(samples, "placement samples", ("part", "photo"))["part"]
    photos = metadata.photos
    # Validation images of the training photos are what paper 4 has; photos of their own are the stricter way.
    shared = bool(set(photos.get("train", [])) & set(photos.get("validation", [])) or not photos.get("validation"))
    return PlacementAbout(
        study="placement",
        dataset=dataset,
        source=source,
        label=LABELS[source],
        protocol="images" if shared else "photos",
        parts={
            part: {"photos": len(photos.get(part, [])), "images": int((parts == part).sum())}
            for part in ("train", *PARTS)
        },
        size=metadata.size,
        mm_per_pixel=metadata.mm_per_pixel,
        tolerance=tolerance.model_dump(mode="json"),
        synthesis=metadata.synthesis,
        **more,
    )


def _metrics(groups: list[Group]) -> dict[str, Any]:
    """Return init -> loss -> part -> score, without scores that there are none of."""
    nested: dict[str, Any] = {}
    for group in groups:
        parts = nested.setdefault(group.init, {}).setdefault(group.loss, {})
        for part in group.scores[0]:
            values = {key: group.over_seeds(part, key) for key in SCORES if not key.endswith("_sd")}
            parts[part] = {key: round(value, 4) for key, value in values.items() if not math.isnan(value)}
    return nested


def write_tables(
    *,
    dataset: str,
    source: str,
    init: list[str],
    losses: list[str],
    seeds: list[int],
    baselines: list[str] | None = None,
    runs: Path,
    samples: Path,
    complexity: Path,
    latency: Path | None = None,
    settings: str = "{}",
    tolerance: Tolerance,
    out: Path,
) -> None:
    """Put the runs of one data set of the placement study side by side, as CSV, Markdown and JSON.

    Reads only the runs that the arguments name: ``runs/<init>-<loss>-seed<k>`` (metrics.json, predictions.csv,
    history.csv, training.json) and, for a baseline, ``runs/<baseline>-none-seed0`` (metrics.json, predictions.csv).
    Errors are means over seeds, worst cases the worst over them; the spread is empty for one seed. A rate without
    boards of its kind is empty. Without ``latency`` there is no table of times.

    Raises:
        BoardbenchError: a run, row or field is missing, of another grid or of other images; names file and verb.
    """
    kept = given_settings(settings)
    groups = read_groups(runs, dataset, init, losses, seeds, baselines or [], tolerance)
    trained = [run_name(group.init, group.loss, seed) for group in groups if not group.baseline for seed in seeds]
    metadata = read(samples.with_suffix(".json"), PlacementSamples, "placement samples")
    compared = differences(groups, read_images(runs, groups, seeds, samples, metadata.mm_per_pixel))
    compared.insert(0, "dataset", dataset)
    made = {
        "placement": _scores(dataset, groups),
        "placement_corners": _corners(dataset, groups),
        "placement_runs": _runs(dataset, groups, seeds),
        "placement_differences": compared,
        "placement_complexity": _complexity(dataset, complexity),
    }
    if latency:
        made["placement_latency"] = _latency(dataset, latency)
    training = _training(runs, trained)
    about = _about(dataset, source, samples, metadata, tolerance, training=training, settings=kept)
    for name, frame in made.items():
        write_table(frame, out, name)
    write_json(out / "placement_metrics.json", _metrics(groups), record=True)
    write(out / "about.json", about)
