"""Is the simulated camera like a real one? The tables that answer."""

from pathlib import Path

import pandas as pd

from boardbench.report.runs import read_csv

COLUMNS = ("quantity", "name", "unit", "real", "simulated_unbinned", "ratio", "simulated", "judged", "agrees", "note")
CURVES = ("camera", "curve", "x", "y")
WITHIN = 0.10  # of the real value: so near agrees


def curves_of(table: Path) -> Path:
    """Return the file of the curves that lies beside a table."""
    return table.with_name(f"{table.stem}_transfer.csv")


def sensor_tables(dataset: str, path: Path) -> dict[str, pd.DataFrame]:
    """Return both tables that the verb wrote (``path`` and the curves beside it), with the data set in front."""
    made = {
        "segmentation_sensor": read_csv(path, "segmentation sensor", COLUMNS),
        "segmentation_sensor_transfer": read_csv(curves_of(path), "segmentation sensor", CURVES),
    }
    for frame in made.values():
        frame.insert(0, "dataset", dataset)
    return made
