"""CVAT: "CVAT for images 1.1", one XML for all pictures of a task."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path, PurePosixPath

import numpy as np

from boardbench.files import read_text
from boardbench.labels.shapes import (
    Inside,
    Picture,
    Shape,
    of_ellipse,
    of_polygon,
    of_rectangle,
    of_runs,
    points_of,
    refuse,
)

_NO_AREA = ("polyline", "points", "cuboid", "skeleton")


def read_cvat(path: Path) -> list[Picture]:
    """Return the pictures of a task; shapes lie on each other by their ``z_order``.

    Raises:
        BoardbenchError: naming file, picture and shape of what is no area, or not as CVAT writes it.
    """
    try:
        root = ElementTree.fromstring(read_text(path, "label file"))
    except ElementTree.ParseError as error:
        raise refuse(str(path), f"not readable as XML ({error})") from None
    images = root.findall("image")
    if root.tag != "annotations" or (not images and root.find("track") is not None):
        raise refuse(str(path), "not of CVAT's form 'CVAT for images 1.1'")
    return [_picture(image, path) for image in images]


def _picture(image: ElementTree.Element, path: Path) -> Picture:
    name = image.get("name", "?")
    where = f"{path}, image '{name}'"
    shapes = [
        (_number(shape, "z_order", where, "0"), _shape(shape, where))
        for shape in image
        if shape.tag not in ("tag", "attribute")
    ]
    lines, samples = (int(_number(image, field, where)) for field in ("height", "width"))
    # A stable sort: shapes of one level lie as they are listed.
    drawn = [shape for _, shape in sorted(shapes, key=lambda pair: pair[0])]
    return Picture(PurePosixPath(name.replace("\\", "/")).stem, where, (lines, samples), drawn)


def _shape(shape: ElementTree.Element, where: str) -> Shape:
    label = shape.get("label", "?")
    where = f"{where}, {shape.tag} '{label}'"
    return Shape(label, where, _inside(shape, where))


def _inside(shape: ElementTree.Element, where: str) -> Inside:
    if shape.tag == "polygon":
        pairs = [pair.split(",") for pair in shape.get("points", "").split(";")]
        return of_polygon(points_of(pairs, where, 3))
    turned = _number(shape, "rotation", where, "0")
    if shape.tag == "box":
        x0, y0, x1, y1 = (_number(shape, field, where) for field in ("xtl", "ytl", "xbr", "ybr"))
        return of_rectangle(np.array([x0, y0]), np.array([x1, y1]), turned)
    if shape.tag == "ellipse":
        x, y, across, down = (_number(shape, field, where) for field in ("cx", "cy", "rx", "ry"))
        return of_ellipse(np.array([x, y]), (across, down), turned)
    if shape.tag == "mask":
        return _mask(shape, where)
    why = "covers no area" if shape.tag in _NO_AREA else "is not known"
    raise refuse(where, f"a {shape.tag} {why}; polygon, box, ellipse and mask are read")


def _mask(shape: ElementTree.Element, where: str) -> Inside:
    """Return a mask of runs, outside and inside in turn, row by row of its box."""
    left, top, samples, lines = (int(_number(shape, field, where)) for field in ("left", "top", "width", "height"))
    try:
        runs = [int(run) for run in shape.get("rle", "").split(",")]
    except ValueError:
        raise refuse(where, "field rle holds no whole numbers") from None
    return of_runs(runs, (lines, samples), left, top, f"{where}, field rle")


def _number(shape: ElementTree.Element, field: str, where: str, default: str = "") -> float:
    try:
        value = float(shape.get(field, default))
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise refuse(where, f"field {field} is {shape.get(field)!r}, not a number")
    return value
