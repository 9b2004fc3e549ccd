"""Files that are what was written: the hash of each derived file stands beside it, and is checked where it is read.

``results/a/model.pt`` has its record in ``results/a/.model.pt.sha256``, in the format of ``sha256sum``. A file without
a record (a user's own, or one of an older version) is taken as it is.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from boardbench.errors import BoardbenchError

_checked: set[tuple[str, int, int]] = set()


def record_of(path: Path) -> Path:
    """Return the file that holds the hash of a file."""
    return path.with_name(f".{path.name}.sha256")


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_damaged(path: Path) -> bool:
    """Tell whether a file is another one than its record says; False where it has none."""
    try:
        wanted = record_of(path).read_text(encoding="utf-8").split(" ")[0]
    except (OSError, UnicodeDecodeError):  # none, or a name too long to have one
        return False
    return bool(wanted) and hash_of(path) != wanted


def checked(path: Path) -> Path:
    """Return a path whose file is what was written there; a file is hashed once a process.

    Raises:
        BoardbenchError: it is damaged, or was edited.
    """
    try:
        state = path.stat()
    except OSError:
        return path  # who reads it says what is missing
    key = (os.fspath(path.absolute()), state.st_size, state.st_mtime_ns)
    if key not in _checked:
        if path.is_file() and is_damaged(path):
            raise BoardbenchError(
                f"{path}: damaged, or edited: its hash is not that of {record_of(path).name} beside it. To have it "
                f"made again, delete it (rm {path}) and run the same command. To keep an edit of your own, delete the "
                f"record (rm {record_of(path)})."
            )
        _checked.add(key)
    return path


def remove(path: Path) -> None:
    """Remove a file and its record, if they are there."""
    path.unlink(missing_ok=True)
    record_of(path).unlink(missing_ok=True)


def recorded(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder that have a record, missing ones too, in order."""
    for record in sorted(folder.rglob(".*.sha256")):
        yield record.with_name(record.name.removeprefix(".").removesuffix(".sha256"))
