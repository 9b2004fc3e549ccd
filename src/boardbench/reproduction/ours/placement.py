"""Our own placement study as the reproduction sees it: the published tables of the preset or of the default."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boardbench.report.runs import read_csv, read_json

# Data sets that may stand beside paper 4's numbers, and the command that makes each: its own settings come first.
DATASETS = {
    "placement-paper": "snakemake --cores all --configfile workflow/presets/placement-paper.yaml",
    "simulated-photos": "snakemake --cores all",
}
VERB = "placement tables"
SCORES = ("init", "loss", "part", "seeds", "centre_mae_px")
DIFFERENCES = ("question", "init", "part", "metric", "seeds", "difference", "low", "high", "conclusion")

Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Placed:
    """Published tables of one data set of the placement study; cells are text."""

    dataset: str
    command: str
    about: dict[str, Any]
    scores: Rows
    differences: Rows
    complexity: Rows

    def setting(self, key: str) -> str:
        """Return a training setting of our runs; empty where it is not recorded."""
        value = self.about.get("training", {}).get("settings", {}).get(key)
        return "" if value is None else str(value)


def read_placed(reports: Path) -> Placed | None:
    """Return the data set nearest to paper 4 that is published, or None.

    Raises:
        BoardbenchError: one of its tables is missing or broken.
    """
    for name, command in DATASETS.items():
        folder = reports / "tables" / name
        if not (folder / "about.json").is_file():
            continue
        about = read_json(folder / "about.json", VERB)
        if about.get("study") != "placement":
            continue
        tables = {"placement": SCORES, "placement_differences": DIFFERENCES}
        tables["placement_complexity"] = ("network", "gmacs", "params_millions")
        rows = [
            read_csv(folder / f"{table}.csv", VERB, columns).to_dict("records") for table, columns in tables.items()
        ]
        return Placed(name, command, about, *rows)
    return None
