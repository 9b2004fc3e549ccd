"""COCO: one JSON for all pictures; polygons, or runs."""

from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from boardbench.errors import shown
from boardbench.labels.shapes import Inside, Picture, Shape, of_polygon, of_runs, points_of, refuse


def read_coco(content: dict[str, Any], path: Path) -> list[Picture]:
    """Return the pictures of a file; annotations lie on each other as they are listed.

    The polygons of one annotation are its parts: a hole can only be written in runs.

    Raises:
        BoardbenchError: naming file, annotation and field of what is no area, or not as COCO has it.
    """
    tables = {}
    for key in ("images", "annotations", "categories"):
        rows = content.get(key)
        if not isinstance(rows, list) or not all(
            isinstance(row, dict) and isinstance(row.get("id"), int | str) for row in rows
        ):
            raise refuse(f"{path}, {key}", "not a list of objects with an id")
        tables[key] = rows
    names = {row["id"]: str(row.get("name")) for row in tables["categories"]}
    pictures = {row["id"]: _picture(row, path) for row in tables["images"]}
    for row in tables["annotations"]:
        where = f"{path}, annotations, id {row['id']}"
        for key, known in (("image_id", pictures), ("category_id", names)):
            if not isinstance(row.get(key), int | str) or row[key] not in known:
                kind = key.removesuffix("_id")
                raise refuse(where, f"{key} {shown(row.get(key))} is no {kind} of the file")
        picture = pictures[row["image_id"]]
        label = names[row["category_id"]]
        where = f"{where} ('{label}')"
        picture.shapes.append(Shape(label, where, _inside(row.get("segmentation"), picture.size, where)))
    return list(pictures.values())


def _picture(row: dict[str, Any], path: Path) -> Picture:
    where = f"{path}, image '{row.get('file_name')}'"
    size = (row.get("height"), row.get("width"))
    if not all(isinstance(number, int) and number > 0 for number in size):
        raise refuse(where, f"height and width are {shown(size[0])} and {shown(size[1])}")
    return Picture(PurePosixPath(str(row.get("file_name")).replace("\\", "/")).stem, where, size, [])


def _inside(segmentation: Any, size: tuple[int, int], where: str) -> Inside:
    if isinstance(segmentation, dict):
        return of_runs(_runs(segmentation, size, where), size, 0, 0, f"{where}, segmentation, counts", by_column=True)
    if not isinstance(segmentation, list) or not segmentation:
        raise refuse(where, "no segmentation, only a box perhaps; polygons or runs are needed")
    parts = []
    for flat in segmentation:
        if not isinstance(flat, list) or len(flat) % 2:
            raise refuse(where, "a polygon is not a list of x, y, x, y, ...")
        parts.append(of_polygon(points_of([flat[start : start + 2] for start in range(0, len(flat), 2)], where, 3)))
    return lambda shape: np.logical_or.reduce([part(shape) for part in parts])


def _runs(runs: dict[str, Any], size: tuple[int, int], where: str) -> list[int]:
    """Return runs, down the columns, outside and inside in turn: a list of counts, or compressed."""
    if runs.get("size") != list(size):
        raise refuse(where, f"segmentation, size is {shown(runs.get('size'))}, the image has {list(size)}")
    counts = runs.get("counts")
    if isinstance(counts, list) and all(isinstance(run, int) for run in counts):
        return counts
    if not isinstance(counts, str):
        raise refuse(where, "segmentation, counts: no runs")
    return _uncompressed(counts, where)


def _uncompressed(text: str, where: str) -> list[int]:
    """Return the counts of COCO's compressed runs.

    A count is written in digits of five bits, the lowest first, each a character from '0' (48) on; 32 says that
    another digit follows, 16 in the last digit that the number is negative. From the third count on, it is the
    difference to the count two before.
    """
    counts: list[int] = []
    value = place = 0
    for character in text:
        digit = ord(character) - 48
        if not 0 <= digit < 64 or place > 60:
            raise refuse(where, "segmentation, counts: no compressed runs")
        value |= (digit & 31) << place
        place += 5
        if digit & 32:
            continue
        value -= (1 << place) if digit & 16 else 0
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = place = 0
    if place:
        raise refuse(where, "segmentation, counts: no compressed runs")
    return counts
