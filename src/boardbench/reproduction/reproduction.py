"""Every number that a paper printed, beside what its evidence gives and what we measured or counted."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from boardbench.files import write_text
from boardbench.reproduction import cells, cifar10, claims, consistency
from boardbench.reproduction.evidence import COSTS, Evidence, read_evidence
from boardbench.reproduction.ours.classification import DATASETS
from boardbench.reproduction.ours.segmentation import OURS
from boardbench.reproduction.verdicts import CONTRADICTED, VERDICTS, Finding

COLUMNS = ("paper", "study", "place", "cell", "published", "recomputed", "ours", "command", "verdict", "why")
STUDIES = {"1": "segmentation", "2": "classification", "3": "classification", "4": "placement", "5": "classification"}
COMMAND = "boardbench reproduction --reports reports"
RUN = f"snakemake --cores all --configfile workflow/presets/{OURS}.yaml"
COUNT = "boardbench segmentation complexity --out complexity.csv --backbones {} --strategies {} --classes 4"
# Tables of paper 1 that its extended abstract prints a second time.
REPEATED = {"table 5": "abstract table 1", "table 6": "abstract table 2"}
LOGS = "logs"

Row = dict[str, str]


def _row(paper: str, place: str, cell: str, published: str, found: Finding, command: str) -> Row:
    values = (paper, STUDIES.get(paper, ""), place, cell, published, found.recomputed, found.ours)
    return dict(zip(COLUMNS, (*values, command, found.verdict, found.why), strict=True))


def _source(text: str) -> tuple[str, list[str]]:
    """Return paper and tables of a source such as 'paper 1 tables 3 and 6'."""
    paper, _, tables = text.removeprefix("paper ").partition(" ")
    return paper, [f"table {number}" for number in re.findall(r"[\dIV]+", tables.removeprefix("tables "))]


def _places(table: str) -> list[str]:
    return [table, *([REPEATED[table]] if table in REPEATED else [])]


def _scores(evidence: Evidence) -> list[Row]:
    rows = []
    for (backbone, strategy, metric), printed in evidence.scores.items():
        paper, tables = _source(printed["source"])
        for name in cells.CELLS:
            found = cells.score(evidence, backbone, strategy, metric, name)
            # Classes stand in the first table of the source, means in the last.
            for place in _places(tables[-1] if name == "mean" else tables[0]):
                cell = f"{backbone} {strategy} {metric} {name}"
                rows.append(_row(paper, place, cell, printed[name], found, RUN if found.ours else COMMAND))
    return rows


def _costs(evidence: Evidence) -> list[Row]:
    rows = []
    for (backbone, strategy), printed in evidence.costs.items():
        paper, tables = _source(printed["source"])
        for column in COSTS:
            found = cells.cost(evidence, backbone, strategy, column)
            for place in _places(tables[0]):
                cell = f"{backbone} {strategy} {column}"
                rows.append(_row(paper, place, cell, printed[column], found, COUNT.format(backbone, strategy)))
    return rows


def _kappas(evidence: Evidence) -> list[Row]:
    return [
        _row("1", LOGS, f"{backbone} {strategy} kappa", "", cells.kappa(evidence, backbone, strategy), COMMAND)
        for backbone, strategy in evidence.logs
    ]


def _claims(evidence: Evidence) -> list[Row]:
    rows = []
    for claim in evidence.claims:
        found, command = claims.judge(evidence, claim)
        if not command and (found.recomputed or found.ours):
            command = COMMAND
        rows.append(_row(claim.paper, claim.place, f"{claim.id}: {claim.claim}", claim.value, found, command))
    return rows


def _cifar10(evidence: Evidence) -> list[Row]:
    rows = []
    for file, printed in evidence.tables.items():
        for row in printed:
            paper, _, tables = row["source"].removeprefix("paper ").partition(" ")
            label = " ".join(row[name] for name in cifar10.LABELS if row.get(name))
            for column in cifar10.numbers(row):
                found = cifar10.judge(evidence, file, row, column)
                command = found.command or (COMMAND if found.recomputed else "")
                rows.append(_row(paper, tables, f"{label} {column}", row[column], found, command))
    return rows


def reproduction_rows(evidence: Evidence) -> list[Row]:
    """Return every row, paper by paper, tables before sentences.

    Raises:
        BoardbenchError: a number is none, or a claim has neither a check nor a stated run or source.
    """
    rows = _scores(evidence) + _costs(evidence) + _kappas(evidence) + _cifar10(evidence) + _claims(evidence)
    return sorted(rows, key=lambda row: row["paper"])  # stable: the order within a paper stays


def summary(rows: list[Row]) -> dict[str, Any]:
    """Return what the report page shows of it.

    Returns:
        ``total``: number of rows; ``counts``: verdict -> rows, all four; ``papers``: one dict a paper with
        ``paper``, ``study``, ``total`` and the four counts; ``contradicted``: the rows of that verdict, without
        the abstract's repetitions of a table.
    """
    papers = []
    for paper in dict.fromkeys(row["paper"] for row in rows):
        counts = Counter(row["verdict"] for row in rows if row["paper"] == paper)
        entry = {"paper": paper, "study": STUDIES.get(paper, ""), "total": counts.total()}
        papers.append(entry | {verdict: counts[verdict] for verdict in VERDICTS})
    counts = Counter(row["verdict"] for row in rows)
    repeated = set(REPEATED.values())
    return {
        "total": len(rows),
        "counts": {verdict: counts[verdict] for verdict in VERDICTS},
        "papers": papers,
        "contradicted": [row for row in rows if row["verdict"] == CONTRADICTED and row["place"] not in repeated],
    }


def _markdown(rows: list[Row], evidence: Evidence) -> str:
    """Return it as Markdown: counts, what the tables say without logs, and every row."""
    found = summary(rows)
    lines = [
        "# Reproduction of published numbers",
        "",
        "Every published number: what its evidence gives, what we found, and the verdict.",
        "",
    ]
    lines += [pd.DataFrame(found["papers"]).to_markdown(index=False), ""]
    lines += [*(f"- {sentence}" for sentence in checks(evidence)), ""]
    # Not padded: aligned columns would make the file four times as large.
    lines += [f"| {' | '.join(COLUMNS)} |", f"|{' --- |' * len(COLUMNS)}"]
    lines += [f"| {' | '.join(row[name].replace('|', chr(92) + '|') for name in COLUMNS)} |" for row in rows]
    return "\n".join(lines) + "\n"


def checks(evidence: Evidence) -> list[str]:
    """Return what paper 1's printed scores say about each other without the logs, one sentence each."""
    rows = {key: {name: row[name] for name in cells.CELLS} for key, row in evidence.scores.items()}
    impossible = consistency.impossible(rows)
    if_rounded = consistency.impossible(rows, "rounded")
    means = consistency.means(rows)
    only = [mean for mean in means if mean.readings == ("truncated",)]
    never = [mean for mean in means if not mean.readings]
    sentences = [
        f"IoU of {flag.backbone} {flag.strategy} {flag.name} is printed {flag.iou}, but F1 {flag.f1} allows only "
        f"{flag.needed[0]:.3f} to {flag.needed[1]:.3f}."
        for flag in impossible
    ]
    sentences += [f"The IoU row of {' '.join(key)} repeats its F1 row." for key in consistency.copies(rows)]
    sentences += [
        f"IoU {flag.iou} of {flag.backbone} {flag.strategy} {flag.name} beside F1 {flag.f1} is possible only if cells "
        "are truncated, not rounded."
        for flag in if_rounded
        if flag.key not in {other.key for other in impossible}
    ]
    sentences.append(
        f"Of {len(means)} printed means, {len(only)} are the truncated and not the rounded mean of their printed "
        f"cells; {len(never)} are neither."
    )
    return sentences


def reproduction(*, reports: Path) -> None:
    """Write ``reports/tables/reproduction.csv``, ``.md`` and ``.json``: a row a published number, and a summary.

    Files of equal content are not touched.

    The verdict compares the published number with what the evidence gives (``recomputed``), or where there is no
    evidence with our own count (``ours``). Scores of ours come from real PCB-Vision runs alone, never from simulated
    boards.

    Args:
        reports: folder with ``published/`` and the published tables of every dataset.

    Raises:
        BoardbenchError: a file is missing or damaged; names it, the field and the remedy.
    """
    evidence = read_evidence(reports)
    rows = reproduction_rows(evidence)
    table = pd.DataFrame(rows, columns=COLUMNS).to_csv(index=False, lineterminator="\n")
    trained = any(row["ours"] and row["command"] in (RUN, *DATASETS.values()) for row in rows)
    found = summary(rows) | {"checks": checks(evidence), "trained": trained}
    texts = {"csv": table, "md": _markdown(rows, evidence), "json": json.dumps(found, indent=2) + "\n"}
    for suffix, text in texts.items():
        path = reports / "tables" / f"reproduction.{suffix}"
        if not path.is_file() or path.read_bytes() != text.encode():
            write_text(path, text)
