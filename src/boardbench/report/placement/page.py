"""What the page shows of one placement data set, from its published tables and figures alone."""

import json
from pathlib import Path
from typing import Any

from boardbench.report.placement.differences import COLUMNS
from boardbench.report.placement.sentences import PROTOCOLS, against_baselines, leak, settings, term
from boardbench.report.placement.tables import COUNTED, SCORES, TIMES
from boardbench.report.runs import check_about, read_csv

ABOUT = ("label", "source", "protocol", "parts", "size", "mm_per_pixel", "tolerance", "training")
VERB = "placement tables"


def placement_dataset(reports: Path, name: str, about: dict[str, Any]) -> dict[str, Any]:
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
    scores = read_csv(folder / "placement.csv", VERB, ("init", "loss", "part", "seeds", "samples", "bad", *SCORES))
    differences = read_csv(folder / "placement_differences.csv", VERB, tuple(COLUMNS))
    times = folder / "placement_latency.csv"
    listed = reports / "figures" / name / "placement_figures.json"
    figures = json.loads(listed.read_text(encoding="utf-8")) if listed.is_file() else []
    said, rows = term(differences)
    return {
        "name": name,
        "about": about,
        "verdict": against_baselines(scores, differences),
        "scores": scores.to_dict("records"),
        "many_seeds": bool((scores["seeds"] != "1").any()),
        "protocol": PROTOCOLS[about["protocol"]],
        "leak": leak(scores, differences),
        "term_verdict": said,
        "term": rows,
        "complexity": read_csv(folder / "placement_complexity.csv", VERB, COUNTED).to_dict("records"),
        "latency": read_csv(times, VERB, TIMES).to_dict("records") if times.is_file() else [],
        "settings": settings(about, scores),
        "figures": {entry["file"]: entry | {"src": f"figures/{name}/{entry['file']}"} for entry in figures},
    }
