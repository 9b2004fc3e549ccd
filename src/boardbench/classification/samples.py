"""The verb that brings the images of a data set into one form."""

from pathlib import Path

import numpy as np
import pandas as pd

from boardbench.arrays import new_array
from boardbench.artifacts import write
from boardbench.classification.archives import open_source
from boardbench.classification.archives.archive import Part
from boardbench.classification.artifacts import ClassificationSamples
from boardbench.classification.data import PARTS, balanced
from boardbench.fetch.progress import need_space
from boardbench.files import atomic_write, sha256
from boardbench.params.classification import Archive


def samples(*, source: str, raw: Path, out: Path, params: Archive) -> None:
    """Read labelled images, check them against what their authors published, and write them in one form.

    All training images in the order of the archive, then the test images. Where params take a part of them, as many
    of each class are drawn by seed. Same seed, same bytes.

    Args:
        source: digits, cifar10, cifar100 or parquet.
        raw: folder for downloads; what lies there already is checked, not brought again.
        out: CSV with columns sample, part, label; samples.json and images.npy (samples, lines, samples across,
            channels) uint8 beside it.
        params: section ``classification.archive``.

    Raises:
        BoardbenchError: the archive cannot be had, or is not what it should be; more images asked for than there are.
    """
    images = open_source(source, raw, params)
    parts = dict(zip(PARTS, (images.train, images.test), strict=True))
    taken = {
        part: _taken(part, of_part, images.classes, getattr(params, f"{part}_images"), params.seed)
        for part, of_part in parts.items()
    }
    counts = {part: len(rows) for part, rows in taken.items()}
    shape = (sum(counts.values()), *images.size)
    need_space(out.parent, int(np.prod(shape)), "images.npy")
    table = pd.DataFrame({"sample": range(shape[0]), "part": np.repeat(PARTS, list(counts.values()))})
    table["label"] = np.concatenate([parts[part].labels[rows] for part, rows in taken.items()])
    pixels_file, metadata_file = out.with_name("images.npy"), out.with_name("samples.json")
    # All three are written before the first is put in place.
    with (
        atomic_write(out, record=True) as table_beside,
        atomic_write(metadata_file, record=True) as metadata_beside,
        atomic_write(pixels_file, record=True) as pixels_beside,
    ):
        pixels = new_array(pixels_beside, np.uint8, shape)
        first = 0
        for part, rows in taken.items():
            for block in parts[part].read(rows):
                pixels[first : first + len(block)] = block
                first += len(block)
        pixels.flush()
        del pixels
        origin = images.metadata | {
            "images": {part: len(of_part.labels) for part, of_part in parts.items()},
            "seed": params.seed,
            "taken": {part: getattr(params, f"{part}_images") for part in PARTS},
        }
        metadata = ClassificationSamples(
            classes=images.classes, size=images.size, parts=counts, sha256=sha256(pixels_beside), source=origin
        )
        write(metadata_beside, metadata, record=False)
        table.to_csv(table_beside, index=False, lineterminator="\n")
    print(
        f"{out}: {counts['train']} training and {counts['test']} test images of {images.size}, "
        f"{len(images.classes)} classes; pixels: {images.metadata['encoding']}",
        flush=True,
    )


def _taken(part: str, images: Part, classes: list[str], count: int | None, seed: int) -> np.ndarray:
    """Return the indices of the images to take."""
    if count is None:
        return np.arange(len(images.labels))
    what = f"classification.archive.{part}_images"
    return balanced(images.labels, classes, count, [seed, PARTS.index(part)], what)
