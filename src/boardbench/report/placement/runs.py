"""Read what the runs of a placement data set left behind; a missing or foreign file names the verb that makes it."""

import math
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from boardbench.errors import BoardbenchError
from boardbench.params.placement import Tolerance
from boardbench.placement.artifacts import PartScores, PlacementMetrics
from boardbench.report.runs import AGAIN, read_content, run_name

PARTS = ("validation", "test", "displaced")
CORNERS = ("c1", "c2", "c3", "c4")
# Scores of one number a part; an empty class of boards has no rate and no area under the ROC curve.
NUMBERS = ("samples", "bad", "centre_mae_px", "centre_mae_mm", "centre_worst_mm", "rotation_mae_deg")
NUMBERS += ("rotation_worst_deg", "false_accept_rate", "false_reject_rate", "auc")
WORST = ("centre_worst_mm", "rotation_worst_deg")


@dataclass(frozen=True)
class Group:
    """The runs of one network (init and loss) or baseline, one a seed.

    Attributes:
        init: of MobileNetV2 (random, finetune, frozen), or the baseline's name.
        loss: rectangle or corners; ``none`` for a baseline.
        scores: one dict a seed: part -> score -> number, NaN where there is none; ``corner_mae_px`` is the mean of
            the four corners, ``c1`` to ``c4`` each corner's.
    """

    init: str
    loss: str
    scores: list[dict[str, dict[str, float]]]

    @property
    def baseline(self) -> bool:
        """Whether this is a baseline, which has no network."""
        return self.loss == "none"

    def values(self, part: str, score: str) -> list[float]:
        """Return a score of every seed."""
        return [of_seed[part][score] for of_seed in self.scores]

    def over_seeds(self, part: str, score: str) -> float:
        """Return the mean over seeds, of a worst case the worst; NaN where there is none."""
        values = self.values(part, score)
        return max(values) if score in WORST else mean(values)

    def spread(self, part: str, score: str) -> float:
        """Return the standard deviation over seeds; one run has none: NaN."""
        values = self.values(part, score)
        return stdev(values) if len(values) > 1 else math.nan


def names(init: list[str], losses: list[str], seeds: list[int], baselines: list[str]) -> dict[tuple[str, str], list]:
    """Return (init, loss) -> seeds, in table order: networks, then baselines, which are one run each."""
    return {(f, loss): seeds for f in init for loss in losses} | {(baseline, "none"): [0] for baseline in baselines}


def read_groups(
    runs: Path,
    dataset: str,
    init: list[str],
    losses: list[str],
    seeds: list[int],
    baselines: list[str],
    tolerance: Tolerance,
) -> list[Group]:
    """Read ``<init>-<loss>-seed<k>/metrics.json`` of every network, and ``<baseline>-none-seed0`` of every baseline.

    Raises:
        BoardbenchError: a run is missing, of another grid, or scored on other images than the first.
    """
    common = {"study": "placement", "dataset": dataset, "tolerance": tolerance.model_dump(mode="json")}
    groups, first, counts = [], "", {}
    for (name, loss), drawn in names(init, losses, seeds, baselines).items():
        paths = [runs / run_name(name, loss, seed) / "metrics.json" for seed in drawn]
        found = zip(paths, drawn, strict=True)
        group = Group(name, loss, [_read(path, **common, init=name, loss=loss, seed=seed) for path, seed in found])
        for path, scores in zip(paths, group.scores, strict=True):
            images = {part: score["samples"] for part, score in scores.items()}
            first, counts = first or path.parent.name, counts or images
            if images != counts:
                raise BoardbenchError(
                    f"{path}: parts has other images than {first} was scored on. "
                    "Delete both folders and run snakemake again."
                )
        groups.append(group)
    return groups


def _read(path: Path, **expected: Any) -> dict[str, dict[str, float]]:
    """Return part -> score -> number of one run."""
    verb = "placement baseline" if expected["loss"] == "none" else "placement evaluate"
    parts = read_content(path, PlacementMetrics, verb, **expected).parts
    for part in PARTS[:2]:
        if part not in parts:
            raise BoardbenchError(f"{path}: field parts.{part} is missing. {AGAIN.format(verb=verb)}")
    return {part: _numbers(parts[part]) for part in PARTS if part in parts}


def _numbers(scores: PartScores) -> dict[str, float]:
    found = {key: float(math.nan if (value := getattr(scores, key)) is None else value) for key in NUMBERS}
    found |= dict(zip(CORNERS, scores.corner_mae_px, strict=True))
    return found | {"corner_mae_px": mean(scores.corner_mae_px)}
