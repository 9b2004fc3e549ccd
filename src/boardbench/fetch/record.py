"""The file list of a Zenodo or Rodare record: what to download, and the checksums it must have."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boardbench.errors import BoardbenchError
from boardbench.fetch.download import download
from boardbench.fetch.progress import human
from boardbench.files import parse_json

_LONGEST = 200  # bytes of a name
_LARGEST = 1 << 60
_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")


@dataclass(frozen=True)
class Archive:
    """One file to download; ``size`` in bytes."""

    name: str
    address: str
    checksum: str | None = None
    size: int | None = None


def record_archives(record: str, folder: Path) -> list[Archive]:
    """Return the archives of a record, by the JSON at the address ``record``; the answer is kept in ``folder``.

    Raises:
        BoardbenchError: an answer that is no record, or a record without archives.
    """
    answer = folder / "record.json"
    for stale in (answer, answer.with_name("record.json.part")):
        stale.unlink(missing_ok=True)
    try:
        files = parse_json(download(record, answer, None).read_text(encoding="utf-8"))["files"]
        # InvenioRDM has a map by name where Zenodo's and Rodare's older form has a list.
        entries = files["entries"] if isinstance(files, dict) else files
        found = [_entry(entry) for entry in (entries.values() if isinstance(entries, dict) else entries)]
    except (ValueError, LookupError, TypeError, AttributeError, StopIteration) as error:
        raise BoardbenchError(
            f"{record}: the answer is not the JSON of a Zenodo or Rodare record ({type(error).__name__}: {error}). "
            "Correct segmentation.pcbvision.record (https://zenodo.org/api/records/<number>), or give "
            "segmentation.pcbvision.archive and checksum instead."
        ) from None
    archives = [archive for archive in found if archive.name.lower().endswith(_SUFFIXES)]
    others = ", ".join(archive.name for archive in found if archive not in archives)
    if not archives:
        raise BoardbenchError(
            f"{record}: the record has no zip or tar archive, only: {others or 'nothing'}. Give "
            "segmentation.pcbvision.archive and checksum instead."
        )
    sizes = ", ".join(f"{archive.name} ({human(archive.size or 0)})" for archive in archives)
    print(f"{record}: {sizes}" + (f"; left out: {others}" if others else ""), flush=True)
    return archives


def _entry(entry: dict[str, Any]) -> Archive:
    """Return a file of a record; Zenodo and Rodare, old and new, name some fields differently."""
    links = entry["links"]
    # Where there are several links, "self" may be the file's description instead of the file.
    address = next(links[kind] for kind in ("content", "download", "self") if kind in links)
    name = entry.get("key") or entry["filename"]
    checksum, size = entry.get("checksum"), entry.get("size", entry.get("filesize"))
    texts = (name, address) if checksum is None else (name, address, checksum)
    if not all(isinstance(text, str) and text.isprintable() and len(text.encode()) < _LONGEST for text in texts):
        raise ValueError("a file whose name, address or checksum is no short text")
    if size is not None and not (isinstance(size, int) and 0 <= size < _LARGEST):
        raise ValueError("a file whose size is no number of bytes")
    return Archive(name.replace("/", "-"), address, checksum, size)
