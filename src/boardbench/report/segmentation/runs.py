"""Read the scores of the segmentation study's runs."""

from pathlib import Path
from typing import Any

import numpy as np

from boardbench.errors import BoardbenchError
from boardbench.report.runs import MADE_BY, read_json, run_name

SCORES = ("f1", "iou", "precision", "recall")
# Paper 1's PCA rows: its text fits on the training set, the code behind it cube by cube, so both stand beside them.
PUBLISHED_AS = {"pca3_cube": "pca3"}


def grid(
    backbones: list[str], strategies: list[str], seeds: list[int], floors: list[str]
) -> list[tuple[str, str, int]]:
    """Return (backbone, strategy, seed) of every run in table order: networks, then floors.

    A floor needs no strategy and no draw, so it is one run: strategy ``none``, seed 0.
    """
    networks = [(b, s, seed) for b in backbones for s in strategies for seed in seeds]
    return networks + [(floor, "none", 0) for floor in floors]


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
                f"Delete its folder, then: {MADE_BY.format(verb=verb)}"
            )
    try:
        given = content["scores"]
        scores: dict[str, Any] = {key: np.array(given[key], dtype=float) for key in SCORES}
        scores |= {key: float("nan") if given[key] is None else float(given[key]) for key in ("miou", "mf1")}
    except (KeyError, TypeError, ValueError) as error:
        raise BoardbenchError(
            f"{path}: scores cannot be read ({error!r}). Delete it, then: {MADE_BY.format(verb=verb)}"
        ) from None
    for key in SCORES:
        if scores[key].shape != (len(classes),):
            raise BoardbenchError(
                f"{path}: scores.{key} has {scores[key].size} values for {len(classes)} classes. "
                f"Delete it, then: {MADE_BY.format(verb=verb)}"
            )
    return scores
