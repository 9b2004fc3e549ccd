"""The report page: one self-contained HTML file rendered from what lies in reports/, nothing else."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from boardbench.errors import BoardbenchError
from boardbench.files import whole
from boardbench.report.charts import pretty
from boardbench.report.runs import read_csv, read_json

TEMPLATE = Path(__file__).parent / "templates" / "index.html.j2"
DEFAULT_DATASET = "simulated"


def against_floors(mean: pd.DataFrame) -> str:
    """Return the sentence that names each trained network whose mean IoU does not beat every floor.

    Args:
        mean: the mean table as text (columns backbone, strategy, miou); floors have strategy ``none``.
            An empty score beats nothing.
    """
    scores = pd.to_numeric(mean["miou"], errors="coerce")
    floor = mean["strategy"] == "none"
    if not floor.any():
        return "No floor was run on this data, so nothing says what these scores are worth."
    if scores[floor].isna().any():
        return "A floor has no score on this data, so nothing says what these scores are worth."
    best = scores[floor].max()
    name = pretty(str(mean["backbone"][scores[floor].idxmax()]))
    measure = f"the highest floor ({name}, mean IoU {best:.3f})"
    losers = [
        f"{pretty(row.backbone)} with {pretty(row.strategy)} ({'no score' if pd.isna(score) else f'{score:.3f}'})"
        for row, score in zip(mean[~floor].itertuples(), scores[~floor], strict=True)
        if not score > best
    ]
    count = int((~floor).sum())
    if not losers:
        return f"Every trained network ({count}) beats {measure} on this data."
    return f"{len(losers)} of {count} trained networks do not beat {measure} on this data: {'; '.join(losers)}."


def _shown(text: str, digits: int = 3) -> str:
    """Return a number of a CSV cell with fewer decimals for reading; an empty cell is a dash."""
    return f"{float(text):.{digits}f}" if text else "\N{EN DASH}"


def _by_class(frame: pd.DataFrame, metric: str) -> list[dict[str, Any]]:
    """Return one row a run, with a (score, published) pair a class."""
    rows = []
    for (backbone, strategy, seed), group in frame.groupby(["backbone", "strategy", "seed"], sort=False):
        cells = zip(group[metric], group[f"{metric}_published"], strict=True)
        rows.append({"backbone": backbone, "strategy": strategy, "seed": seed, "cells": list(cells)})
    return rows


def _dataset(reports: Path, name: str) -> dict[str, Any]:
    """Gather what the page shows of one dataset; without figures it has none."""
    folder = reports / "tables" / name
    about = read_json(folder / "about.json", "tables")
    missing = [key for key in ("label", "source", "classes", "bands", "working_sizes", "parts") if key not in about]
    if missing:
        raise BoardbenchError(
            f"{folder / 'about.json'}: field {', '.join(missing)} is missing. "
            "Publish the dataset again, or delete the folder if it is an old one."
        )
    mean = read_csv(
        folder / "segmentation_mean.csv",
        "tables",
        (
            "backbone",
            "strategy",
            "seeds",
            "miou",
            "miou_sd",
            "mf1",
            "mf1_sd",
            "miou_published",
            "mf1_published",
        ),
    )
    per_class = read_csv(
        folder / "segmentation_per_class.csv",
        "tables",
        ("backbone", "strategy", "seed", "class", "f1", "iou", "f1_published", "iou_published"),
    )
    figures = reports / "figures" / name / "segmentation_figures.json"
    pictures = []
    if figures.is_file():
        pictures = [entry | {"src": f"figures/{name}/{entry['file']}"} for entry in json.loads(figures.read_text())]
    records = {
        key: read_csv(folder / f"segmentation_{key}.csv", "tables", ("dataset",)).to_dict("records")
        for key in ("complexity", "reduction", "captures")
    }
    return {
        "name": name,
        "about": about,
        "verdict": against_floors(mean),
        "mean": mean.to_dict("records"),
        "has_published": bool((mean["miou_published"] != "").any()),
        "many_seeds": bool((mean["seeds"] != "1").any()),
        "iou": _by_class(per_class, "iou"),
        "f1": _by_class(per_class, "f1"),
        "charts": [entry for entry in pictures if not entry["file"].startswith("segmentation_prediction_")],
        "predictions": [entry for entry in pictures if entry["file"].startswith("segmentation_prediction_")],
        **records,
    }


def render(reports: Path) -> None:
    """Write ``reports/index.html`` from every dataset in ``reports/tables``, the default one first.

    The page needs no script and no outside resource; pictures are relative files of ``reports/figures``.
    A page of equal content is not touched.

    Raises:
        BoardbenchError: a published table is missing or broken.
    """
    import jinja2

    names = sorted(path.parent.name for path in reports.glob("tables/*/about.json"))
    names.sort(key=lambda name: name != DEFAULT_DATASET)
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        newline_sequence="\n",
    )
    environment.filters |= {"shown": _shown, "pretty": pretty}
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    html = template.render(datasets=[_dataset(reports, name) for name in names]) + "\n"
    page = reports / "index.html"
    if not page.is_file() or page.read_text(encoding="utf-8") != html:
        with whole(page) as temporary:
            temporary.write_text(html, encoding="utf-8", newline="\n")
