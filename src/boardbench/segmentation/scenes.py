"""Which scenes belong to which part, by the names of the scenes alone: checked when a run is planned, and then written.

No pandas here: every plan imports this.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import yaml

from boardbench.errors import BoardbenchError, nearest
from boardbench.params.split import Split

_PARTS = ("train", "validation", "test")


def natural(text: str) -> tuple:
    """Sort key that puts board 2 before board 10."""
    pieces = re.split(r"([0-9]+)", text)
    return [(int(piece), "") if piece.isdigit() else (0, piece) for piece in pieces], text


def _draw(scenes: list[str], params: Split) -> dict[str, list[str]]:
    """Shuffle the scenes by seed; the first train, the next validate, then test, the rest stay unused."""
    import numpy as np

    counts = {part: getattr(params, part) for part in _PARTS}
    wanted = sum(counts.values())
    if wanted > len(scenes):
        asked = " + ".join(f"{count} {part}" for part, count in counts.items())
        raise BoardbenchError(
            f"segmentation.split: {asked} = {wanted} scenes asked for, but the capture sheet has "
            f"{len(scenes)}. Lower the counts or add scenes."
        )
    order = [scenes[index] for index in np.random.default_rng(params.seed).permutation(len(scenes))]
    lists, start = {}, 0
    for part, count in counts.items():
        lists[part] = order[start : start + count]
        start += count
    return lists


def _by_number(scenes: list[str], sheet: Path) -> dict[str, list[str]]:
    """Give PCB-Vision's own lists the scenes of the same board number, whatever stands before it."""
    from boardbench.captures.pcbvision import TEST, TRAIN, VALIDATION

    published = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
    scene_of: dict[int, str] = {}
    for scene in scenes:
        found = re.search(r"[0-9]+$", scene)
        number = int(found.group()) if found else None
        if number is None or number in scene_of:
            why = "has no number at its end" if number is None else f"has the number of '{scene_of[number]}'"
            raise BoardbenchError(
                f"{sheet}: scene '{scene}' {why}; split protocol 'pcbvision' finds boards by number. Rename the "
                "scene, or set segmentation.split.protocol to 'grouped' or 'listed'."
            )
        scene_of[number] = scene
    missing = sorted(number for listed in published.values() for number in listed if number not in scene_of)
    if missing:
        raise BoardbenchError(
            f"{sheet}: boards {', '.join(map(str, missing))} are missing; split protocol 'pcbvision' uses 51 of 53 "
            "boards (all but 4 and 35). Add them, or set segmentation.split.protocol to 'grouped' or 'listed'."
        )
    return {part: [scene_of[number] for number in listed] for part, listed in published.items()}


def _lists(params: Split) -> tuple[dict[str, list[str]], str]:
    """Return the listed scenes of each part, and where they were read."""
    if params.file is None:
        return {part: getattr(params, part) for part in _PARTS}, "segmentation.split"
    also = [part for part in _PARTS if isinstance(getattr(params, part), list)]
    if also:
        raise BoardbenchError(
            f"segmentation.split: scenes are listed twice, in file '{params.file}' and under "
            f"{', '.join(also)}. Keep one of them."
        )
    if not params.file.is_file():
        raise BoardbenchError(
            f"segmentation.split.file: '{params.file}' does not exist. Name a YAML file with the lists "
            "train, validation and test."
        )
    try:
        # BaseLoader leaves every scalar as text: scene 01 stays '01', scene 7 becomes '7'.
        content = yaml.load(params.file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BoardbenchError(f"{params.file}: not readable as YAML. Mend it: {error}") from None
    if not isinstance(content, dict):
        raise BoardbenchError(f"{params.file}: no lists found; it needs train, validation and test.")
    lists = {}
    for part in (*_PARTS, "unused"):
        if part not in content and part == "unused":
            continue
        if part not in content:
            close = nearest(part, list(content)) if content else ""
            raise BoardbenchError(f"{params.file}: list '{part}' is missing; add it. {close}")
        scenes = content[part]
        if not isinstance(scenes, list) or not all(isinstance(scene, str) for scene in scenes):
            raise BoardbenchError(f"{params.file}, {part}: needs a flat list of scene names, such as [board1, board2].")
        lists[part] = scenes
    return lists, str(params.file)


def _check_lists(lists: dict[str, list[str]], scenes: list[str], where: str, sheet: Path) -> None:
    seen: dict[str, str] = {}
    for part, names in lists.items():
        if not names and part != "unused":
            raise BoardbenchError(f"{where}, {part}: the list is empty. Give it at least one scene.")
        for name in names:
            if name not in scenes:
                raise BoardbenchError(
                    f"{where}, {part}: scene '{name}' is not in {sheet}. {nearest(name, scenes)} "
                    "Correct the list or add the scene to the sheet."
                )
            if name in seen:
                both = f"twice in {part}" if seen[name] == part else f"in {seen[name]} and in {part}"
                raise BoardbenchError(f"{where}: scene '{name}' is listed {both}. Keep one of the two.")
            seen[name] = part


def assign(scenes: Iterable[str], sheet: Path, params: Split) -> dict[str, list[str]]:
    """Return part -> scenes; scenes in no part are not used.

    Args:
        scenes: names of the scenes there are; their order has no influence.
        sheet: where they stand, for messages.
        params: section ``segmentation.split``.

    Raises:
        BoardbenchError: too few scenes, unknown scene, scene listed twice, empty part.
    """
    scenes = sorted(set(scenes), key=natural)
    if params.file is not None and params.protocol != "listed":
        raise BoardbenchError(
            f"segmentation.split.file: '{params.file}' is read only with protocol 'listed', but the "
            f"protocol is '{params.protocol}'. Set protocol: listed, or file: null."
        )
    if params.protocol == "pcbvision":
        return _by_number(scenes, sheet)
    if params.protocol != "listed":
        return _draw(scenes, params)
    lists, where = _lists(params)
    _check_lists(lists, scenes, where, sheet)
    return lists
