"""Folders as Specim's Lumo recorder and the Specim IQ write them.

``<id>/capture/<id>.hdr``, ``WHITEREF_<id>.hdr``, ``DARKREF_<id>.hdr``, on the IQ ``WHITEDARKREF_<id>.hdr`` (the dark of
the white), ``<id>/results/REFLECTANCE_<id>.hdr``. Seen in the wild as well: no capture/ folder,
``WHITEREF_FX10_<id>``, one reference that a whole session shares, ``white.hdr``, ``WHITE_<id>``, ``<id>_WR``.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from boardbench.captures.names import is_header
from boardbench.errors import BoardbenchError

# What a header's name says it is; the first that fits.
_ROLES = {
    "white_dark": re.compile(r"WHITE_?DARKREF|WHITE_?DARK(?=[_-]|$)|.*[_-]WHITE_?DARK(_?REF)?$"),
    "white": re.compile(r"WHITE_?REF|WHITE(?=[_-]|$)|.*[_-](WR|WHITE(_?REF)?)$"),
    "dark": re.compile(r"DARK_?REF|DARK(?=[_-]|$)|.*[_-](DR|DARK(_?REF)?)$"),
    "reflectance": re.compile(r"REFLECTANCE"),
    "mask": re.compile(r"MASK"),
}
_NOT_CAPTURES = ("WHITEREF", "DARKREF", "WHITEDARKREF", "REFLECTANCE", "MASK")
_NO_CAPTURES = ("capture", "results", "metadata", "white", "dark")


def role(header: Path) -> str:
    """Return what a header is by its name: capture, white, dark, white_dark, reflectance or mask.

    One that is called as its folder is the capture, unless the folder is one of references.
    """
    folder = header.parent.parent if header.parent.name.lower() == "capture" else header.parent
    if header.stem.lower() == folder.name.lower() and not _is_other(folder):
        return "capture"
    return next((name for name, form in _ROLES.items() if form.match(header.stem.upper())), "capture")


def _is_other(folder: Path) -> bool:
    """Say whether a folder is by its name one of references or the inside of a capture's."""
    return folder.name.lower() in _NO_CAPTURES or folder.name.upper().startswith(_NOT_CAPTURES)


def belongs(header: Path, name: str) -> bool:
    """Say whether a reference is called after a capture: ``WHITEREF_<name>``, ``<name>_WR``."""
    stem, name = header.stem.upper(), name.upper()
    return stem.endswith((f"_{name}", f"-{name}")) or stem.startswith((f"{name}_", f"{name}-"))


@dataclass(frozen=True)
class LumoFiles:
    """The headers of one capture.

    ``white_dark`` is the white's own dark reference, ``reflectance`` the recorder's product, ``mask`` a PNG or a
    header.
    """

    folder: Path
    cube: Path | None
    white: Path | None
    dark: Path | None
    white_dark: Path | None
    reflectance: Path | None
    mask: Path | None


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def _headers(folder: Path, wanted: str) -> list[Path]:
    return [path for path in _files(folder) if is_header(path) and role(path) == wanted]


def _inside(folder: Path, name: str) -> Path:
    """Return a subfolder, its name in any case."""
    found = (path for path in sorted(folder.iterdir()) if path.is_dir() and path.name.lower() == name)
    return next(found, folder / name)


def _reference(folder: Path, wanted: str) -> Path | None:
    """Find a capture's reference: its own, else the only one of its session (the folder above)."""
    session = folder.parent
    shared = [session, _inside(session, "capture"), *(_inside(session, name) for name in ("white", "dark"))]
    beside = (path for path in sorted(session.iterdir()) if path.is_dir())
    shared += [path for path in beside if path.name.upper().startswith(_NOT_CAPTURES)]
    for places in ([folder, _inside(folder, "capture")], shared):
        found = [header for place in places for header in _headers(place, wanted)]
        named = [header for header in found if belongs(header, folder.name)]
        if len(named or found) == 1:
            return (named or found)[0]
        if found:
            raise BoardbenchError(
                f"{folder}: {len(found)} {wanted} references could belong to it: "
                f"{', '.join(path.name for path in found)}. Name one {wanted.upper().replace('_', '')}REF_{folder.name}"
                ".hdr, or take the others away."
            )
    return None


def _products(folder: Path) -> list[Path]:
    """Return the recorder's reflectance products in a capture folder."""
    return _headers(_inside(folder, "results"), "reflectance") + _headers(folder, "reflectance")


def lumo_files(folder: Path) -> LumoFiles:
    """Find the files of one capture folder; what is not there is None.

    Raises:
        BoardbenchError: where two files could be the cube or a reference.
    """
    if not folder.is_dir():
        raise BoardbenchError(f"{folder}: no such folder. Give the folder of one capture, which Lumo names after it.")
    capture = _inside(folder, "capture")
    cubes = [path for place in (folder, capture) for path in _headers(place, "capture")]
    named = [path for path in cubes if path.stem.lower() == folder.name.lower()]
    if len(cubes) > 1 and len(named) != 1:
        raise BoardbenchError(
            f"{folder}: {len(cubes)} headers could be the capture: {', '.join(path.name for path in cubes)}. "
            f"Name the right one {folder.name}.hdr, or take the others away."
        )
    products = _products(folder)
    masks = [
        path for place in (folder, capture) for path in _files(place) if path.name.lower() in ("mask.png", "mask.hdr")
    ]
    return LumoFiles(
        folder=folder,
        cube=next(iter(named or cubes), None),
        **{kind: _reference(folder, kind) for kind in ("white", "dark", "white_dark")},
        reflectance=next((path for path in products if folder.name.lower() in path.stem.lower()), None)
        or next(iter(products), None),
        mask=next(iter(masks), None),
    )


def find_captures(root: Path) -> list[LumoFiles]:
    """Find the files of every capture below ``root``, in the order of their paths.

    Raises:
        BoardbenchError: where there is none, or files of one are ambiguous.
    """
    return [lumo_files(folder) for folder in capture_folders(root)]


def capture_folders(root: Path) -> list[Path]:
    """Find every capture folder below ``root``, in the order of their paths.

    Raises:
        BoardbenchError: where there is none.
    """
    if not root.is_dir():
        raise BoardbenchError(f"{root}: no such folder. Give the folder that holds the capture folders.")
    found = []
    for folder in sorted(path for path in root.rglob("*") if path.is_dir()):
        # Folders of references, the insides of a capture folder and what macOS packs beside them are no captures.
        if _is_other(folder) or "__MACOSX" in folder.parts:
            continue
        has_headers = any(map(is_header, (*_files(folder), *_files(_inside(folder, "capture")))))
        if not (has_headers or _inside(folder, "results").is_dir()):
            continue
        places = (folder, _inside(folder, "capture"))
        if any(_headers(place, "capture") for place in places) or _products(folder):
            found.append(folder)
    if not found:
        raise BoardbenchError(
            f"{root}: no capture found below it. Expected "
            "<scene>_<condition>/capture/<scene>_<condition>.hdr, as Lumo writes them, or "
            "<scene>_<condition>/<scene>_<condition>.hdr."
        )
    return found
