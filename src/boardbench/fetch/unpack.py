"""Archives from strangers: nothing is written outside the folder, and nothing half-unpacked stays in place."""

import errno
import lzma
import re
import shutil
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from boardbench.errors import BoardbenchError, shown
from boardbench.fetch.progress import Progress, human, need_space

_BLOCK = 1 << 20
_LONGEST_NAME = 255
_DEEPEST = 100
BROKEN = (
    *(zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, struct.error, ValueError),
    *(LookupError, ArithmeticError, RecursionError),
)
"""What the libraries raise for an archive that is broken, or made to break them."""


@dataclass(frozen=True)
class _Member:
    """One entry: ``kind`` is file, folder, or the word for what is refused; ``open`` gives a file's bytes."""

    name: str
    kind: str
    size: int
    open: Callable[[], IO[bytes]]


def unpack(archive: Path, out: Path, max_bytes: int) -> int:
    """Unpack a zip or a tar (plain, gz, bz2, xz) into the new folder ``out``; return the bytes written.

    Every entry is looked at before the first one is written; files are written to a hidden folder beside
    ``out``, which is renamed when all are there (one that a killed run left is removed). Permissions and times
    are not restored; ``__MACOSX`` folders are left out.

    Raises:
        BoardbenchError: ``out`` holds something; not an archive, or one that was cut short; entries that are
            absolute, lead outside by ``..``, are links, devices or encrypted, or stand there twice; more than
            ``max_bytes``, as declared or as found; disk full.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BoardbenchError(f"{out}: something is there already. Move it away, or name another folder.")
    temporary = out.with_name(f".{out.name}.unpacking")
    if temporary.exists():
        shutil.rmtree(temporary)
    with _explained(archive), _members(archive) as members:
        plan = _plan(archive, members, max_bytes)
        total = sum(member.size for member in plan.values())
        need_space(out.parent, total, f"what {archive.name} holds")
        temporary.mkdir(parents=True)
        try:
            with Progress(f"unpacking {archive.name}", total) as progress:
                for name, member in plan.items():
                    _write(archive, member, temporary / name, progress)
            temporary.replace(out)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return total


@contextmanager
def _explained(archive: Path) -> Iterator[None]:
    """Turn what the libraries raise for a bad archive into one message."""
    try:
        yield
    except (*BROKEN, OSError) as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise BoardbenchError(
                f"{archive}: the disk became full while unpacking. Free some space and call again; nothing "
                "half-unpacked is left."
            ) from None
        if isinstance(error, OSError) and not broken(error):
            raise
        raise BoardbenchError(
            f"{archive}: the archive is broken or was cut short ({str(error) or type(error).__name__}). Delete it "
            "and download it again."
        ) from None
    except NotImplementedError as error:  # zipfile's, for what it does not know
        raise _by_hand(archive, error) from None


def _by_hand(archive: Path | str, why: object) -> BoardbenchError:
    return BoardbenchError(
        f"{archive}: {why}. Unpack it by hand with a program that can (7-Zip) and name that folder in params."
    )


def broken(error: OSError) -> bool:
    """Tell whether an archive's content is at fault: bz2 and gzip number no such error, a forged offset is EINVAL."""
    return error.errno in (None, errno.EINVAL)


@contextmanager
def _members(archive: Path) -> Iterator[Iterator[_Member]]:
    """Open a zip or a tar and give its entries."""
    with archive.open("rb") as file:
        is_zip = file.read(2) == b"PK"
    if is_zip:
        with zipfile.ZipFile(archive) as packed:
            yield (_zip_member(packed, info) for info in packed.infolist())
    else:
        with tarfile.open(archive) as packed:
            yield _tar_members(packed)


def _zip_member(packed: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Member:
    # Archives that Unix made carry the file's type; others leave it 0.
    form = stat.S_IFMT(info.external_attr >> 16)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # zipfile unpacks these without a bound on memory, or not at all.
        name = zipfile.compressor_names.get(info.compress_type, info.compress_type)
        raise _by_hand(packed.filename, f"entry {info.filename!r} is compressed by '{name}', which is not supported")
    kind = "folder" if info.filename.endswith(("/", "\\")) else "file"
    if info.flag_bits & 1:
        kind = "encrypted"
    elif form not in (0, stat.S_IFREG, stat.S_IFDIR):
        kind = "a link" if form == stat.S_IFLNK else "a device"
    return _Member(info.filename, kind, info.file_size, lambda: packed.open(info))


def _tar_members(packed: tarfile.TarFile) -> Iterator[_Member]:
    for info in packed:
        kind = "folder" if info.isdir() else "file" if info.isreg() else "a device"
        if info.issym() or info.islnk():
            kind = "a link"
        yield _Member(info.name, kind, info.size, lambda info=info: packed.extractfile(info))
    # tarfile takes the end of a file cut between two entries for the end of the archive.
    packed.fileobj.seek(packed.offset)
    if packed.fileobj.read(tarfile.BLOCKSIZE) != tarfile.NUL * tarfile.BLOCKSIZE:
        raise tarfile.ReadError("the end mark is missing")
    # To the end of a compressed stream, where its checksum stands.
    while packed.fileobj.read(_BLOCK):
        pass


def _plan(archive: Path, members: Iterator[_Member], max_bytes: int) -> dict[str, _Member]:
    """Return the files to write by their clean names, after refusing every entry that is not plain."""
    plan, folders, total = {}, set(), 0
    for member in members:
        # Some Windows programs write backslashes.
        name = member.name.replace("\\", "/")
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if name.startswith("/") or re.match("[A-Za-z]:", name):
            _refuse(archive, member, "an absolute path")
        if not name.isprintable():
            _refuse(archive, member, "a name with control characters")
        if len(parts) > _DEEPEST or any(len(part.encode()) > _LONGEST_NAME for part in parts):
            _refuse(archive, member, f"a name of more than {_LONGEST_NAME} bytes, or in more than {_DEEPEST} folders")
        if ".." in parts:
            _refuse(archive, member, "a path with '..', which leads outside the folder")
        if member.kind not in ("file", "folder"):
            _refuse(archive, member, member.kind)
        if not parts or parts[0] == "__MACOSX":
            continue
        clean = "/".join(parts)
        if member.kind == "folder":
            folders.add(clean)
            continue
        if clean in plan:
            _refuse(archive, member, "there twice")
        total += member.size
        if total > max_bytes:
            _too_large(archive, max_bytes)
        plan[clean] = member
        folders.update("/".join(parts[:depth]) for depth in range(1, len(parts)))
    for clean in plan:
        if clean in folders:
            _refuse(archive, plan[clean], "both a file and a folder")
    return plan


def _refuse(archive: Path, member: _Member, why: str) -> None:
    raise BoardbenchError(
        f"{archive}: entry {shown(member.name)} is {why}; nothing was unpacked. Do not trust this archive: check where "
        "it came from and its checksum."
    )


def _too_large(archive: Path, max_bytes: int) -> None:
    raise BoardbenchError(
        f"{archive}: it holds more than {human(max_bytes)}, the most that may be unpacked; nothing is left of it. If "
        "it is the right archive, raise max_gigabytes in params."
    )


def _write(archive: Path, member: _Member, path: Path, progress: Progress) -> None:
    """Write one file, and not a byte more than its entry declares."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with member.open() as source, path.open("xb") as target:
        while block := source.read(_BLOCK):
            written += len(block)
            if written > member.size:
                _refuse(archive, member, "longer than it declares")
            target.write(block)
            progress.add(len(block))
    if written < member.size:
        raise EOFError(f"{member.name} has {written} of {member.size} bytes")
