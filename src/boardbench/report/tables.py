"""The segmentation study's tables: ours beside the published numbers; same runs, same bytes."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from boardbench.errors import BoardbenchError
from boardbench.files import whole, write_json, write_text
from boardbench.params import Complexity
from boardbench.report.runs import SCORES, grid, read_csv, read_json, read_scores
from boardbench.segmentation.data import PARTS, read_split

PAPER_CLASSES = ["others", "ic", "capacitor", "connectors"]
PAPER_COUNTED = Complexity(size=(640, 640), width=64, bands=214)
PAPER_VARIANCE = {"pca3": "98.7"}  # percent kept by three components, text of paper 1
LABELS = {
    "simulate": "SIMULATED: physics, not a result",
    "indian_pines": "Indian Pines: a real AVIRIS scene of fields, not circuit boards; blocks play the scenes",
    "captures": "own captures",
}


def _text(value: float, digits: int) -> str:
    """Return a fixed number of decimals; NaN is an empty cell."""
    return "" if np.isnan(value) else f"{value:.{digits}f}"


def _write(frame: pd.DataFrame, out: Path, name: str) -> None:
    """Write a table of strings as CSV and Markdown, each whole or not at all."""
    with whole(out / f"{name}.csv") as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n")
    markdown = frame.to_markdown(index=False, disable_numparse=True) if len(frame) else "No rows."
    write_text(out / f"{name}.md", markdown + "\n")


def _published_scores(published: Path, classes: list[str]) -> dict[tuple[str, str, str], dict[str, str]]:
    """Return (backbone, strategy, metric) -> column -> text; empty for other classes than the paper's."""
    if classes != PAPER_CLASSES:
        return {}
    path = published / "segmentation_scores.csv"
    if not path.is_file():
        raise BoardbenchError(f"{path}: no such file. It is part of the repository: git checkout -- {path}")
    frame = read_csv(path, "tables", ("backbone", "strategy", "metric", *PAPER_CLASSES, "mean"))
    return {(row["backbone"], row["strategy"], row["metric"]): row for row in frame.to_dict("records")}


def _per_class(
    dataset: str, scores: dict[tuple[str, str, int], dict], classes: list[str], printed: dict
) -> pd.DataFrame:
    rows = []
    for (backbone, strategy, seed), score in scores.items():
        for index, name in enumerate(classes):
            row = {
                "dataset": dataset,
                "backbone": backbone,
                "strategy": strategy,
                "seed": str(seed),
                "class": name,
            }
            row |= {key: _text(score[key][index], 4) for key in SCORES}
            for metric in ("f1", "iou"):
                row[f"{metric}_published"] = printed.get((backbone, strategy, metric), {}).get(name, "")
            rows.append(row)
    return pd.DataFrame(rows)


def _mean(dataset: str, scores: dict[tuple[str, str, int], dict], printed: dict) -> pd.DataFrame:
    rows = []
    for backbone, strategy in dict.fromkeys(key[:2] for key in scores):
        group = [score for key, score in scores.items() if key[:2] == (backbone, strategy)]
        row = {"dataset": dataset, "backbone": backbone, "strategy": strategy, "seeds": str(len(group))}
        for metric in ("miou", "mf1"):
            values = np.array([score[metric] for score in group])
            row[metric] = _text(values.mean(), 4)
            # One run has no spread: an empty cell, not 0.
            row[f"{metric}_sd"] = _text(values.std(ddof=1), 4) if len(values) > 1 else ""
        for metric in ("iou", "f1"):
            row[f"m{metric}_published"] = printed.get((backbone, strategy, metric), {}).get("mean", "")
        rows.append(row)
    return pd.DataFrame(rows)


