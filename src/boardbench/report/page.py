"""The report page: one self-contained HTML file rendered from what lies in reports/, nothing else."""

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd

from boardbench.errors import BoardbenchError
from boardbench.files import whole
from boardbench.report.charts import pretty
from boardbench.report.classification_page import classification_dataset
from boardbench.report.ledger.classified import DATASETS as CIFAR10
from boardbench.report.ledger.evidence import read_evidence
from boardbench.report.ledger.ledger import COLUMNS, RUN, checks, summary
from boardbench.report.pareto import COLUMNS as PARETO
from boardbench.report.placement_page import placement_dataset
from boardbench.report.runs import read_csv, read_json, study_of
from boardbench.report.sentences import (
    against_floors,
    benchmark,
    comparisons,
    signed,
    summary_backbone,
    under_budget,
    why_pca_loses,
)

TEMPLATES = Path(__file__).parent / "templates"
DEFAULT_DATASETS = ("simulated", "simulated-photos", "digits")
BENCHMARKS = ("name", "rival", "unit", "ours_median", "rival_median", "ratio", "target", "floor", "n", "hardware")


def _shown(text: str, digits: int = 3) -> str:
    """Return a number of a CSV cell with fewer decimals for reading; an empty cell is a dash."""
    return f"{float(text):.{digits}f}" if text else "\N{EN DASH}"


def _significant(text: str) -> str:
    """Return a number of a CSV cell with three significant digits and no exponent; an empty cell is a dash."""
    if not text:
        return "\N{EN DASH}"
    value = float(text)
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}" if value else "0"


def _by_class(frame: pd.DataFrame, metric: str) -> list[dict[str, Any]]:
    """Return one row a network and strategy, with a (score, spread, published) cell a class."""
    rows = []
    for (backbone, strategy), group in frame.groupby(["backbone", "strategy"], sort=False):
        cells = zip(group[metric], group[f"{metric}_sd"], group[f"{metric}_published"], strict=True)
        rows.append({"backbone": backbone, "strategy": strategy, "cells": list(cells)})
    return rows


def _segmentation(reports: Path, name: str, about: dict[str, Any]) -> dict[str, Any]:
    """Gather what the page shows of one data set of the segmentation study; without figures it has none."""
    folder = reports / "tables" / name
    missing = [key for key in ("label", "source", "classes", "bands", "working_sizes", "parts") if key not in about]
    if missing:
        raise BoardbenchError(
            f"{folder / 'about.json'}: field {', '.join(missing)} is missing. "
            "Publish the dataset again, or delete the folder if it is an old one."
        )
    mean = read_csv(
        folder / "segmentation_mean.csv",
        "segmentation tables",
        (
            "backbone",
            "strategy",
            "seeds",
            "miou",
            "miou_sd",
            "miou_low",
            "miou_high",
            "mf1",
            "mf1_sd",
            "miou_published",
            "mf1_published",
        ),
    )
    by_class = read_csv(
        folder / "segmentation_class_mean.csv",
        "segmentation tables",
        ("backbone", "strategy", "class", "iou", "iou_sd", "f1", "f1_sd", "f1_published", "iou_published"),
    )
    differences = read_csv(
        folder / "segmentation_differences.csv",
        "segmentation tables",
        ("backbone", "strategy", "against", "metric", "scenes", "difference", "low", "high", "covers", "shown"),
    )
    answered = comparisons(differences, summary_backbone(differences))
    backbones = list(dict.fromkeys(differences["backbone"]))
    times = folder / "segmentation_latency.csv"
    figures = reports / "figures" / name / "segmentation_figures.json"
    pictures = []
    if figures.is_file():
        pictures = [entry | {"src": f"figures/{name}/{entry['file']}"} for entry in json.loads(figures.read_text())]
    charts = {entry["file"]: entry for entry in pictures if not entry["file"].startswith("segmentation_prediction_")}
    exported = folder / "segmentation_pareto.csv"
    line = read_csv(exported, "segmentation tables", tuple(PARETO)) if exported.is_file() else None
    records = {
        key: read_csv(folder / f"segmentation_{key}.csv", "segmentation tables", ("dataset",)).to_dict("records")
        for key in ("complexity", "reduction", "captures")
    }
    return {
        "name": name,
        "about": about,
        "verdict": against_floors(mean),
        "mean": mean.to_dict("records"),
        "has_published": bool((mean["miou_published"] != "").any()),
        "many_seeds": bool((mean["seeds"] != "1").any()),
        "iou": _by_class(by_class, "iou"),
        "f1": _by_class(by_class, "f1"),
        "comparisons": answered,
        "comparisons_by_backbone": {name: comparisons(differences, name) for name in backbones},
        "why_pca_loses": why_pca_loses(answered),
        "latency": read_csv(times, "segmentation tables", ("dataset",)).to_dict("records") if times.is_file() else [],
        "line": [] if line is None else line.to_dict("records"),
        "under_budget": [] if line is None else under_budget(line),
        "line_chart": charts.pop("segmentation_pareto.svg", None),
        "charts": list(charts.values()),
        "predictions": [entry for entry in pictures if entry["file"].startswith("segmentation_prediction_")],
        **records,
    }


