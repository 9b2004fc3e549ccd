"""The JSON files of the report."""

from typing import Annotated, Any

from pydantic import Field

from boardbench.artifacts import Artifact, Int, Number


class About(Artifact):
    """``about.json``: what a data set is, and the params that its tables were made with; old ones name no study."""

    study: str = "segmentation"
    dataset: str
    source: str
    label: str
    settings: dict[str, Any] = Field({})


class SegmentationAbout(About):
    """``about.json`` of a segmentation data set."""

    classes: list[str]
    bands: list[Int]
    working_sizes: list[list[Int]]
    parts: dict[str, dict[str, Int]]


class PlacementAbout(About):
    """``about.json`` of a placement data set."""

    protocol: str
    parts: dict[str, dict[str, Int]]
    size: list[Int]
    mm_per_pixel: list[Number]
    tolerance: dict[str, Number]
    training: dict[str, Any]


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


class Published(Artifact):
    """``published.json``: the data sets of a run's report, and the hash of each of its files."""

    datasets: Annotated[list[str], Field(min_length=1)]
    sha256: dict[str, str] = Field({})


class Figure(Artifact):
    """An entry of ``<study>_figures.json``."""

    file: str
    caption: str
    alt: str
