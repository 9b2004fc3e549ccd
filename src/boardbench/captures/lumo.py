"""Folders as Specim's Lumo recorder writes them.

``<id>/capture/<id>.hdr``, ``WHITEREF_<id>.hdr``, ``DARKREF_<id>.hdr``,
``<id>/results/REFLECTANCE_<id>.hdr``. Seen in the wild as well: no capture/ folder,
``WHITEREF_FX10_<id>``, one reference that a whole session shares.
"""

from dataclasses import dataclass
from pathlib import Path

from boardbench.captures.names import is_header
from boardbench.errors import BoardbenchError

_OTHERS = ("WHITEREF", "DARKREF", "REFLECTANCE", "MASK")


@dataclass(frozen=True)
class LumoFiles:
    """The headers of one capture; ``reflectance`` is the recorder's product, ``mask`` a PNG or a header."""

    folder: Path
    cube: Path | None
    white: Path | None
    dark: Path | None
    reflectance: Path | None
    mask: Path | None


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def _headers(folder: Path, prefix: str) -> list[Path]:
    return [path for path in _files(folder) if is_header(path) and path.name.upper().startswith(prefix)]


def _inside(folder: Path, name: str) -> Path:
    """Return a subfolder, its name in any case."""
    found = (path for path in sorted(folder.iterdir()) if path.is_dir() and path.name.lower() == name)
    return next(found, folder / name)


def _reference(folder: Path, prefix: str) -> Path | None:
    """Find a capture's reference: its own, else the only one of its session (the folder above)."""
    session = folder.parent
    shared = [session, _inside(session, "capture")]
    shared += [path for path in sorted(session.iterdir()) if path.is_dir() and path.name.upper().startswith(prefix)]
    for places in ([folder, _inside(folder, "capture")], shared):
        found = [header for place in places for header in _headers(place, prefix)]
        named = [header for header in found if header.stem.upper().endswith(f"_{folder.name.upper()}")]
        if len(named or found) == 1:
            return (named or found)[0]
        if found:
            raise BoardbenchError(
                f"{folder}: {len(found)} references {prefix}_*.hdr could belong to it: "
                f"{', '.join(path.name for path in found)}. Name one {prefix}_{folder.name}.hdr, or take the "
                "others away."
            )
    return None


def lumo_files(folder: Path) -> LumoFiles:
    """Find the files of one capture folder; what is not there is None.

    Raises:
        BoardbenchError: where two files could be the cube or a reference.
    """
    if not folder.is_dir():
        raise BoardbenchError(f"{folder}: no such folder. Give the folder of one capture, which Lumo names after it.")
    capture = _inside(folder, "capture")
    cubes = [
        path for place in (folder, capture) for path in _headers(place, "") if not path.name.upper().startswith(_OTHERS)
    ]
    named = [path for path in cubes if path.stem.lower() == folder.name.lower()]
    if len(cubes) > 1 and len(named) != 1:
        raise BoardbenchError(
            f"{folder}: {len(cubes)} headers could be the capture: {', '.join(path.name for path in cubes)}. "
            f"Name the right one {folder.name}.hdr, or take the others away."
        )
    products = _headers(_inside(folder, "results"), "REFLECTANCE") + _headers(folder, "REFLECTANCE")
    masks = [
        path for place in (folder, capture) for path in _files(place) if path.name.lower() in ("mask.png", "mask.hdr")
    ]
    return LumoFiles(
        folder=folder,
        cube=next(iter(named or cubes), None),
        white=_reference(folder, "WHITEREF"),
        dark=_reference(folder, "DARKREF"),
        reflectance=next((path for path in products if folder.name.lower() in path.stem.lower()), None)
        or next(iter(products), None),
        mask=next(iter(masks), None),
    )


def find_captures(root: Path) -> list[LumoFiles]:
    """Find every capture folder below ``root``, in the order of their paths.

    Raises:
        BoardbenchError: where there is none, or files of one are ambiguous.
    """
    if not root.is_dir():
        raise BoardbenchError(f"{root}: no such folder. Give the folder that holds the capture folders.")
    found = []
    for folder in sorted(path for path in root.rglob("*") if path.is_dir()):
        # Folders of references, and the insides of a capture folder, are no captures.
        if folder.name.lower() in ("capture", "results", "metadata") or folder.name.upper().startswith(_OTHERS):
            continue
        has_headers = any(is_header(path) for path in _files(folder))
        if not (has_headers or _headers(_inside(folder, "capture"), "") or _inside(folder, "results").is_dir()):
            continue
        files = lumo_files(folder)
        if files.cube or files.reflectance:
            found.append(files)
    if not found:
        raise BoardbenchError(
            f"{root}: no capture found below it. Expected "
            "<scene>_<condition>/capture/<scene>_<condition>.hdr, as Lumo writes them, or "
            "<scene>_<condition>/<scene>_<condition>.hdr."
        )
    return found
