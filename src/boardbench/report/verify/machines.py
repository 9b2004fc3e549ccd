"""The same run on several machines: how far another processor moves a score, beside how far another seed does."""

import math
from pathlib import Path
from statistics import fmean

from boardbench.artifacts import read
from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write
from boardbench.report.artifacts import Published
from boardbench.report.runs import read_csv
from boardbench.report.verify.cells import compare, sides_of
from boardbench.report.verify.judge import gather, scaled
from boardbench.report.verify.prediction import pooled
from boardbench.report.writing import decimals, text_table

COLUMNS = ("dataset", "metric", "scale", "sd_seeds", "freedom_seeds", "machines", "equal", "sd_machines")
COLUMNS += ("freedom_machines", "ratio")
RUNS = ("dataset", "run", "metric", "seed", "machine", "value", "mean_seeds", "sd_seeds")
REFERENCE = "reference"


def machines(
    *,
    runs: list[Path],
    names: list[str],
    reference: Path = Path("reports"),
    out: Path = Path("reports/tables/machines.csv"),
) -> None:
    """Set the spread of the reference's scores over machines beside their spread over seeds.

    Each run is one of the reference's seeds on another machine, or under other instructions. The reference's own
    training of that seed counts as a machine, too.

    Writes two tables: ``out``, a row a data set and metric with the standard deviation over seeds (pooled over
    networks; errors in pixels by their natural logarithm) and its degrees of freedom, the machines, how many scores of
    the runs are equal to the reference's to the digit, the same over machines, and the ratio of both; and beside it
    ``<out>_runs.csv`` with each score. Machines that this second table has from before stay, with those of their scores
    whose cell the runs have, too, and the reference has with the same value; a machine named again is replaced.

    Args:
        runs: folder ``results`` of each run, as Snakemake left it; of other machines, a copy.
        names: of the machine of each run, in the same order.
        reference: folder of the reference.
        out: CSV.

    Raises:
        BoardbenchError: lists that do not belong together, or runs that share no trained score with the reference.
    """
    if len(runs) != len(names) or len(set(names)) != len(names):
        raise BoardbenchError(f"{len(runs)} runs and {len(set(names))} names: give each run a --names of its own.")
    rows, spreads = [], {}
    for folder, machine in zip(runs, names, strict=True):
        for dataset in read(folder / "published.json", Published, "publish").datasets:
            compared = compare(sides_of(dataset, folder, reference))
            for judged in gather(compared):
                spreads[dataset, judged.metric] = judged.spread
                for cell in judged.cells:
                    own = compared.known[cell.name, cell.metric]
                    values = [float(value) for value in own.values()]
                    centre = fmean(values)
                    row = {"dataset": dataset, "run": cell.name, "metric": cell.metric, "seed": cell.seed}
                    row |= {"mean_seeds": decimals(centre, 4), "sd_seeds": decimals(pooled([values]).sd, 4)}
                    if cell.seed in own:
                        rows.append(row | {"machine": REFERENCE, "value": own[cell.seed]})
                        rows.append(row | {"machine": machine, "value": cell.value})
    if not rows:
        raise BoardbenchError(
            f"{reference}: no trained score of {', '.join(map(str, runs))} has the reference's settings and seed. Give "
            "runs of the default params, made with this version."
        )
    singles_file = out.with_name(f"{out.stem}_runs.csv")
    rows = [{key: str(row[key]) for key in RUNS} for row in rows]
    order = {cell: place for place, cell in enumerate(dict.fromkeys(map(_cell, rows)))}
    distinct = {(*_cell(row), row["machine"]): row for row in [*rows, *_former(singles_file, rows)]}
    singles = sorted(distinct.values(), key=lambda row: order[_cell(row)])
    table = [
        _spread(dataset, metric, spread, [row for row in singles if _is(row, dataset, metric)])
        for (dataset, metric), spread in spreads.items()
    ]
    for path, content, columns in (
        (singles_file, singles, RUNS),
        (out, [row for row in table if row], COLUMNS),
    ):
        with atomic_write(path) as beside:
            text_table(content, columns).to_csv(beside, index=False, lineterminator="\n")


def _cell(row: dict[str, str]) -> tuple[str, ...]:
    return row["dataset"], row["run"], row["metric"], row["seed"]


def _former(file: Path, rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the scores of other machines that a table has, of cells whose reference is still the same."""
    if not file.is_file():
        return []
    former = read_csv(file, "machines", RUNS).to_dict("records")
    named = {row["machine"] for row in rows}
    now = {_cell(row): row for row in rows if row["machine"] == REFERENCE}
    then = {_cell(row): row["value"] for row in former if row["machine"] == REFERENCE}
    return [
        row | {key: now[_cell(row)][key] for key in ("mean_seeds", "sd_seeds")}
        for row in former
        if row["machine"] not in named and _cell(row) in now and then.get(_cell(row)) == now[_cell(row)]["value"]
    ]


def _is(row: dict, dataset: str, metric: str) -> bool:
    return (row["dataset"], row["metric"]) == (dataset, metric)


def _spread(dataset: str, metric: str, spread, rows: list[dict]) -> dict[str, str]:
    """Return a row of the first table; none where no network was trained on two machines."""
    groups: dict[tuple, list[str]] = {}
    for row in rows:  # the reference's own comes first
        groups.setdefault(_cell(row), []).append(row["value"])
    if not groups:
        return {}
    over = pooled([[scaled(metric, value) for value in values] for values in groups.values()])
    others = [value == own for own, *values in groups.values() for value in values]
    return {
        "dataset": dataset,
        "metric": metric,
        "scale": "log" if metric.endswith("_px") else "",
        "sd_seeds": decimals(spread.sd, 4),
        "freedom_seeds": str(spread.freedom),
        "machines": str(max(map(len, groups.values()))),
        "equal": f"{sum(others)} of {len(others)}",
        "sd_machines": decimals(over.sd, 4),
        "freedom_machines": str(over.freedom),
        "ratio": decimals(over.sd / spread.sd, 2) if spread.sd and math.isfinite(over.sd) else "",
    }
