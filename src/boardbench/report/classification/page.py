"""What the page shows of one classification data set, from its published tables and figures alone."""

import json
from pathlib import Path
from typing import Any

from boardbench.report.classification.charts import called
from boardbench.report.classification.differences import COLUMNS, OVER_SEEDS
from boardbench.report.classification.network_page import networks_of, of
from boardbench.report.classification.sentences import (
    against_baseline,
    best_baseline,
    cosine,
    distances,
    learned,
    neighbours,
    ties,
    why_published,
)
from boardbench.report.classification.tables import BASELINES, NUMPY_NETWORKS, SECONDS, VARIED
from boardbench.report.runs import check_about, read_csv

ABOUT = ("label", "source", "cifar10", "original", "recoded", "complete", "parts", "classes", "size", "metadata")
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
    check_about(about, folder / "about.json", ABOUT)
    tables = {"baselines": BASELINES, "numpy_networks": NUMPY_NETWORKS, "variants": VARIED, "seconds": SECONDS}
    tables["differences"] = ("dataset", *COLUMNS)
    baselines, networks, variants, times, compared = (
        read_csv(folder / f"classification_{table}.csv", VERB, columns) for table, columns in tables.items()
    )
    listed = reports / "figures" / name / "classification_figures.json"
    figures = json.loads(listed.read_text(encoding="utf-8")) if listed.is_file() else []
    test = about["parts"]["test"]
    for column in OVER_SEEDS:
        if column not in compared:  # tables of old
            compared[column] = ""
    torch, mine = networks_of(folder, about, compared), of(compared, networks)
    said = [neighbours(compared), *distances(compared), *cosine(baselines, variants, compared), *ties(variants)]
    return {
        "name": name,
        "about": about,
        "why_published": why_published(about),
        "verdict": [
            best_baseline(baselines, test),
            *(against_baseline(mine, networks, test) if len(networks) or not torch.get("rows") else []),
            *learned(mine, networks),
        ],
        "torch": torch,
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
