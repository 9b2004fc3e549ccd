"""A project: a folder with params.yaml, data/ and results/, and the workflow that runs in it.

The workflow is the clone's, or, where boardbench was installed from a wheel, what the wheel carries of it.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from boardbench.errors import BoardbenchError, nearest
from boardbench.files import read_text, write_text

_PACKAGE = Path(__file__).parent
_HEAD = """\
# yaml-language-server: $schema=params.schema.json
# Every knob of this project, with its laptop-size default. An unknown key is refused with the nearest right one. Run it
# by 'boardbench run'; overlays, which say only what they change, by 'boardbench run --configfile OVERLAY.yaml', and
# those that boardbench brings by 'boardbench run --preset NAME'.
"""
_IGNORED = "results/\ndata/\n.snakemake/\n"


def home() -> Path:
    """Return the folder of Snakefile, params.yaml, workflow/ and reports/ that belong to this package."""
    carried = _PACKAGE / "_project"
    return carried if carried.is_dir() else _PACKAGE.parents[1]


def presets() -> list[str]:
    """Return the names of the presets, in alphabetical order."""
    return sorted(path.stem for path in (home() / "workflow/presets").glob("*.yaml"))


def new_project(folder: Path) -> None:
    """Make a project folder with every knob at its default.

    Raises:
        BoardbenchError: a folder that has a params.yaml already, or a file in the way.
    """
    if folder.exists() and not folder.is_dir():
        raise BoardbenchError(f"{folder}: a file. Name a folder; it is made where there is none.")
    params = folder / "params.yaml"
    if params.exists():
        raise BoardbenchError(f"{params}: there already. Go on with it ('boardbench run {folder}'), or name another.")
    knobs = read_text(home() / "params.yaml", "params")
    write_text(folder / "params.schema.json", read_text(home() / "workflow/params.schema.json", "schema"))
    if not (folder / ".gitignore").exists():
        write_text(folder / ".gitignore", _IGNORED)
    write_text(params, _HEAD + knobs[knobs.index("studies:") :])
    print(
        f"{params}\nNext:\n"
        f"  boardbench run {folder}      # the whole study on simulated boards, about 10 minutes\n"
        f"  boardbench run {folder} --preset tiny      # every step on very small data, about 2 minutes"
    )


def run(
    *,
    folder: Path = Path(),
    configfile: list[Path] | None = None,
    preset: list[str] | None = None,
    cores: str = "all",
    dry_run: bool = False,
    quiet: bool = False,
) -> None:
    """Run the workflow in a project folder: plan, do what is missing, write results/report/index.html, verify.

    The same as 'snakemake --cores all' in a clone; Snakemake's own flags are there only. A killed run goes on where it
    was. Later overlays win.

    Args:
        folder: of the project, with its params.yaml.
        configfile: overlay on params.yaml, as seen from here.
        preset: overlay that boardbench brings.
        cores: how many, or all.
        dry_run: say what would be done.
        quiet: say nothing but errors.

    Raises:
        BoardbenchError: no project there, no such file or preset.
        SystemExit: Snakemake's exit code, where it is not 0.
    """
    if not (folder / "params.yaml").is_file():
        raise BoardbenchError(f"{folder}: no params.yaml in it. Make a project with 'boardbench new {folder}'.")
    overlays = [_preset(name) for name in preset or []] + list(configfile or [])
    for path in overlays:
        if not path.is_file():
            raise BoardbenchError(f"--configfile {path}: no such file. Give its path as seen from {Path.cwd()}.")
    command = [sys.executable, "-m", "snakemake", "--snakefile", home() / "Snakefile", "--directory", folder]
    command += ["--cores", cores, *(["--dry-run"] if dry_run else []), *(["--quiet", "all"] if quiet else [])]
    command += ["--configfile", *(path.absolute() for path in overlays)] if overlays else []
    # Jobs call the boardbench of this Python, whether its environment is activated or not.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    _wait(subprocess.Popen(list(map(str, command)), env=os.environ | {"PATH": path}))


def _preset(name: str) -> Path:
    if name not in presets():
        raise BoardbenchError(f"--preset {name}: not known. {nearest(name, presets())}")
    return home() / f"workflow/presets/{name}.yaml"


def _wait(process: subprocess.Popen) -> None:
    """Wait for a process, which hears Ctrl-C, too; end it where this one is ended."""
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    while True:
        try:
            code = process.wait()
            break
        except KeyboardInterrupt:  # it ends in order, and its jobs before it
            continue
    if code:
        raise SystemExit(code if code > 0 else 128 - code)
