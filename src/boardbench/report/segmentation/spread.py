"""How far training again with another seed moves a score, and which classes are learnt in every seed."""

from typing import Any

import numpy as np
import pandas as pd

from boardbench.report.segmentation.runs import mean_and_sd
from boardbench.report.writing import decimals, text_table

COLUMNS = ("dataset", "backbone", "strategy", "epochs", "seeds", "miou", "miou_sd", "degrees_of_freedom")
COLUMNS += ("least", "greatest", "unlearnt")
POOLED = "pooled"
NO_BASELINE = "not known: no baseline"


def spread_table(dataset: str, scores: dict[tuple[str, str, int], dict[str, Any]], classes: list[str]) -> pd.DataFrame:
    """Return segmentation_spread: a row a backbone and strategy, and a last one of all.

    Args:
        dataset: first column.
        scores: (backbone, strategy, seed) -> scores of the run, as read; baselines have strategy ``none``.
        classes: class names in order of their ids.

    Returns:
        Text: the columns of COLUMNS. epochs is of the longest training; miou_sd is over seeds, empty for one; unlearnt
        names the classes whose IoU is not above that of the best baseline in every seed, empty where there are none.
        The row ``pooled`` has the root of the mean variance over cells, weighted by degrees of freedom where these
        differ.
    """
    baselines = [score["iou"] for (_, strategy, _), score in scores.items() if strategy == "none"]
    # A class that the test part lacks is NaN in a run that does not predict it either: no comparison, so not named.
    best = np.fmax.reduce(baselines) if baselines else None
    cells: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for (backbone, strategy, _), score in scores.items():
        if strategy != "none":
            cells.setdefault((backbone, strategy), []).append(score)
    rows, variances, freedom = [], [], []
    for (backbone, strategy), group in cells.items():
        values = np.array([score["miou"] for score in group])
        known = values[np.isfinite(values)]
        row = {"dataset": dataset, "backbone": backbone, "strategy": strategy, "seeds": str(len(group))}
        row["epochs"] = str(max((score["epochs"] for score in group if score["epochs"]), default=""))
        row |= mean_and_sd(values, "miou") | {
            "degrees_of_freedom": str(max(len(known) - 1, 0)),
            "unlearnt": NO_BASELINE,
        }
        if len(known):
            row |= {"least": decimals(known.min(), 4), "greatest": decimals(known.max(), 4)}
        if len(known) > 1:
            variances.append(known.var(ddof=1))
            freedom.append(len(known) - 1)
        if best is not None:
            short = np.any([score["iou"] <= best for score in group], axis=0)
            row["unlearnt"] = "; ".join(name for name, fails in zip(classes, short, strict=True) if fails)
        rows.append(row)
    pooled = np.sqrt(np.average(variances, weights=freedom)) if variances else np.nan
    last = {"dataset": dataset, "backbone": POOLED, "miou_sd": decimals(pooled, 4)}
    return text_table([*rows, last | {"degrees_of_freedom": str(sum(freedom))}], COLUMNS)
