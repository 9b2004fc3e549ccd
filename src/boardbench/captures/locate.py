"""From the path that a person gives to the files of one capture.

A path is a folder as Lumo writes it, or an ENVI cube by its header or its data file.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from boardbench.captures.envi import Cube, open_cube
from boardbench.captures.lumo import lumo_files
from boardbench.captures.names import DATA_EXTENSIONS, header_file, is_header
from boardbench.errors import BoardbenchError

SCALE = "reflectance scale factor"
_REFLECTANCE_BELOW = 2.0
"""Typical reflectance is below it, typical counts (the dark signal alone is some tens) above it."""


@dataclass(frozen=True)
class Located:
    """One capture, found and opened.

    ``cube`` is the header or data file that ``source`` was opened by; ``kind`` is ``raw`` (counts, with both
    references) or ``reflectance`` (without); ``notes`` say what the person who gave the path may not expect.
    """

    name: str
    kind: str
    cube: Path
    source: Cube
    white: Path | None = None
    dark: Path | None = None
    notes: tuple[str, ...] = ()


def capture_name(path: Path) -> str:
    """Return the name of everything made from a capture: its folder's, or its header's without extensions.

    Only the path is looked at, so a capture that cannot be read has a name, too.
    """
    if path.is_dir():
        return _capture_folder(path).resolve().name
    name = path.name.removesuffix(path.suffix) if is_header(path) else path.name
    return Path(name).stem if Path(name).suffix.lower() in DATA_EXTENSIONS[:-1] else name


def locate(path: Path, white: Path | None = None, dark: Path | None = None) -> Located:
    """Find cube and references of one capture and say what it holds.

    A folder's cube with its own two references is raw. Without them ``white`` and ``dark`` serve; without these the
    recorder's reflectance product, where there is one. A cube that is given itself takes the references named after
    it, or those of the Lumo folder around it, before ``white`` and ``dark``. A cube whose header has the field
    ``reflectance scale factor``, and a float cube without references, is reflectance.

    Args:
        path: folder, header or data file.
        white: white reference of captures that have none of their own; both or neither.
        dark: dark reference, likewise.

    Raises:
        BoardbenchError: nothing there, files that are ambiguous or do not fit each other, counts without references,
            or float values that contradict what the references say.
    """
    if path.is_dir():
        return _in_folder(_capture_folder(path), white, dark)
    if not path.exists():
        raise BoardbenchError(f"{path}: no such file or folder. Check the path, and that the disk with it is mounted.")
    header = header_file(path)
    if header.name.upper().startswith(("WHITEREF", "DARKREF")):
        raise BoardbenchError(
            f"{path}: a reference by its name, not a capture. Give the capture's own header, or its folder."
        )
    own, trouble = _own_references(header)
    return _judged(capture_name(path), path, own, (white, dark), trouble)


def _capture_folder(folder: Path) -> Path:
    return folder.resolve().parent if folder.resolve().name.lower() == "capture" else folder


def _in_folder(folder: Path, white: Path | None, dark: Path | None) -> Located:
    files = lumo_files(folder)
    name = capture_name(folder)
    if files.cube is None and files.reflectance is None:
        raise BoardbenchError(
            f"{folder}: no capture in this folder. Expected {name}/capture/{name}.hdr, as Lumo writes it, or "
            f"{name}/{name}.hdr; for all captures below a folder give {folder}/*."
        )
    raw = files.cube is not None and ((files.white and files.dark) or (white and dark))
    if not raw and files.reflectance is not None:
        notes = ("no raw cube with references: the recorder's reflectance product was taken",)
        return _judged(name, files.reflectance, (None, None), (None, None), notes=notes)
    return _judged(name, files.cube, (files.white, files.dark), (white, dark))


def _own_references(header: Path) -> tuple[tuple[Path | None, Path | None], str]:
    """Return white and dark reference of a cube, and what kept them from being found."""
    beside = [path for path in sorted(header.parent.iterdir()) if is_header(path)]
    named = [
        next((path for path in beside if path.stem.upper() == f"{prefix}_{header.stem.upper()}"), None)
        for prefix in ("WHITEREF", "DARKREF")
    ]
    if all(named):
        return tuple(named), ""
    try:
        files = lumo_files(_capture_folder(header.parent))
    except BoardbenchError as error:  # several cubes in one folder: not laid out as Lumo does
        return (None, None), f" (In its folder: {error})"
    if files.cube is not None and files.cube.samefile(header):
        return (files.white, files.dark), ""
    return (None, None), ""


def _judged(
    name: str,
    cube: Path,
    own: tuple[Path | None, Path | None],
    given: tuple[Path | None, Path | None],
    trouble: str = "",
    notes: tuple[str, ...] = (),
) -> Located:
    """Open the cube and decide between raw and reflectance."""
    source = open_cube(cube)
    references = own if all(own) else given if all(given) else None
    if SCALE in source.metadata:
        if references:
            notes += (f"references not used: field '{SCALE}' of the header says that the cube is reflectance",)
        return Located(name, "reflectance", cube, source, notes=notes)
    if references is None and source.dtype.kind != "f":
        absent = " and ".join(word for word, path in zip(("white", "dark"), own, strict=True) if path is None)
        raise BoardbenchError(
            f"{source.header}: the cube holds counts ({source.dtype.name}, no field '{SCALE}') and its {absent} "
            f"reference is missing.{trouble} Copy WHITEREF_{name}.hdr and DARKREF_{name}.hdr with their data files "
            "beside it, or name references for all captures with --white and --dark; if it is reflectance, write the "
            f"number that stands for 1 into the header, such as '{SCALE} = 10000'."
        )
    if source.dtype.kind == "f":
        _check_values(source, references)
    if references is None:
        return Located(name, "reflectance", cube, source, notes=notes)
    if all(own) and all(given):
        notes += ("calibrated by its own references, not by --white and --dark",)
    return Located(name, "raw", cube, source, *references, notes=notes)


def _check_values(source: Cube, references: tuple[Path, Path] | None) -> None:
    """Refuse float counts taken for reflectance and float reflectance taken for counts: the map would be nonsense."""
    line = source.lines // 2
    values = source.read(line, line + 1)
    finite = values[np.isfinite(values)]
    if not finite.size:
        return
    typical = float(np.median(finite))
    seen = f"{source.header}: the cube holds {source.dtype.name} values, {typical:.4g} in the middle of line {line}"
    if references is None and typical > _REFLECTANCE_BELOW:
        raise BoardbenchError(
            f"{seen}, which is no reflectance, and it has no references. If these are counts, give --white and --dark; "
            f"if they are reflectance, write the number that stands for 1 into its header, such as '{SCALE} = 100'."
        )
    if references is not None and typical < _REFLECTANCE_BELOW:
        raise BoardbenchError(
            f"{seen}, which looks like reflectance, yet it has references ({references[0]}). If it is reflectance, "
            f"write '{SCALE} = 1' into its header; if these are counts, correct field 'data type' or the references."
        )
