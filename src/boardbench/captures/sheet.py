"""The capture sheet: the one interface between any data source and the pipeline.

``captures.csv`` has a row a capture: scene, condition (``1`` where empty), kind, cube, white, dark, mask and, where
they are at hand, white_dark (the white's own dark reference) and board; paths are relative to the sheet.
"""

import csv
import io
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from boardbench.captures.locate import locate_files
from boardbench.captures.lumo import capture_folders, lumo_files
from boardbench.captures.names import cube_files, data_file, header_file, is_header
from boardbench.errors import BoardbenchError, nearest, shown
from boardbench.files import write_text

COLUMNS = ("scene", "condition", "kind", "cube", "white", "dark", "mask")
OPTIONAL = ("white_dark", "board")
KINDS = ("raw", "reflectance")
# "_" separates scene and condition in file names, so it may be in neither.
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9.-]+")


@dataclass(frozen=True)
class Capture:
    """One row of the sheet; paths are as relative as the sheet's own.

    ``white`` and ``dark`` are None for reflectance; ``dark`` is ``cube`` where it ends with frames of a closed shutter;
    ``white_dark`` is the white's own dark reference; ``board`` says which pixels show the board (see
    ``masks.read_board``).
    """

    scene: str
    condition: str
    kind: str
    cube: Path
    white: Path | None
    dark: Path | None
    mask: Path
    white_dark: Path | None = None
    board: Path | None = None

    @property
    def name(self) -> str:
        """``<scene>_<condition>``, the name of everything made from this capture."""
        return f"{self.scene}_{self.condition}"

    @property
    def references(self) -> dict[str, Path | None]:
        """The references by kind, as functions take them."""
        return {"white": self.white, "dark": self.dark, "white_dark": self.white_dark}

    @property
    def files(self) -> list[Path]:
        """Every file of the capture, headers and data; for one that is yet to be made, those it will have."""
        paths = []
        for path in dict.fromkeys((self.cube, self.white, self.dark, self.white_dark)):
            paths += cube_files(path) if path else []
        for path in (self.mask, self.board):
            paths += cube_files(path) if path and is_header(path) else [path] if path else []
        return paths


def generated_capture(root: Path, scene: str, condition: str, kind: str) -> Capture:
    """Return the capture that a generator writes below ``root``, by path arithmetic alone."""
    name = f"{scene}_{condition}"
    folder = root / name
    mask = folder / "mask.png"
    if kind == "reflectance":
        return Capture(scene, condition, kind, folder / f"{name}.hdr", None, None, mask)
    cube, white, dark = (folder / "capture" / f"{prefix}{name}.hdr" for prefix in ("", "WHITEREF_", "DARKREF_"))
    return Capture(scene, condition, kind, cube, white, dark, mask)


def read_sheet(path: Path) -> list[Capture]:
    """Read and check a capture sheet; of the files only their existence is looked at.

    Raises:
        BoardbenchError: naming every bad row by line number, column, value and remedy.
    """
    captures, problems = scan_sheet(path)
    if problems:
        raise BoardbenchError(f"{path}: rows not accepted:\n" + "\n".join(f"  {problem}" for problem in problems))
    return captures


def scan_sheet(path: Path) -> tuple[list[Capture], list[str]]:
    """Return the captures of a sheet whose rows can be read, and what is wrong with its rows.

    Raises:
        BoardbenchError: no sheet, or other columns.
    """
    captures, problems, seen = [], [], {}
    for line, row in _rows(path):
        capture, wrong = _capture(path.parent, row)
        problems += [f"line {line}, {text}" for text in wrong]
        if capture is None:
            continue
        first = seen.setdefault((capture.scene, capture.condition), line)
        if first != line:
            problems.append(
                f"line {line}, columns scene and condition: {capture.scene!r}, {capture.condition!r} is "
                f"line {first} already. Give each scan of a scene its own condition."
            )
        captures.append(capture)
    return captures, problems


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Return (line number, row) pairs after checking the columns."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BoardbenchError(
            f"{path}: no such capture sheet. Write it, or have it written: boardbench sheet --root FOLDER --out {path}"
        ) from None
    except UnicodeDecodeError:
        raise BoardbenchError(f"{path}: not UTF-8 text. Save it as 'CSV UTF-8', with commas.") from None
    try:
        return _parsed(path, csv.DictReader(io.StringIO(text)))
    except csv.Error as error:  # a cell of more than 131072 characters
        raise BoardbenchError(f"{path}: not a readable CSV ({error}). Save the sheet again, a row a capture.") from None


