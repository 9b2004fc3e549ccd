"""Snakemake's lock of the working directory: that of a run which was killed is taken away, so that the next goes on.

Snakemake says only that a folder is locked. The Snakefile has each run leave its name beside the lock; where that
process is surely dead, the lock is. One of another machine, or of a run without a name, stays: ``snakemake --unlock``.
"""

from pathlib import Path

from boardbench.process import is_gone, this_process

FOLDER = Path(".snakemake")


def own_lock(folder: Path = FOLDER) -> None:
    """Leave the name of this process beside its lock."""
    (folder / "boardbench.owner").write_text(this_process() + "\n", encoding="utf-8")


def release_dead_lock(folder: Path = FOLDER) -> bool:
    """Take away the lock of a run whose process is dead; tell whether there was one."""
    from filelock import FileLock

    owner, locks = folder / "boardbench.owner", folder / "locks"
    if not owner.is_file() or not any(locks.glob("*.lock")):
        return False
    with FileLock(folder / "boardbench.lock"):  # two runs that start at once must not take each other's
        try:
            dead = is_gone(owner.read_text(encoding="utf-8").strip())
        except (FileNotFoundError, UnicodeDecodeError):
            return False
        if dead:
            for lock in locks.glob("*.lock"):
                lock.unlink(missing_ok=True)
            owner.unlink()
    return dead
