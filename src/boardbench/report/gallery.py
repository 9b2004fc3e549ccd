"""The pictures of a page: their sizes, and prediction strips cut so that one panel shows at a time."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

PREDICTION = "segmentation_prediction_"
CAPTION = re.compile(r"(.+), test capture (.+)\.")  # as the study's figures have it
PANELS, MARGIN = 4, 6  # beside each other, pixels between them


def picture_size(path: Path) -> tuple[int, int] | None:
    """Return width and height of a PNG or SVG in pixels of the screen, or None where it cannot be told."""
    if path.suffix == ".svg":
        start = path.read_text(encoding="utf-8", errors="replace")[:2000] if path.is_file() else ""
        found = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', start)
        return tuple(round(float(end) * 4 / 3) for end in found.groups()) if found else None
    try:
        with Image.open(path) as picture:
            return picture.size
    except OSError:
        return None


def strip_crop(path: Path) -> str:
    """Return the CSS lengths that show one panel of a strip, as shares of a panel's width; '' where there are none.

    --panel: of the strip; --left, --step: to the first panel and to the next; --top, --high: of the panels, from the
    first row that is not mostly white to the next white one.
    """
    try:
        with Image.open(path) as picture:
            grey = np.asarray(picture.convert("L"))
    except OSError:
        return ""
    inked = (grey < 250).mean(axis=1)
    rows = np.flatnonzero(inked > 0.3)
    width = (grey.shape[1] - MARGIN) / PANELS - MARGIN
    if not rows.size or width < 1:
        return ""
    lengths = {"panel": grey.shape[1], "left": MARGIN, "step": width + MARGIN, "top": rows[0]}
    white = np.flatnonzero(inked[rows[0] :] == 0)  # between the panels and their key
    lengths["high"] = white[0] if white.size else len(grey) - rows[0]
    return "; ".join(f"--{name}: {value / width:.4f}" for name, value in lengths.items())


def gallery(figures: dict[str, dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """Return the prediction strips of a data set: each a figure with its capture, input and crop; captures together.

    Args:
        figures: file -> figure as the page has it.
        folder: of the files.
    """
    found = []
    for file, shown in figures.items():
        said = CAPTION.fullmatch(shown["caption"])
        if file.startswith(PREDICTION) and said and (crop := strip_crop(folder / file)):
            found.append(shown | {"input": said[1], "capture": said[2], "crop": crop})
    order = list(dict.fromkeys(one["capture"] for one in found))
    return sorted(found, key=lambda one: order.index(one["capture"]))
