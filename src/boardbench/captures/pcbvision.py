"""The published data set PCB-Vision: where its files lie, its scene lists, and its capture sheet.

53 boards, one reflectance cube each (Specim FX10, BIP float32, 224 bands), every one of its own size. Both kinds
of masks have the same four classes: General covers whole components, Monoseg only the main material of their
surface (no markings, labels or inscriptions).

Source: Arbash et al. 2024, PCB-Vision, Rodare record 2704 (Zenodo 10617721); its published code and readme.
"""

import os
import sys
from pathlib import Path

from PIL import Image

from boardbench.captures.envi import open_cube
from boardbench.captures.names import data_file, is_header
from boardbench.captures.sheet import Capture, write_rows
from boardbench.errors import BoardbenchError
from boardbench.params.segmentation import Pcbvision
from boardbench.pictures import FORMATS, UNREADABLE

TRAIN = (1, 3, 8, 11, 17, 22, 23, 24, 25, 32, 34, 44, 45, 47, 49, 50, 52, 53)
VALIDATION = (18, 37, 42)
TEST = (2, 5, 6, 7, 9, 10, 12, 13, 14, 15, 16, 19, 20, 21, 26)
TEST += (27, 28, 29, 30, 31, 33, 36, 38, 39, 40, 41, 43, 46, 48, 51)
UNUSED = (4, 35)
SCENES = tuple(range(1, 54))
"""Board numbers; each is one scene."""

CUBE = "HSI/pcb{n}/pcb{n}.hdr"
MASKS = {"general": "HSI/General_masks/{n}.HDR", "monoseg": "HSI/Monoseg_masks/mono{n}.hdr"}
BOARD = "HSI/PCB_Masks/{n}.jpg"
HSI = (CUBE, *MASKS.values(), BOARD)
"""What every scene has; the data file of a header has its name without extension."""

RGB = ("RGB/{n}.jpg", "RGB/General/{n}.png", "RGB/Monoseg/{n}.png")
"""Photographs and their masks, which no step reads yet."""


def scene_numbers(params: Pcbvision) -> list[int]:
    """Return the board numbers that are asked for, in order."""
    return sorted(set(SCENES if params.scenes is None else params.scenes))


def _file(folder: Path, pattern: str, number: int) -> Path:
    """Return a file of a scene; extensions of headers are found in either case."""
    path = folder / pattern.format(n=number)
    other = path.with_suffix(path.suffix.swapcase())
    return other if is_header(path) and not path.is_file() and other.is_file() else path


def lacking(folder: Path, scenes: list[int], patterns: tuple[str, ...]) -> list[str]:
    """Return a line for each scene that lacks files: its number and their names."""
    lines = []
    for number in scenes:
        names = []
        for pattern in patterns:
            path = _file(folder, pattern, number)
            if not path.is_file():
                names.append(pattern.format(n=number))
            elif is_header(path):
                try:
                    data_file(path)
                except BoardbenchError:
                    names.append(f"{path.relative_to(folder).with_suffix('').as_posix()} (data file)")
        if names:
            lines.append(f"board {number}: {', '.join(names)}")
    return lines


def scene_captures(params: Pcbvision) -> list[Capture]:
    """Return the captures of an unpacked copy; of the files only their existence is looked at.

    Raises:
        BoardbenchError: naming every missing file.
    """
    folder, scenes = params.folder, scene_numbers(params)
    missing = lacking(folder, scenes, (CUBE, MASKS[params.mask], BOARD))
    if missing:
        inner = next((path.parent for path in sorted(folder.glob("*/HSI"))), None)
        if inner is not None and not (folder / "HSI").exists():
            hint = f"Set segmentation.pcbvision.folder to {inner}."
        else:
            hint = (
                "Run 'boardbench fetch pcbvision', name the folder of your copy in segmentation.pcbvision.folder, or "
                "name only the boards that you have in segmentation.pcbvision.scenes."
            )
        what = "no such folder" if not folder.is_dir() else f"{len(missing)} of {len(scenes)} boards are not complete"
        listed = "".join(f"\n  {line}" for line in missing) if folder.is_dir() else ""
        raise BoardbenchError(f"{folder}: {what}. {hint}{listed}")
    return [
        Capture(
            str(number),
            "1",
            "reflectance",
            _file(folder, CUBE, number),
            white=None,
            dark=None,
            mask=_file(folder, MASKS[params.mask], number),
            board=_file(folder, BOARD, number),
        )
        for number in scenes
    ]


def pcbvision(*, out: Path, params: Pcbvision) -> None:
    """Write the capture sheet of an unpacked copy of PCB-Vision.

    One reflectance capture a board, named by its number; paths are relative to the sheet. Of the files only
    their headers are read. A board mask of another size than its cube is warned of here and refused by the step
    that applies it.

    Raises:
        BoardbenchError: naming every missing file, and every mask whose size is not its cube's.
    """
    captures = scene_captures(params)
    problems = []
    for capture in captures:
        try:
            cube = open_cube(capture.cube)
            mask = open_cube(capture.mask)
        except BoardbenchError as error:
            problems.append(str(error))
            continue
        wrong = "{}: the mask has lines = {}, samples = {}, its cube {} has lines = {}, samples = {}."
        size = (cube.lines, cube.samples)
        if (mask.lines, mask.samples) != size:
            problems.append(wrong.format(mask.header, mask.lines, mask.samples, cube.header, *size))
        board = _picture_size(capture.board)
        if board != size:
            found = wrong.format(capture.board, *board, cube.header, *size) if board else f"{capture.board}: no picture"
            print(f"warning: {found} The board mask cannot be applied to it.", file=sys.stderr)
    if problems:
        raise BoardbenchError(
            f"{params.folder}: no sheet written. Fetch these boards again ('boardbench fetch pcbvision' into an empty "
            "folder), or leave them out of segmentation.pcbvision.scenes:\n"
            + "\n".join(f"  {text}" for text in problems)
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    write_rows(out, [_row(capture, params.folder, _way(params.folder, out.parent)) for capture in captures])


def _picture_size(path: Path) -> tuple[int, int] | None:
    """Return lines and samples from a picture's header, None for a file that is no picture."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            return image.height, image.width
    except UNREADABLE:
        return None


def _way(folder: Path, start: Path) -> Path:
    """Return the relative path from ``start`` to ``folder``, or the absolute one where there is none."""
    try:
        way = Path(os.path.relpath(folder, start))
        # A link among the folders in between leads elsewhere.
        return way if (start / way).is_dir() else Path(os.path.relpath(folder.resolve(), start.resolve()))
    except ValueError:
        return folder.absolute()


def _row(capture: Capture, folder: Path, way: Path) -> dict[str, str]:
    """Return a row of the sheet."""
    paths = {"cube": capture.cube, "mask": capture.mask, "board": capture.board}
    cells = {column: (way / path.relative_to(folder)).as_posix() for column, path in paths.items()}
    return {"scene": capture.scene, "condition": capture.condition, "kind": capture.kind, **cells}
