"""The cells of a run beside those of the reference: equal, missing, without a reference, or left to be judged."""

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from boardbench.artifacts import read
from boardbench.errors import BoardbenchError
from boardbench.report.artifacts import About
from boardbench.report.runs import RUNS as COLUMNS
from boardbench.report.runs import read_csv
from boardbench.report.verify.comparable import Scored, Table, differing
from boardbench.study import Study, find_study

EQUAL, WITHIN, OUTSIDE, MISSING, UNKNOWN = "equal", "within", "outside", "missing", "no reference"
STATES = (EQUAL, WITHIN, OUTSIDE, MISSING, UNKNOWN)
_NOT_COMPARED = ("dataset",)

Runs = dict[tuple[str, str], dict[int, str]]  # (run, metric) -> seed -> value


@dataclass(frozen=True)
class Cell:
    """One row of a table that is the same on every machine, or one score of one training.

    Attributes:
        dataset: its data set.
        table: its table.
        name: row, or run.
        state: one of STATES.
        seed: of the training; None: none.
        metric: of the score; '': all cells of a row.
        value: of the run.
        reference: mean over the reference's seeds, or the reference's own value.
        low: least value that another training may have; None: must be equal.
        high: greatest.
        seeds: behind the reference's mean.
        why: no reference, or what differs.
    """

    dataset: str
    table: str
    name: str
    state: str
    seed: int | None = None
    metric: str = ""
    value: str = ""
    reference: str = ""
    low: float | None = None
    high: float | None = None
    seeds: int = 0
    why: str = ""

    def __str__(self) -> str:
        parts = [self.dataset, self.name, "" if self.seed is None else f"seed {self.seed}", self.metric]
        said = f"{', '.join(part for part in parts if part)}: {self.state}"
        if self.low is not None:
            expected = f"{self.low:.4f} to {self.high:.4f} (mean of {self.seeds} seeds {self.reference})"
            return f"{said}: {self.value}, expected {expected}"
        return f"{said}{f': {self.why}' if self.why else ''} ({self.table}.csv)"


@dataclass(frozen=True)
class Sides:
    """A data set of a run, and of the reference.

    Attributes:
        name: of the data set.
        study: its study.
        run: folder of the run's tables.
        reference: folder of the reference's.
        ours: params of the run.
        theirs: params of the reference; None: no reference.
        why: why there is none.
    """

    name: str
    study: Study
    run: Path
    reference: Path
    ours: Any
    theirs: Any
    why: str


def sides_of(name: str, results: Path, reference: Path) -> Sides:
    """Return a data set of a run and of the reference, with the params of both.

    Raises:
        BoardbenchError: the run's report is missing or of another version.
    """
    run, other = results / "report/tables" / name, reference / "tables" / name
    about = read(run / "about.json", About, "publish")
    study = find_study(about.study, str(run / "about.json"))
    if not about.settings:
        raise BoardbenchError(f"{run / 'about.json'}: field settings is missing. Run snakemake again.")
    try:
        ours = study.get("params").model_validate(about.settings)
    except ValidationError as error:
        raise BoardbenchError(
            f"{run / 'about.json'}: settings are of another version ({error.error_count()} keys are wrong, the first: "
            f"{'.'.join(map(str, error.errors()[0]['loc']))}). Run snakemake again."
        ) from None
    theirs, why = None, f"{reference} has no data set {name}"
    if (other / "about.json").is_file():
        known = read(other / "about.json", About, "publish --reference")
        why = f"{other / 'about.json'} has no settings of this version"
        with contextlib.suppress(ValidationError):
            if known.settings and find_study(known.study, str(other)) == study:
                theirs = study.get("params").model_validate(known.settings)
    return Sides(name, study, run, other, ours, theirs, why)


def _rows(path: Path, table: Table, verb: str) -> dict[str, dict[str, str]] | None:
    """Return the rows of a table by their keys; None where there is no such file."""
    if not path.is_file():
        return None
    rows = read_csv(path, verb, table.keys).to_dict("records")
    return {" ".join(row[key] for key in table.keys if row[key]): row for row in rows}


