"""Readers of labelled images: one source a file; each checks what it reads before anything is written."""

from collections.abc import Callable
from pathlib import Path

from boardbench.classification.archives import cifar, digits, parquet
from boardbench.classification.archives.archive import Images
from boardbench.errors import BoardbenchError, nearest
from boardbench.params.classification import Archive

SOURCES: dict[str, Callable[[Path, Archive], Images]] = {
    "digits": digits.open_digits,
    "cifar10": cifar.open_cifar10,
    "cifar100": cifar.open_cifar100,
    "parquet": parquet.open_parquet,
}


def open_source(source: str, raw: Path, params: Archive) -> Images:
    """Open the images of a source; ``raw`` is the folder that downloads lie in.

    Raises:
        BoardbenchError: an unknown source, or what its reader finds wrong.
    """
    if source not in SOURCES:
        raise BoardbenchError(f"source '{source}': unknown. {nearest(source, list(SOURCES))}")
    return SOURCES[source](raw, params)
