"""Which drifts would be noticed on the line: the table, and the sentence that it says."""

from pathlib import Path

import pandas as pd

from boardbench.report.runs import read_csv

COLUMNS = ("drift", "captures", "windows", "flagged", "not_trusted", "lines_until", "by")
CLEAN = "none"


def drift_table(dataset: str, path: Path) -> pd.DataFrame:
    """Return the table that the verb wrote, with the data set in front."""
    table = read_csv(path, "segmentation drift", COLUMNS)
    table.insert(0, "dataset", dataset)
    return table


def read_drift_table(path: Path) -> pd.DataFrame | None:
    """Read the published table; None where there is none."""
    return read_csv(path, "segmentation tables", COLUMNS) if path.is_file() else None


def noticed(table: pd.DataFrame) -> str:
    """Return the sentence of the page: false alarms, and which drifts are not noticed on every capture."""
    clean = table[table["drift"] == CLEAN].iloc[0]
    drifts = table[table["drift"] != CLEAN]
    share = drifts["not_trusted"].astype(int) / drifts["captures"].astype(int)
    groups = {"on some only": drifts["drift"][(share > 0) & (share < 1)], "on none": drifts["drift"][share == 0]}
    said = "".join(f"; {words}: {', '.join(names)}" for words, names in groups.items() if len(names))
    return (
        f"Of {clean['captures']} test captures as they are, {clean['not_trusted']} are not trusted. "
        f"{int((share == 1).sum())} of {len(drifts)} drifts are noticed on every capture{said}."
    )
