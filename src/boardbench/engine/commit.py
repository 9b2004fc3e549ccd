"""The commit that results were made with."""

import os
import subprocess
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[3]
"""The project that holds the package, where it is used from its sources."""


def git_commit() -> str:
    """Return the commit of the project, with '+' when tracked files were edited; '' where there is none.

    The project is the working directory that has the Snakefile, or else the one that holds this package; a repository
    that merely has it somewhere below (a copy unpacked inside another project) is not its own. Without git: ''.
    """
    here = Path.cwd()
    for project in ([here] if (here / "Snakefile").is_file() else []) + [_PACKAGE]:
        top = _git(project, "rev-parse", "--show-toplevel")
        if top and Path(top).resolve() == project.resolve():
            return _git(project, "describe", "--always", "--abbrev=40", "--dirty=+", "--exclude=*")
    return ""


def _git(folder: Path, *words: str) -> str:
    # These are set where a hook of another repository runs this.
    elsewhere = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")
    environment = {name: value for name, value in os.environ.items() if name not in elsewhere}
    try:
        answer = subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            env=environment,
        )
    except OSError:  # no git on this machine
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""
