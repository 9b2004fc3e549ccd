"""Read the scores of the segmentation study's runs."""

from pathlib import Path
from typing import Any

import numpy as np

from boardbench.report.runs import read_content, run_name
from boardbench.report.writing import decimals
from boardbench.segmentation.artifacts import SegmentationMetrics

SCORES = ("f1", "iou", "precision", "recall")
# Paper 1's PCA rows: its text fits on the training set, the code behind it cube by cube, so both stand beside them.
PUBLISHED_AS = {"pca3_cube": "pca3"}


def grid(
    backbones: list[str], strategies: list[str], seeds: list[int], baselines: list[str]
) -> list[tuple[str, str, int]]:
    """Return (backbone, strategy, seed) of every run in table order: networks, then baselines.

    A baseline needs no strategy and no draw, so it is one run: strategy ``none``, seed 0.
    """
    networks = [(b, s, seed) for b in backbones for s in strategies for seed in seeds]
    return networks + [(baseline, "none", 0) for baseline in baselines]


def read_scores(
    runs: Path, backbone: str, strategy: str, seed: int, classes: list[str], normalization: str | None = None
) -> dict[str, Any]:
    """Read one run: arrays (classes,) ``f1 iou precision recall``, floats ``miou mf1``, ``epochs``; null is NaN.

    ``epochs`` is how many were trained, None for a baseline.

    Raises:
        BoardbenchError: no such run, or the file belongs to another run, another list of classes or, where one is
            given, another normalization.
    """
    path = runs / run_name(backbone, strategy, seed) / "metrics.json"
    verb = "segmentation baseline" if strategy == "none" else "segmentation evaluate"
    wanted = {"backbone": backbone, "strategy": strategy, "classes": classes}
    wanted |= {"normalization": normalization} if normalization else {}
    metrics = read_content(path, SegmentationMetrics, verb, **wanted)
    scores: dict[str, Any] = {key: np.array(getattr(metrics.scores, key), dtype=float) for key in SCORES}
    scores |= {
        key: float("nan" if (value := getattr(metrics.scores, key)) is None else value) for key in ("miou", "mf1")
    }
    return scores | {"epochs": metrics.epochs}


def mean_and_sd(values: list[float], name: str) -> dict[str, str]:
    """Return mean and standard deviation over seeds as text; one run has no spread: an empty cell, not 0."""
    known = np.array(values)[np.isfinite(values)]
    mean = known.mean() if len(known) else np.nan
    return {name: decimals(mean, 4), f"{name}_sd": decimals(known.std(ddof=1), 4) if len(known) > 1 else ""}
