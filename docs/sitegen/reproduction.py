"""The pages of published numbers: how many of each paper hold, and every row with its verdict."""

import csv
from collections import Counter
from pathlib import Path

from boardbench.artifacts import Artifact, read
from boardbench.report.columns import Column, Row, numbers
from sitegen.writing import folded, items, joined, rows_table

VERDICTS = ("matches", "explained", "contradicted", "not run")
COLUMNS = (
    Column("cell", "number or claim", kind="prose"),
    Column("published", kind="prose"),
    Column("recomputed", kind="prose"),
    Column("ours", kind="prose"),
    Column("verdict", kind="name"),
    Column("why", kind="prose"),
)

MEANING = """Each stands beside what its own evidence gives (its printed tables, the author's confusion matrices, the
data set, the camera) or what we counted.

- **matches**: the evidence gives the printed value.
- **explained**: it differs, and the reason is known.
- **contradicted**: the evidence says otherwise, or nothing explains it.
- **not run**: it takes a training run or a source that was not at hand."""


def _rows(reports: Path) -> list[Row]:
    with (reports / "tables/reproduction.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def counted(rows: list[Row]) -> str:
    """Say how many of the rows have each verdict."""
    counts = Counter(row["verdict"] for row in rows)
    return f"{counts.total()} numbers and claims: " + ", ".join(
        f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]
    )


def pages(reports: Path) -> dict[str, str]:
    """Return the pages by address.

    Args:
        reports: published tables.
    """
    rows = _rows(reports)
    papers = list(dict.fromkeys(row["paper"] for row in rows))
    found = read(reports / "tables/reproduction.json", Artifact, "reproduction").model_dump()
    table = []
    for paper in papers:
        own = [row for row in rows if row["paper"] == paper]
        counts = Counter(row["verdict"] for row in own)
        table.append(
            {"paper": paper, "study": own[0]["study"], "total": str(len(own))}
            | {key: str(counts[key]) for key in VERDICTS}
        )
    made = {
        "reproduction/index.md": joined(
            "# Every published number, checked",
            f"{counted(rows)}. {MEANING}",
            rows_table(
                table,
                (*numbers("paper"), Column("study", kind="name"), Column("total", "numbers"), *numbers(*VERDICTS)),
            ),
            "Every row: "
            + ", ".join(f"[paper {paper}](paper{paper}.md)" for paper in papers)
            + "; as a file: [reproduction.csv](../tables/reproduction.csv).",
            "## What paper 1's printed tables say about each other",
            items(found["checks"]),
            "## Repeat it",
            "```sh\nboardbench reproduction --reports reports\n```",
        )
    }
    for paper in papers:
        own = [row for row in rows if row["paper"] == paper]
        places = list(dict.fromkeys(row["place"] for row in own))
        made[f"reproduction/paper{paper}.md"] = joined(
            f"# Paper {paper}",
            f"{counted(own)}. A place of the paper opens by a click.",
            *[_place(place, [row for row in own if row["place"] == place]) for place in places],
        )
    return made


def _place(place: str, rows: list[Row]) -> str:
    counts = Counter(row["verdict"] for row in rows)
    said = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict])
    return folded(f"{place}: {said}".replace('"', "'"), rows_table(rows, COLUMNS))