def _complexity(
    dataset: str,
    path: Path,
    backbones: list[str],
    strategies: list[str],
    counted: Complexity,
    published: Path,
    classes: list[str],
) -> pd.DataFrame:
    numbers = ("gmacs", "gmacs_published_convention", "params_millions")
    ours = read_csv(path, "complexity", ("backbone", "strategy", *numbers))
    ours = {(row["backbone"], row["strategy"]): row for row in ours.to_dict("records")}
    printed: dict[tuple[str, str], dict] = {}
    if counted == PAPER_COUNTED and len(classes) == len(PAPER_CLASSES):
        file = published / "segmentation_complexity.csv"
        if not file.is_file():
            raise BoardbenchError(f"{file}: no such file. It is part of the repository: git checkout -- {file}")
        columns = ("backbone", "strategy", "gmacs_published", "params_millions_published")
        frame = read_csv(file, "tables", columns)
        printed = {(row["backbone"], row["strategy"]): row for row in frame.to_dict("records")}
    rows = []
    for key in ((backbone, strategy) for backbone in backbones for strategy in strategies):
        if key not in ours:
            raise BoardbenchError(
                f"{path}: no row for backbone {key[0]}, strategy {key[1]}. "
                "Make it again with 'boardbench segmentation complexity'."
            )
        row = {"dataset": dataset, "backbone": key[0], "strategy": key[1]}
        for name, digits in zip(numbers, (4, 4, 3), strict=True):
            try:
                row[name] = _text(float(ours[key][name] or "nan"), digits)
            except ValueError:
                raise BoardbenchError(
                    f"{path}: {name} of {key[0]}, {key[1]} is {ours[key][name]!r}, not a number. "
                    "Delete it and make it again with 'boardbench segmentation complexity'."
                ) from None
        row |= {name: printed.get(key, {}).get(name, "") for name in ("gmacs_published", "params_millions_published")}
        rows.append(row)
    return pd.DataFrame(rows)


def _reduction(dataset: str, folder: Path | None, strategies: list[str], fit: str, classes: list[str]) -> pd.DataFrame:
    columns = ["dataset", "strategy", "fit", "components", "explained_variance_percent"]
    columns.append("explained_variance_percent_published")
    rows = []
    for strategy in (name for name in strategies if name.startswith("pca")):
        path = (folder or Path("reduction")) / f"{strategy}.npz"
        if folder is None or not path.is_file():
            raise BoardbenchError(
                f"{path}: no such file, but strategy {strategy} is in the table. "
                "Make it with 'boardbench segmentation reduction' and name its folder with --reduction."
            )
        with np.load(path, allow_pickle=False) as fitted:
            ratio = np.atleast_2d(fitted["explained_variance_ratio"]).astype(np.float64)
        # One row when fitted on the training part; one a capture when fitted cube by cube: their mean.
        percent = 100 * ratio.sum(axis=1).mean()
        printed = PAPER_VARIANCE.get(strategy, "") if classes == PAPER_CLASSES else ""
        rows.append([dataset, strategy, fit, str(ratio.shape[1]), _text(percent, 2), printed])
    return pd.DataFrame(rows, columns=columns)


# Counts of a capture's report: values of kept bands in all, and those that something is wrong with.
COUNTS = ("values", "invalid", "saturated", "white_saturated", "clipped_low", "clipped_high")


def _captures(dataset: str, split: pd.DataFrame, reports: dict[str, dict], reflectance: Path) -> pd.DataFrame:
    rows = []
    for scene, condition, part in split[["scene", "condition", "part"]].itertuples(index=False):
        name = f"{scene}_{condition}"
        row = {"dataset": dataset, "scene": scene, "condition": condition, "part": part}
        for key in COUNTS:
            # Saturation is unknown (null) where the capture came as reflectance.
            if not isinstance(reports[name].get(key, ""), int | None):
                raise BoardbenchError(
                    f"{reflectance / name}.json: field {key} is missing or not a whole number. "
                    "Delete it and make it again with 'boardbench reflectance'."
                )
        row |= {key: reports[name]["original"][key] for key in ("lines", "samples")}
        row["bands"] = reports[name]["working"]["bands"]
        row |= {key: reports[name][key] for key in COUNTS}
        rows.append(row)
    return pd.DataFrame(rows)


