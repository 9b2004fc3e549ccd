"""The JSON files of the report."""

from typing import Annotated, Any

from pydantic import Field

from boardbench.artifacts import Artifact
from boardbench.study import FIRST


class About(Artifact):
    """``about.json``: what a data set is, and the params that its tables were made with; old ones name no study."""

    study: str = FIRST
    dataset: str
    source: str
    label: str
    settings: dict[str, Any] = Field({})


class Published(Artifact):
    """``published.json``: the data sets of a run's report, and the hash of each of its files."""

    datasets: Annotated[list[str], Field(min_length=1)]
    sha256: dict[str, str] = Field({})


class Figure(Artifact):
    """An entry of ``<study>_figures.json``; ``plot`` is a file beside it, its data as the page draws them."""

    file: str
    caption: str
    alt: str
    plot: str = ""
