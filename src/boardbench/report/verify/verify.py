"""Hold a run against the reference, cell by cell: what must be equal, and what may differ as another training does."""

import json as text
import sys
from dataclasses import asdict
from pathlib import Path
from statistics import mean
from typing import Any

from boardbench.artifacts import read
from boardbench.errors import BoardbenchError
from boardbench.files import write_json
from boardbench.integrity import hash_of, is_damaged, recorded
from boardbench.project import home
from boardbench.report.artifacts import Published
from boardbench.report.page import render
from boardbench.report.verify.cells import (
    EQUAL,
    MISSING,
    OUTSIDE,
    STATES,
    UNKNOWN,
    WITHIN,
    Cell,
    Compared,
    compare,
    sides_of,
)
from boardbench.report.verify.judge import Judged, gather
from boardbench.report.verify.prediction import FAMILY

NOT_REPEATED = 3  # exit code
REFERENCE = Path("reports")


def verify(
    *, results: Path = Path("results"), reference: Path = REFERENCE, files: bool = False, json: bool = False
) -> None:
    """Hold the last run against the reference, print what was repeated, and say so at the top of the run's page.

    Tables that are the same on every machine (captures, counts, variances, baselines without training) must be equal.
    Mean IoU, mean F1, centre error and accuracy of trained networks must lie in the prediction interval of one new
    training: the mean over the reference's seeds, with the standard deviation pooled over its networks, by Student's
    t, at 95 % for all of them together. The mean difference of all networks of a study is judged too. A cell whose
    settings are not the reference's has no reference. Times are not judged.

    Args:
        results: folder of the run; gets report/verify.json, metrics.json and the page's first line.
        reference: folder of the reference; where a project has none, the one that boardbench brings.
        files: check instead that every file of the run is what was written there, by its hash.
        json: print JSON instead: what report/verify.json holds; with --files how many files are whole, and the damaged.

    Raises:
        BoardbenchError: no run, a table of another version, or a value that is no number; nothing is written.
        SystemExit: 3 where a cell is outside or missing, or a file damaged.
    """
    if files:
        return _check_files(results, json)
    if reference == REFERENCE and not reference.is_dir():
        reference = home() / REFERENCE
    names = _published(results)
    cells, judged, metrics = [], [], {}
    for name in names:
        sides = sides_of(name, results, reference)
        compared = compare(sides)
        cells += compared.decided
        judged += gather(compared)
        metrics[sides.study.name] = _metrics(compared)
    number = sum(len(one.cells) + (len(one.networks) > 1) for one in judged)
    cells += [cell for one in judged for cell in one.judge(number)]
    answer = _answer(names, cells, judged, number, reference)
    write_json(results / "report/verify.json", answer)
    write_json(results / "metrics.json", metrics)
    print(text.dumps(answer, indent=2) if json else "\n".join(_told(names, answer)))
    repeated = not answer["outside"] and not answer["missing"]
    try:
        render(results / "report")
    except BoardbenchError as error:  # a table that is missing is missing on the page too
        if repeated:
            raise
        print(f"The page stays as it was: {error}", file=sys.stderr if json else sys.stdout)
    if not repeated:
        raise SystemExit(NOT_REPEATED)


def _published(results: Path) -> list[str]:
    """Return the names of the data sets that were published.

    Raises:
        BoardbenchError: published.json is broken, or a file of the report is not the one that was published.
    """
    path = results / "published.json"
    published = read(path, Published, "publish")
    for name, wanted in published.sha256.items():
        file = results / "report" / name
        if file.is_file() and hash_of(file) != wanted:
            raise BoardbenchError(
                f"{file}: damaged, or edited: its hash is not that in {path}. To have it published again: "
                f"rm {file} {path} and run the same command."
            )
    return published.datasets