def _about(
    dataset: str, source: str, classes: list[str], split: pd.DataFrame, reports: dict[str, dict]
) -> dict[str, Any]:
    sizes = sorted({(report["working"]["lines"], report["working"]["samples"]) for report in reports.values()})
    counts = {}
    for part in PARTS:
        rows = split[split["part"] == part]
        counts[part] = {"scenes": rows["scene"].nunique(), "captures": len(rows)}
    return {
        "dataset": dataset,
        "source": source,
        "label": LABELS[source],
        "classes": classes,
        "bands": sorted({report["working"]["bands"] for report in reports.values()}),
        "working_sizes": [list(size) for size in sizes],
        "parts": counts,
    }


def tables(
    *,
    dataset: str,
    source: str,
    classes: list[str],
    backbones: list[str],
    strategies: list[str],
    seeds: list[int],
    floors: list[str] | None = None,
    runs: Path,
    complexity: Path,
    counted: Complexity,
    split: Path,
    reflectance: Path,
    reduction: Path | None = None,
    fit: str = "train",
    published: Path,
    out: Path,
) -> None:
    """Put the runs of one dataset beside the published numbers, as CSV, Markdown and JSON.

    Reads only the runs that the arguments name: ``runs/<backbone>-<strategy>-seed<k>/metrics.json`` and,
    for a floor, ``runs/<floor>-none-seed0/metrics.json``. Scores have 4 decimals, GMACs 4, millions of
    parameters 3, variance (percent) 2. Published numbers stand as printed, and only where they are
    comparable: scores where the classes are the paper's, cost where the counted input is the paper's
    (640 x 640, 214 bands, width 64, 4 classes).

    Args:
        dataset: first column of every table.
        source: simulate, indian_pines or captures; decides the label.
        classes: class names, in the order of the confusion matrices.
        backbones: networks, in table order.
        strategies: input strategies, in table order.
        seeds: one run a seed; the spread is empty for a single one.
        floors: rivals without a network, last in the tables.
        runs: folder of the runs.
        complexity: the dataset's complexity.csv.
        counted: size, width and bands that complexity.csv was counted with.
        split: the dataset's split.csv.
        reflectance: folder of the captures' JSON reports.
        reduction: folder of the fitted reductions; needed where a strategy is a PCA.
        fit: what the reductions were fitted on (train or cube).
        published: folder of the published numbers (reports/published).
        out: folder that receives the tables.

    Raises:
        BoardbenchError: a run, row or field is missing or of another grid; names the file and its verb.
    """
    if source not in LABELS:
        raise BoardbenchError(f"--source {source}: not known. Valid: {', '.join(LABELS)}.")
    scores = {key: read_scores(runs, *key, classes=classes) for key in grid(backbones, strategies, seeds, floors or [])}
    printed = _published_scores(published, classes)
    parts = read_split(split)
    reports = {
        name: read_json(reflectance / f"{name}.json", "reflectance")
        for name in parts["scene"] + "_" + parts["condition"]
    }
    mean = _mean(dataset, scores, printed)
    made = {
        "segmentation_complexity": _complexity(dataset, complexity, backbones, strategies, counted, published, classes),
        "segmentation_per_class": _per_class(dataset, scores, classes, printed),
        "segmentation_mean": mean,
        "segmentation_reduction": _reduction(dataset, reduction, strategies, fit, classes),
        "segmentation_captures": _captures(dataset, parts, reports, reflectance),
    }
    for name, frame in made.items():
        _write(frame, out, name)
    nested: dict[str, dict] = {}
    for row in mean.to_dict("records"):
        values = {key: float(row[key]) for key in ("miou", "mf1") if row[key]}
        nested.setdefault(row["backbone"], {})[row["strategy"]] = values
    write_json(out / "segmentation_metrics.json", nested)
    write_json(out / "about.json", _about(dataset, source, classes, parts, reports))
