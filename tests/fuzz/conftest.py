"""Watches what a reader does while it reads a broken file."""

import os
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PATHS = {"os.mkdir": 0, "os.remove": 0, "os.rename": 1, "os.rmdir": 0, "os.symlink": 1, "os.link": 1, "os.truncate": 0}
_NEVER = (
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "subprocess.Popen",
    "socket.connect",
    "ctypes.dlsym/handle",
)
_watching: list[tuple[Path, list[str]]] = []
_watched = [0]


def _hook(event: str, arguments: tuple) -> None:
    """Note what happens outside the folder; an audit hook stays for the process's life, so it is switched."""
    if not _watching:
        return
    folder, seen = _watching[-1]
    if event in _NEVER:
        seen.append(f"{event} {arguments[:1]}")
    elif event == "open" and isinstance(arguments[0], str | bytes):
        path, mode, flags = arguments
        if (isinstance(mode, str) and set(mode) & set("wax+")) or (mode is None and flags & _WRITES):
            _inside(folder, path, event, seen)
    elif event in _PATHS and isinstance(arguments[_PATHS[event]], str | bytes):
        _inside(folder, arguments[_PATHS[event]], event, seen)


def _inside(folder: Path, path: str | bytes, event: str, seen: list[str]) -> None:
    where = os.path.realpath(os.fsdecode(path))
    # What Python itself keeps of modules is none of a reader's.
    if where != os.devnull and "__pycache__" not in where and not where.startswith(str(folder)):
        seen.append(f"{event} {where}")


sys.addaudithook(_hook)


@contextmanager
def _watch(folder: Path):
    seen: list[str] = []
    _watched[0] += 1
    _watching.append((folder.resolve(), seen))
    try:
        yield
    finally:
        _watching.pop()
    assert not seen, f"outside {folder}: {seen}"


@pytest.fixture(scope="session")
def watch():
    """Return a context that fails where its block writes outside a folder, starts a program or connects."""
    return _watch


def pytest_terminal_summary(terminalreporter):
    """Say how many inputs were read; trust/fuzz.py counts them."""
    if _watched[0]:
        terminalreporter.write_line(f"fuzz: {_watched[0]} inputs")