def _check_files(results: Path, json: bool) -> None:
    """Hash every file of a run that has a record; missing ones, which Snakemake makes again, are not counted."""
    found = [path for path in recorded(results) if path.is_file()]
    if not found:
        raise BoardbenchError(f"{results}: no file with a record of its hash. Run snakemake first, or give --results.")
    damaged = [path for path in found if is_damaged(path)]
    whole = len(found) - len(damaged)
    if json:
        print(text.dumps({"files": len(found), "whole": whole, "damaged": list(map(str, damaged))}, indent=2))
        if damaged:
            raise SystemExit(NOT_REPEATED)
        return
    for path in damaged:
        print(f"{path}: damaged, or edited")
    print(f"{whole} of {len(found)} files are what was written")
    if damaged:
        print(f"To have them made again: rm {' '.join(map(str, damaged))} && snakemake --cores all")
        raise SystemExit(NOT_REPEATED)


def _metrics(compared: Compared) -> dict[str, Any]:
    """Return run -> metric -> run, reference and difference, of trained networks, for ``dvc metrics show``."""
    nested: dict[str, Any] = {}
    for (run, metric), values in compared.found.items():
        if run in compared.wanted and compared.wanted[run].trained and all(values.values()):
            ours = mean(map(float, values.values()))
            given = {"run": round(ours, 4)}
            others = compared.known.get((run, metric), {})
            if others and all(others.values()):
                theirs = mean(map(float, others.values()))
                given |= {"reference": round(theirs, 4), "difference": round(ours - theirs, 4)}
            nested.setdefault(run, {})[metric] = given
    return nested


def _answer(names: list[str], cells: list[Cell], judged: list[Judged], number: int, reference: Path) -> dict[str, Any]:
    """Return what verify.json holds."""
    counts = {name: dict.fromkeys(STATES, 0) for name in names}
    for cell in cells:
        counts[cell.dataset][cell.state] += 1
    total = {state: sum(count[state] for count in counts.values()) for state in STATES}
    good, all_of = total[EQUAL] + total[WITHIN], sum(total[state] for state in STATES[:-1])
    word = f"repeated: {good} of {all_of} cells" if good == all_of else f"not repeated: {good} of {all_of} cells"
    said = word if all_of else "no reference"
    if good != all_of:
        said += f"; {total[OUTSIDE]} outside, {total[MISSING]} missing"
    powers = []
    for one in judged:
        alone = one.spread.error(min(len(one.known[run]) for run in one.networks))
        powers.append(
            {
                "dataset": one.cells[0].dataset,
                "metric": one.metric,
                "sd": round(one.spread.sd, 4),
                "degrees_of_freedom": one.spread.freedom,
                "networks": len(one.networks),
                "found_from": round(one.spread.found_from(alone, number), 4),
                "found_from_all": round(one.spread.found_from(one.mean_error(), number), 4),
            }
        )
    why = dict.fromkeys((cell.dataset, cell.why) for cell in cells if cell.state == UNKNOWN)
    return {
        "said": said,
        "reference": str(reference),
        "level": FAMILY,
        "judged": number,
        "counts": counts,
        "outside": [str(cell) for cell in cells if cell.state == OUTSIDE],
        "missing": [str(cell) for cell in cells if cell.state == MISSING],
        "no_reference": [f"{dataset}: {reason}" for dataset, reason in why],
        "power": powers,
        "scores": [asdict(cell) for cell in cells if cell.low is not None],
    }


def _told(names: list[str], answer: dict[str, Any]) -> list[str]:
    """Return what is printed."""
    width = max(len(name) for name in names)
    lines = [f"{'':{width}}  {'  '.join(f'{state:>12}' for state in STATES)}"]
    for name in names:
        numbers = "  ".join(f"{number:12}" for number in answer["counts"][name].values())
        lines.append(f"{name:{width}}  {numbers}")
    for kind in ("no_reference", "missing", "outside"):
        lines += ["", *answer[kind][:20]] if answer[kind] else []
        if len(answer[kind]) > 20:
            lines.append(f"and {len(answer[kind]) - 20} more in report/verify.json")
    return [*lines, "", answer["said"]]
