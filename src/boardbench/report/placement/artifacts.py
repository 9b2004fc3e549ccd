"""The JSON file of the placement study's report."""

from typing import Any

from boardbench.artifacts import Int, Number
from boardbench.report.artifacts import About


class PlacementAbout(About):
    """``about.json`` of a placement data set."""

    protocol: str
    parts: dict[str, dict[str, Int]]
    size: list[Int]
    mm_per_pixel: list[Number]
    tolerance: dict[str, Number]
    training: dict[str, Any]
