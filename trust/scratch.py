"""A clone of the project with a small finished run in it, where things are broken and then made again.

A copy of the finished run is kept: before each try the clone is made equal to it, and after it the results are held
against it, byte by byte.
"""

import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PRESETS = ("workflow/presets/tiny.yaml", "trust/long.yaml")
STATE = ("results", "data", ".snakemake")
# What is measured, or says when and where, differs in every run; MLflow's store is held against its own entries.
MEASURED = re.compile(
    r"(seconds|latency|epochs|pareto|system)\.(json|csv)|\.log$|/logs/|results/mlflow|results/mlartifacts"
)


@dataclass
class Row:
    """One row of the table.

    Attributes:
        kind: what was done.
        tries: how often.
        survived: the same command again ended with exit code 0 and equal bytes (or damage was told).
        lost: it did not.
        silently_wrong: it ended with exit code 0 and other bytes.
        message: what a user is told, or what went wrong.
        seconds: that all tries took.
    """

    kind: str
    tries: int = 0
    survived: int = 0
    lost: int = 0
    silently_wrong: int = 0
    message: str = ""
    seconds: float = 0.0

    def count(self, wrong: str, silent: bool = False) -> None:
        """Count a try; ``wrong`` says what went wrong, '' where nothing did."""
        self.tries += 1
        if not wrong:
            self.survived += 1
            return
        self.lost += not silent
        self.silently_wrong += silent
        self.message = wrong
        print(f"    {self.kind}: {wrong}", flush=True)


class Scratch:
    """The clone and the copy of its finished run."""

    def __init__(self, home: Path):
        self.folder, self.kept = home / "clone", home / "kept"

    def make(self, target: str = "") -> None:
        """Clone the project's last commit, make ``target`` (nothing named: everything), and keep a copy."""
        if self.folder.is_dir():
            before = _git("-C", self.folder, "rev-parse", "HEAD")
            _git("-C", self.folder, "pull", "--quiet", "--ff-only")
            if _git("-C", self.folder, "rev-parse", "HEAD") != before:  # exported files name their commit
                self.remove(*STATE)
        else:
            _git("clone", "--quiet", ROOT, self.folder)
            if self.kept.is_dir():
                self.restore()
        begun = time.monotonic()
        answer = self.run(*filter(None, [target]))
        if answer.returncode:
            raise SystemExit(f"{self.folder}: the undisturbed run failed.\n{answer.stdout[-4000:]}")
        print(f"undisturbed run: {time.monotonic() - begun:.0f} s", flush=True)
        shutil.rmtree(self.kept, ignore_errors=True)
        for name in STATE:
            if (self.folder / name).is_dir():
                shutil.copytree(self.folder / name, self.kept / name)

    def command(self, *targets: str | Path) -> list[str]:
        """Return the command that makes targets; in one form, so that 'the same command again' is the same."""
        command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", *PRESETS, "--"]
        return [*command, *(os.path.relpath(self.folder / target, self.folder) for target in targets)]

    @property
    def environment(self) -> dict[str, str]:
        """Environment in which the clone's own code runs."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return os.environ | {"PYTHONPATH": str(self.folder / "src"), "PATH": path}

    def start(self, *targets: str | Path, command: list[str] | None = None) -> subprocess.Popen:
        """Start a run in a process group of its own."""
        return subprocess.Popen(
            command or self.command(*targets),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *targets: str | Path, command: list[str] | None = None) -> subprocess.CompletedProcess:
        """Run to the end."""
        started = self.start(*targets, command=command)
        printed, _ = started.communicate()
        return subprocess.CompletedProcess(started.args, started.returncode, printed)

    def restore(self) -> None:
        """Make the clone equal to the kept run."""
        for name in STATE:
            shutil.rmtree(self.folder / name, ignore_errors=True)
            if (self.kept / name).is_dir():
                shutil.copytree(self.kept / name, self.folder / name)

    def without(self, targets: Iterable[str]) -> None:
        """Restore, then remove files and folders, so that they have to be made."""
        self.restore()
        self.remove(*targets)

    def remove(self, *targets: str) -> None:
        """Remove files and folders, with their records."""
        for target in targets:
            path = self.folder / target
            if path.is_dir():
                shutil.rmtree(path)
            for file in (path, path.with_name(f".{path.name}.sha256")):
                file.unlink(missing_ok=True)

    def differences(self, folder: Path | None = None) -> str:
        """Say what of the results is missing, more or other than in the kept run; '' where nothing is."""
        ours, theirs = (_files((root or self.folder) / "results") for root in (folder, self.kept))
        missing = sorted(theirs.keys() - ours.keys())
        more = sorted(ours.keys() - theirs.keys())
        other = sorted(name for name in ours.keys() & theirs.keys() if not _equal(ours[name], theirs[name]))
        said = {"missing": missing, "left over": more, "other bytes": other}
        return "; ".join(f"{what}: {', '.join(names[:3])}" for what, names in said.items() if names)

    def entries(self) -> str:
        """Say how the entries in MLflow differ from the kept run's: running, doubled, missing; '' where they do not."""
        ours, theirs = (entries_of(root / "results/mlflow.db") for root in (self.folder, self.kept))
        return "" if ours == theirs else f"MLflow: {dict(ours - theirs)} more, {dict(theirs - ours)} less"


def reader_of(scratch: Scratch, target: str) -> list[str]:
    """Return the words of the command line that makes a target, without 'boardbench'."""
    command = scratch.command(target)
    command[command.index("--") : -1] = ["--dry-run", "--force", "--printshellcmds", "--"]
    printed = scratch.run(command=command).stdout
    found = re.findall(r"boardbench (.*?)(?: 2>&1.*)?$", printed, re.MULTILINE)
    if not found:
        raise SystemExit(f"{target}: no command line makes it.\n{printed[-2000:]}")
    return shlex.split(found[-1].split(" > ")[0])


def _git(*words: str | Path) -> str:
    return subprocess.run(["git", *map(str, words)], check=True, stdout=subprocess.PIPE, text=True).stdout


def _files(folder: Path) -> dict[str, Path]:
    found = {str(path.relative_to(folder.parent)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path for name, path in found.items() if not MEASURED.search(name)}


def _equal(one: Path, other: Path) -> bool:
    return one.stat().st_size == other.stat().st_size and one.read_bytes() == other.read_bytes()


def entries_of(store: Path) -> Counter:
    """Return how many entries MLflow's store has by name and status."""
    if not store.is_file():
        return Counter()
    with closing(sqlite3.connect(store)) as database:
        return Counter(database.execute("SELECT name, status FROM runs WHERE lifecycle_stage = 'active'").fetchall())
