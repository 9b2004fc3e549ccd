"""Which files belong together: the header of a data file and the data file of a header."""

from pathlib import Path

from boardbench.errors import BoardbenchError

DATA_EXTENSIONS = (".raw", ".dat", ".img", ".bil", ".bip", ".bsq", ".bin", "")


def is_header(path: Path) -> bool:
    """Say whether a path is that of an ENVI header, ``.hdr`` in any case.

    ``._x.hdr`` is none: macOS writes such files beside each file on a foreign disk.
    """
    return path.suffix.lower() == ".hdr" and not path.name.startswith("._")


def _stem(header: Path) -> Path:
    """Return a header's path without ``.hdr``, given once or twice."""
    while is_header(header):
        header = header.with_suffix("")
    return header


def _existing(stem: Path, extensions: tuple[str, ...]) -> list[Path]:
    """Return the files of a stem, one for each extension."""
    found = ((stem.with_name(stem.name + spelt) for spelt in (ext, ext.upper())) for ext in extensions)
    return [path for spellings in found if (path := next(filter(Path.is_file, spellings), None))]


def header_file(path: Path) -> Path:
    """Return the header that belongs to ``path``, which may be the header itself or the data file.

    Raises:
        BoardbenchError: where the file, or the header beside it, does not exist.
    """
    if not path.is_file():
        raise BoardbenchError(f"{path}: no such file. Check the path, and that the disk with the data is mounted.")
    if is_header(path):
        return path
    stems = dict.fromkeys((path, path.with_suffix("")))
    header = next((found for stem in stems for found in _existing(stem, (".hdr",))), None)
    if header is None:
        raise BoardbenchError(
            f"{path}: no ENVI header beside it; looked for {path.name}.hdr and "
            f"{path.with_suffix('.hdr').name}. Copy the .hdr file that belongs to it into the same folder."
        )
    return header


def data_file(header: Path, asked: Path | None = None) -> Path:
    """Return the data file that belongs to ``header``; ``asked`` is taken where it is one.

    Raises:
        BoardbenchError: where there is none, or several.
    """
    if asked is not None and not is_header(asked):
        return asked
    stem = _stem(header)
    # x.raw.hdr names its data file in full; x.hdr leaves the extension open.
    found = _existing(stem, ("",) if stem.suffix.lower() in DATA_EXTENSIONS[:-1] else DATA_EXTENSIONS)
    if len(found) > 1:
        raise BoardbenchError(
            f"{header}: {len(found)} files beside it could be its data: {', '.join(path.name for path in found)}. Take "
            "away those that are not, or give the right one itself."
        )
    if not found:
        raise BoardbenchError(
            f"{header}: its data file is missing; looked for {stem.name} with the extensions "
            f"{', '.join(ext or '(none)' for ext in DATA_EXTENSIONS)}. Copy it into the same folder."
        )
    return found[0]


def cube_files(path: Path) -> list[Path]:
    """Return header and data file of a cube; ``.hdr`` and ``.raw`` for one that is yet to be made."""
    if not path.exists():
        stem = _stem(path)
        return [path, stem.with_name(stem.name + ".raw")] if is_header(path) else [path.with_suffix(".hdr"), path]
    header = header_file(path)
    return [header, data_file(header, path)]
