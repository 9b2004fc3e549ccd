"""What a person sees while bytes move, and the check that there is room for them."""

import shutil
import sys
from pathlib import Path
from typing import Self

from tqdm import tqdm

from boardbench.errors import BoardbenchError

_STEP_PERCENT = 10
_STEP_BYTES = 10**9


def human(count: int) -> str:
    """Write a number of bytes in the largest unit that keeps it above 1."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"


def need_space(folder: Path, count: int, what: str) -> None:
    """Refuse to begin what the disk cannot hold; ``folder`` need not exist yet.

    Raises:
        BoardbenchError: naming the folder, what is needed and what is free.
    """
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < count:
        raise BoardbenchError(
            f"{folder}: {what} needs {human(count)} on this disk, which has {human(free)} free. Free some space, or "
            "name a folder on another disk."
        )


class Progress:
    """Count bytes for a person: a bar with the time left on a terminal, else a line every tenth.

    ``total`` is None where it is not known (then a line every GB); ``done`` is what was there before.
    """

    def __init__(self, what: str, total: int | None, done: int = 0):
        self._what, self._total, self._done = what, total, done
        self._bar = None
        if sys.stderr.isatty():
            self._bar = tqdm(total=total, initial=done, desc=what, unit="B", unit_scale=True, leave=False)
        self._shown = self._step()
        print(f"{what}: {self._state()}", flush=True)

    def _step(self) -> int:
        if self._total:
            return 100 * self._done // self._total // _STEP_PERCENT
        return self._done // _STEP_BYTES

    def _state(self) -> str:
        if self._total:
            return f"{100 * self._done // self._total} % of {human(self._total)}"
        return human(self._done)

    def add(self, count: int) -> None:
        """Count more bytes."""
        self._done += count
        if self._bar is not None:
            self._bar.update(count)
        elif self._step() > self._shown:
            self._shown = self._step()
            print(f"{self._what}: {self._state()}", flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