def _parsed(path: Path, reader: csv.DictReader) -> list[tuple[int, dict[str, str]]]:
    columns = [column.strip() for column in reader.fieldnames or []]
    if len(columns) == 1 and ";" in columns[0]:
        raise BoardbenchError(f"{path}: the columns are separated by ';'. Save the sheet with ',' between them.")
    known = [*COLUMNS, *OPTIONAL]
    unknown = [f"unknown column {name!r}. {nearest(name, known)}" for name in columns if name not in known]
    missing = [f"column {name!r} is missing. Add it." for name in COLUMNS if name not in columns]
    twice = [f"column {name!r} is there twice. Delete one." for name in known if columns.count(name) > 1]
    if unknown or missing or twice:
        raise BoardbenchError(f"{path}, line 1: " + " ".join(unknown + missing + twice))
    reader.fieldnames = columns
    rows = []
    for row in reader:
        if None in row:
            raise BoardbenchError(
                f"{path}: line {reader.line_num} has more cells than columns. Put a value with a comma in quotes."
            )
        rows.append((reader.line_num, {key: (value or "").strip() for key, value in row.items()}))
    if not rows:
        raise BoardbenchError(f"{path}: the sheet has no rows. Add one a capture, or run 'boardbench sheet'.")
    return rows


def _capture(folder: Path, row: dict[str, str]) -> tuple[Capture | None, list[str]]:
    """Return a row's capture where its words are right, and what is wrong with the row."""
    wrong = []
    row = row | {"condition": row["condition"] or "1"}
    for column in ("scene", "condition"):
        if not _WORD.fullmatch(row[column]):
            wrong.append(
                f"column {column}: {row[column]!r} cannot name files. Use letters, digits, '.' and '-', a "
                "letter or digit first ('_' separates scene and condition)."
            )
    if row["kind"] not in KINDS:
        wrong.append(f"column kind: {row['kind']!r} is unknown. {nearest(row['kind'], list(KINDS))}")
    cells = {column: row.get(column) for column in ("cube", "white", "dark", "mask", *OPTIONAL)}
    paths = {column: folder / cell if cell else None for column, cell in cells.items()}
    for column in ("cube", "mask"):
        if paths[column] is None:
            wrong.append(f"column {column}: empty. Give the path of the {column}, relative to the sheet.")
    for column in ("white", "dark", "white_dark"):
        if row["kind"] == "raw" and paths[column] is None and column != "white_dark":
            wrong.append(
                f"column {column}: empty, but kind raw needs its {column} reference. Give its path, or set "
                "kind to reflectance if the cube is calibrated already."
            )
        if row["kind"] == "reflectance" and paths[column] is not None:
            wrong.append(
                f"column {column}: {row[column]!r}, but kind reflectance takes no references. Leave it "
                "empty, or set kind to raw."
            )
    for column, path in paths.items():
        wrong += _missing(column, path) if path else []
    if any(text.startswith(("column scene", "column condition")) for text in wrong) or None in (
        paths["cube"],
        paths["mask"],
    ):
        return None, wrong
    return Capture(row["scene"], row["condition"], row["kind"], **paths), wrong


def _missing(column: str, path: Path) -> list[str]:
    """Say which file behind a cell does not exist."""
    try:
        if column not in ("mask", "board") or is_header(path):
            data_file(header_file(path), path)
        elif not path.is_file():
            raise BoardbenchError(f"{path}: no such file. Check the path; it is relative to the sheet.")
    except BoardbenchError as error:
        return [f"column {column}: {error}"]
    except OSError as error:
        return [f"column {column}: {shown(str(path))}: {error.strerror}. Give another path."]
    return []


