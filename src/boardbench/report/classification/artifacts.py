"""The JSON file of the classification study's report."""

from typing import Any

from boardbench.artifacts import Int
from boardbench.report.artifacts import About


class ClassificationAbout(About):
    """``about.json`` of a classification data set."""

    cifar10: bool
    original: bool
    recoded: bool
    complete: bool
    parts: dict[str, Int]
    classes: list[str]
    size: list[Int]
    metadata: dict[str, Any]
