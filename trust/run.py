"""What breaks, on purpose, and what is lost by it: kills, full disks, flipped bits, fuzzed input, several at once.

Usage: python trust/run.py [--only KIND ...] [--fast] [--scratch FOLDER] [--out reports/tables/reliability.csv]

About two hours on two cores. Everything happens in a clone of the last commit, in a temporary folder; ``--scratch``
keeps it, so that the next call need not make its run again. ``--only`` replaces the rows of that kind and keeps the
others. ``--fast`` is the slice for CI: one kill, one full disk, a flip a kind and one repair, of the smallest training;
it writes nothing unless ``--out`` is given. Exit code 1 where anything was lost or silently wrong.
"""

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "src")]

import disks  # noqa: E402
import flips  # noqa: E402
import fuzz  # noqa: E402
import kills  # noqa: E402
import together  # noqa: E402
from scratch import Row, Scratch  # noqa: E402

OUT = HERE.parent / "reports/tables/reliability.csv"
COLUMNS = ("kind", "tries", "survived", "lost", "silently_wrong", "seconds", "message")
SEED = 18
KINDS: dict[str, Callable[[Scratch], Iterable[Row]]] = {
    "kill": lambda scratch: kills.rows(scratch, tries=6, seed=SEED),
    "full": lambda scratch: [disks.full(scratch, tries=12, seed=SEED)],
    "read-only": lambda scratch: [disks.read_only(scratch)],
    "flip": lambda scratch: flips.rows(scratch, tries=20, seed=SEED),
    "repair": lambda scratch: [flips.repairs(scratch, seed=SEED)],
    "fuzz": lambda _: [fuzz.row(factor=12)],
    "snakemake": lambda scratch: [together.snakemakes(scratch, tries=3)],
    "make": lambda scratch: [together.makes(scratch, tries=3)],
    "writers": lambda scratch: [together.writers(scratch.folder.parent), together.postgresql()],
}
ALONE = ("fuzz", "writers")  # these need no run
FAST_TARGET = "results/classification/tiny-digits/runs/small-seed0/metrics.json"
FAST_PHASES = tuple(phase for phase in kills.PHASES if phase.verb == "classification train")
FAST_KINDS = tuple(f"classification {file}" for file in ("samples.csv", "samples.json", "images.npy", "model.pt"))
FAST: dict[str, Callable[[Scratch], Iterable[Row]]] = {
    "kill": lambda scratch: kills.rows(scratch, tries=1, seed=SEED, phases=FAST_PHASES),
    "full": lambda scratch: [disks.full(scratch, tries=1, seed=SEED, phases=FAST_PHASES)],
    "flip": lambda scratch: flips.rows(scratch, tries=1, seed=SEED, only=FAST_KINDS),
    "repair": lambda scratch: [flips.repairs(scratch, seed=SEED, only=FAST_KINDS[-1:])],
}


def merged(out: Path, row: Row) -> None:
    """Write a row in place of the old one of its kind."""
    new = {row.kind: [getattr(row, name) for name in COLUMNS]}
    old = {}
    if out.is_file():
        with out.open(newline="", encoding="utf-8") as file:
            old = {cells["kind"]: [cells[name] for name in COLUMNS] for cells in csv.DictReader(file)}
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([COLUMNS, *(old | new).values()])


def main() -> None:
    """Break things, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=KINDS, help="may be given more than once")
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--scratch", type=Path, help="folder to work in, kept; default: a temporary one")
    parser.add_argument("--out", type=Path, help=f"default: {OUT.relative_to(OUT.parents[2])}; with --fast: none")
    options = parser.parse_args()
    out = options.out or (None if options.fast else OUT)
    kinds = FAST if options.fast else KINDS
    begun, every = time.monotonic(), []
    with tempfile.TemporaryDirectory() as temporary:
        home = (options.scratch or Path(temporary)).resolve()
        home.mkdir(parents=True, exist_ok=True)
        scratch = Scratch(home)
        if set(options.only or kinds) - set(ALONE):
            scratch.make(FAST_TARGET if options.fast else "")
        for kind in options.only or kinds:
            print(f"{kind}:", flush=True)
            for row in kinds[kind](scratch):
                row.seconds = round(row.seconds)
                row.message = " ".join(row.message.split())[:300]
                every.append(row)
                print(
                    f"{row.kind}: {row.survived} of {row.tries}, {row.lost} lost, {row.silently_wrong} silently wrong"
                )
                if out:  # after each row: a later one that fails loses nothing
                    merged(out, row)
    print(f"{sum(row.tries for row in every)} tries in {time.monotonic() - begun:.0f} s")
    raise SystemExit(any(row.lost or row.silently_wrong for row in every))


if __name__ == "__main__":
    main()
