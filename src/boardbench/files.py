"""Files that appear whole or not at all."""

import csv
import errno
import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from boardbench.errors import BoardbenchError
from boardbench.integrity import hash_of, record_of
from boardbench.process import is_gone, this_process


@contextmanager
def atomic_write(path: Path, *, record: bool = False, durable: bool = False) -> Iterator[Path]:
    """Give a temporary path beside ``path`` to write to; rename it to ``path`` only when the block succeeds.

    Args:
        path: the file.
        record: keep its hash beside it (:mod:`boardbench.integrity`), as of all files that one step makes for another.
        durable: wait until it is on the disk, so that it outlives a loss of power.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        if durable:
            with temporary.open("rb+") as file:  # Windows flushes no file that is open to read
                os.fsync(file.fileno())
        digest = hash_of(temporary) if record else ""
        record_of(path).unlink(missing_ok=True)  # a kill between here and the last line leaves a file without a record
        temporary.replace(path)
        if record:
            record_of(path).write_text(f"{digest}  {path.name}\n", encoding="utf-8")
    except Exception as error:
        if _is_full(error, path):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _temporary(path: Path) -> Path:
    """Make an empty file beside ``path``, named by this process; those that killed processes left are removed."""
    ours, suffix = f".{path.stem[:100]}~", path.suffix
    with os.scandir(path.parent) as entries:  # 10,000 captures are 60,000 files in one folder: no Path for each
        left = [entry.path for entry in entries if entry.name.startswith(ours)]
    for other in map(Path, left):
        if is_gone(" ".join(other.name.removeprefix(ours).split("~")[:3])):
            other.unlink(missing_ok=True)
    handle, made = tempfile.mkstemp(dir=path.parent, prefix=f"{ours}{this_process().replace(' ', '~')}~", suffix=suffix)
    os.close(handle)
    return Path(made)


def _is_full(error: Exception, path: Path) -> bool:
    """Tell whether a file could not be written for want of room, of which torch and others say something else."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOSPC and error.filename is None
    return not isinstance(error, BoardbenchError) and shutil.disk_usage(path.parent).free < 2**16


def read_text(path: Path, what: str) -> str:
    """Return a text file's content, UTF-8 with or without a byte-order mark; ``what`` it is, for errors.

    Raises:
        BoardbenchError: no such file, or no text.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BoardbenchError(f"{path}: no such {what}. Check the path.") from None
    except (OSError, ValueError) as error:  # ValueError: no UTF-8, or a path with a zero byte
        raise BoardbenchError(f"{path}: not readable as text ({error}). Write the {what} again.") from None


def parse_json(text: str | bytes) -> Any:
    """Return what a JSON text holds.

    Raises:
        ValueError: no JSON, or numbers too long or lists too deep to be read.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("lists in lists, too deep to be read") from None


def write_text(path: Path, text: str, *, record: bool = False) -> None:
    """Write a text file with LF line ends, whole or not at all; ``record``: see :func:`atomic_write`."""
    with atomic_write(path, record=record) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: Any, *, record: bool = False) -> None:
    """Write JSON, indented, whole or not at all; ``record``: see :func:`atomic_write`."""
    write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n", record=record)


def write_csv(path: Path, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a table with a head, whole or not at all, with its record; None is an empty cell.

    Raises:
        ValueError: a row of another length.
    """
    buffer, columns = io.StringIO(), list(columns)
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([cell for _, cell in zip(columns, row, strict=True)] for row in rows)
    write_text(path, buffer.getvalue(), record=True)


def sha256(*paths: Path) -> str:
    """Return the hash of the contents of files, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(bytes.fromhex(hash_of(path)))
    return digest.hexdigest()


def nearest_above(folder: Path, name: str, flag: str) -> Path:
    """Return the nearest file of a name in the folders above a run.

    Raises:
        BoardbenchError: there is none; ``flag`` names it instead.
    """
    found = next((above / name for above in folder.parents if (above / name).is_file()), None)
    if found is None:
        raise BoardbenchError(f"{folder}: no {name} in any folder above. Name the one that the run is of with {flag}.")
    return found
