"""The pages of results: one a data set, from its published tables alone, and one that answers in a row each."""

from pathlib import Path
from typing import Any

import pandas as pd

from boardbench.artifacts import read
from boardbench.report.artifacts import About, Figure
from boardbench.study import STUDIES, find_study
from sitegen import studies
from sitegen.presets import Preset, made_by, presets
from sitegen.writing import folded, html, items, joined, plain, words_table

FIRST = ("simulated", "simulated-photos", "digits")


def datasets(reports: Path) -> list[tuple[str, str]]:
    """Return (study, data set) of all published tables: by study, the default run's first."""
    found = [
        (find_study(read(path, About, "publish").study, str(path)).name, path.parent.name)
        for path in sorted(reports.glob("tables/*/about.json"))
    ]
    order = list(STUDIES)
    return sorted(found, key=lambda pair: (order.index(pair[0]), pair[1] not in FIRST, pair[1]))


def gathered(reports: Path, study: str, name: str) -> dict[str, Any]:
    """Return what the report page shows of a data set, with its figures, tables, and whether its machine is known."""
    folder = reports / "tables" / name
    return find_study(study, name).get("page")(folder) | {
        "name": name,
        "figures": _figures(reports / "figures" / name),
        "files": sorted(path.name for path in folder.glob("*.csv")),
        "recorded": (folder / "machine.json").is_file(),
        "frames": lambda table: _frame(folder / f"{study}_{table}.csv"),
    }


def _figures(folder: Path) -> dict[str, Figure]:
    """Return file -> figure of a data set."""
    lists = [read(path, list[Figure], "publish") for path in sorted(folder.glob("*_figures.json"))]
    return {one.file: one for of in lists for one in of}


def _frame(path: Path) -> pd.DataFrame | None:
    return pd.read_csv(path, dtype=str, keep_default_na=False) if path.is_file() else None


def page(data: dict[str, Any], study: str, preset: Preset | None) -> str:
    """Return the page of one data set."""
    label = "warning" if data["about"].label.startswith("SIMULATED") else "info"
    command = preset.command if preset else "snakemake --cores all --configfile workflow/presets/reference.yaml"
    asked = preset.text if preset else "The default run's data, with as many seeds as the reference takes."
    parts = [
        f"# {data['name']}",
        f'!!! {label} "{data["about"].label}"\n\n    Study: {study}. Every number and sentence of results on this page '
        "is made from the published tables.",
        plain(asked),
        "" if data["recorded"] else "Made with version 0.1, and not made again since. The machine was not recorded.",
    ]
    for section in studies.SECTIONS[study]:
        parts.append(_section(section, data))
    listed = ", ".join(f"[{file}](../tables/{data['name']}/{file})" for file in data["files"])
    parts += ["## Repeat it", f"```sh\n{command}\n```", f"The tables as files: {listed}."]
    return joined(*parts)


def _section(section: studies.Section, data: dict[str, Any]) -> str:
    """Return a section; '' where the data set has nothing for it."""
    said = [sentence for part in section.said for sentence in _sentences(part(data) if callable(part) else data[part])]
    shown = [
        folded(caption or key, html(data[key])) if fold else joined(html(data[key]), plain(caption))
        for key, caption, fold in section.tables
        if data[key] is not None
    ]
    pictures = [_figure(data, file) for file in _shown(section, data["figures"])]
    if not (said or shown or pictures):
        return ""
    return joined(f"## {section.title}", items(said), *pictures, *shown)


def _shown(section: studies.Section, figures: dict[str, Figure]) -> list[str]:
    """Return the files of a section's figures; ``prediction`` stands for one of many."""
    one = studies.prediction(list(figures.values()))
    named = [one.file if file == "prediction" and one else file for file in section.figures]
    return [file for file in named if file in figures]


def _sentences(given: str | list[str] | None) -> list[str]:
    return [given] if isinstance(given, str) and given else list(given or [])


def _figure(data: dict[str, Any], file: str) -> str:
    shown = data["figures"][file]
    source = f"../figures/{data['name']}/{file}"
    return f"![{plain(shown.alt)}]({source})\n\n*{plain(shown.caption)}*"


def files(reports: Path) -> dict[str, Path]:
    """Return the tables and figures that the pages link: address on the site -> file."""
    found = {}
    for study, name in datasets(reports):
        found |= {f"tables/{name}/{path.name}": path for path in (reports / "tables" / name).glob("*.csv")}
        figures = _figures(reports / "figures" / name)
        for file in [file for section in studies.SECTIONS[study] for file in _shown(section, figures)]:
            found[f"figures/{name}/{file}"] = reports / "figures" / name / file
    for name in ("benchmarks", "reproduction", "machines"):
        found[f"tables/{name}.csv"] = reports / "tables" / f"{name}.csv"
    return found


def pages(reports: Path, folder: Path) -> dict[str, str]:
    """Return every page of results by its address.

    Args:
        reports: published tables and figures.
        folder: of the presets.
    """
    known, made, rows = presets(folder), {}, []
    for study, name in datasets(reports):
        data = gathered(reports, study, name)
        made[f"results/{name}.md"] = page(data, study, made_by(known, name))
        first = _sentences(data["verdict"])[0]
        rows.append([f"[{name}]({name}.md)", study, plain(data["about"].label), plain(first)])
    made["results/index.md"] = joined(
        "# Results",
        "One page a data set. Everything on these pages is generated from the tables in `reports/tables`, which "
        "`boardbench publish --reference` alone changes. A difference is called higher or lower only with three seeds "
        "and an interval that does not hold 0. [How far to trust what](../trust.md) says what that is worth.",
        words_table(["data set", "study", "data", "first answer"], rows),
    )
    return made
