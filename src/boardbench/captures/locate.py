"""From the path that a person gives to the files of one capture.

A path is a folder as Lumo writes it, or an ENVI cube by its header or its data file.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from boardbench.captures.envi import Cube, has_dark, open_cube
from boardbench.captures.header import SCALE
from boardbench.captures.judgement import is_reflectance
from boardbench.captures.lumo import LumoFiles, belongs, lumo_files, role
from boardbench.captures.names import DATA_EXTENSIONS, header_file, is_header
from boardbench.errors import BoardbenchError


@dataclass(frozen=True)
class Located:
    """One capture, found and opened.

    ``cube`` is the header or data file that ``source`` was opened by; ``kind`` is ``raw`` (counts, with both
    references) or ``reflectance`` (without); ``dark`` is ``cube`` where it ends with frames of a closed shutter, and
    ``white_dark`` the white's own dark reference; ``notes`` say what the person who gave the path may not expect.
    """

    name: str
    kind: str
    cube: Path
    source: Cube
    white: Path | None = None
    dark: Path | None = None
    white_dark: Path | None = None
    notes: tuple[str, ...] = ()

    @property
    def references(self) -> dict[str, Path | None]:
        """The references by kind, as functions take them."""
        return {"white": self.white, "dark": self.dark, "white_dark": self.white_dark}


def capture_name(path: Path) -> str:
    """Return the name of everything made from a capture: its folder's, or its header's without extensions.

    Only the path is looked at, so a capture that cannot be read has a name, too.
    """
    if path.is_dir():
        return _capture_folder(path).resolve().name
    name = path.name.removesuffix(path.suffix) if is_header(path) else path.name
    return Path(name).stem if Path(name).suffix.lower() in DATA_EXTENSIONS[:-1] else name


@dataclass(frozen=True)
class _Own:
    """A capture's own references, and why one that is missing was not found."""

    white: Path | None = None
    dark: Path | None = None
    white_dark: Path | None = None
    trouble: str = ""


def locate(path: Path, white: Path | None = None, dark: Path | None = None) -> Located:
    """Find cube and references of one capture and say what it holds.

    A folder's cube with its own two references is raw; frames at its end that were taken with the shutter closed serve
    as its dark. Without them ``white`` and ``dark`` serve; without these the recorder's reflectance product, where
    there is one. A cube that is given itself takes the references named after it, or those of the Lumo folder around
    it, before ``white`` and ``dark``. What is raw and what is reflectance is judged by
    :func:`boardbench.captures.judgement.is_reflectance`.

    Args:
        path: folder, header or data file.
        white: white reference of captures that have none of their own; both or neither.
        dark: dark reference, likewise.

    Raises:
        BoardbenchError: nothing there, files that are ambiguous or do not fit each other, counts without references,
            or float values that contradict what the references say.
    """
    if path.is_dir():
        return locate_files(lumo_files(_capture_folder(path)), white, dark)
    if not path.exists():
        raise BoardbenchError(f"{path}: no such file or folder. Check the path, and that the disk with it is mounted.")
    header = header_file(path)
    if role(header) in ("white", "dark", "white_dark"):
        raise BoardbenchError(
            f"{path}: a reference by its name, not a capture. Give the capture's own header, or its folder."
        )
    return _judged(capture_name(path), path, _own_references(header), (white, dark))


def _capture_folder(folder: Path) -> Path:
    return folder.resolve().parent if folder.resolve().name.lower() == "capture" else folder


def locate_files(files: LumoFiles, white: Path | None = None, dark: Path | None = None) -> Located:
    """Say what the files of a capture folder hold; arguments and errors as of :func:`locate`."""
    name = capture_name(files.folder)
    if files.cube is None and files.reflectance is None:
        raise BoardbenchError(
            f"{files.folder}: no capture in this folder. Expected {name}/capture/{name}.hdr, as Lumo writes it, or "
            f"{name}/{name}.hdr; for all captures below a folder give {files.folder}/*."
        )
    own = _Own(files.white, files.dark, files.white_dark)
    if files.cube is not None:
        own = _with_own_dark(files.cube, own)
        raw = (own.white and own.dark) or (white and dark)
        if raw or files.reflectance is None:
            return _judged(name, files.cube, own, (white, dark))
    notes = ("no raw cube with references: the recorder's reflectance product was taken",)
    return _judged(name, files.reflectance, _Own(), (None, None), notes)


def _with_own_dark(cube: Path, own: _Own) -> _Own:
    """Return the references with the capture itself as its dark, where only that is missing and it ends with such
    frames.
    """
    return replace(own, dark=cube) if own.white and own.dark is None and has_dark(cube) else own


def _own_references(header: Path) -> _Own:
    """Return the references of a cube that was given itself."""
    beside = [path for path in sorted(header.parent.iterdir()) if is_header(path)]
    kinds = ("white", "dark", "white_dark")
    named = {
        kind: next((path for path in beside if role(path) == kind and belongs(path, header.stem)), None)
        for kind in kinds
    }
    own = _with_own_dark(header, _Own(**named))
    if own.white and own.dark:
        return own
    try:
        files = lumo_files(_capture_folder(header.parent))
    except BoardbenchError as error:  # several cubes in one folder: not laid out as Lumo does
        return replace(own, trouble=f" (In its folder: {error})")
    if files.cube is not None and files.cube.samefile(header):
        return _with_own_dark(header, _Own(files.white, files.dark, files.white_dark))
    return own


def _judged(
    name: str, cube: Path, own: _Own, given: tuple[Path | None, Path | None], notes: tuple[str, ...] = ()
) -> Located:
    """Open the cube and decide between raw and reflectance."""
    source = open_cube(cube)
    found = own if own.white and own.dark else _Own(*given) if all(given) else _Own()
    absent = " and ".join(word for word in ("white", "dark") if getattr(own, word) is None)
    missing = (
        f" Its {absent} reference is missing.{own.trouble} Copy WHITEREF_{name}.hdr and DARKREF_{name}.hdr with their "
        "data files beside it, or name references for all captures with --white and --dark."
    )
    if is_reflectance(source, found.white, missing if absent else ""):
        if found.white:
            notes += (f"references not used: field '{SCALE}' of the header says that the cube is reflectance",)
        return Located(name, "reflectance", cube, source, notes=notes)
    if found is own and all(given):
        notes += ("calibrated by its own references, not by --white and --dark",)
    if found.dark == cube:
        notes += (f"dark reference: the last {source.shutter_lines} frames of the capture itself",)
    return Located(name, "raw", cube, source, found.white, found.dark, found.white_dark, notes=notes)
