"""Reading what the captures steps leave behind: split.csv, cubes and masks. NumPy only, no torch."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from PIL import Image

from boardbench.errors import BoardbenchError, nearest
from boardbench.integrity import checked
from boardbench.pictures import UNREADABLE
from boardbench.segmentation.leaks import check_open, closed

PARTS = ["train", "validation", "test", "unused"]
IGNORED = 255  # mask value of unlabelled pixels
BLOCK = 8192  # pixels held in memory at once, about


def prove_disjoint(table: pd.DataFrame) -> None:
    """Check that no scene stands in two parts and no capture twice.

    Args:
        table: columns scene, condition, part.

    Raises:
        BoardbenchError: naming every scene in more than one part, or every capture listed twice.
    """
    parts = table.groupby("scene")["part"].agg(lambda column: sorted(set(column)))
    torn = [f"'{scene}' ({', '.join(found)})" for scene, found in parts.items() if len(found) > 1]
    if torn:
        raise BoardbenchError(
            f"split: scene in more than one part: {', '.join(torn)}. All conditions of a scene belong in one "
            "part, or the test part is not independent: write the split again with `boardbench segmentation "
            "split`."
        )
    twice = table[table.duplicated(["scene", "condition"])]
    if len(twice):
        names = ", ".join(f"{row.scene}_{row.condition}" for row in twice.itertuples())
        raise BoardbenchError(f"split: capture listed twice: {names}. Keep one row for each scene and condition.")


def read_split(split: Path) -> pd.DataFrame:
    """Read and check split.csv.

    Returns:
        Columns scene, condition, part, all text; one row a capture.

    Raises:
        BoardbenchError: if the file or a column is missing, a part is unknown, or a scene is in two parts.
    """
    if not split.is_file():
        raise BoardbenchError(f"{split}: no split. Make it with `boardbench segmentation split`.")
    table = pd.read_csv(checked(split), dtype=str, keep_default_na=False)
    missing = [column for column in ("scene", "condition", "part") if column not in table]
    if missing:
        raise BoardbenchError(
            f"{split}: column {', '.join(missing)} missing; it needs scene, condition, part. "
            "Write it again with `boardbench segmentation split`."
        )
    for row, part in enumerate(table["part"], start=2):
        if part not in PARTS:
            raise BoardbenchError(f"{split}, line {row}, part: unknown part '{part}'. {nearest(part, PARTS)}")
    try:
        prove_disjoint(table)
    except BoardbenchError as error:
        raise BoardbenchError(f"{split}: {error}") from None
    return table


def closed_test_part(split: Path) -> AbstractContextManager[None]:
    """Return a context within which no capture of the test part can be read."""
    table = read_split(split)
    test = table[table["part"] == "test"]
    return closed(f"{row.scene}_{row.condition}" for row in test.itertuples())


def captures_of(split: Path, part: str) -> list[str]:
    """Return the capture names ``<scene>_<condition>`` of one part, in the order of the file.

    Raises:
        BoardbenchError: if the part is unknown, or has no capture (only ``unused`` may be empty).
    """
    if part not in PARTS:
        raise BoardbenchError(f"part '{part}' is unknown. {nearest(part, PARTS)}")
    table = read_split(split)
    rows = table[table["part"] == part]
    if rows.empty and part != "unused":
        raise BoardbenchError(
            f"{split}: no capture in part '{part}'. Give it scenes under segmentation.split and write the split again."
        )
    return [f"{row.scene}_{row.condition}" for row in rows.itertuples()]


def scenes_of(split: Path, part: str) -> dict[str, list[str]]:
    """Return scene -> its capture names of one part, in the order of the file.

    Raises:
        BoardbenchError: as :func:`captures_of`.
    """
    scenes: dict[str, list[str]] = {}
    for name in captures_of(split, part):
        scenes.setdefault(name.rsplit("_", 1)[0], []).append(name)
    return scenes


def load_arrays(path: Path, names: Iterable[str], what: str, verb: str) -> dict[str, np.ndarray]:
    """Read named arrays from an .npz file.

    Args:
        path: the file.
        names: of the arrays; others in the file are left alone.
        what: the file's content, for errors.
        verb: of ``boardbench segmentation`` that makes it.

    Raises:
        BoardbenchError: if the file is missing, damaged, or lacks an array.
    """
    again = f"with `boardbench segmentation {verb}`"
    if not path.is_file():
        raise BoardbenchError(f"{path}: no {what}. Make it {again}.")
    try:
        with np.load(checked(path), allow_pickle=False) as file:
            return {name: file[name] for name in names}
    except (KeyError, ValueError, OSError, EOFError, BadZipFile) as error:
        raise BoardbenchError(f"{path}: not a {what} ({error}). Delete it and make it again {again}.") from None


def load_cube(reflectance: Path, name: str) -> np.memmap:
    """Open the reflectance cube of one capture without reading it into memory.

    Returns:
        (bands, lines, samples) float16, reflectance in [0, 1].

    Raises:
        BoardbenchError: if the file is missing, damaged, or not a cube.
    """
    path = reflectance / f"{name}.npy"
    check_open(path, name)
    if not path.is_file():
        raise BoardbenchError(
            f"{path}: no reflectance cube of capture '{name}'. Make it with `boardbench reflectance`."
        )
    try:
        cube = np.load(checked(path), mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise BoardbenchError(
            f"{path}: not a readable cube ({error}). Delete it and make it again with `boardbench reflectance`."
        ) from None
    if cube.ndim != 3:
        raise BoardbenchError(
            f"{path}: {cube.ndim} axes instead of bands, lines, samples. "
            "Delete it and make it again with `boardbench reflectance`."
        )
    return cube


def load_mask(reflectance: Path, name: str) -> np.ndarray:
    """Read the class mask of one capture at working size.

    Returns:
        (lines, samples) uint8 class ids; 255 is ignored.

    Raises:
        BoardbenchError: if the file is missing, damaged, or not a picture with one 8-bit channel.
    """
    path = reflectance / f"{name}.png"
    check_open(path, name)
    if not path.is_file():
        raise BoardbenchError(f"{path}: no mask of capture '{name}'. Make it with `boardbench reflectance`.")
    try:
        with Image.open(checked(path)) as picture:
            mask = np.array(picture)
    except UNREADABLE as error:
        raise BoardbenchError(
            f"{path}: not a readable mask ({error}). Delete it and make it again with `boardbench reflectance`."
        ) from None
    if mask.dtype != np.uint8 or mask.ndim != 2:
        raise BoardbenchError(
            f"{path}: mask of type {mask.dtype} with {mask.ndim} axes; class ids need one 8-bit channel. "
            "Delete it and make it again with `boardbench reflectance`."
        )
    return mask


def load_capture(reflectance: Path, name: str) -> tuple[np.memmap, np.ndarray]:
    """Open cube (bands, lines, samples) and mask (lines, samples) of one capture.

    Raises:
        BoardbenchError: as the two loaders, and if mask and cube differ in size.
    """
    cube, mask = load_cube(reflectance, name), load_mask(reflectance, name)
    if cube.shape[1:] != mask.shape:
        raise BoardbenchError(
            f"{reflectance / name}.png: mask of {mask.shape} lines, samples but the cube beside it has "
            f"{cube.shape[1:]}. Delete both and make them again with `boardbench reflectance`."
        )
    return cube, mask


def blocks_of_lines(cube: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield (lines, pixels) down the cube, so that memory does not grow with its size.

    Yields:
        A slice of lines, and its spectra as (pixels, bands) float32, line by line.
    """
    bands, lines, samples = cube.shape
    step = max(1, BLOCK // samples)
    for start in range(0, lines, step):
        part = slice(start, min(start + step, lines))
        yield part, np.asarray(cube[:, part], dtype=np.float32).reshape(bands, -1).T


def labelled_pixels(reflectance: Path, name: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the labelled pixels of one capture in blocks; ignored pixels (255) are left out.

    Yields:
        Spectra (pixels, bands) float32 and class ids (pixels,) uint8; at least one pixel.
    """
    cube, mask = load_capture(reflectance, name)
    for lines, pixels in blocks_of_lines(cube):
        truth = mask[lines].ravel()
        known = truth != IGNORED
        if known.any():
            yield pixels[known], truth[known]


def class_counts(reflectance: Path, names: Iterable[str], classes: list[str]) -> np.ndarray:
    """Count the labelled pixels of each class over some captures.

    Returns:
        (classes,) int64; ignored pixels (255) are in no class.

    Raises:
        BoardbenchError: naming the mask and the class id that has no name.
    """
    counts = np.zeros(len(classes), np.int64)
    for name in names:
        found = np.bincount(load_mask(reflectance, name).ravel(), minlength=256)
        unnamed = np.flatnonzero(found[len(classes) : IGNORED])
        if unnamed.size:
            raise BoardbenchError(
                f"{reflectance / name}.png: class id {len(classes) + unnamed[0]}, but segmentation.classes "
                f"names only {len(classes)} (ids 0 to {len(classes) - 1}; 255 is ignored). Name the class "
                "or mend the mask."
            )
        counts += found[: len(classes)]
    return counts


def check_classes(counts: np.ndarray, classes: list[str], split: Path) -> None:
    """Check that every class has training pixels.

    Args:
        counts: (classes,) labelled training pixels of each class.
        classes: their names.
        split: file to name in the message.

    Raises:
        BoardbenchError: naming the classes that nothing can be learnt of.
    """
    absent = [name for name, count in zip(classes, counts, strict=True) if count == 0]
    if absent:
        raise BoardbenchError(
            f"{split}: no training pixel of class {', '.join(repr(name) for name in absent)}. Give the "
            "training part a scene that has it (another segmentation.split.seed, more train scenes, or a "
            "listed split), or take the class out of segmentation.classes."
        )
