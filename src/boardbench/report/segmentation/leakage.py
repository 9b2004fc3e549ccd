"""What is a leak worth? Scores of every network by splits that leak, beside those of the split by scenes."""

import math
from pathlib import Path

import pandas as pd

from boardbench.artifacts import read
from boardbench.report.runs import run_name
from boardbench.report.segmentation.resamples import Resamples
from boardbench.report.segmentation.runs import grid, mean_and_sd, read_scores
from boardbench.report.uncertainty import verdict
from boardbench.report.writing import decimals, text_table
from boardbench.segmentation.artifacts import SplitAudit
from boardbench.segmentation.scores import read_confusions

TABLE = "segmentation_leakage"
COLUMNS = ("dataset", "protocol", "backbone", "strategy", "seeds", "scenes", "test_pixels", "shared_pixels", "miou")
COLUMNS += ("miou_sd", "low", "high", "covers", "against", "difference", "difference_low", "difference_high")
COLUMNS += ("conclusion", "note")


def leakage_table(
    dataset: str,
    runs: Path,
    protocol: str,
    folder: Path,
    leaks: list[str],
    backbones: list[str],
    strategies: list[str],
    seeds: list[int],
    classes: list[str],
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Return segmentation_leakage as text: a row a protocol, backbone and strategy, the study's own split first.

    Args:
        dataset: first column.
        runs: folder of the study's own runs.
        protocol: of their split, which does not leak.
        folder: of the splits that leak, ``<protocol>/audit.json`` and ``<protocol>/<backbone>-<strategy>-seed<k>/``.
        leaks: their protocols, in table order.
        backbones, strategies, seeds, classes, resamples, seed: as
            :func:`boardbench.report.segmentation.differences.differences`.

    Returns:
        Columns COLUMNS. Mean IoU with its interval over test scenes and seeds; test_pixels are scored in each run,
        shared_pixels of them were trained on, too; difference from the study's own split with the limits of
        :func:`apart`.

    Raises:
        BoardbenchError: a run or audit.json is missing or of another grid.
    """
    cells = grid(backbones, strategies, seeds, [])
    drawn, rows = {}, []
    for name in dict.fromkeys([protocol, *leaks]):
        root = runs if name == protocol else folder / name
        drawn[name] = Resamples(root, cells, classes, resamples, seed)
        captures, _ = read_confusions(root / run_name(*cells[0]) / "confusions.csv")
        counted = {"test_pixels": str(sum(int(counts.sum()) for counts in captures.values())), "shared_pixels": "0"}
        if name != protocol:
            counted["shared_pixels"] = str(read(root / "audit.json", SplitAudit, "segmentation audit").shared_pixels)
        for cell in dict.fromkeys(cell[:2] for cell in cells):
            values = [read_scores(root, *cell, k, classes=classes)["miou"] for k in seeds]
            row = {"dataset": dataset, "protocol": name, "backbone": cell[0], "strategy": cell[1]}
            scored = drawn[name].score(cell)
            row |= scored | mean_and_sd(values, "miou") | counted
            if name != protocol:
                row |= {"against": protocol} | apart(scored, drawn[protocol].score(cell), len(seeds))
            rows.append(row)
    return text_table(rows, COLUMNS)


def apart(first: dict[str, str], second: dict[str, str], seeds: int) -> dict[str, str]:
    """Return the difference of two scores that were not measured on the same scenes, with its limits.

    The distances of each score from its own limits are added as squares: the method of variance estimates recovery for
    independent estimates (Zou and Donner 2008, Statistics in Medicine 27).

    Args:
        first: text cells miou, low and high; empty limits where there are none.
        second: likewise; it is subtracted.
        seeds: trainings of each side.
    """
    value, low, high = (float(first[key] or "nan") for key in ("miou", "low", "high"))
    less, least, most = (float(second[key] or "nan") for key in ("miou", "low", "high"))
    difference = value - less
    ends = (difference - math.hypot(value - low, most - less), difference + math.hypot(high - value, less - least))
    limits = [decimals(end, 4) for end in ends]
    named = {"difference": decimals(difference, 4), "difference_low": limits[0], "difference_high": limits[1]}
    return named | {"conclusion": verdict(*limits, seeds)}
