"""Which photos train, validate and test."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from boardbench.errors import BoardbenchError, nearest
from boardbench.files import atomic_write
from boardbench.integrity import checked
from boardbench.params.placement import Split

PARTS = ["train", "validation", "test", "displaced"]


def _natural(text: str) -> tuple:
    """Sort key that puts photo 2 before photo 10."""
    pieces = re.split(r"([0-9]+)", text)
    return [(int(piece), "") if piece.isdigit() else (0, piece) for piece in pieces], text


def split(*, photos: list[Path], displaced: list[Path] | None = None, out: Path, params: Split) -> None:
    """Assign photos to parts.

    The photos kept for the test are drawn first, so they are the same under both protocols. ``images``: all others
    train, and lend some of their images to the validation. ``photos``: a share of the others validates, at least one.

    Args:
        photos: photos of boards whose chip sits right.
        displaced: photos of boards whose chip was put down wrong; never used in training.
        out: CSV with columns photo (name without extension) and part (train, validation, test, displaced).
        params: section ``placement.split``.

    Raises:
        BoardbenchError: two photos of one name, or fewer photos than the parts need.
    """
    names = sorted((photo.stem for photo in photos), key=_natural)
    wrong = sorted((photo.stem for photo in displaced or []), key=_natural)
    for first, second in zip(sorted([*names, *wrong]), sorted([*names, *wrong])[1:], strict=False):
        if first == second:
            raise BoardbenchError(
                f"placement photos: '{first}' names two of them (in displaced/ or with another extension). Rename one."
            )
    own = params.protocol == "photos"
    needed = params.test + 1 + own
    if len(names) < needed:
        asked = f"{params.test} for the test" + (" + 1 for the validation" if own else "") + " + 1 to train"
        raise BoardbenchError(
            f"placement.split: {asked} = {needed} photos needed, but there are {len(names)}. Lower placement.split.test"
            f"{', set protocol to images' if own and len(names) == needed - 1 else ''} or add photos."
        )
    order = [names[index] for index in np.random.default_rng(params.seed).permutation(len(names))]
    rest = len(names) - params.test
    validation = min(max(1, round(params.validation * rest)), rest - 1) if own else 0
    part = dict.fromkeys(names, "train")
    part |= dict.fromkeys(order[: params.test], "test")
    part |= dict.fromkeys(order[params.test : params.test + validation], "validation")
    rows = [*part.items(), *((name, "displaced") for name in wrong)]
    with atomic_write(out, record=True) as temporary:
        pd.DataFrame(rows, columns=["photo", "part"]).to_csv(temporary, index=False, lineterminator="\n")


def read_split(path: Path) -> dict[str, list[str]]:
    """Return the photos of each part, in the order of the file.

    Raises:
        BoardbenchError: if the file or a column is missing, a part is unknown, a photo stands twice, or none trains.
    """
    if not path.is_file():
        raise BoardbenchError(f"{path}: no split. Make it with `boardbench placement split`.")
    table = pd.read_csv(checked(path), dtype=str, keep_default_na=False)
    missing = [column for column in ("photo", "part") if column not in table]
    if missing:
        raise BoardbenchError(
            f"{path}: column {', '.join(missing)} missing. Write it again with `boardbench placement split`."
        )
    for line, part in enumerate(table["part"], start=2):
        if part not in PARTS:
            raise BoardbenchError(f"{path}, line {line}, part: unknown part '{part}'. {nearest(part, PARTS)}")
    twice = table["photo"][table["photo"].duplicated()]
    if len(twice):
        raise BoardbenchError(f"{path}: photo '{twice.iloc[0]}' stands twice. Keep one row a photo.")
    parts = {part: table["photo"][table["part"] == part].tolist() for part in PARTS}
    for part in ("train", "test"):
        if not parts[part]:
            raise BoardbenchError(f"{path}: no photo in part '{part}'. Give it one.")
    return parts
