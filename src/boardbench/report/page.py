"""The report page: one self-contained HTML file rendered from what lies in reports/, nothing else."""

import math
from pathlib import Path
from typing import Any

import pandas as pd

from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write
from boardbench.report.charts import pretty
from boardbench.report.runs import read_json, study_of
from boardbench.report.sentences import benchmark, signed
from boardbench.study import STUDIES

TEMPLATES = Path(__file__).parent / "templates"
DEFAULT_DATASETS = ("simulated", "simulated-photos", "digits")
BENCHMARKS = ("name", "rival", "unit", "ours_median", "rival_median", "ratio", "target", "limit", "n", "hardware")


def _rounded(text: str, digits: int = 3) -> str:
    """Return a number of a CSV cell with fewer decimals for reading; an empty cell is a dash."""
    return f"{float(text):.{digits}f}" if text else "\N{EN DASH}"


def _significant(text: str) -> str:
    """Return a number of a CSV cell with three significant digits and no exponent; an empty cell is a dash."""
    if not text:
        return "\N{EN DASH}"
    value = float(text)
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}" if value else "0"


def _reproduction(reports: Path) -> dict[str, Any] | None:
    """Return what 'boardbench reproduction' found of the published numbers; None where it was not asked."""
    path = reports / "tables" / "reproduction.json"
    return read_json(path, "reproduction") if path.is_file() else None


def _benchmarks(reports: Path) -> list[dict[str, str]]:
    """Gather the rows of the benchmark table with their verdicts; none where there is no table.

    Raises:
        BoardbenchError: a column is missing, or a cell is not a number.
    """
    path = reports / "tables" / "benchmarks.csv"
    if not path.is_file():
        return []
    rows = pd.read_csv(path, dtype=str, keep_default_na=False).to_dict("records")
    try:
        for row in rows:
            for name in BENCHMARKS[3:-2]:
                float(row[name] or 0)
        return [benchmark({name: row[name] for name in BENCHMARKS}) for row in rows]
    except (KeyError, ValueError) as error:
        raise BoardbenchError(
            f"{path}: a column is missing or a cell is not a number ({error}). Make it again with 'make bench'."
        ) from None


def _percent(text: str) -> str:
    """Return a share of a CSV cell in percent with one decimal; an empty cell is a dash."""
    return f"{100 * float(text):.1f}" if text else "\N{EN DASH}"


def _studies(reports: Path) -> dict[str, list[dict[str, Any]]]:
    """Return study -> data sets, the default one first; a study without any is left out."""
    names = sorted(path.parent.name for path in reports.glob("tables/*/about.json"))
    names.sort(key=lambda name: name not in DEFAULT_DATASETS)
    studies: dict[str, list[dict[str, Any]]] = {study: [] for study in STUDIES}
    for name in names:
        path = reports / "tables" / name / "about.json"
        about = read_json(path, "publish")
        study = study_of(about, path)
        made = path.with_name("machine.json")
        machine = read_json(made, "publish") if made.is_file() else None
        studies[study.name].append(study.get("page")(reports, name, about) | {"machine": machine})
    return {study: datasets for study, datasets in studies.items() if datasets}


def render(reports: Path) -> None:
    """Write ``reports/index.html``: studies with every dataset in ``reports/tables``, then benchmarks and published
    numbers.

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
    environment.filters |= {"rounded": _rounded, "significant": _significant, "signed": signed, "pretty": pretty}
    environment.filters |= {"percent": _percent}
    template = environment.get_template("index.html.j2")
    verified = reports / "verify.json"
    html = template.render(
        studies=_studies(reports),
        benchmarks=_benchmarks(reports),
        reproduction=_reproduction(reports),
        verified=read_json(verified, "verify") if verified.is_file() else None,
    )
    html += "\n"
    page = reports / "index.html"
    if not page.is_file() or page.read_text(encoding="utf-8") != html:
        with atomic_write(page) as temporary:
            temporary.write_text(html, encoding="utf-8", newline="\n")
