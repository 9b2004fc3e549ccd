"""The outline of a chip on a photo: which file holds it, and its four corners.

An outline is the four corners of the chip's body, in a file of one of these forms:

* ``<photo>.json`` beside the photo: ``{"corners": [[x, y], [x, y], [x, y], [x, y]]}``, in any order;
* ``<photo>.json`` as LabelMe writes it: a polygon of 4 points or a rectangle of 2;
* ``annotations.xml`` in the photos' folder, as CVAT exports it ("CVAT for images 1.1"): a polygon or points, or a box;
* one file of these forms for every photo that has none of its own (params: ``placement.outline``).

Coordinates are pixels, x to the right and y down, with (0, 0) at the outer corner of the first pixel.
"""

import xml.etree.ElementTree as ElementTree
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from boardbench.errors import BoardbenchError, shown
from boardbench.files import parse_json, read_text
from boardbench.placement.corners import check_outline, moved, order_corners

ANNOTATIONS = "annotations.xml"
LABEL = "chip"
"""Which shape is taken where a file has several."""

_EXAMPLE = '{"corners": [[x, y], [x, y], [x, y], [x, y]]}'


def outline_of(photo: Path, outline: Path | None = None) -> Path:
    """Return the file that holds a photo's outline: its own JSON, else its folder's CVAT file, else ``outline``.

    Raises:
        BoardbenchError: if there is none.
    """
    for path in (photo.with_suffix(".json"), photo.parent / ANNOTATIONS, outline):
        if path is not None and path.is_file():
            return path
    if outline is not None:
        raise BoardbenchError(f"placement.outline: '{outline}' does not exist. Name the file of the chip's outline.")
    raise BoardbenchError(
        f"{photo}: no outline of the chip. Write {photo.stem}.json beside it, {_EXAMPLE} in pixels or as LabelMe saves "
        f"it, export {ANNOTATIONS} from CVAT into its folder, or name one file for all photos (params: "
        "placement.outline)."
    )


def _json(path: Path) -> dict:
    try:
        content = parse_json(read_text(path, "outline"))
    except ValueError as error:
        raise BoardbenchError(f"{path}: not readable as JSON ({error}). Expected {_EXAMPLE}.") from None
    if not isinstance(content, dict):
        raise BoardbenchError(f"{path}: no outline in it. Expected {_EXAMPLE}, or a file of LabelMe.")
    return content


def _chosen(shapes: list[Any], labels: list[str], where: str) -> Any:
    """Return the only shape, or the only one labelled 'chip'."""
    if len(shapes) == 1:
        return shapes[0]
    marked = [shape for shape, label in zip(shapes, labels, strict=True) if label == LABEL]
    if len(marked) == 1:
        return marked[0]
    seen = ", ".join(f"'{label}'" for label in labels) or "none"
    raise BoardbenchError(
        f"{where}: {len(shapes)} shapes (labels: {seen}), {len(marked)} of them labelled '{LABEL}'. Draw the chip's "
        f"outline once and label it '{LABEL}'."
    )


def _same_size(stated: tuple[Any, Any], size: tuple[int, int], where: str, fields: str) -> None:
    """Refuse an outline drawn on a picture of another size; ``stated`` is (lines, samples), None where not told."""
    lines, samples = (shown(length).strip("'") for length in stated)
    if None not in stated and (lines, samples) != tuple(map(str, size)):
        raise BoardbenchError(
            f"{where}: {fields} say {samples} x {lines} pixels, but the photo has {size[1]} x {size[0]}. Draw the "
            "outline on the photo as it is, or save the photo at its former size."
        )


def _labelme(content: dict, path: Path, size: tuple[int, int]) -> np.ndarray:
    _same_size((content.get("imageHeight"), content.get("imageWidth")), size, str(path), "imageWidth and imageHeight")
    shapes = content["shapes"]
    if not isinstance(shapes, list) or not all(isinstance(shape, dict) for shape in shapes):
        raise BoardbenchError(f"{path}, shapes: not a list of shapes. Save the outline again with LabelMe.")
    shape = _chosen(shapes, [str(shape.get("label")) for shape in shapes], f"{path}, shapes")
    points, where = shape.get("points"), f"{path}, shapes, points"
    if isinstance(points, list) and len(points) == 2:
        try:
            (x0, y0), (x1, y1) = points
        except (TypeError, ValueError):
            raise BoardbenchError(f"{where}: not pairs of numbers. Save the outline again with LabelMe.") from None
        points = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    check_outline(points, where)
    return order_corners(points, where)


