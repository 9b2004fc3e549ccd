"""Parts of benchmarks/gpu.py: their table, their order in the time there is, and what becomes of those that fail."""

import csv
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import measuring

ROOT = measuring.HERE.parent
COLUMNS = ("part", "what", "precision", "batch_size", "seconds", "samples_per_s", "memory_mib", "loader_share", "n")
COLUMNS += ("card", "torch", "hardware", "note")


class LeftOut(Exception):
    """A part does not run, or not to its end; the message says why."""


class Clock:
    """The minutes that are left."""

    def __init__(self, minutes: float):
        self._end = time.monotonic() + 60 * minutes

    def left(self) -> float:
        """Return the seconds that are left."""
        return self._end - time.monotonic()


@dataclass(frozen=True)
class Job:
    """One part of the measurement.

    Attributes:
        kind: parts of a kind take about as long.
        rows: part, what and precision of the rows that it gives; they stand there, empty, until it has run.
        run: returns those rows, each with its further columns.
    """

    kind: str
    rows: tuple[tuple[str, str, str], ...]
    run: Callable[[], Iterable[dict[str, Any]]]


class Table:
    """gpu.csv: a row for every part from the start."""

    def __init__(self, path: Path, jobs: list[Job]):
        self._path = path
        self.rows = {key: _row(*key, note="not run: it did not come to it") for job in jobs for key in job.rows}
        self._write()

    def take(self, rows: Iterable[dict[str, Any]]) -> None:
        """Put measured rows in their places, and write."""
        for row in rows:
            self.rows[row["part"], row["what"], row["precision"]] = _row(**row)
        self._write()

    def leave_out(self, job: Job, why: str) -> None:
        """Say why a part was not run, unless its rows are there from an earlier seed; write."""
        for key in job.rows:
            if "card" not in self.rows[key]:
                self.rows[key] = _row(*key, note=f"not run: {why}")
        self._write()

    def _write(self) -> None:
        write(self._path, COLUMNS, self.rows.values())


def _row(part: str, what: str, precision: str, **more: Any) -> dict[str, Any]:
    return {"part": part, "what": what, "precision": precision, **more}


def write(path: Path, columns: Iterable[str], rows: Iterable[dict[str, Any]]) -> None:
    """Write a table, whole or not at all; a cell that a row has not is empty."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(columns), restval="", lineterminator="\n")
        table.writeheader()
        table.writerows({name: measuring.rounded(cell) for name, cell in row.items()} for row in rows)
    beside.replace(path)


def go_through(jobs: list[Job], table: Table, clock: Clock) -> None:
    """Run the parts that fit into the time; one that fails stops no other."""
    took: dict[str, float] = {}
    for job in jobs:
        name = ", ".join(job.rows[0])
        if clock.left() <= took.get(job.kind, 0.0):
            table.leave_out(job, "no time was left")
            continue
        begun = time.monotonic()
        try:
            table.take(job.run())
            said = "done"
        except LeftOut as why:
            said = f"left out: {why}"
            table.leave_out(job, str(why))
        except Exception as error:  # too little memory, most likely; whatever it is, the other parts are worth having
            said = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
            table.leave_out(job, said)
        took[job.kind] = time.monotonic() - begun
        print(f"{name}: {said}, {took[job.kind]:.0f} s, {max(clock.left(), 0):.0f} s left", flush=True)