def _ledger(reports: Path) -> dict[str, Any] | None:
    """Gather what the page shows of the ledger; None where there is none."""
    path = reports / "tables" / "reproduction.csv"
    if not path.is_file():
        return None
    rows = read_csv(path, "ledger", COLUMNS).to_dict("records")
    trained = any(row["ours"] and row["command"] in (RUN, *CIFAR10.values()) for row in rows)
    return summary(rows) | {"checks": checks(read_evidence(reports)), "trained": trained}


def _benchmarks(reports: Path) -> list[dict[str, str]]:
    """Gather the rows of the benchmark table with their verdicts; none where there is no table.

    Raises:
        BoardbenchError: a column is missing, or a cell is not a number.
    """
    path = reports / "tables" / "benchmarks.csv"
    if not path.is_file():
        return []
    rows = pd.read_csv(path, dtype=str, keep_default_na=False).to_dict("records")
    try:
        for row in rows:
            for name in BENCHMARKS[3:-2]:
                float(row[name] or 0)
        return [benchmark({name: row[name] for name in BENCHMARKS}) for row in rows]
    except (KeyError, ValueError) as error:
        raise BoardbenchError(
            f"{path}: a column is missing or a cell is not a number ({error}). Make it again with 'make bench'."
        ) from None


def _percent(text: str) -> str:
    """Return a share of a CSV cell in percent with one decimal; an empty cell is a dash."""
    return f"{100 * float(text):.1f}" if text else "\N{EN DASH}"


SECTIONS = {"segmentation": _segmentation, "placement": placement_dataset, "classification": classification_dataset}


def _studies(reports: Path) -> dict[str, list[dict[str, Any]]]:
    """Return study -> data sets, the default one first; a study without any is left out."""
    names = sorted(path.parent.name for path in reports.glob("tables/*/about.json"))
    names.sort(key=lambda name: name not in DEFAULT_DATASETS)
    studies: dict[str, list[dict[str, Any]]] = {study: [] for study in SECTIONS}
    for name in names:
        path = reports / "tables" / name / "about.json"
        about = read_json(path, "publish")
        study = study_of(about, path)
        studies[study].append(SECTIONS[study](reports, name, about))
    return {study: datasets for study, datasets in studies.items() if datasets}


def render(reports: Path) -> None:
    """Write ``reports/index.html``: studies with every dataset in ``reports/tables``, then benchmarks and ledger.

    The page needs no script and no outside resource; pictures are relative files of ``reports/figures``.
    A page of equal content is not touched.

    Raises:
        BoardbenchError: a published table is missing or broken.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        newline_sequence="\n",
    )
    environment.filters |= {"shown": _shown, "significant": _significant, "signed": signed, "pretty": pretty}
    environment.filters |= {"percent": _percent}
    template = environment.get_template("index.html.j2")
    html = template.render(studies=_studies(reports), benchmarks=_benchmarks(reports), ledger=_ledger(reports)) + "\n"
    page = reports / "index.html"
    if not page.is_file() or page.read_text(encoding="utf-8") != html:
        with whole(page) as temporary:
            temporary.write_text(html, encoding="utf-8", newline="\n")