def write_sheet(*, root: Path, out: Path, pattern: str | None = None) -> None:
    """Write the capture sheet of all capture folders below a folder.

    Folders are laid out as Lumo does (or a plain ENVI cube in the folder), with mask.png or mask.hdr inside. A name
    with one '_' is <scene>_<condition>; any other one is a scene, with '-' for what cannot be in file names. What is
    raw and what is reflectance is judged as 'boardbench predict' does.

    Args:
        root: folder that holds the capture folders.
        out: the sheet.
        pattern: regular expression for folder names, with the groups (?P<scene>...) and, if there are scans of a scene
            under several conditions, (?P<condition>...).

    Raises:
        BoardbenchError: naming every folder that makes no good row, and why.
    """
    rows, problems = sheet_rows(root, out.parent, pattern)
    if problems:
        raise BoardbenchError(f"{root}: no sheet written:\n" + "\n".join(f"  {problem}" for problem in problems))
    write_rows(out, rows)


def sheet_rows(root: Path, relative_to: Path, pattern: str | None = None) -> tuple[list[dict[str, str]], list[str]]:
    """Return a row for each capture folder below ``root``, and what is wrong with them; as :func:`write_sheet`.

    Raises:
        BoardbenchError: no capture folder, or a pattern that is none.
    """
    form = _form(pattern)
    rows, problems, seen = [], [], {}
    for folder in capture_folders(root):
        row, wrong = _row(folder, relative_to, form)
        problems += wrong
        name = (row["scene"], row["condition"])
        if seen.setdefault(name, folder) != folder:
            problems.append(f"{folder}: scene {name[0]!r}, condition {name[1]!r} is {seen[name]} already. Rename one.")
        rows.append(row)
    return rows, problems


def _form(pattern: str | None) -> re.Pattern:
    """Return the pattern of folder names."""
    try:
        form = re.compile(pattern or r"(?P<scene>[^_]+)(_(?P<condition>[^_]+))?")
    except re.error as error:
        raise BoardbenchError(f"--pattern {pattern}: not a regular expression ({error}).") from None
    if "scene" not in form.groupindex:
        raise BoardbenchError(
            f"--pattern {pattern}: no group for the scene. Write for example '(?P<scene>.+)_(?P<condition>[^_]+)'."
        )
    return form


def write_rows(out: Path, rows: list[dict[str, str]]) -> None:
    """Write a sheet of cells by column; an optional column is there where any row has it."""
    columns = [*COLUMNS, *(column for column in OPTIONAL if any(row.get(column) for row in rows))]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(out, text.getvalue())


def _row(folder: Path, relative_to: Path, form: re.Pattern) -> tuple[dict[str, str], list[str]]:
    """Return a capture's row, and what is wrong with it; cells that cannot be told are not there."""
    found = form.fullmatch(folder.name)
    words = found.groupdict() if found else {"scene": folder.name}
    scene, condition = (_NOT_IN_NAMES.sub("-", words.get(key) or "").strip("-.") for key in ("scene", "condition"))
    row = {"scene": scene or "scene", "condition": condition or "1"}
    try:
        files = lumo_files(folder)
    except BoardbenchError as error:
        return row, [str(error)]
    wrong = [] if files.mask else [f"{folder}: no mask.png or mask.hdr. Save the capture's mask there."]
    try:
        capture = locate_files(files)
    except BoardbenchError as error:
        return row, [*wrong, str(error)]
    for note in capture.notes:
        print(f"{folder}: {note}", file=sys.stderr)
    paths = {"cube": capture.cube, **capture.references, "mask": files.mask}
    cells = {key: Path(os.path.relpath(path, relative_to)).as_posix() if path else "" for key, path in paths.items()}
    return row | {"kind": capture.kind, **cells}, wrong
