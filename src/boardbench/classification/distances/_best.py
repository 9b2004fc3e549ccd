"""Keeping the best few columns of a row, block by block."""

import numpy as np

from boardbench.engine.compiled import compiled


@compiled()
def keep(values: np.ndarray, first: int, best: np.ndarray, where: np.ndarray) -> None:
    """Put the columns of ``values`` in order among the best so far; equal ones stay in the order they come in.

    Args:
        values: (rows, columns) numbers.
        first: number of the first column.
        best: (rows, kept) float64, ascending, inf where nothing was kept; changed.
        where: (rows, kept) int64 column numbers; changed.
    """
    last = best.shape[1] - 1
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            value = values[row, column]
            if value < best[row, last]:
                place = last
                while place > 0 and value < best[row, place - 1]:
                    best[row, place] = best[row, place - 1]
                    where[row, place] = where[row, place - 1]
                    place -= 1
                best[row, place] = value
                where[row, place] = first + column
