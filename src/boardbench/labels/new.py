"""The verb that starts a study on a person's own captures: masks from labels, the sheet, the params."""

import math
import shlex
from collections import Counter
from pathlib import Path

import numpy as np
import yaml

from boardbench.captures.bands import trim
from boardbench.captures.envi import open_cube
from boardbench.captures.masks import IGNORED, read_mask
from boardbench.captures.sheet import Capture, read_sheet, write_sheet
from boardbench.errors import BoardbenchError
from boardbench.files import write_text
from boardbench.labels.masks import UNLABELLED, write_masks
from boardbench.params.segmentation import Segmentation
from boardbench.project import new_project

RAW = Path("data/raw")
_FX10_BANDS = 224
_FX10_DROPPED = 10
_LONGEST = 256
_MULTIPLE = 16


def new(
    *,
    folder: Path,
    classes: list[str] | None = None,
    labels: list[Path] | None = None,
    rest: str = UNLABELLED,
    rename: list[str] | None = None,
    pattern: str | None = None,
    out: Path | None = None,
) -> None:
    """Make a project folder; or, with --classes, start a study on your own captures in one.

    Without --classes FOLDER becomes a project: params.yaml with every knob, for 'boardbench run FOLDER'. With --classes
    it is data/raw/NAME in the project that you are in, and gets captures.csv; NAME.yaml here is the study's overlay on
    params.yaml.

    Args:
        folder: of the project; with --classes data/raw/NAME, with a folder for each capture in it.
        classes: names in the order of their ids in the masks.
        labels: label files to make the masks from, as 'boardbench labels import' takes them; none: the masks are there.
        rest: class of pixels in no shape, likewise.
        rename: LABEL=CLASS, likewise.
        pattern: names of capture folders, as 'boardbench sheet' takes it.
        out: the params; default: NAME.yaml here.

    Raises:
        BoardbenchError: a folder elsewhere, a project or files that are there already, captures or labels that do not
            fit, or fewer than three scenes.
    """
    if not classes and folder.resolve().parts[-3:-1] != RAW.parts:
        given = {"--labels": labels, "--rename": rename, "--pattern": pattern, "--out": out}
        wrong = [flag for flag, value in given.items() if value]
        if wrong:
            raise BoardbenchError(f"{', '.join(wrong)}: of a study on captures. Give its --classes, too.")
        new_project(folder)
        return
    if not classes:
        raise BoardbenchError(f"{folder}: a folder of captures. Name their classes: --classes others --classes ic ...")
    if folder.resolve().parent != RAW.resolve():
        raise BoardbenchError(
            f"{folder}: not in {RAW} below the folder that you are in, where the pipeline looks for data sets. Move it "
            f"to {RAW / folder.name} (a link will do) and name that."
        )
    out = out or Path(f"{folder.name}.yaml")
    sheet = folder / "captures.csv"
    for path in (out, sheet):
        if path.exists():
            raise BoardbenchError(f"{path}: there already. Move it away, or go on with it.")
    if labels:
        write_masks(labels=labels, root=folder, classes=classes, rest=rest, rename=rename)
    write_sheet(root=folder, out=sheet, pattern=pattern)
    try:
        captures = read_sheet(sheet)
        write_text(out, _params(folder.name, captures, classes, out))
    except BoardbenchError:
        sheet.unlink()  # so that the same command can be given again
        raise
    named = " ".join(f"--classes {shlex.quote(name)}" for name in classes)
    print(
        f"{sheet}\n{out}\nNext:\n  boardbench check {sheet} {named} --drop-first {_dropped(captures)}\n  {_runs(out)}"
    )


def _runs(params: Path) -> str:
    """Return the command that runs an overlay: in a clone Snakemake's own, elsewhere ours."""
    program = "snakemake --cores all" if Path("Snakefile").is_file() else "boardbench run"
    return f"{program} --configfile {params}"


def _params(name: str, captures: list[Capture], classes: list[str], out: Path) -> str:
    scenes = list(dict.fromkeys(capture.scene for capture in captures))
    if len(scenes) < 3:
        raise BoardbenchError(
            f"{len(scenes)} scenes: training, validation and test each need one of their own, so three boards are the "
            "least. Add captures of other boards, or give --pattern where scans of several boards share a scene."
        )
    held_out = max(1, round(0.1 * len(scenes))), max(1, round(0.2 * len(scenes)))
    epochs = _epochs(len(scenes) - sum(held_out))
    _all_classes_seen(captures, classes)
    cube = open_cube(captures[0].cube)
    dropped = _dropped(captures)
    sizes = Counter(open_cube(capture.cube).shape[:2] for capture in captures)
    kept = len(trim(cube.bands, cube.wavelengths, dropped, good=cube.good))
    content = {
        "studies": ["segmentation"],
        "segmentation": {
            "dataset": name,
            "source": "captures",
            "classes": classes,
            "reflectance": {"drop_first": dropped, "size": _working_size(sizes.most_common(1)[0][0])},
            "split": {"train": len(scenes) - sum(held_out), "validation": held_out[0], "test": held_out[1]},
            "training": {"class_weights": "median_frequency", "epochs": epochs, "patience": epochs},
            "pruning": [],
            "complexity": {"bands": kept},
        },
    }
    text = yaml.safe_dump(content, sort_keys=False, default_flow_style=None, allow_unicode=True)
    return (
        f"# A study on {len(captures)} captures of {len(scenes)} scenes. Every other knob is as in params.yaml, where\n"
        f"# each is explained; add the ones to change. Epochs are so many that training takes as many steps as the\n"
        f"# default's. Nothing is pruned.\n#   {_runs(out)}\n{text}"
    )


def _dropped(captures: list[Capture]) -> int:
    """Return how many bands are dropped at the short-wave end: of an FX10 those that hardly see light."""
    return _FX10_DROPPED if open_cube(captures[0].cube).bands == _FX10_BANDS else 0


def _epochs(train: int) -> int:
    """Return epochs so that few boards are trained on in as many steps as the default's 60."""
    default = Segmentation()
    steps = math.ceil(default.split.train / default.training.batch_size) * default.training.epochs
    return max(default.training.epochs, math.ceil(steps / math.ceil(train / default.training.batch_size)))


def _working_size(size: tuple[int, int]) -> list[int]:
    """Return lines and samples at which a network learns: the capture's shape, at most 256, in steps of 16."""
    scale = min(1.0, _LONGEST / max(size))
    return [max(_MULTIPLE, round(length * scale / _MULTIPLE) * _MULTIPLE) for length in size]


def _all_classes_seen(captures: list[Capture], classes: list[str]) -> None:
    """Refuse classes that no mask has, and masks without any label."""
    seen: set[int] = set()
    for capture in captures:
        cube = open_cube(capture.cube)
        seen |= set(np.unique(read_mask(capture.mask, cube.shape[:2], len(classes), cube.shutter_lines)).tolist())
    absent = [name for number, name in enumerate(classes) if number not in seen - {IGNORED}]
    if absent:
        raise BoardbenchError(
            f"no mask has pixels of {', '.join(absent)}. Leave these classes out of --classes, or label them."
        )
