"""Does the answer hang on the normalization? Scores and differences of the strategies under each."""

from itertools import combinations
from pathlib import Path

import pandas as pd

from boardbench.report.runs import run_name
from boardbench.report.segmentation.resamples import Resamples
from boardbench.report.segmentation.runs import grid, mean_and_sd, read_scores
from boardbench.report.writing import text_table

SCORES = ("dataset", "normalization", "backbone", "strategy", "seeds", "scenes", "miou", "miou_sd", "low", "high")
SCORES += ("covers", "rank", "note")
ORDER = ("dataset", "normalization", "strategy", "against_normalization", "against", "seeds", "scenes", "difference")
ORDER += ("low", "high", "covers", "conclusion", "note")
TABLES = ("segmentation_normalizations", "segmentation_normalization_order")


def normalization_tables(
    dataset: str,
    runs: Path,
    method: str,
    folder: Path | None,
    methods: list[str],
    backbones: list[str],
    strategies: list[str],
    seeds: list[int],
    classes: list[str],
    resamples: int,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Return segmentation_normalizations and segmentation_normalization_order.

    Args:
        dataset: first column.
        runs: folder of the study's own runs.
        method: normalization of these; the others are held against it.
        folder: of the runs with other normalizations, ``<method>/<backbone>-<strategy>-seed<k>/``.
        methods: normalizations that are compared, in table order; ``method`` comes first where it is not among them.
        backbones, strategies, seeds, classes, resamples, seed: as
            :func:`boardbench.report.segmentation.differences.differences`.

    Returns:
        Text. The first, columns SCORES: a row a normalization, backbone and strategy; rank is the strategy's by mean
        IoU under this normalization and backbone, equal ones sharing the better. The second, columns ORDER, of mean IoU
        averaged over the backbones: for each normalization a row a pair of strategies, those against ``full`` (against
        the first where there is no ``full``) before the others; then a row a strategy and other normalization, against
        ``method``. ``shown`` is :func:`boardbench.report.uncertainty.verdict`.

    Raises:
        BoardbenchError: a run that is missing, of another grid or normalization, or scored
            on other captures or masks.
    """
    methods = list(dict.fromkeys([*([] if method in methods else [method]), *methods]))
    folders = {name: runs if name == method else folder / name for name in methods}
    cells = grid(backbones, strategies, seeds, [])
    scores = {
        name: {cell: read_scores(root, *cell, classes=classes, normalization=name)["miou"] for cell in cells}
        for name, root in folders.items()
    }
    like = runs / run_name(*cells[0]) / "confusions.csv"
    drawn = {name: Resamples(root, cells, classes, resamples, seed, like) for name, root in folders.items()}

    rows = []
    for name in methods:
        for backbone in backbones:
            group = []
            for strategy in strategies:
                row = {"dataset": dataset, "normalization": name, "backbone": backbone, "strategy": strategy}
                row |= drawn[name].score((backbone, strategy))
                group.append(row | mean_and_sd([scores[name][backbone, strategy, k] for k in seeds], "miou"))
            ranks = pd.to_numeric(pd.Series([row["miou"] for row in group])).rank(method="min", ascending=False)
            rows += [row | {"rank": f"{rank:.0f}"} for row, rank in zip(group, ranks, strict=True)]

    def compared(first: tuple[str, str], second: tuple[str, str]) -> dict[str, str]:
        """Return a row of the difference of two (normalization, strategy)."""
        pairs = [tuple(drawn[name].scores[network, word] for name, word in (first, second)) for network in backbones]
        row = dict(zip(("normalization", "strategy", "against_normalization", "against"), first + second, strict=True))
        return row | {"dataset": dataset} | drawn[method].difference(pairs)

    reference = "full" if "full" in strategies else strategies[0]
    others = [strategy for strategy in strategies if strategy != reference]
    pairs = [(strategy, reference) for strategy in others] + list(combinations(others, 2))
    order = [compared((name, one), (name, other)) for name in methods for one, other in pairs]
    order += [
        compared((name, strategy), (method, strategy)) for name in methods if name != method for strategy in strategies
    ]
    frames = (text_table(rows, SCORES), text_table(order, ORDER))
    return dict(zip(TABLES, frames, strict=True))
