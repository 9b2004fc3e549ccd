"""Tables as files: numbers as text, CSV and Markdown beside each other."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from boardbench.files import atomic_write, write_text
from boardbench.integrity import remove


def decimals(value: float, digits: int) -> str:
    """Return a fixed number of decimals; NaN is an empty cell."""
    return "" if np.isnan(value) else f"{value:.{digits}f}"


def cell(value: Any) -> str:
    """Return a setting as a cell; None is an empty one."""
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)


def text_table(rows: list[dict[str, str]], columns: Iterable[str]) -> pd.DataFrame:
    """Return rows as a table of text; a cell that a row lacks is empty."""
    columns = list(columns)
    return pd.DataFrame([dict.fromkeys(columns, "") | row for row in rows], columns=columns)


def write_table(frame: pd.DataFrame, out: Path, name: str) -> None:
    """Write a table of strings as ``name``.csv and ``name``.md, each whole or not at all."""
    with atomic_write(out / f"{name}.csv", record=True) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n")
    # A name of a class may be 'a|b' or '<b>'.
    shown = frame.map(lambda cell: str(cell).replace("|", "\\|").replace("<", "&lt;"))
    markdown = shown.to_markdown(index=False, disable_numparse=True) if len(frame) else "No rows."
    write_text(out / f"{name}.md", markdown + "\n", record=True)


def drop_tables(out: Path, names: Iterable[str]) -> None:
    """Remove tables that an earlier run has left in ``out``."""
    for name in names:
        for suffix in (".csv", ".md"):
            remove(out / f"{name}{suffix}")
