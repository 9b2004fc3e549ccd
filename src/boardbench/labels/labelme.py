"""LabelMe: one JSON a picture."""

import base64
import binascii
import io
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np
from PIL import Image

from boardbench.errors import shown
from boardbench.labels.shapes import (
    Inside,
    Picture,
    Shape,
    of_ellipse,
    of_mask,
    of_polygon,
    of_rectangle,
    points_of,
    refuse,
)
from boardbench.pictures import FORMATS, UNREADABLE


def read_labelme(content: dict[str, Any], path: Path) -> list[Picture]:
    """Return the one picture of a file; the shapes lie on each other as they are listed.

    Raises:
        BoardbenchError: naming file, shape and field of what is no area, or not as LabelMe writes it.
    """
    shapes = content["shapes"]
    if not isinstance(shapes, list) or not all(isinstance(shape, dict) for shape in shapes):
        raise refuse(f"{path}, shapes", "not a list of shapes")
    size = (content.get("imageHeight"), content.get("imageWidth"))
    if not all(number is None or (isinstance(number, int) and number > 0) for number in size):
        raise refuse(str(path), f"imageHeight and imageWidth are {shown(size[0])} and {shown(size[1])}")
    # Paths of either kind of machine; a file without one is called after its picture.
    name = PureWindowsPath(str(content.get("imagePath") or path.name)).stem
    drawn = [_shape(shape, f"{path}, shapes, number {number}") for number, shape in enumerate(shapes, 1)]
    return [Picture(name, str(path), None if None in size else size, drawn)]


def _shape(shape: dict[str, Any], where: str) -> Shape:
    label, kind = str(shape.get("label")), shape.get("shape_type", "polygon")
    where = f"{where} ('{label}')"
    return Shape(label, where, _inside(shape, kind, where))


def _inside(shape: dict[str, Any], kind: Any, where: str) -> Inside:
    if kind == "polygon":
        return of_polygon(points_of(shape.get("points"), where, 3))
    if kind not in ("rectangle", "circle", "mask"):
        raise refuse(where, f"shape_type {shown(kind)} covers no area; polygon, rectangle, circle and mask do")
    first, second, *_ = points_of(shape.get("points"), where, 2)
    if kind == "rectangle":
        return of_rectangle(first, second)
    if kind == "circle":
        radius = float(np.hypot(*(second - first)))
        return of_ellipse(first, (radius, radius)) if radius else lambda size: np.zeros(size, bool)
    try:
        encoded = base64.b64decode(shape.get("mask") or "", validate=True)
        with Image.open(io.BytesIO(encoded), formats=FORMATS) as image:
            mask = np.asarray(image.convert("L")) > 0
    except (binascii.Error, *UNREADABLE):
        raise refuse(where, "its mask is no picture") from None
    left, top = np.minimum(first, second).round().astype(int).tolist()
    return of_mask(mask, left, top, where)
