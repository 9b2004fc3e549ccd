"""Read what the runs of a dataset left behind; a missing or foreign file names the verb that makes it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from boardbench.errors import BoardbenchError

SCORES = ("f1", "iou", "precision", "recall")
# Paper 1's PCA rows: its text fits on the training set, the code behind it cube by cube, so both stand beside them.
PUBLISHED_AS = {"pca3_cube": "pca3"}
_MADE_BY = "Make it with 'boardbench {verb}' or by running snakemake."


STUDIES = ("segmentation", "placement", "classification")


def study_of(about: dict[str, Any], path: Path) -> str:
    """Return the study of a data set's about.json (``path``); where it names none, it is segmentation.

    Raises:
        BoardbenchError: no study that is known.
    """
    study = about.get("study", STUDIES[0])
    if study not in STUDIES:
        raise BoardbenchError(
            f"{path}: study is {study!r}, not known. Valid: {', '.join(STUDIES)}. Make the tables again, or delete the "
            "folder if it is an old one."
        )
    return study


def run_name(backbone: str, strategy: str, seed: int) -> str:
    """Return the folder name of a run."""
    return f"{backbone}-{strategy}-seed{seed}"


def grid(
    backbones: list[str], strategies: list[str], seeds: list[int], floors: list[str]
) -> list[tuple[str, str, int]]:
    """Return (backbone, strategy, seed) of every run in table order: networks, then floors.

    A floor needs no strategy and no draw, so it is one run: strategy ``none``, seed 0.
    """
    networks = [(b, s, seed) for b in backbones for s in strategies for seed in seeds]
    return networks + [(floor, "none", 0) for floor in floors]


def read_json(path: Path, verb: str) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        BoardbenchError: missing or unreadable, with the verb that makes it.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BoardbenchError(f"{path}: no such file. {_MADE_BY.format(verb=verb)}") from None
    except ValueError as error:
        raise BoardbenchError(
            f"{path}: not valid JSON ({error}). Delete it, then: {_MADE_BY.format(verb=verb)}"
        ) from None
    if not isinstance(content, dict):
        raise BoardbenchError(f"{path}: not a JSON object. Delete it, then: {_MADE_BY.format(verb=verb)}")
    return content


def read_csv(path: Path, verb: str, columns: tuple[str, ...]) -> pd.DataFrame:
    """Read a CSV as text (digits stay as written, empty cells are empty strings).

    Raises:
        BoardbenchError: missing file or column, with the verb that makes it.
    """
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError:
        raise BoardbenchError(f"{path}: no such file. {_MADE_BY.format(verb=verb)}") from None
    except pd.errors.EmptyDataError:
        raise BoardbenchError(f"{path}: empty file. Delete it, then: {_MADE_BY.format(verb=verb)}") from None
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise BoardbenchError(
            f"{path}: column {', '.join(missing)} is missing (found: {', '.join(frame.columns)}). "
            f"Delete it, then: {_MADE_BY.format(verb=verb)}"
        )
    return frame


def read_scores(runs: Path, backbone: str, strategy: str, seed: int, classes: list[str]) -> dict[str, Any]:
    """Read one run: arrays (classes,) ``f1 iou precision recall``, floats ``miou mf1``; null is NaN.

    Raises:
        BoardbenchError: no such run, or the file belongs to another run or another list of classes.
    """
    path = runs / run_name(backbone, strategy, seed) / "metrics.json"
    verb = "segmentation floor" if strategy == "none" else "segmentation evaluate"
    content = read_json(path, verb)
    for key, expected in {"backbone": backbone, "strategy": strategy, "classes": classes}.items():
        if content.get(key) != expected:
            raise BoardbenchError(
                f"{path}: {key} is {content.get(key)!r}, expected {expected!r}: the run is of another grid. "
                f"Delete its folder, then: {_MADE_BY.format(verb=verb)}"
            )
    try:
        given = content["scores"]
        scores: dict[str, Any] = {key: np.array(given[key], dtype=float) for key in SCORES}
        scores |= {key: float("nan") if given[key] is None else float(given[key]) for key in ("miou", "mf1")}
    except (KeyError, TypeError, ValueError) as error:
        raise BoardbenchError(
            f"{path}: scores cannot be read ({error!r}). Delete it, then: {_MADE_BY.format(verb=verb)}"
        ) from None
    for key in SCORES:
        if scores[key].shape != (len(classes),):
            raise BoardbenchError(
                f"{path}: scores.{key} has {scores[key].size} values for {len(classes)} classes. "
                f"Delete it, then: {_MADE_BY.format(verb=verb)}"
            )
    return scores
