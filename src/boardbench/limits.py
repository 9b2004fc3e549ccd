"""What the system says of this process's memory; Windows says less of it."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

try:
    import resource
except ImportError:  # Windows
    resource = None

_GB = 10**9
_UNLIMITED = 1 << 60  # a group of processes without a limit has one of 2**63 bytes, less a page


def addresses() -> int | None:
    """Return the bytes of addresses that 'ulimit -v' allows; None: any number."""
    if resource is None:
        return None
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if limit == resource.RLIM_INFINITY else limit


def peaks() -> tuple[float | None, float | None]:
    """Return the peak resident memory of this process and of its largest child that has ended, MB; None: not told."""
    if resource is None:
        return psutil.Process().memory_info().peak_wset / 1e6, None
    unit = 1 if sys.platform == "darwin" else 1024
    own, child = (resource.getrusage(who).ru_maxrss * unit for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own / 1e6, child / 1e6


def memory_limits() -> dict[str, float]:
    """Return every limit of memory that holds here, in GB: of the machine, of its group of processes, of addresses."""
    found = {"this machine has": psutil.virtual_memory().total / _GB}
    group = min(_group_limits(), default=_UNLIMITED)
    if group < _UNLIMITED:
        found["its container allows"] = group / _GB
    if (allowed := addresses()) is not None:
        found["'ulimit -v' allows"] = allowed / _GB
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