def _numbers(shape: ElementTree.Element, fields: tuple[str, ...], where: str) -> list[float]:
    try:
        return [float(shape.attrib[field]) for field in fields]
    except (KeyError, ValueError):
        raise BoardbenchError(
            f"{where}: needs numbers {', '.join(fields)}. Export the outline again from CVAT."
        ) from None


def _cvat(path: Path, name: str, size: tuple[int, int]) -> np.ndarray:
    try:
        root = ElementTree.fromstring(read_text(path, "outline"))
    except ElementTree.ParseError as error:
        raise BoardbenchError(f"{path}: not readable as XML ({error}). Export it again from CVAT.") from None
    images = root.findall("image")
    # CVAT names a picture with the folder it was uploaded from.
    own = [image for image in images if PurePosixPath(image.get("name", "")).stem == name]
    if len(own) != 1:
        names = ", ".join(image.get("name", "?") for image in images[:5]) + (", ..." if len(images) > 5 else "")
        raise BoardbenchError(
            f"{path}: {len(own) or 'no'} image{'s' if len(own) else ''} named '{name}' (there: {names or 'none'}). "
            f"Annotate every photo once in CVAT, or write {name}.json beside the photo: {_EXAMPLE}."
        )
    where = f"{path}, image '{own[0].get('name')}'"
    _same_size((own[0].get("height"), own[0].get("width")), size, where, "width and height")
    shapes = [shape for shape in own[0] if shape.tag in ("polygon", "points", "box")]
    shape = _chosen(shapes, [shape.get("label", "") for shape in shapes], where)
    where = f"{where}, {shape.tag}"
    if shape.tag == "box":
        x0, y0, x1, y1 = _numbers(shape, ("xtl", "ytl", "xbr", "ybr"), where)
        (turned,) = _numbers(shape, ("rotation",), where) if "rotation" in shape.attrib else (0.0,)
        corners = order_corners([(x0, y0), (x1, y0), (x0, y1), (x1, y1)], where)
        return order_corners(moved(corners, np.zeros(2), turned), where)
    try:
        points = [tuple(map(float, pair.split(","))) for pair in shape.attrib["points"].split(";")]
    except (KeyError, ValueError):
        raise BoardbenchError(f"{where}: points are not 'x,y;x,y;x,y;x,y'. Export it again from CVAT.") from None
    if shape.tag == "polygon":
        check_outline(points, where)
    return order_corners(points, where)


def read_outline(path: Path, photo_name: str, size: tuple[int, int]) -> np.ndarray:
    """Read the corners of the chip on one photo.

    Args:
        path: from ``outline_of``.
        photo_name: without extension; a CVAT file names its pictures.
        size: (lines, samples) of the photo, upright.

    Returns:
        (4, 2) float64 in pixels: top-left, top-right, bottom-left, bottom-right.

    Raises:
        BoardbenchError: naming file, field and remedy, if the file is damaged or has no outline of this photo, an
            outline crosses itself or is no quadrilateral, or a corner lies outside the picture.
    """
    if path.suffix.lower() == ".xml":
        corners, field = _cvat(path, photo_name, size), "points"
    else:
        content = _json(path)
        if "corners" in content:
            corners, field = order_corners(content["corners"], f"{path}, corners"), "corners"
        elif "shapes" in content:
            corners, field = _labelme(content, path, size), "points"
        else:
            raise BoardbenchError(f"{path}: neither 'corners' nor LabelMe's 'shapes' in it. Expected {_EXAMPLE}.")
    outside = [tuple(corner) for corner in corners if not (0 <= corner[0] <= size[1] and 0 <= corner[1] <= size[0])]
    if outside:
        x, y = outside[0]
        raise BoardbenchError(
            f"{path}, {field}: corner ({x:g}, {y:g}) lies outside photo '{photo_name}', of {size[1]} x {size[0]} "
            "pixels. Mark the chip's four corners within the picture, x before y."
        )
    return corners


def read_scale(path: Path) -> float | None:
    """Return ``mm_per_pixel`` of an outline's JSON, None where it does not say.

    Raises:
        BoardbenchError: if it is no positive number.
    """
    scale = _json(path).get("mm_per_pixel") if path.suffix.lower() == ".json" else None
    if scale is not None and (isinstance(scale, bool) or not isinstance(scale, int | float) or not 0 < scale < 1e6):
        raise BoardbenchError(
            f"{path}, mm_per_pixel: {shown(scale)} is no scale. Give millimetres a pixel, such as 0.1."
        )
    return scale
