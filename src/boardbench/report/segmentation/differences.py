"""Which strategies differ, and how sure each score is, as text tables; the intervals are those of :mod:`.resamples`."""

from itertools import combinations, product
from pathlib import Path

import pandas as pd

from boardbench.report.runs import run_name
from boardbench.report.segmentation.resamples import METRICS, Resamples
from boardbench.report.segmentation.runs import grid
from boardbench.segmentation.backbones import is_pretrained, parse

COLUMNS = ["backbone", "strategy", "against", "metric", "seeds", "scenes", "difference", "low", "high", "covers"]
COLUMNS += ["conclusion", "note"]


def differences(
    runs: Path,
    backbones: list[str],
    strategies: list[str],
    seeds: list[int],
    classes: list[str],
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Compare every pair of strategies within each backbone, and on the average of the backbones (``all``).

    A backbone that starts from ImageNet weights is compared with its random start, too: ``against`` is then a backbone.

    Reads ``runs/<backbone>-<strategy>-seed<k>/confusions.csv``. The rows of ``all`` average the difference over the
    backbones given, on the same resamples for all; they say nothing about other backbones.

    Args:
        runs: folder of the runs.
        backbones: networks, in table order.
        strategies: input strategies; each is compared with those after it.
        seeds: one run a seed.
        classes: class names in order of their ids.
        resamples: number of bootstrap resamples.
        seed: of the resamples; the same seed gives the same table.

    Returns:
        Text cells, 4 decimals: backbone, strategy, against, metric (miou, mf1), seeds, scenes, difference (strategy
        minus against, on the full test part), low, high (empty where there is one scene), covers (scenes, or scenes
        and seeds), conclusion (:func:`boardbench.report.uncertainty.verdict`), note.

    Raises:
        BoardbenchError: a missing or damaged file, other classes, or runs scored on different captures or masks.
    """
    drawn = Resamples(runs, grid(backbones, strategies, seeds, []), classes, resamples, seed)
    compared = [
        (backbone, strategy, against, [((name, strategy), (name, against)) for name in among])
        for backbone, among in [*((name, [name]) for name in backbones), ("all", backbones)]
        for strategy, against in combinations(strategies, 2)
    ]
    compared += [
        (backbone, strategy, against, [((backbone, strategy), (against, strategy))])
        for backbone, against in product(filter(is_pretrained, backbones), backbones)
        if against != backbone and parse(against) == parse(backbone)
        for strategy in strategies
    ]
    rows = []
    for (backbone, strategy, against, cells), metric in product(compared, METRICS):
        pairs = [(drawn.scores[one], drawn.scores[other]) for one, other in cells]
        row = {"backbone": backbone, "strategy": strategy, "against": against, "metric": metric}
        rows.append(row | drawn.difference(pairs, metric))
    return pd.DataFrame(rows, columns=COLUMNS)


def change(
    runs: Path, others: Path, cells: list[tuple[str, str, int]], classes: list[str], resamples: int, seed: int
) -> dict[str, str]:
    """Compare the runs of a backbone and strategy with others of the same seeds, such as before they were pruned.

    Args:
        runs: folder with ``<backbone>-<strategy>-seed<k>/confusions.csv``.
        others: folder with the runs that they are compared with.
        cells: (backbone, strategy, seed), of one backbone and strategy.
        classes, resamples, seed: as :func:`differences`.

    Returns:
        Text cells of mean IoU, as :meth:`Resamples.difference`.

    Raises:
        BoardbenchError: as :func:`differences`.
    """
    before = Resamples(others, cells, classes, resamples, seed)
    drawn = Resamples(runs, cells, classes, resamples, seed, like=others / run_name(*cells[0]) / "confusions.csv")
    name = cells[0][:2]
    return drawn.difference([(drawn.scores[name], before.scores[name])])


def intervals(
    runs: Path,
    backbones: list[str],
    strategies: list[str],
    seeds: list[int],
    baselines: list[str],
    classes: list[str],
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Give every cell's mean IoU its own interval, baselines (``<baseline>-none-seed0``) last.

    Intervals of two cells may overlap although their difference is shown: :func:`differences` pairs the scenes.

    Args:
        runs, backbones, strategies, seeds, classes, resamples, seed: as :func:`differences`.
        baselines: models without a network; each is one run.

    Returns:
        Text cells, 4 decimals: backbone, strategy, miou, low, high, seeds, scenes, covers, note.

    Raises:
        BoardbenchError: as :func:`differences`.
    """
    cells = grid(backbones, strategies, seeds, baselines)
    drawn = Resamples(runs, cells, classes, resamples, seed)
    among = dict.fromkeys(cell[:2] for cell in cells)
    return pd.DataFrame([dict(zip(("backbone", "strategy"), cell, strict=True)) | drawn.score(cell) for cell in among])
