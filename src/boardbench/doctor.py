"""The verb that says whether this machine can run the default run, before anything is installed over or trained."""

import contextlib
import importlib.metadata
import locale
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from boardbench.errors import ADDRESSES, BoardbenchError

# Measured on the default run (two AMD EPYC cores): the largest step holds 0.8 GB; captures and results take 3.7 GB of
# disk.
STEP_GB = 1.0
SNAKEMAKE_GB = 0.5
DISK_GB = 5.0
_GB = 10**9
_UNLIMITED = 1 << 60  # a group of processes without a limit has one of 2**63 bytes, less a page


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: of the thing.
        found: what there is.
        remedy: what to do; '': nothing.
        needed: the run cannot do without what the remedy brings.
    """

    name: str
    found: str
    remedy: str = ""
    needed: bool = False


def doctor() -> None:
    """Say whether this machine can run the default run: one screen, nothing is changed.

    Python and packages against constraints.txt, cores, memory, disk, folders, text encoding, git, and what only some
    verbs use: chromium and a GPU. Memory and disk are held against what the default run takes; other params take
    other amounts.

    Raises:
        SystemExit: 1 where something is missing that the run needs.
    """
    findings = [finding for look in LOOKS for finding in look()]
    lacking = [finding for finding in findings if finding.needed]
    for finding in findings:
        mark = "MISSING" if finding.needed else "note" if finding.remedy else "ok"
        click.echo(f"{mark:8}{finding.name:10} {finding.found}" + (f". {finding.remedy}" if finding.remedy else ""))
    if lacking:
        click.echo(f"\nThis machine cannot run the default run yet: {', '.join(one.name for one in lacking)}.")
        raise SystemExit(1)
    click.echo("\nThis machine can run the default run: snakemake --cores all")


def check_memory() -> None:
    """Refuse to begin where a step would be ended by the limit of its memory, with a crash of its libraries.

    Raises:
        BoardbenchError: naming the limit, what is needed and what to do.
    """
    for finding in _memory():
        if finding.needed:
            raise BoardbenchError(f"memory: {finding.found}. {finding.remedy} ('boardbench doctor' looks at the rest.)")


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _python() -> Iterator[Finding]:
    found = sys.version_info[:2]
    try:
        asked = importlib.metadata.metadata("boardbench")["Requires-Python"]
    except importlib.metadata.PackageNotFoundError:
        asked = ">=3.11"
    least, under = (re.search(sign + r"(\d+)\.(\d+)", asked) for sign in (">=", "<"))
    fits = all(
        limit is None or (found < tuple(map(int, limit.groups()))) == (limit is under) for limit in (least, under)
    )
    remedy = "" if fits else f"boardbench needs Python {asked}: remove .venv, then 'make run PYTHON=python3.11'"
    yield Finding("Python", ".".join(map(str, sys.version_info[:3])), remedy, needed=not fits)


def _packages() -> Iterator[Finding]:
    """Compare what is installed with constraints.txt, where there is one here; nothing is imported."""
    pinned = {}
    if Path("constraints.txt").is_file():
        lines = Path("constraints.txt").read_text(encoding="utf-8").splitlines()
        pinned = dict(line.lower().split("==", 1) for line in lines if "==" in line)
    try:
        direct = [text for text in importlib.metadata.requires("boardbench") or [] if "extra ==" not in text]
    except importlib.metadata.PackageNotFoundError:
        yield Finding("packages", "boardbench itself is not installed", "Install with 'make run'", True)
        return
    absent, other = [], []
    for name in (re.match(r"[\w.-]+", text)[0] for text in direct):
        try:
            version = importlib.metadata.version(name).split("+")[0]  # less torch's +cpu
        except importlib.metadata.PackageNotFoundError:
            absent.append(name)
            continue
        wanted = pinned.get(name.lower(), version)
        if version != wanted:
            other.append(f"{name} {version} (constraints.txt: {wanted})")
    if absent:
        yield Finding("packages", f"without {', '.join(absent)}", "Install with 'make run', or pip install -e .", True)
    elif other:
        remedy = "Numbers may differ from the reference's; 'make run' installs its versions"
        yield Finding("packages", ", ".join(other[:4]) + (", ..." if len(other) > 4 else ""), remedy)
    else:
        against = "as in constraints.txt" if pinned else "no constraints.txt here to hold them against"
        yield Finding("packages", f"{len(direct)} of {len(direct)}, {against}")


def _cores() -> Iterator[Finding]:
    count = cores()
    yield Finding("cores", str(count), "" if count > 1 else "The default run takes twice as long as on two")


def limits() -> dict[str, float]:
    """Return every limit of memory that holds here, in GB: of the machine, of its group of processes, of addresses."""
    found = {}
    if "SC_PHYS_PAGES" in os.sysconf_names:
        found["this machine has"] = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / _GB
    group = min(_group_limits(), default=_UNLIMITED)
    if group < _UNLIMITED:
        found["its container allows"] = group / _GB
    addresses = resource.getrlimit(resource.RLIMIT_AS)[0]
    if addresses != resource.RLIM_INFINITY:
        found["'ulimit -v' allows"] = addresses / _GB
    return found


def _group_limits(root: Path = Path("/")) -> Iterator[int]:
    """Yield the limits of this process's groups, of either version of Linux's cgroups."""
    try:
        groups = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in groups:
        _, kinds, path = line.split(":", 2)
        if kinds not in ("", "memory") and "memory" not in kinds.split(","):
            continue
        top, name = (
            (root / "sys/fs/cgroup", "memory.max")
            if not kinds
            else (
                root / "sys/fs/cgroup/memory",
                "memory.limit_in_bytes",
            )
        )
        here = top / path.lstrip("/")
        for folder in (here, *here.parents):
            with contextlib.suppress(OSError, ValueError):  # no such group in this container, or "max"
                yield int((folder / name).read_text(encoding="utf-8"))
            if folder == top:
                break


def _memory() -> Iterator[Finding]:
    found = limits()
    told = ", ".join(f"{words} {size:.1f} GB" for words, size in found.items())
    addresses = found.pop("'ulimit -v' allows", None)
    if addresses is not None and addresses * _GB < ADDRESSES:
        yield Finding("memory", told, f"A step reserves {ADDRESSES / _GB:g} GB: 'ulimit -v unlimited', or more", True)
        return
    least = min(found.values(), default=float("inf"))
    jobs = int((least - SNAKEMAKE_GB) / STEP_GB) if least < float("inf") else cores()
    if jobs < 1:
        yield Finding("memory", told, f"The run needs {SNAKEMAKE_GB + STEP_GB:g} GB: take another machine", True)
    elif jobs < cores():
        yield Finding("memory", told, f"A step holds up to {STEP_GB:g} GB: run it with --cores {jobs}")
    else:
        yield Finding("memory", told or "not told by this system")


def _disk() -> Iterator[Finding]:
    folder = next(path for path in (Path("results").absolute(), Path.cwd()) if path.exists())
    free = shutil.disk_usage(folder).free / _GB
    done = Path("results/report/verify.json").exists()
    short = free < DISK_GB and not done
    remedy = f"The run writes up to {DISK_GB:g} GB below data/ and results/: free some" if short else ""
    yield Finding("disk", f"{free:.1f} GB free for results/", remedy, needed=short)


def _folders() -> Iterator[Finding]:
    places: list[tuple[str, Callable[[], Path], str]] = [
        ("here", Path.cwd, "Run in a folder of your own"),
        ("TMPDIR", lambda: Path(tempfile.gettempdir()), "Set TMPDIR to a folder that you may write to"),
        ("HOME", Path.home, "Set HOME to a folder that you may write to"),
    ]
    for name, place, remedy in places:
        try:
            folder = place()
            with tempfile.TemporaryFile(dir=folder):
                yield Finding(name, str(folder))
        except (OSError, RuntimeError) as error:
            yield Finding(name, f"not writable ({error})", remedy, needed=name != "HOME")


def _encoding() -> Iterator[Finding]:
    found = locale.getpreferredencoding(False)
    fits = found.lower().replace("-", "") == "utf8" and sys.getfilesystemencoding() == "utf-8"
    yield Finding("text", found, "" if fits else "Set LC_ALL=C.UTF-8, or PYTHONUTF8=1", needed=not fits)


def _programs() -> Iterator[Finding]:
    git = shutil.which("git")
    yield Finding("git", git or "none", "" if git else "Results will not say which commit they are of")
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    browser = next(filter(None, map(shutil.which, names)), None)
    yield Finding("chromium", browser or "none, which only tests of the pages use")


def _gpu() -> Iterator[Finding]:
    told = "none, which the default run does not use"
    if shutil.which("nvidia-smi"):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            answer = subprocess.run(
                ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"],
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=20,
                check=False,
            )
            told = ", ".join(answer.stdout.split("\n")).strip(", ") or told
    yield Finding("GPU", told)


LOOKS = (_python, _packages, _cores, _memory, _disk, _folders, _encoding, _programs, _gpu)