def _exact(sides: Sides, name: str, ours: Table, theirs: Table | None) -> list[Cell]:
    """Compare the rows of a table that is the same on every machine."""
    path, other = sides.run / f"{name}.csv", sides.reference / f"{name}.csv"
    found, known = _rows(path, ours, f"{sides.study.name} tables"), _rows(other, ours, "publish --reference")
    why = sides.why if sides.theirs is None else differing(ours.settings, theirs.settings) if theirs else ""
    if not why and known is None:
        why = f"{other} is missing"
    if why:
        return [Cell(sides.name, name, row, UNKNOWN, why=why) for row in found or {}]
    cells = []
    for key, expected in known.items():
        if not ours.asks(expected):
            continue
        cell = Cell(sides.name, name, key, MISSING)
        if found and key in found:
            row = found[key]
            if row.keys() != expected.keys():
                other_columns = ", ".join(sorted(row.keys() ^ expected.keys()))
                raise BoardbenchError(
                    f"{path}: its columns are not those of {other} (only in one: {other_columns}). They are of two "
                    "versions: check out the version of the reference, or publish a new one."
                )
            changed = [column for column in row if column not in _NOT_COMPARED and row[column] != expected[column]]
            said = "; ".join(f"{column} {row[column]}, reference {expected[column]}" for column in changed)
            cell = replace(cell, state=OUTSIDE if changed else EQUAL, why=said)
        cells.append(cell)
    return cells + [Cell(sides.name, name, key, UNKNOWN, why="no such row") for key in found or {} if key not in known]


def _read_runs(path: Path, verb: str) -> Runs:
    """Read a table of runs; none where there is no such file."""
    runs: Runs = {}
    for row in read_csv(path, verb, COLUMNS).to_dict("records") if path.is_file() else []:
        try:
            float(row["value"] or "nan")
            runs.setdefault((row["run"], row["metric"]), {})[int(row["seed"])] = row["value"]
        except ValueError:
            raise BoardbenchError(
                f"{path}: seed {row['seed']!r} or value {row['value']!r} of run {row['run']} is not a number. "
                "Run snakemake again."
            ) from None
    return runs


def _scores(sides: Sides, found: Runs, known: Runs, ours: dict[str, Scored], theirs: dict[str, Scored]) -> list[Cell]:
    """Compare scores; those of trained networks with two seeds of the reference and more are left to be judged."""
    cells = []
    for run, scored in ours.items():
        other = theirs.get(run)
        why = sides.why if sides.theirs is None else differing(scored.settings, other.settings) if other else ""
        metrics = dict.fromkeys(metric for name, metric in [*known, *found] if name == run)
        for metric in metrics:
            values = known.get((run, metric), {})
            least = 2 if scored.trained else 1
            if not why and len(values) < least:
                why = f"the reference has {len(values)} of its trainings, {least} are needed"
            for seed in scored.seeds:
                value = found.get((run, metric), {}).get(seed)
                cell = Cell(sides.name, f"{sides.study.name}_runs", run, UNKNOWN, seed, metric, value or "", why=why)
                if why:
                    cells += [cell] if value is not None else []
                elif value is None:
                    cells.append(replace(cell, state=MISSING))
                elif value == values.get(seed):
                    cells.append(replace(cell, state=EQUAL, reference=value, seeds=len(values)))
                elif scored.trained and value and all(values.values()):
                    cells.append(replace(cell, state=WITHIN, seeds=len(values)))
                else:
                    cells.append(replace(cell, state=OUTSIDE, why=f"{value or 'none'}, reference {values.get(seed)}"))
    return cells


@dataclass(frozen=True)
class Compared:
    """The cells of a data set.

    Attributes:
        decided: equal or not, missing, or without a reference.
        trained: scores of trained networks that another training may move.
        wanted: what the run's params ask for.
        found: scores of the run.
        known: of the reference.
    """

    decided: list[Cell]
    trained: list[Cell]
    wanted: dict[str, Scored]
    found: Runs
    known: Runs


def compare(sides: Sides) -> Compared:
    """Compare the tables of a data set, and sort out the scores that are left to be judged.

    Raises:
        BoardbenchError: a table of another version, or a value that is no number.
    """
    tables, runs = (sides.study.get(f"compared_{kind}") for kind in ("tables", "runs"))
    theirs = tables(sides.theirs) if sides.theirs else {}
    decided = []
    for name, table in tables(sides.ours).items():
        decided += _exact(sides, name, table, theirs.get(name))
    wanted, others = (runs(side) if side else {} for side in (sides.ours, sides.theirs))
    file = f"{sides.study.name}_runs.csv"
    found = _read_runs(sides.run / file, f"{sides.study.name} tables")
    known = _read_runs(sides.reference / file, "publish --reference") if sides.theirs else {}
    scored = _scores(sides, found, known, wanted, others)
    trained = [cell for cell in scored if cell.state in (EQUAL, WITHIN) and wanted[cell.name].trained]
    decided += [cell for cell in scored if cell not in trained]
    return Compared(decided, trained, wanted, found, known)
