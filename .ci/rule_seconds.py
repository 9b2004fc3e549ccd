"""Write what a job of each rule took in a run: what the next run expects, before it has measured anything itself.

Usage: python .ci/rule_seconds.py FOLDER [--out FILE.csv]

FOLDER is where the default run was made; its .snakemake/metadata has the start and the end of each job. A rule that is
not in the default run has no row, and is expected to take as long as the middle one of the others.
"""

import argparse
import csv
import json
from collections import defaultdict
from pathlib import Path
from statistics import mean

OUT = Path(__file__).parents[1] / "src/snakemake_logger_plugin_boardbench/seconds.csv"


def rule_seconds(folder: Path) -> dict[str, float]:
    """Return rule -> mean seconds of its jobs, by name; every output of a job has a record of its times."""
    times: dict[str, set[tuple[float, float]]] = defaultdict(set)
    for path in (folder / ".snakemake/metadata").rglob("*"):
        if path.is_file():
            record = json.loads(path.read_text())
            times[record["rule"]].add((record["starttime"], record["endtime"]))
    return {rule: mean(end - start for start, end in found) for rule, found in sorted(times.items())}


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    with given.out.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["rule", "seconds"])
        writer.writerows((rule, f"{seconds:.2f}") for rule, seconds in rule_seconds(given.folder).items())


if __name__ == "__main__":
    main()
