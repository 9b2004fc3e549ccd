"""The verb that says whether this machine can run the default run, before anything is installed over or trained."""

import contextlib
import importlib.metadata
import json as text
import locale
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click
import yaml

from boardbench.engine.address import STORE, StoreAddress
from boardbench.engine.latency import instructions
from boardbench.engine.store import is_whole
from boardbench.errors import ADDRESSES, BoardbenchError
from boardbench.limits import memory_limits
from boardbench.project import home

# Measured on the default run (two AMD EPYC cores): the largest step holds 0.8 GB; captures and results take 3.7 GB of
# disk.
STEP_GB = 1.0
SNAKEMAKE_GB = 0.5
DISK_GB = 5.0
_GB = 10**9


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

    @property
    def state(self) -> str:
        """Whether there is something to do: ok, note, missing."""
        return "missing" if self.needed else "note" if self.remedy else "ok"


def doctor(*, json: bool = False) -> None:
    """Say whether this machine can run the default run: one screen, nothing is changed.

    Python and packages against constraints.txt, cores, processor, memory, disk, folders, text encoding, MLflow's store,
    git, and what only some verbs use: chromium and a GPU. Memory and disk are held against what the default run takes;
    other params take other amounts.

    Args:
        json: print JSON instead: ready, and findings with name, state (ok, note, missing), found and remedy.

    Raises:
        SystemExit: 1 where something is missing that the run needs.
    """
    findings = [finding for look in LOOKS for finding in look()]
    lacking = [finding.name for finding in findings if finding.needed]
    if json:
        rows = [{key: getattr(one, key) for key in ("name", "state", "found", "remedy")} for one in findings]
        click.echo(text.dumps({"ready": not lacking, "findings": rows}, indent=2))
    else:
        for one in findings:
            mark = one.state.upper() if one.needed else one.state
            click.echo(f"{mark:8}{one.name:10} {one.found}" + (f". {one.remedy}" if one.remedy else ""))
        click.echo(_said(lacking))
    if lacking:
        raise SystemExit(1)


def _said(lacking: list[str]) -> str:
    if lacking:
        return f"\nThis machine cannot run the default run yet: {', '.join(lacking)}."
    if Path("Snakefile").is_file():
        return "\nThis machine can run the default run: snakemake --cores all"
    command = "boardbench run" if Path("params.yaml").is_file() else "boardbench new FOLDER && boardbench run FOLDER"
    return f"\nThis machine can run the default run: {command}"


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
    pinned, constraints = (
        {},
        next((path for path in (Path("constraints.txt"), home() / "constraints.txt") if path.is_file()), None),
    )
    install = "'make run'" if Path("Makefile").is_file() else f"'pip install --constraint {constraints} boardbench'"
    if constraints:
        lines = constraints.read_text(encoding="utf-8").splitlines()
        pinned = dict(line.lower().split("==", 1) for line in lines if "==" in line)
    try:
        direct = [one for one in importlib.metadata.requires("boardbench") or [] if "extra ==" not in one]
    except importlib.metadata.PackageNotFoundError:
        yield Finding("packages", "boardbench itself is not installed", f"Install with {install}", True)
        return
    absent, other = [], []
    for name in (re.match(r"[\w.-]+", one)[0] for one in direct):
        try:
            version = importlib.metadata.version(name).split("+")[0]  # less torch's +cpu
        except importlib.metadata.PackageNotFoundError:
            absent.append(name)
            continue
        wanted = pinned.get(name.lower(), version)
        if version != wanted:
            other.append(f"{name} {version} (constraints.txt: {wanted})")
    if absent:
        yield Finding("packages", f"without {', '.join(absent)}", f"Install with {install}", True)
    elif other:
        remedy = f"Numbers may differ from the reference's; {install} installs its versions"
        yield Finding("packages", ", ".join(other[:4]) + (", ..." if len(other) > 4 else ""), remedy)
    else:
        against = "as in constraints.txt" if pinned else "no constraints.txt here to hold them against"
        yield Finding("packages", f"{len(direct)} of {len(direct)}, {against}")


def _cores() -> Iterator[Finding]:
    count = cores()
    yield Finding("cores", str(count), "" if count > 1 else "The default run takes twice as long as on two")
    found = instructions()
    slow = platform.machine().lower() in ("x86_64", "amd64") and "AVX" not in found
    remedy = "Without AVX2 training and ONNX Runtime take several times as long" if slow and found else ""
    yield Finding("processor", found or f"{platform.machine()}; vector instructions not told by this system", remedy)


def _memory() -> Iterator[Finding]:
    found = memory_limits()
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


def _store() -> Iterator[Finding]:
    """Look at MLflow's store without MLflow: it shows runs, and stops none."""
    try:
        content = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
        address = StoreAddress(content.get("tracking") or STORE)
    except FileNotFoundError:
        address = STORE
    except (BoardbenchError, yaml.YAMLError, OSError, ValueError, AttributeError) as error:
        yield Finding("MLflow", f"params.yaml does not say where ({str(error).splitlines()[0]})", "Correct 'tracking'")
        return
    if address.path is None:
        found = urlsplit(address.uri)
        port = found.port or {"postgresql": 5432, "https": 443}.get(address.scheme, 80)
        away = "Runs go on without it; start it, and 'boardbench sync' shows what is missing"
        answers = _answers(found.hostname or "localhost", port)
        yield Finding("MLflow", f"{address}{'' if answers else ' does not answer'}", "" if answers else away)
    elif not address.path.is_file():
        yield Finding("MLflow", f"{address}: not there yet; the run makes it")
    else:
        try:
            whole = is_whole(address)
        except BoardbenchError as error:
            yield Finding("MLflow", str(error), "Runs go on without it")
            return
        yield Finding("MLflow", f"{address}{'' if whole else ': damaged'}", "" if whole else "Call 'boardbench sync'")


def _answers(host: str, port: int) -> bool:
    """Tell whether something takes connections there."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=3):
        return True
    return False


LOOKS = (_python, _packages, _cores, _memory, _disk, _folders, _encoding, _store, _programs, _gpu)
