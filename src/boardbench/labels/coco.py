"""COCO: one JSON for all pictures; polygons, or runs by pycocotools."""

from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from boardbench.labels.shapes import Inside, Picture, Shape, of_mask, of_polygon, points_of, refuse


def read_coco(content: dict[str, Any], path: Path) -> list[Picture]:
    """Return the pictures of a file; annotations lie on each other as they are listed.

    The polygons of one annotation are its parts: a hole can only be written in runs.

    Raises:
        BoardbenchError: naming file, annotation and field of what is no area, or not as COCO has it.
    """
    tables = {}
    for key in ("images", "annotations", "categories"):
        rows = content.get(key)
        if not isinstance(rows, list) or not all(isinstance(row, dict) and "id" in row for row in rows):
            raise refuse(f"{path}, {key}", "not a list of objects with an id")
        tables[key] = rows
    names = {row["id"]: str(row.get("name")) for row in tables["categories"]}
    pictures = {row["id"]: _picture(row, path) for row in tables["images"]}
    for row in tables["annotations"]:
        where = f"{path}, annotations, id {row['id']}"
        if row.get("image_id") not in pictures:
            raise refuse(where, f"image_id {row.get('image_id')!r} is no image of the file")
        if row.get("category_id") not in names:
            raise refuse(where, f"category_id {row.get('category_id')!r} is no category of the file")
        picture = pictures[row["image_id"]]
        label = names[row["category_id"]]
        where = f"{where} ('{label}')"
        picture.shapes.append(Shape(label, where, _inside(row.get("segmentation"), picture.size, where)))
    return list(pictures.values())


def _picture(row: dict[str, Any], path: Path) -> Picture:
    where = f"{path}, image '{row.get('file_name')}'"
    size = (row.get("height"), row.get("width"))
    if not all(isinstance(number, int) and number > 0 for number in size):
        raise refuse(where, f"height and width are {size[0]!r} and {size[1]!r}")
    return Picture(PurePosixPath(str(row.get("file_name")).replace("\\", "/")).stem, where, size, [])


def _inside(segmentation: Any, size: tuple[int, int], where: str) -> Inside:
    if isinstance(segmentation, dict):
        return of_mask(_runs(segmentation, size, where), 0, 0, where)
    if not isinstance(segmentation, list) or not segmentation:
        raise refuse(where, "no segmentation, only a box perhaps; polygons or runs are needed")
    parts = []
    for flat in segmentation:
        if not isinstance(flat, list) or len(flat) % 2:
            raise refuse(where, "a polygon is not a list of x, y, x, y, ...")
        parts.append(of_polygon(points_of([flat[start : start + 2] for start in range(0, len(flat), 2)], where, 3)))
    return lambda shape: np.logical_or.reduce([part(shape) for part in parts])


def _runs(runs: dict[str, Any], size: tuple[int, int], where: str) -> np.ndarray:
    """Return a mask written as runs, compressed or as a list of counts."""
    from pycocotools import mask

    counts = runs.get("counts")
    if runs.get("size") != list(size):
        raise refuse(where, f"segmentation, size is {runs.get('size')!r}, the image has {list(size)}")
    listed = isinstance(counts, list)
    whole = listed and all(isinstance(run, int) and run >= 0 for run in counts) and sum(counts) == size[0] * size[1]
    if not (whole or isinstance(counts, str)):
        raise refuse(where, "segmentation, counts are no runs that fill the image")
    try:
        coded = mask.frPyObjects(runs, *size) if listed else {"size": list(size), "counts": counts.encode("ascii")}
        found = mask.decode(coded)
        if not listed and mask.encode(found)["counts"] != coded["counts"]:  # it reads runs that end too early
            raise ValueError
    except (ValueError, TypeError, UnicodeEncodeError):
        raise refuse(where, "segmentation, counts are no runs that fill the image") from None
    return found.astype(bool)
