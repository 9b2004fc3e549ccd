"""A whole run of the pipeline: its seconds, and what of them is lost to process start-up and scheduling.

Usage: python benchmarks/workflow.py [--workdir FOLDER] [--quick] [--out FILE.csv]

Reads what Snakemake recorded of a finished run (`make run`) below FOLDER/.snakemake; nothing is run but imports. Of
the core-seconds (cores x seconds), idle is what no job held, and start-up what jobs spent on imports: for
each verb the time of a fresh process that imports its module and all that this package's modules behind it import
inside functions, times its jobs. Measured on a quiet machine, that is somewhat more than each job really imports. The
time that Snakemake's own process takes from running jobs is in neither.
"""

import argparse
import ast
import json
import re
import statistics
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import measuring
from measuring import Row, compare, not_run

ROOT = measuring.HERE.parent
LIMIT = 0.15
COMPLETE = 0.95  # of a run's steps must be on record
ALL_CORES = ("latency", "pareto")  # rules that hold every core, so that nothing runs beside them


@dataclass(frozen=True)
class Job:
    """One finished job; start and end in seconds of the clock."""

    rule: str
    verb: str
    start: float
    end: float


@dataclass(frozen=True)
class Run:
    """One finished run of the pipeline."""

    jobs: list[Job]
    seconds: float
    cores: int

    @property
    def idle(self) -> float:
        """Core-seconds that no job held."""
        held = sum((job.end - job.start) * (self.cores if job.rule in ALL_CORES else 1) for job in self.jobs)
        return max(0.0, self.cores * self.seconds - held)


def verb_of(command: str) -> str:
    """Return the verb of a recorded command: the words between ``boardbench`` and the first flag."""
    words = command.split()
    words = words[words.index("boardbench") + 1 :] if "boardbench" in words else []
    flags = [place for place, word in enumerate(words) if word.startswith("-")]
    return " ".join(words[: flags[0] if flags else None])


def read_jobs(folder: Path) -> list[Job]:
    """Return the jobs that Snakemake recorded; it keeps a file an output, so those of one job are put together."""
    spans: dict[tuple[str, str], tuple[float, float]] = {}
    for path in folder.iterdir():
        record = json.loads(path.read_text()) if path.is_file() else {}
        if not record.get("shellcmd") or record.get("incomplete") or not record.get("endtime"):
            continue
        job = record["rule"], record["shellcmd"]
        start, end = spans.get(job, (record["starttime"], record["endtime"]))
        spans[job] = min(start, record["starttime"]), max(end, record["endtime"])
    return [Job(rule, verb_of(command), *span) for (rule, command), span in spans.items()]


def read_run(workdir: Path) -> Run | None:
    """Return the run with the most jobs of those that finished in a folder; None where there is none.

    A run whose records were replaced by later ones is left out.
    """
    metadata, logs = workdir / ".snakemake" / "metadata", workdir / ".snakemake" / "log"
    if not (metadata.is_dir() and logs.is_dir()):
        return None
    jobs, runs = read_jobs(metadata), []
    for log in logs.glob("*.log"):
        text = log.read_text(errors="replace")
        elapsed = re.search(r"^Elapsed time: (?:(\d+) days?, )?(\d+):(\d+):([\d.]+)", text, re.MULTILINE)
        cores = re.search(r"^Provided cores: (\d+)", text, re.MULTILINE)
        steps = re.findall(r"^(\d+) of (\d+) steps", text, re.MULTILINE)
        if not (elapsed and cores and steps):
            continue
        days, hours, minutes, rest = (float(part or 0) for part in elapsed.groups())
        seconds = ((days * 24 + hours) * 60 + minutes) * 60 + rest
        end = log.stat().st_mtime
        within = [job for job in jobs if end - seconds - 2 <= job.start and job.end <= end + 2]
        if len(within) >= COMPLETE * int(steps[-1][1]):
            runs.append(Run(within, seconds, int(cores[1])))
    return max(runs, key=lambda run: len(run.jobs)) if runs else None


def inner_imports(module: str) -> list[str]:
    """Return what the modules behind ``module`` import inside functions, as lines of Python."""
    from boardbench.sources import sources

    lines = {}
    for file in sources(module):
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
        functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
        for node in (inner for function in functions for inner in ast.walk(function)):
            if isinstance(node, ast.Import | ast.ImportFrom):
                lines[ast.unparse(node)] = None
    return list(lines)


def start_up(verb: str, repeats: int) -> float:
    """Return the seconds of a fresh process that imports what a verb needs."""
    from boardbench.cli import VERBS

    module = VERBS[verb][0].split(":")[0]
    tries = [f"try:\n    {line}\nexcept ImportError:\n    pass" for line in inner_imports(module)]
    text = "\n".join(["import boardbench.cli", f"import {module}", *tries])
    command = [sys.executable, "-W", "ignore", "-c", text]
    return statistics.median(
        measuring.seconds(lambda: subprocess.run(command, check=True, capture_output=True)) for _ in range(repeats)
    )


def rows(quick: bool, workdir: Path = ROOT) -> list[Row]:
    """Measure imports, and return the run's seconds and the share of them that is lost."""
    run = read_run(workdir)
    names = "default run", "share of a run lost to start-up and idle cores"
    if run is None:
        why = "no finished run on record (make run)"
        return [not_run(names[0], "none", "s", why), not_run(names[1], "limit", "share", why, 1.0)]
    from boardbench.cli import VERBS

    verbs = Counter(job.verb for job in run.jobs if job.verb in VERBS)
    if quick:
        verbs = Counter(dict(verbs.most_common(1)))
    lost = {verb: count * start_up(verb, 1 if quick else 2) for verb, count in verbs.items()}
    whole = run.cores * run.seconds
    shares = {"idle": run.idle / whole} | {verb: spent / whole for verb, spent in lost.items()}
    for what, share in sorted(shares.items(), key=lambda item: -item[1]):
        print(f"        {share:6.2%} {what}" + (f" ({verbs[what]} jobs)" if what in verbs else ""))
    limit = sum(job.end - job.start for job in run.jobs) / run.cores - sum(lost.values()) / run.cores
    return [
        compare(f"{names[0]}, {len(run.jobs)} jobs", "none", "s", [run.seconds], limit=limit),
        compare(names[1], "limit", "share", [sum(shares.values())], [LIMIT], target=1.0, limit=0.0),
    ]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--workdir", type=Path, default=ROOT)
    options = parser.parse_args()
    table = rows(options.quick, options.workdir)
    measuring.show(table)
    if options.out:
        measuring.write(options.out, table)


if __name__ == "__main__":
    main()
