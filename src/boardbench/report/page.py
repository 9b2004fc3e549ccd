"""The report's pages: an index that answers, one a data set, rendered from what lies in reports/, nothing else."""

import re
from pathlib import Path
from typing import Any

import pandas as pd

from boardbench.artifacts import Artifact, read
from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write, parse_json
from boardbench.integrity import checked
from boardbench.pictures import ERROR_COLOURS
from boardbench.report.artifacts import About, Figure
from boardbench.report.charts import pretty
from boardbench.report.columns import Column, Table, names, numbers, table
from boardbench.report.gallery import gallery, picture_size
from boardbench.report.runs import read_optional
from boardbench.report.sentences import benchmark
from boardbench.study import STUDIES, Study, find_study

TEMPLATES = Path(__file__).parent / "templates"
DEFAULT_DATASETS = ("simulated", "simulated-photos", "digits")
OWN = ("captures", "photos", "parquet")  # sources that are a user's
ERRORS = {"error: missed": "missed", "error: false alarm": "false alarm", "error: wrong class": "confused"}
ERRORS = {words: ERROR_COLOURS[name] for words, name in ERRORS.items()}
OPTIONAL = ("benchmarks.html", "reproduction.html")
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
    Column("hardware", "on", kind="footnote"),
)
RELIABILITY = (
    Column("kind", "what was done", kind="prose"),
    *numbers("tries", "survived", "lost", "silently_wrong", "seconds"),
    Column("message", "what a user is told, or what went wrong", kind="prose"),
)
PAPERS = (*names("paper", "study"), Column("total", "numbers"))
PAPERS += numbers("matches", "explained", "contradicted", "not run")
REASONS = (Column("reason", "why it was not run", kind="prose"), *numbers(*(f"paper {paper}" for paper in range(1, 6))))
CLAIMS = (
    Column("cell", "number or claim", kind="prose"),
    Column("paper", kind="name", select=True),
    Column("place", kind="name"),
    Column("published", kind="prose"),
    Column("evidence", kind="prose"),
    Column("verdict", kind="name", select=True),
    Column("why", "why, and by which command", kind="prose", beside=("command",)),
)


def _reproduction(reports: Path) -> dict[str, Any] | None:
    """Return what 'boardbench reproduction' found of the published numbers; None where it was not asked."""
    path = reports / "tables" / "reproduction.json"
    if not path.is_file():
        return None
    found = read(path, Artifact, "reproduction").model_dump()
    claims = read_optional(path.with_suffix(".csv"), "reproduction", ("paper", "cell", "recomputed", "ours", "verdict"))
    rows = [row | {"evidence": row["recomputed"] or row["ours"]} for row in claims.to_dict("records")]
    papers = [{key: str(value) for key, value in row.items()} for row in found["papers"]]
    reasons = [{key: str(value) for key, value in row.items()} for row in found.get("reasons", [])]
    return found | {"papers": table(papers, PAPERS), "reasons": table(reasons, REASONS), "rows": table(rows, CLAIMS)}


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


def _dataset(reports: Path, name: str, study: Study) -> dict[str, Any]:
    """Return what the pages show of a data set: what its study gathers, its figures, files and machine."""
    folder, pictures = reports / "tables" / name, reports / "figures" / name
    made = folder / "machine.json"
    gathered = study.get("page")(folder)
    figures = {}
    for path in sorted(pictures.glob("*_figures.json")):
        for one in read(path, list[Figure], "publish"):
            data = pictures / one.plot if one.plot else None
            plot = parse_json(checked(data).read_text(encoding="utf-8")) if data and data.is_file() else None
            figures[one.file] = {
                **{"caption": one.caption, "alt": one.alt, "src": f"figures/{name}/{one.file}"},
                **{"size": picture_size(pictures / one.file), "plot": plot or gathered["plots"].get(one.file)},
            }
    about = gathered["about"]
    return gathered | {
        "name": name,
        "study": study.name,
        "page": f"data-{name}.html",
        "own": about.source in OWN and not getattr(about, "cifar10", False),
        "figures": figures,
        "gallery": _gallery(figures, pictures, gathered),
        "plotted": any(one["plot"] for one in figures.values()),
        "files": sorted(path.stem for path in folder.glob("*.csv")),
        "machine": read(made, Artifact, "publish").model_dump() if made.is_file() else None,
    }


