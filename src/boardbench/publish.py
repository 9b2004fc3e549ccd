"""Copy small tables and figures into a report and render its page; make this machine's report the reference in git."""

import platform
import shutil
from importlib.metadata import version
from pathlib import Path

from boardbench.artifacts import Artifact, read, write
from boardbench.engine.commit import git_commit
from boardbench.engine.latency import hardware, instructions
from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write
from boardbench.integrity import checked, hash_of
from boardbench.report.artifacts import About, Published
from boardbench.report.page import render
from boardbench.study import STUDIES, find_study

REFERENCE = Path("reports")
SUFFIXES = {"tables": (".csv", ".md", ".json"), "figures": (".svg", ".png", ".json")}


def _copy(source: Path, target: Path, suffixes: tuple[str, ...], verb: str) -> dict[str, Path]:
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
            with atomic_write(copy) as temporary:
                shutil.copyfile(checked(path), temporary)
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
        about = read(path, About, "STUDY tables")
        study = find_study(about.study, str(path)).name
        if about.dataset != name:
            raise BoardbenchError(
                f"{path}: dataset is {about.dataset!r}, but --datasets has {name!r} in its place. Give "
                "--datasets, --tables and --figures in the same order."
            )
        if not (drawn / f"{study}_figures.json").is_file():
            raise BoardbenchError(
                f"{drawn / f'{study}_figures.json'}: no such file, so there is nothing to publish of {name}. Make it "
                f"with 'boardbench {study} figures', and give --tables and --figures in the same order."
            )
        studies.append(study)
    return studies


def publish(
    *,
    datasets: list[str] | None = None,
    tables: list[Path] | None = None,
    figures: list[Path] | None = None,
    reports: Path = Path("results/report"),
    out: Path | None = None,
    reference: bool = False,
) -> None:
    """Copy the tables and figures of every study to ``reports`` and write its page again; idempotent.

    The page shows what 'boardbench reproduction' wrote to ``reports/tables``, where it did.

    With ``--reference``, copy what lies in ``reports`` to the folder ``reports`` in git instead, which other machines'
    runs are held against, and write its table of published numbers and its page again.

    Args:
        datasets: names of the folders, one a study; of a reference those to copy, none: all.
        tables: for each, the folder that 'boardbench STUDY tables' filled.
        figures: for each, the folder that 'boardbench STUDY figures' filled.
        reports: gets index.html, figures/<dataset>/ and tables/<dataset>/ (machine.json: processor, versions, commit).
        out: JSON written last: the SHA-256 of every table and figure, by its name inside ``reports``.
        reference: make this machine's report the reference.

    Raises:
        BoardbenchError: nothing to publish, lists that do not belong together, or a table that the page cannot read.
    """
    if reference:
        _make_reference(reports, datasets or [], REFERENCE)
        return
    datasets, tables, figures = datasets or [], tables or [], figures or []
    studies = _check(datasets, tables, figures)
    (reports / "verify.json").unlink(missing_ok=True)  # of the report before
    copies = {}
    for dataset, study, *sources in zip(datasets, studies, tables, figures, strict=True):
        for kind, source in zip(SUFFIXES, sources, strict=True):
            copied = _copy(source, reports / kind / dataset, SUFFIXES[kind], f"{study} {kind}")
            copies |= {f"{kind}/{dataset}/{name}": path for name, path in copied.items()}
        copies[f"tables/{dataset}/machine.json"] = _machine(reports / "tables" / dataset / "machine.json")
    render(reports)
    copies |= {f"tables/{path.name}": path for path in sorted((reports / "tables").glob("reproduction.*"))}
    if out:
        hashes = {name: hash_of(path) for name, path in copies.items()}
        write(out, Published(datasets=datasets, sha256=hashes), record=True)


def _make_reference(source: Path, datasets: list[str], target: Path) -> None:
    """Copy the tables and figures of data sets from one report to another; then its published numbers and its page."""
    # Here alone: a run's publish only reads what the rule of that name wrote.
    from boardbench.reproduction.reproduction import reproduction

    known = sorted(path.parent.name for path in source.glob("tables/*/about.json"))
    missing = [name for name in datasets if name not in known]
    if missing or not known:
        raise BoardbenchError(
            f"{source}: no report of {', '.join(missing) or 'any data set'}. Run snakemake first; it publishes there."
        )
    for name in datasets or known:
        for kind, suffixes in SUFFIXES.items():
            _copy(source / kind / name, target / kind / name, suffixes, f"publish, of {name}")
    reproduction(reports=target)
    render(target)


def _machine(path: Path) -> Path:
    """Write what a run was made on: processor, versions, commit; a file of equal content is not touched."""
    packages = {name: version(name) for name in ("boardbench", "torch", "numpy", "onnxruntime", "scikit-learn")}
    found = {"hardware": hardware(), "instructions": instructions(), "python": platform.python_version()}
    found |= {**packages, "commit": git_commit()}
    if not path.is_file() or read(path, Artifact, "publish").model_dump() != found:
        write(path, Artifact(**found), record=False)
    return path
