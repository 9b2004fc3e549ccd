"""Is the simulated camera like a real one? The tables that answer, and the sentence that they say."""

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


def read_sensor(path: Path) -> pd.DataFrame | None:
    """Read the published table; None where there is none."""
    return read_csv(path, "segmentation tables", COLUMNS) if path.is_file() else None


def alike(table: pd.DataFrame) -> str:
    """Return the sentence of the page: what agrees with the real camera, what does not, what the file cannot tell."""
    judged = table[table["judged"] == "yes"]
    apart = judged[judged["agrees"] != "yes"]
    ratios = pd.to_numeric(judged["ratio"], errors="coerce").dropna()
    far = (ratios - 1).abs().idxmax()
    change = f"{100 * (ratios[far] - 1):+.1f}".replace("-", "\N{MINUS SIGN}")
    furthest = f"{judged['name'][far]} ({change} %)"
    if apart.empty:
        said = f"All {len(judged)} quantities that a real camera's references can tell agree within {100 * WITHIN:g} %"
    else:
        names = ", ".join(apart["name"])
        said = f"Of {len(judged)} quantities that a real camera's references can tell, {len(apart)} "
        said += f"{'differs' if len(apart) == 1 else 'differ'} by more than {100 * WITHIN:g} % ({names})"
    untold = ", ".join(table.loc[table["judged"] != "yes", "name"])
    return f"{said}; furthest apart: {furthest}. They cannot tell: {untold}."
