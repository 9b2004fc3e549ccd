"""The calibrated captures as one small file: what a step that reads all of them depends on."""

from collections.abc import Iterable
from pathlib import Path

from boardbench.captures.sheet import read_sheet
from boardbench.errors import BoardbenchError
from boardbench.files import write_text
from boardbench.integrity import checked, hash_of


def manifest(*, sheet: Path, reflectance: Path, out: Path) -> None:
    """List the hash of every report and mask, as ``sha256sum`` does; a report holds the hash of its cube.

    Args:
        sheet: captures.csv.
        reflectance: folder of cubes, masks and reports.
        out: the list; ``sha256sum --check`` in the folder takes it.

    Raises:
        BoardbenchError: a report or mask is missing or damaged.
    """
    write_manifest((capture.name for capture in read_sheet(sheet)), reflectance, out)


def write_manifest(names: Iterable[str], reflectance: Path, out: Path) -> None:
    """Write the list of some captures.

    Raises:
        BoardbenchError: as :func:`manifest`.
    """
    lines = []
    for name in sorted(names):
        for file in (f"{name}.json", f"{name}.png"):
            path = reflectance / file
            if not path.is_file():
                raise BoardbenchError(f"{path}: missing. Make it with `boardbench reflectance`.")
            lines.append(f"{hash_of(checked(path))}  {file}")
    write_text(out, "\n".join(lines) + "\n", record=True)
