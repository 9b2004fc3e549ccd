"""The JSON file of the segmentation study's report."""

from boardbench.artifacts import Int
from boardbench.report.artifacts import About


class SegmentationAbout(About):
    """``about.json`` of a segmentation data set."""

    classes: list[str]
    bands: list[Int]
    working_sizes: list[list[Int]]
    parts: dict[str, dict[str, Int]]
