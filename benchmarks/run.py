"""All benchmarks, one after the other, into one table; each stands beside its rival in the same run.

Usage: python benchmarks/run.py [--only NAME ...] [--quick] [--out reports/tables/benchmarks.csv]

About ten minutes on two quiet cores. Nothing else should run meanwhile: the load before and after is printed.
``--only`` replaces that benchmark's rows and keeps the others. ``--quick`` tries the code at tiny sizes and writes
nothing unless ``--out`` is given. A missed target is printed and written, not an error.
"""

import argparse
import csv
import importlib
import os
import time
from pathlib import Path

import measuring
from measuring import COLUMNS, Row

OUT = measuring.HERE.parent / "reports" / "tables" / "benchmarks.csv"
# In the table's order; the last two run nothing long.
NAMES = (
    "reflectance",
    "complexity",
    "training_step",
    "inference",
    "runtimes",
    "stream",
    "windows",
    "baselines",
    "numpy_networks",
    "pruned",
    "tracking",
    "planning",
    "workflow",
    "paper",
)


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table, or none where there is no table."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def merged(old: list[dict[str, str]], new: dict[str, list[Row]], path: Path) -> None:
    """Write new rows in place of the same benchmark's old ones: a row of the same name and unit is the same."""
    fresh = [row for rows in new.values() for row in rows]
    known = {(row.name, row.rival, row.unit) for row in fresh}
    kept = [_row(row) for row in old if (row["name"], row["rival"], row["unit"]) not in known]
    measuring.write(path, [*kept, *fresh])


def _row(cells: dict[str, str]) -> Row:
    numbers = {
        name: float(cells[name]) if cells[name] else None
        for name in COLUMNS
        if name not in ("name", "rival", "unit") and name not in ("n", "hardware")
    }
    texts = {name: cells[name] for name in ("name", "rival", "unit", "hardware")}
    return Row(**texts, **numbers, n=int(cells["n"]))


def main() -> None:
    """Run benchmarks and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=NAMES, help="may be given more than once")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, help=f"default: {OUT.relative_to(OUT.parents[2])}; with --quick: none")
    options = parser.parse_args()
    out = options.out or (None if options.quick else OUT)
    print(f"{measuring.hardware()}; load {os.getloadavg()[0]:.2f}", flush=True)
    begun, table = time.monotonic(), {}
    for name in options.only or NAMES:
        start = time.monotonic()
        print(f"{name}:", flush=True)
        table[name] = importlib.import_module(name).rows(options.quick)
        measuring.show(table[name])
        print(f"        {time.monotonic() - start:.0f} s, load {os.getloadavg()[0]:.2f}", flush=True)
        if out:  # after each benchmark: a later one that fails loses nothing
            merged(read(out) if options.only else [], table, out)
    every = [row for rows in table.values() for row in rows]
    verdicts = [row.verdict for row in every]
    print(
        f"{len(every)} rows in {time.monotonic() - begun:.0f} s: {verdicts.count('met')} targets met, "
        f"{verdicts.count('MISSED')} missed, {verdicts.count('not run')} not run" + (f"; {out}" if out else "")
    )


if __name__ == "__main__":
    main()
