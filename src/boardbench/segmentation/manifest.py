"""The calibrated captures as one small file: what a step that reads all of them depends on."""

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
    lines = []
    for name in sorted(capture.name for capture in read_sheet(sheet)):
        for file in (f"{name}.json", f"{name}.png"):
            path = reflectance / file
            if not path.is_file():
                raise BoardbenchError(f"{path}: missing. Make it with `boardbench reflectance`.")
            lines.append(f"{hash_of(checked(path))}  {file}")
    write_text(out, "\n".join(lines) + "\n", record=True)
