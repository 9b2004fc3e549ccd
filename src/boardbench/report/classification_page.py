"""What the page shows of one classification data set, from its published tables and figures alone."""

import json
from pathlib import Path
from typing import Any

from boardbench.errors import BoardbenchError
from boardbench.report.classification import BASELINES, NETWORKS, SECONDS, VARIED
from boardbench.report.classification_charts import called
from boardbench.report.classification_differences import COLUMNS
from boardbench.report.classification_sentences import (
    against_baseline,
    best_baseline,
    cosine,
    distances,
    learned,
    neighbours,
    ties,
    why_published,
)
from boardbench.report.runs import read_csv

ABOUT = ("label", "source", "cifar10", "original", "recoded", "complete", "parts", "classes", "size", "facts")
VERB = "classification tables"


def classification_dataset(reports: Path, name: str, about: dict[str, Any]) -> dict[str, Any]:
    """Gather what the page shows of one data set; without figures it has none.

    Args:
        reports: folder with tables/<name> and figures/<name>.
        name: of the data set.
        about: its about.json.

    Raises:
        BoardbenchError: a table is missing or broken.
    """
    folder = reports / "tables" / name
    missing = [key for key in ABOUT if key not in about]
    if missing:
        raise BoardbenchError(
            f"{folder / 'about.json'}: field {', '.join(missing)} is missing. "
            "Publish the dataset again, or delete the folder if it is an old one."
        )
    tables = {"baselines": BASELINES, "scratch": NETWORKS, "variants": VARIED, "seconds": SECONDS}
    tables["differences"] = ("dataset", *COLUMNS)
    baselines, networks, variants, times, compared = (
        read_csv(folder / f"classification_{table}.csv", VERB, columns) for table, columns in tables.items()
    )
    listed = reports / "figures" / name / "classification_figures.json"
    figures = json.loads(listed.read_text(encoding="utf-8")) if listed.is_file() else []
    test = about["parts"]["test"]
    said = [neighbours(compared), *distances(compared), *cosine(baselines, variants, compared), *ties(variants)]
    return {
        "name": name,
        "about": about,
        "why_published": why_published(about),
        "verdict": [
            best_baseline(baselines, test),
            *against_baseline(compared, networks, test),
            *learned(compared, networks),
        ],
        "distances": [sentence for sentence in said if sentence],
        "baselines": baselines.to_dict("records"),
        "networks": networks.to_dict("records"),
        "many_seeds": bool((networks["seeds"] != "1").any()),
        "folds": bool((networks["accuracy_folds"] != "").any()),
        "seconds": times.to_dict("records"),
        "variants": variants.to_dict("records"),
        "beside": {
            table: bool((frame["accuracy_published"] != "").any())
            for table, frame in (("baselines", baselines), ("networks", networks))
        }
        | {"seconds": bool((times["seconds_published"] != "").any())},
        "called": called,
        "figures": {entry["file"]: entry | {"src": f"figures/{name}/{entry['file']}"} for entry in figures},
    }
