"""Which drifts would be noticed on the line."""

from pathlib import Path

import pandas as pd

from boardbench.report.runs import read_csv

COLUMNS = ("drift", "captures", "windows", "flagged", "not_trusted", "lines_until", "by")


def drift_table(dataset: str, path: Path) -> pd.DataFrame:
    """Return the table that the verb wrote, with the data set in front."""
    table = read_csv(path, "segmentation drift", COLUMNS)
    table.insert(0, "dataset", dataset)
    return table