def _gallery(figures: dict[str, Any], folder: Path, gathered: dict[str, Any]) -> dict[str, Any] | None:
    """Return the prediction pictures, that of the first page, and their colours; None where there are none."""
    found = gallery(figures, folder)
    if not found:
        return None
    first = next((one for one in found if one["input"].endswith(pretty("scrb"))), found[0])
    return {"pictures": found, "shown": first, "classes": gathered["colours"], "errors": ERRORS}


def _studies(reports: Path) -> dict[str, list[dict[str, Any]]]:
    """Return study -> data sets, own data first, then the default one; a study without any is left out."""
    studies: dict[str, list[dict[str, Any]]] = {study: [] for study in STUDIES}
    for path in sorted(reports.glob("tables/*/about.json")):
        study = find_study(read(path, About, "publish").study, str(path))
        studies[study.name].append(_dataset(reports, path.parent.name, study))
    for datasets in studies.values():
        datasets.sort(key=lambda one: (not one["own"], one["name"] not in DEFAULT_DATASETS, one["name"]))
    return {study: datasets for study, datasets in studies.items() if datasets}


def _slug(words: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", words.lower()))


def _contents(html: str) -> str:
    """Put links to a page's headings of the second level below its label, where there are several."""
    found = re.findall(r'<h2 id="([^"]+)">(.+?)</h2>', html)
    links = " ".join(f'<a href="#{place}">{words}</a>' for place, words in found)
    links = f'<nav class="contents" aria-label="sections">{links}</nav>' if len(found) > 2 else ""
    return html.replace("<!-- contents -->", links)


def render(reports: Path) -> None:
    """Write the pages of a report: ``index.html``, one for each data set in ``reports/tables``, benchmarks with
    reliability, and published numbers.

    Where 'boardbench verify' has held the report against the reference, its answer stands first. A page needs nothing
    from outside; pictures are files of ``reports/figures``, style and scripts of ``reports/assets``. A page of equal
    content is not touched, one that has nothing to show any more is removed.

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
    environment.filters |= {"slug": _slug, "percent": lambda share: f"{100 * float(share):.1f}%"}
    verified, studies = reports / "verify.json", _studies(reports)
    every = [one for datasets in studies.values() for one in datasets]
    # What the index answers: own data, then the default ones; where there are neither, the first of each study.
    main = [one for one in every if one["own"]] + [one for one in every if one["name"] in DEFAULT_DATASETS]
    main = main or [datasets[0] for datasets in studies.values()]
    given = {
        "studies": studies,
        "main": main,
        "others": [one for one in every if one not in main],
        "lead": main[0] if main else None,
        "questions": {name: find_study(name, "the page").question for name in STUDIES},
        "benchmarks": _benchmarks(reports),
        "reliability": _reliability(reports),
        "reproduction": _reproduction(reports),
        "verified": read(verified, Artifact, "verify").model_dump() if verified.is_file() else None,
    }
    more = {"benchmarks.html": "benchmarks"} if given["benchmarks"] or given["reliability"] else {}
    more |= {"reproduction.html": "published numbers"} if given["reproduction"] else {}
    others = {"index.html#other-data-sets-and-studies": "other data sets and studies"} if given["others"] else {}
    given["links"] = {one["page"]: one["name"] for one in main} | others | more
    pages = {page: (page, {}) for page in ("index.html", *more)}
    pages |= {one["page"]: ("dataset.html", {"dataset": one}) for one in every}
    texts = {reports / "assets" / path.name: path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.[cj]s*")}
    for page, (template, own) in pages.items():
        html = environment.get_template(f"{template}.j2").render(given | own, here=page)
        texts[reports / page] = _contents(html) + "\n"
    for page, html in texts.items():
        if not page.is_file() or page.read_text(encoding="utf-8") != html:
            with atomic_write(page) as temporary:
                temporary.write_text(html, encoding="utf-8", newline="\n")
    for page in [*reports.glob("data-*.html"), *(reports / name for name in OPTIONAL)]:
        if page not in texts:
            page.unlink(missing_ok=True)
