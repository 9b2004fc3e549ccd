"""What the page shows of one placement data set, from its published tables alone."""

from pathlib import Path
from typing import Any

from boardbench.artifacts import read
from boardbench.report.columns import Row, table
from boardbench.report.placement import columns
from boardbench.report.placement.artifacts import PlacementAbout
from boardbench.report.placement.differences import BASELINE, COLUMNS, LEAK, TERM
from boardbench.report.placement.sentences import ERRORS, PROTOCOLS, against_baselines, headline, settings, term
from boardbench.report.placement.tables import COUNTED, SCORES, TIMES
from boardbench.report.runs import read_csv, read_optional

VERB = "placement tables"


def _network(row: Row) -> tuple[str, str]:
    return row["init"], row["loss"]


def placement_dataset(folder: Path) -> dict[str, Any]:
    """Gather what the page shows of one data set.

    Args:
        folder: of its published tables.

    Raises:
        BoardbenchError: a table is missing or broken.
    """
    about = read(folder / "about.json", PlacementAbout, "publish")
    scores = read_csv(folder / "placement.csv", VERB, ("init", "loss", "part", "seeds", "samples", "bad", *SCORES))
    compared = read_csv(folder / "placement_differences.csv", VERB, tuple(COLUMNS))
    counted = read_csv(folder / "placement_complexity.csv", VERB, COUNTED)
    times = read_optional(folder / "placement_latency.csv", VERB, TIMES)
    named = compared.assign(metric=compared["metric"].map(ERRORS))
    grouped = {"by": _network, "mark": lambda row: "baseline" if row["loss"] == "none" else ""}

    def asked(question: str) -> Any:
        return table(named[named["question"] == question].to_dict("records"), columns.DIFFERENCES, by=_network)

    return {
        "about": about,
        "made_up": about.source == "simulate",
        "headline": headline(scores, compared),
        "plots": {},
        "verdict": against_baselines(scores, compared),
        "found": table(scores.to_dict("records"), columns.FOUND, **grouped),
        "judged": table(scores[scores["part"] != "validation"].to_dict("records"), columns.JUDGED, **grouped),
        "protocol": PROTOCOLS[about.protocol],
        "against": asked(BASELINE),
        "leak": asked(LEAK),
        "term": asked(TERM),
        "term_said": term(compared),
        "complexity": table(counted.to_dict("records"), columns.COMPLEXITY),
        "latency": table(times.to_dict("records"), columns.LATENCY, **grouped),
        "settings": table(settings(about, scores), columns.SETTINGS),
    }
