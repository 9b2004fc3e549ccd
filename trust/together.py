"""Several at once: two runs of the workflow, two 'make run', eight writers on one MLflow store."""

import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import yaml

from kills import PHASES
from scratch import PRESETS, ROOT, Row, Scratch, entries_of

WRITER = """
import sys
from pathlib import Path
from boardbench.engine.tracking import Store
store, writer, runs = Store(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
for number in range(runs + 1):
    name = f"{writer} {number}" if number < runs else "shared"
    run = store.start("segmentation", name, name, {"writer": writer}, "segmentation train")
    run.log([{"epoch": epoch, "train_loss": 1.0 / (epoch + 1)} for epoch in range(3)])
    run.finish()
"""
LOCKED = "cannot be locked"
# Made last, so that a whole run has only this to do.
LATE = [f"results/{study}/figures" for study in ("segmentation/tiny", "placement/tiny-photos")] + [
    "results/published.json"
]


def _both(scratch: Scratch, kind: str, tries: int, targets: list[str], command: list[str]) -> Row:
    """Start a command twice at once: at least one ends well, another may say that the folder is locked."""
    row, begun = Row(kind), time.monotonic()
    for _ in range(tries):
        scratch.without(targets)
        runs = [scratch.start(command=command) for _ in range(2)]
        printed = [run.communicate()[0] for run in runs]
        codes = [run.returncode for run in runs]
        unclear = [text for run, text in zip(runs, printed, strict=True) if run.returncode and LOCKED not in text]
        again = scratch.run(command=command)
        wrong = ""
        if unclear or 0 not in codes:
            wrong = f"exit codes {codes}: {(unclear or printed)[0][-500:]}"
        elif again.returncode:
            wrong = f"again: exit code {again.returncode}: {again.stdout[-500:]}"
        wrong = wrong or scratch.differences() or scratch.entries()
        row.count(wrong, "other bytes" in wrong)
        row.message = row.message or (f"the second is told: {LOCKED}" if any(codes) else "")
    row.seconds = time.monotonic() - begun
    return row


def snakemakes(scratch: Scratch, tries: int) -> Row:
    """Start Snakemake twice at once."""
    phases = [phase for phase in PHASES if phase.name in ("training", "export")]
    targets = [target for phase in phases for target in phase.targets]
    return _both(scratch, "two snakemake at once", tries, targets, scratch.command(*targets))


def makes(scratch: Scratch, tries: int) -> Row:
    """Start 'make run' twice at once; its profile names the small presets, its environment is this one."""
    profile, environment = scratch.folder / "profiles/default/config.yaml", scratch.folder / ".venv"
    before = profile.read_text()
    profile.write_text(before + yaml.safe_dump({"configfile": list(PRESETS)}))
    environment.mkdir(exist_ok=True)
    if not (environment / "bin").is_symlink():
        (environment / "bin").symlink_to(Path(sys.executable).parent)
    (environment / "installed").touch()
    try:
        return _both(scratch, "two make run at once", tries, LATE, ["make", "run"])
    finally:
        profile.write_text(before)


def writers(folder: Path, number: int = 8, runs: int = 3) -> Row:
    """Have processes write runs of their own, and one that all of them write, into one SQLite store."""
    row, begun, store = Row(f"{number} writers on SQLite"), time.monotonic(), folder / "mlflow.db"
    store.unlink(missing_ok=True)
    command = [sys.executable, "-c", WRITER, str(store)]
    processes = [
        subprocess.Popen(
            [*command, str(writer), str(runs)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        )
        for writer in range(number)
    ]
    printed = [process.communicate()[0] for process in processes]
    found = entries_of(store)
    for writer, process in enumerate(processes):
        wanted = Counter({(f"{writer} {run}", "FINISHED"): 1 for run in range(runs)})
        missing = wanted - found
        row.count(
            f"exit code {process.returncode}: {printed[writer][-500:]}"
            if process.returncode
            else f"lost or doubled: {dict(missing)}" * bool(missing)
        )
    if found[("shared", "FINISHED")] != 1 or found.total() != number * runs + 1:
        row.count(f"entries: {dict(found)}")
    row.seconds = time.monotonic() - begun
    return row


def postgresql() -> Row:
    """Have as many write into one empty PostgreSQL database: the test that starts such a server, counted."""
    row, begun = Row("8 writers on PostgreSQL"), time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "tests/engine/test_tracking_servers.py::test_postgresql"]
    given = os.environ.get("PYTHONPATH", "")
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{given}"}
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    skipped = re.search(r"^SKIPPED .*?: (needs .*)$", answer.stdout, re.MULTILINE)
    if skipped:
        row.message = f"not run: {skipped[1]}"
    else:
        for _ in range(8):
            row.count(answer.stdout[-300:] if answer.returncode else "")
    row.seconds = time.monotonic() - begun
    return row
