"""Reading what the samples step leaves behind: samples.csv, samples.json and images.npy. NumPy and pandas, no torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from boardbench.errors import BoardbenchError, nearest
from boardbench.files import parse_json
from boardbench.integrity import checked

PARTS = ["train", "test"]
"""The parts, in the order of the file."""

_AGAIN = "Make it again with `boardbench classification samples`."
_FIELDS = ["sample", "part", "label"]


def balanced(labels: np.ndarray, classes: list[str], count: int, seed: list[int], what: str) -> np.ndarray:
    """Draw as many images of each class; where that does not come out even, the first classes have one more.

    The same seed gives the same images, and a smaller draw is contained in a larger one.

    Args:
        labels: (n,) whole numbers that index ``classes``.
        classes: names of the classes.
        count: images to draw.
        seed: of the draw.
        what: the params key behind ``count``, for messages.

    Returns:
        (count,) indices into ``labels``, ascending: the order of the images is kept.

    Raises:
        BoardbenchError: fewer images asked for than there are classes, or more than a class has.
    """
    share, rest = divmod(count, len(classes))
    if share == 0:
        raise BoardbenchError(f"{what}: {count}, but there are {len(classes)} classes. Ask for that many or more.")
    drawn = []
    for label, name in enumerate(classes):
        members, wanted = np.flatnonzero(labels == label), share + (label < rest)
        if wanted > len(members):
            least = int(np.bincount(labels, minlength=len(classes)).min())
            raise BoardbenchError(
                f"{what}: {count} asks for {wanted} images of class '{name}', which has {len(members)}. Ask for "
                f"{least * len(classes)} or less, or null for all."
            )
        drawn.append(np.random.default_rng([*seed, label]).permutation(members)[:wanted])
    return np.sort(np.concatenate(drawn))


@dataclass(frozen=True)
class Samples:
    """Images with their classes.

    Attributes:
        images: (samples, lines, samples across, channels) uint8, mapped from the file.
        labels: (samples,) int64, index into ``classes``.
        parts: (samples,) train or test; all of train come first.
        classes: names.
        size: (lines, samples, channels) of an image.
        metadata: samples.json.
    """

    images: np.ndarray
    labels: np.ndarray
    parts: np.ndarray
    classes: list[str]
    size: tuple[int, int, int]
    metadata: dict[str, Any]

    def rows(self, part: str) -> slice:
        """Return where a part lies: image i of the part is sample ``rows(part).start + i``.

        Raises:
            BoardbenchError: for an unknown part.
        """
        if part not in PARTS:
            raise BoardbenchError(f"part '{part}': unknown. {nearest(part, PARTS)}")
        count = int(np.count_nonzero(self.parts == "train"))
        return slice(0, count) if part == "train" else slice(count, len(self.parts))

    def part(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the images of a part, still mapped, and their labels."""
        rows = self.rows(name)
        return self.images[rows], self.labels[rows]

    def subset(self, part: str, count: int, what: str) -> np.ndarray:
        """Draw as many images of each class from a part, by the seed the samples were made with (see ``balanced``).

        Returns:
            (count,) ascending sample numbers: ``images[them]`` are the images.

        Raises:
            BoardbenchError: as ``balanced``; ``what`` names the params key behind ``count``.
        """
        rows = self.rows(part)
        seed = [self.metadata["source"]["seed"], PARTS.index(part)]
        return rows.start + balanced(self.labels[rows], self.classes, count, seed, what)


def read_samples(path: Path) -> Samples:
    """Open samples.csv with the files beside it; images are read when they are looked at.

    Args:
        path: samples.csv, or its folder.

    Raises:
        BoardbenchError: if a file is missing, damaged, or does not fit the others.
    """
    table = path / "samples.csv" if path.is_dir() else path
    metadata_file, images_file = table.with_name("samples.json"), table.with_name("images.npy")
    for file in (table, metadata_file, images_file):
        if not file.is_file():
            raise BoardbenchError(f"{file}: missing. {_AGAIN}")
    try:
        frame = pd.read_csv(checked(table), dtype={"part": str}, keep_default_na=False)
        metadata = dict(parse_json(checked(metadata_file).read_text(encoding="utf-8")))
        images = np.load(checked(images_file), mmap_mode="r", allow_pickle=False)
    except (ValueError, TypeError, OSError, EOFError) as error:
        raise BoardbenchError(f"{table.parent}: samples not readable ({error}). {_AGAIN}") from None
    missing = [field for field in _FIELDS if field not in frame]
    if missing:
        raise BoardbenchError(f"{table}: column {', '.join(missing)} missing. {_AGAIN}")
    missing = [field for field in ("classes", "size", "parts", "source") if field not in metadata]
    if missing:
        raise BoardbenchError(f"{metadata_file}: {', '.join(missing)} missing. {_AGAIN}")
    shape = (len(frame), *metadata["size"])
    if images.shape != shape or images.dtype != np.uint8:
        raise BoardbenchError(
            f"{images_file}: {images.dtype} {images.shape}, but {table.name} and {metadata_file.name} say uint8 "
            f"{shape}. The files are of different runs. {_AGAIN}"
        )
    _check_rows(table, frame, metadata)
    return Samples(
        images=images,
        labels=frame["label"].to_numpy(np.int64),
        parts=frame["part"].to_numpy(str),
        classes=metadata["classes"],
        size=tuple(metadata["size"]),
        metadata=metadata,
    )


def _check_rows(table: Path, frame: pd.DataFrame, metadata: dict[str, Any]) -> None:
    """Refuse rows that are not as the samples step writes them; line 1 of the file is the header."""
    parts, labels, classes = frame["part"], frame["label"], len(metadata["classes"])
    for bad in np.flatnonzero(~parts.isin(PARTS))[:1]:
        raise BoardbenchError(
            f"{table}, line {bad + 2}, part: unknown part '{parts[bad]}'. {nearest(str(parts[bad]), PARTS)} {_AGAIN}"
        )
    if labels.dtype != np.int64:
        numbers = labels.astype(str).str.fullmatch(r"-?\d{1,18}")
        for bad in np.flatnonzero(~numbers)[:1]:
            raise BoardbenchError(f"{table}, line {bad + 2}, label: '{labels[bad]}' is no whole number. {_AGAIN}")
    for bad in np.flatnonzero((labels < 0) | (labels >= classes))[:1]:
        raise BoardbenchError(
            f"{table}, line {bad + 2}, label: {labels[bad]} is out of range, samples.json has {classes} classes "
            f"(0 to {classes - 1}). {_AGAIN}"
        )
    counts = {part: int((parts == part).sum()) for part in PARTS}
    if counts != metadata["parts"]:
        raise BoardbenchError(f"{table}: parts {counts}, but samples.json says {metadata['parts']}. {_AGAIN}")
    in_order = frame["sample"].tolist() == [*range(len(frame))] and (parts[: counts["train"]] == "train").all()
    if not in_order:
        raise BoardbenchError(f"{table}: samples are not in the order they were written in. {_AGAIN}")
