"""Copy small tables and figures into reports/ (in git) and render its page from what lies there."""

import hashlib
import shutil
from pathlib import Path

from boardbench.errors import BoardbenchError
from boardbench.files import whole, write_json
from boardbench.report.ledger.ledger import ledger
from boardbench.report.page import render
from boardbench.report.runs import STUDIES, read_json, study_of

SUFFIXES = {"tables": (".csv", ".md", ".json"), "figures": (".svg", ".png", ".json")}


def _mirror(source: Path, target: Path, suffixes: tuple[str, ...], verb: str) -> dict[str, Path]:
    """Make ``target`` hold ``source``'s files; return name -> copy.

    A file of equal content is not touched. Files of the same study (the word before the first underscore)
    that the source no longer has are removed; other studies' files stay.
    """
    files = sorted(path for path in source.glob("*") if path.suffix in suffixes and not path.name.startswith("."))
    if not files:
        raise BoardbenchError(f"{source}: nothing to publish. Make it with 'boardbench {verb}'.")
    copies = {}
    for path in files:
        copy = copies[path.name] = target / path.name
        if not copy.is_file() or copy.read_bytes() != path.read_bytes():
            with whole(copy) as temporary:
                shutil.copyfile(path, temporary)
    studies = {path.name.split("_")[0] for path in files if "_" in path.name}
    for path in target.glob("*"):
        stale = path.name not in copies and path.suffix in suffixes and path.name.split("_")[0] in studies
        if stale:
            path.unlink()
    return copies


def _check(datasets: list[str], tables: list[Path], figures: list[Path]) -> list[str]:
    """Return the study of each data set.

    Raises:
        BoardbenchError: lists of other lengths, a name given twice, or folders of another data set or study.
    """
    if not datasets or not len(datasets) == len(tables) == len(figures):
        raise BoardbenchError(
            f"--datasets {len(datasets)}, --tables {len(tables)}, --figures {len(figures)}: give each once a study, "
            "in the same order."
        )
    twice = sorted({name for name in datasets if datasets.count(name) > 1})
    if twice:
        raise BoardbenchError(
            f"--datasets {', '.join(twice)}: given twice. Every study needs a dataset of its own name, for its tables "
            "share a folder: rename one in params.yaml."
        )
    studies = []
    for name, made, drawn in zip(datasets, tables, figures, strict=True):
        path = made / "about.json"
        if not path.is_file():
            raise BoardbenchError(
                f"{path}: no such file. Make it with 'boardbench STUDY tables', STUDY one of {', '.join(STUDIES)}."
            )
        about = read_json(path, "publish")
        study = study_of(about, path)
        if about.get("dataset") != name:
            raise BoardbenchError(
                f"{path}: dataset is {about.get('dataset')!r}, but --datasets has {name!r} in its place. Give "
                "--datasets, --tables and --figures in the same order."
            )
        if not (drawn / f"{study}_figures.json").is_file():
            raise BoardbenchError(
                f"{drawn / f'{study}_figures.json'}: no such file, so there is nothing to publish of {name}. Make it "
                f"with 'boardbench {study} figures', and give --tables and --figures in the same order."
            )
        studies.append(study)
    return studies


def publish(*, datasets: list[str], tables: list[Path], figures: list[Path], reports: Path, out: Path) -> None:
    """Copy the tables and figures of every study to ``reports``, write ledger and page again; idempotent.

    Args:
        datasets: names of the folders, one a study.
        tables: for each, the folder that 'boardbench STUDY tables' filled.
        figures: for each, the folder that 'boardbench STUDY figures' filled.
        reports: folder in git; gets tables/<dataset>/, figures/<dataset>/ and index.html.
        out: JSON written last: the SHA-256 of every copied file, by its name inside ``reports``.

    Raises:
        BoardbenchError: nothing to publish, lists that do not belong together, or reports/ holds a table that the
            page cannot read.
    """
    studies = _check(datasets, tables, figures)
    copies = {}
    for dataset, study, *sources in zip(datasets, studies, tables, figures, strict=True):
        for kind, source in zip(SUFFIXES, sources, strict=True):
            copied = _mirror(source, reports / kind / dataset, SUFFIXES[kind], f"{study} {kind}")
            copies |= {f"{kind}/{dataset}/{name}": path for name, path in copied.items()}
    if (reports / "published").is_dir():
        ledger(reports=reports)
        copies["tables/reproduction.csv"] = reports / "tables" / "reproduction.csv"
    render(reports)
    hashes = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in copies.items()}
    write_json(out, {"datasets": datasets, "sha256": hashes})
