"""The table of fitted reductions of the spectral axis: variance that components keep, bands that were picked."""

from pathlib import Path

import numpy as np
import pandas as pd

from boardbench.errors import BoardbenchError
from boardbench.report.segmentation.runs import PUBLISHED_AS
from boardbench.report.writing import decimals
from boardbench.segmentation.reduction import get, is_fitted
from boardbench.segmentation.reduction.pca import load_reduction

PAPER_VARIANCE = {"pca3": "98.7"}  # percent kept by three components, text of paper 1


def reduction_table(
    dataset: str,
    folder: Path | None,
    strategies: list[str],
    fit: str,
    wavelengths: list[float] | None,
    published: bool,
) -> pd.DataFrame:
    """Return segmentation_reduction as text: a row a fitted strategy, what it keeps or which bands it picks.

    Args:
        dataset: first column.
        folder: of the fitted reductions; None where there is none.
        strategies: input strategies, in table order.
        fit: what reductions were fitted on that follow params (train or cube).
        wavelengths: nm, of the bands; None where they are not known.
        published: whether paper 1's share of variance stands beside ours.

    Raises:
        BoardbenchError: a fitted reduction is missing.
    """
    columns = ["dataset", "strategy", "fit", "components", "explained_variance_percent"]
    columns += ["explained_variance_percent_published", "picked_nm", "separability"]
    rows = []
    for strategy in filter(is_fitted, strategies):
        path = (folder or Path("reduction")) / f"{strategy}.npz"
        if folder is None or not path.is_file():
            raise BoardbenchError(
                f"{path}: no such file, but strategy {strategy} is in the table. "
                "Make it with 'boardbench segmentation reduction' or by running snakemake."
            )
        fitted = load_reduction(path)
        # One row when fitted on the training part; one a capture when fitted cube by cube: their mean.
        percent = 100 * fitted.explained_variance_ratio.astype(np.float64).sum(axis=1).mean()
        picked = [f"{wavelengths[band]:.1f}" if wavelengths else f"band {band}" for band in fitted.bands[0]]
        how = get(strategy).fitted_on
        row = [
            dataset,
            strategy,
            fit if how == "params" else how,
            str(fitted.components.shape[1]),
            decimals(percent, 2),
        ]
        row.append(PAPER_VARIANCE.get(PUBLISHED_AS.get(strategy, strategy), "") if published else "")
        rows.append([*row, " ".join(picked), decimals(float(np.mean(fitted.criterion)), 4)])
    return pd.DataFrame(rows, columns=columns)
