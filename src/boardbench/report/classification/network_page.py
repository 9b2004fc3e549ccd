"""What the page shows of networks in PyTorch of one data set; nothing where there are none."""

from pathlib import Path
from statistics import mean
from typing import Any

import pandas as pd

from boardbench.report.classification.costs import EFFICIENCY, EPOCH_SECONDS, LATENCY
from boardbench.report.classification.network_sentences import pruning, ratios, squeeze, stand_in, transfer
from boardbench.report.classification.networks import NETWORKS, TRANSFER
from boardbench.report.classification.sentences import against_baseline, learned
from boardbench.report.runs import read_csv

VERB = "classification tables"
SHOWN = ("rows", "epochs", "times", "times_published", "efficiency", "pruning", "transfer")
TABLES = {
    "networks": NETWORKS,
    "efficiency": EFFICIENCY,
    "transfer": TRANSFER,
    "latency": LATENCY,
    "epoch_seconds": EPOCH_SECONDS,
}


def of(differences: pd.DataFrame, networks: pd.DataFrame) -> pd.DataFrame:
    """Return the differences of which a run of these networks is the first."""
    return differences[differences["first"].str.rsplit("-seed", n=1).str[0].isin(set(networks["name"]))]


def times(latency: pd.DataFrame) -> dict[str, Any]:
    """Return the columns (runtime, batch), and one row a network and pruning: its cells (p50_ms, p99_ms, speedup).

    p50_ms and speedup are means over seeds, p99_ms is the largest; None where nothing was measured.
    """
    columns = list(dict.fromkeys(zip(latency["runtime"], latency["batch"], strict=True)))
    found: dict[tuple[str, str], dict] = {}
    for row in latency.to_dict("records"):
        cells = found.setdefault((row["name"], row["pruning"]), {})
        cells.setdefault((row["runtime"], row["batch"]), []).append(row)

    def cell(rows: list[dict[str, str]] | None) -> tuple[str, str, str] | None:
        if not rows:
            return None
        faster = [float(row["speedup"]) for row in rows if row["speedup"]]
        slowest = max(float(row["p99_ms"]) for row in rows)
        middle = mean(float(row["p50_ms"]) for row in rows)
        return str(middle), str(slowest), f"{mean(faster):.2f}" if faster else ""

    rows = [
        {"name": name, "pruning": word, "cells": [cell(cells.get(column)) for column in columns]}
        for (name, word), cells in found.items()
    ]
    return {"columns": columns, "rows": rows, "first": latency.iloc[0].to_dict()}


def networks_of(folder: Path, about: dict[str, Any], differences: pd.DataFrame) -> dict[str, Any]:
    """Gather what the page shows of the networks in PyTorch of a data set; empty where there are none.

    Args:
        folder: of its published tables.
        about: its about.json.
        differences: classification_differences.

    Raises:
        BoardbenchError: a table is broken.
    """
    found = {
        name: read_csv(path, VERB, columns)
        for name, columns in TABLES.items()
        if (path := folder / f"classification_{name}.csv").is_file()
    }
    if not found:
        return {}
    shown: dict[str, Any] = {key: [] for key in SHOWN}
    if "epoch_seconds" in found:
        shown["epochs"] = found["epoch_seconds"].to_dict("records")
    if "networks" not in found:
        return shown
    networks, test = found["networks"], about["parts"]["test"]
    whole = networks[networks["classes"] == str(len(about["classes"]))]
    mine = of(differences, whole)
    shown |= {
        "rows": networks.to_dict("records"),
        "many_seeds": bool((networks["seeds"] != "1").any()),
        "beside": bool((networks["accuracy_published"] != "").any()),
        "verdict": [*against_baseline(mine, whole, test), *learned(mine, whole), *squeeze(differences)],
    }
    latency = found.get("latency", pd.DataFrame(columns=list(LATENCY)))
    if len(latency):
        shown["times"] = times(latency)
        printed = latency[latency["inference_ms_per_batch_published"] != ""]
        shown["times_published"] = list(
            dict.fromkeys(
                (row["name"], row["pruning"], row["inference_ms_per_batch_published"])
                for row in printed.to_dict("records")
            )
        )
    if "efficiency" in found:
        efficiency = found["efficiency"]
        shown["efficiency"] = efficiency.to_dict("records")
        shown["efficiency_beside"] = bool((efficiency["params_millions_published"] != "").any())
        shown["pruning"] = pruning(efficiency, latency)
    if "transfer" in found:
        table = found["transfer"]
        shown["transfer"] = table.to_dict("records")
        shown["transfer_said"] = transfer(table)
        shown["stand_in"] = stand_in(table, about)
        shown["ratios"] = ratios(table)
    return shown
