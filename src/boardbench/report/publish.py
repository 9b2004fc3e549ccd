"""Copy small tables and figures into reports/ (in git) and render its page from what lies there."""

import hashlib
import shutil
from pathlib import Path

from boardbench.errors import BoardbenchError
from boardbench.files import whole, write_json
from boardbench.report.ledger.ledger import ledger
from boardbench.report.page import render

SUFFIXES = {"tables": (".csv", ".md", ".json"), "figures": (".svg", ".png", ".json")}


def _mirror(source: Path, target: Path, suffixes: tuple[str, ...], verb: str) -> dict[str, Path]:
    """Make ``target`` hold ``source``'s files; return name -> copy.

    A file of equal content is not touched. Files of the same study (the word before the first underscore)
    that the source no longer has are removed; other studies' files stay.
    """
    files = sorted(path for path in source.glob("*") if path.suffix in suffixes and not path.name.startswith("."))
    if not files:
        raise BoardbenchError(f"{source}: nothing to publish. Make it with 'boardbench segmentation {verb}'.")
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


def publish(*, tables: Path, figures: Path, reports: Path, out: Path, dataset: str) -> None:
    """Copy a dataset's tables and figures to ``reports``, write ledger and page again; idempotent.

    Args:
        tables: folder that 'boardbench segmentation tables' filled.
        figures: folder that 'boardbench segmentation figures' filled.
        reports: folder in git; gets tables/<dataset>/, figures/<dataset>/ and index.html.
        out: JSON written last: the SHA-256 of every copied file, by its name inside ``reports``.
        dataset: names the folders.

    Raises:
        BoardbenchError: nothing to publish, or reports/ holds a table that the page cannot read.
    """
    if not (tables / "about.json").is_file():
        raise BoardbenchError(f"{tables / 'about.json'}: no such file. Make it with 'boardbench segmentation tables'.")
    copies = {}
    for kind, source in (("tables", tables), ("figures", figures)):
        copied = _mirror(source, reports / kind / dataset, SUFFIXES[kind], kind)
        copies |= {f"{kind}/{dataset}/{name}": path for name, path in copied.items()}
    if (reports / "published").is_dir():
        ledger(reports=reports)
        copies["tables/reproduction.csv"] = reports / "tables" / "reproduction.csv"
    render(reports)
    hashes = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in copies.items()}
    write_json(out, {"dataset": dataset, "sha256": hashes})
