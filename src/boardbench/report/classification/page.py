"""What the page shows of one classification data set, from its published tables alone."""

from pathlib import Path
from statistics import mean
from typing import Any

import pandas as pd

from boardbench.artifacts import read
from boardbench.report.charts import pretty
from boardbench.report.classification import columns
from boardbench.report.classification.artifacts import ClassificationAbout
from boardbench.report.classification.charts import run_called
from boardbench.report.classification.costs import EFFICIENCY, EPOCH_SECONDS, LATENCY
from boardbench.report.classification.differences import COLUMNS, OVER_SEEDS
from boardbench.report.classification.network_charts import latency_plot, points
from boardbench.report.classification.networks import NETWORKS, TRANSFER
from boardbench.report.classification.sentences import answers, best_baseline, headline, stand_in, why_published
from boardbench.report.classification.tables import BASELINES, NUMPY_NETWORKS, SECONDS, VARIED
from boardbench.report.columns import Row, Table, significant, table
from boardbench.report.runs import read_csv, read_optional

VERB = "classification tables"
TABLES = {"baselines": BASELINES, "numpy_networks": NUMPY_NETWORKS, "variants": VARIED, "seconds": SECONDS}
TABLES["differences"] = ("dataset", *COLUMNS)
OPTIONAL = {"networks": NETWORKS, "efficiency": EFFICIENCY, "transfer": TRANSFER, "latency": LATENCY}
OPTIONAL["epoch_seconds"] = EPOCH_SECONDS


def _described(row: Row) -> Row:
    """Return a network with its name and its training in a reader's words."""
    network = pretty(row["network"])
    network += ", pooled" if row.get("pool") == "true" and row["network"].startswith("cnn") else ""
    network += f", width {row['width']}" if row.get("width", "1") != "1" else ""
    training = [f"{pretty(row['optimizer'])} {row['learning_rate']}", row["schedule"]]
    training.append(pretty(row.get("initialization", "")))
    for key, word in {"dropout": "dropout", "label_smoothing": "smoothing"}.items():
        training.append(f"{word} {row[key]}" if row.get(key) not in ("0", "", None) else "")
    return row | {"described": network, "training": ", ".join(filter(None, training))}


def _compared(row: Row) -> Row:
    p = "< 0.0001" if row["p"] and float(row["p"]) == 0 else row["p"]
    return row | {key: run_called(row[key]) for key in ("first", "second")} | {"p": p}


def _percent(row: Row) -> Row:
    printed = row["accuracy_percent_published"]
    return row | {"accuracy_percent_published": f"{printed} %" if printed else ""}


def times(latency: pd.DataFrame) -> Table | None:
    """Return the table of measured times: a row a network and pruning, a column a runtime and batch.

    Medians and speed-ups are means over seeds, the 99th percentile is the largest.
    """
    rows: dict[tuple[str, str], Row] = {}
    for (name, pruning, runtime, batch), group in latency.groupby(["name", "pruning", "runtime", "batch"], sort=False):
        row = rows.setdefault((name, pruning), {"name": name, "pruning": pruning})
        at, faster = f"{runtime} {batch}", [float(text) for text in group["speedup"] if text]
        row[at] = str(mean(map(float, group["p50_ms"])))
        row[f"{at} p99"] = significant(max(map(float, group["p99_ms"])))
        row[f"{at} faster"] = f"{mean(faster):.2f} \N{MULTIPLICATION SIGN}" if faster else ""
    measured = dict.fromkeys(zip(latency["runtime"], latency["batch"], strict=True))
    return table(rows.values(), columns.latency(list(measured)), by=lambda row: row["name"])


def _printed(latency: pd.DataFrame) -> str:
    """Return paper 3's times, for a batch whose size and device it does not name; '' where none is comparable."""
    column = "inference_ms_per_batch_published"
    rows = latency[latency[column] != ""].drop_duplicates(["name", "pruning"])[["name", "pruning", column]]
    return ", ".join(" ".join(filter(None, cells)) + " ms" for cells in rows.itertuples(index=False))


def classification_dataset(folder: Path) -> dict[str, Any]:
    """Gather what the page shows of one data set.

    Args:
        folder: of its published tables.

    Raises:
        BoardbenchError: a table is missing or broken.
    """
    about = read(folder / "about.json", ClassificationAbout, "publish")
    found = {name: read_csv(folder / f"classification_{name}.csv", VERB, keys) for name, keys in TABLES.items()}
    found |= {name: read_optional(folder / f"classification_{name}.csv", VERB, keys) for name, keys in OPTIONAL.items()}
    # Tables of before questions were answered over seeds have no columns of it.
    compared = found["differences"].assign(**{name: "" for name in OVER_SEEDS if name not in found["differences"]})
    rows = {name: frame.to_dict("records") for name, frame in found.items()}
    networks, baselines = answers(compared)
    models = points(found["efficiency"], found["latency"]) if len(found["latency"]) else found["latency"]
    return {
        "about": about,
        "made_up": about.recoded,
        "headline": headline(found, networks),
        "plots": {"classification_latency.svg": latency_plot(models) if len(models) else None},
        "why_published": why_published(about),
        "verdict": [best_baseline(found["baselines"]), *networks],
        "answers": baselines,
        "baselines": table(rows["baselines"], columns.BASELINES, by=lambda row: row["method"]),
        "variants": table(rows["variants"], columns.VARIANTS),
        "differences": table(
            map(_compared, compared.to_dict("records")), columns.DIFFERENCES, by=lambda row: row["question"]
        ),
        "numpy_networks": table(map(_described, rows["numpy_networks"]), columns.NUMPY_NETWORKS),
        "networks": table(map(_described, rows["networks"]), columns.NETWORKS),
        "efficiency": table(map(_percent, rows["efficiency"]), columns.EFFICIENCY, by=lambda row: row["name"]),
        "times": times(found["latency"]),
        "times_first": rows["latency"][0] if rows["latency"] else {},
        "times_published": _printed(found["latency"]),
        "transfer": table(rows["transfer"], columns.TRANSFER),
        "stand_in": stand_in(found["transfer"], about),
        "epochs": table(rows["epoch_seconds"], columns.EPOCHS),
        "seconds": table(rows["seconds"], columns.SECONDS),
    }
