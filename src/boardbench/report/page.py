"""The report page: one self-contained HTML file rendered from what lies in reports/, nothing else."""

from pathlib import Path
from typing import Any

import pandas as pd

from boardbench.artifacts import Artifact, read
from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write
from boardbench.report.artifacts import About, Figure
from boardbench.report.columns import Column, Row, Table, names, numbers, table
from boardbench.report.sentences import benchmark
from boardbench.study import STUDIES, find_study

TEMPLATES = Path(__file__).parent / "templates"
DEFAULT_DATASETS = ("simulated", "simulated-photos", "digits")
BENCHMARKS = ("name", "rival", "unit", "ours_median", "rival_median", "ratio", "target", "limit", "n", "hardware")
BENCHMARK_COLUMNS = (
    Column("name", "what", kind="name"),
    *names("rival", "unit"),
    Column("ours_median", "ours, median", kind="significant"),
    Column("rival_median", "rival, median", kind="significant"),
    Column("ratio", kind="significant"),
    Column("target", kind="significant"),
    *names("verdict"),
    Column("limit", kind="significant"),
    Column("limits", "ours, times limit", kind="significant"),
    *numbers("n"),
    Column("hardware", "on", kind="name"),
)
RELIABILITY = (
    Column("kind", "what was done", kind="prose"),
    *numbers("tries", "survived", "lost", "silently_wrong", "seconds"),
    Column("message", "what a user is told, or what went wrong", kind="prose"),
)
PAPERS = (*names("paper", "study"), Column("total", "numbers"))
PAPERS += numbers("matches", "explained", "contradicted", "not run")
REASONS = (Column("reason", "why it was not run", kind="prose"), *numbers(*(f"paper {paper}" for paper in range(1, 6))))
CONTRADICTED = (
    Column("place", "paper, place", kind="prose"),
    Column("cell", "number or claim", kind="prose"),
    Column("published", kind="prose"),
    Column("evidence", kind="prose"),
    Column("why", kind="prose"),
)


def _reproduction(reports: Path) -> dict[str, Any] | None:
    """Return what 'boardbench reproduction' found of the published numbers; None where it was not asked."""
    path = reports / "tables" / "reproduction.json"
    if not path.is_file():
        return None
    found = read(path, Artifact, "reproduction").model_dump()

    def joined(row: Row) -> Row:
        return row | {"place": f"{row['paper']}, {row['place']}", "evidence": row["recomputed"] or row["ours"]}

    papers = [{key: str(value) for key, value in row.items()} for row in found["papers"]]
    reasons = [{key: str(value) for key, value in row.items()} for row in found.get("reasons", [])]
    return found | {
        "papers": table(papers, PAPERS),
        "reasons": table(reasons, REASONS),
        "contradicted": table(map(joined, found["contradicted"]), CONTRADICTED),
        "count": len(found["contradicted"]),
    }


def _benchmarks(reports: Path) -> Table | None:
    """Return the benchmark table with its verdicts; None where there is none.

    Raises:
        BoardbenchError: a column is missing, or a cell is not a number.
    """
    path = reports / "tables" / "benchmarks.csv"
    if not path.is_file():
        return None
    rows = pd.read_csv(path, dtype=str, keep_default_na=False).to_dict("records")
    try:
        for row in rows:
            for name in BENCHMARKS[3:-2]:
                float(row[name] or 0)
        judged = [benchmark({name: row[name] for name in BENCHMARKS}) for row in rows]
    except (KeyError, ValueError) as error:
        raise BoardbenchError(
            f"{path}: a column is missing or a cell is not a number ({error}). Make it again with 'make bench'."
        ) from None
    return table(judged, BENCHMARK_COLUMNS, mark=lambda row: "missed" if row["verdict"] == "missed" else "")


def _reliability(reports: Path) -> Table | None:
    """Return what was broken on purpose, and what was lost by it; None where there is no such table.

    Raises:
        BoardbenchError: a column is missing.
    """
    path = reports / "tables" / "reliability.csv"
    if not path.is_file():
        return None
    rows = pd.read_csv(path, dtype=str, keep_default_na=False).to_dict("records")
    if missing := [column.key for column in RELIABILITY if rows and column.key not in rows[0]]:
        raise BoardbenchError(f"{path}: column {', '.join(missing)} is missing. Make it again with 'make trust'.")
    return table(rows, RELIABILITY, mark=lambda row: "" if row["lost"] == row["silently_wrong"] == "0" else "missed")


def _dataset(reports: Path, name: str, gather: Any) -> dict[str, Any]:
    """Return what the page shows of a data set: what its study gathers, its figures, files and machine."""
    folder, pictures = reports / "tables" / name, reports / "figures" / name
    made = folder / "machine.json"
    lists = [read(path, list[Figure], "publish") for path in sorted(pictures.glob("*_figures.json"))]
    figures = {one.file: one.model_dump() | {"src": f"figures/{name}/{one.file}"} for of in lists for one in of}
    return gather(folder) | {
        "name": name,
        "figures": figures,
        "files": sorted(path.stem for path in folder.glob("*.csv")),
        "machine": read(made, Artifact, "publish").model_dump() if made.is_file() else None,
    }


def _studies(reports: Path) -> dict[str, list[dict[str, Any]]]:
    """Return study -> data sets, the default one first; a study without any is left out."""
    found = sorted(path.parent.name for path in reports.glob("tables/*/about.json"))
    found.sort(key=lambda name: name not in DEFAULT_DATASETS)
    studies: dict[str, list[dict[str, Any]]] = {study: [] for study in STUDIES}
    for name in found:
        path = reports / "tables" / name / "about.json"
        study = find_study(read(path, About, "publish").study, str(path))
        studies[study.name].append(_dataset(reports, name, study.get("page")))
    return {study: datasets for study, datasets in studies.items() if datasets}


def render(reports: Path) -> None:
    """Write ``reports/index.html``: studies with every dataset in ``reports/tables``, then benchmarks,
    reliability and published numbers.

    Where 'boardbench verify' has held the report against the reference, its answer stands first. The page needs no
    script and no outside resource; pictures are relative files of ``reports/figures``.
    A page of equal content is not touched.

    Raises:
        BoardbenchError: a published table is missing or broken.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        newline_sequence="\n",
    )
    template = environment.get_template("index.html.j2")
    verified = reports / "verify.json"
    html = template.render(
        studies=_studies(reports),
        benchmarks=_benchmarks(reports),
        reliability=_reliability(reports),
        reproduction=_reproduction(reports),
        verified=read(verified, Artifact, "verify").model_dump() if verified.is_file() else None,
    )
    html += "\n"
    page = reports / "index.html"
    if not page.is_file() or page.read_text(encoding="utf-8") != html:
        with atomic_write(page) as temporary:
            temporary.write_text(html, encoding="utf-8", newline="\n")
