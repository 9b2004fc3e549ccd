"""What label files hold: pictures, and shapes on them that become masks of class ids.

Coordinates are pixels, x to the right and y down, with (0, 0) at the outer corner of the first pixel, as all three
tools have them: a pixel belongs to a shape where its centre does. So a polygon along pixels' edges gives these pixels.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from skimage.draw import polygon

from boardbench.captures.masks import IGNORED
from boardbench.errors import BoardbenchError, nearest, shown

Inside = Callable[[tuple[int, int]], np.ndarray]
"""From (lines, samples) to which pixels are inside, bool of that size."""


@dataclass(frozen=True)
class Shape:
    """One drawn shape; ``where`` names it in an error."""

    label: str
    where: str
    inside: Inside


@dataclass(frozen=True)
class Picture:
    """A labelled picture.

    Attributes:
        name: of its file, without folder and extension.
        where: file and picture, for errors.
        size: lines and samples that the label file states, or None.
        shapes: in the order they lie on each other, the top one last.
    """

    name: str
    where: str
    size: tuple[int, int] | None
    shapes: list[Shape]


def refuse(where: str, why: str) -> BoardbenchError:
    """Return the error for a label file that does not hold what its tool writes."""
    return BoardbenchError(f"{where}: {why}. Save the labels again with their tool, or correct the file.")


def points_of(value: Any, where: str, least: int) -> np.ndarray:
    """Return points as (n, 2) float64.

    Raises:
        BoardbenchError: too few points, or ones that are no pairs of finite numbers.
    """
    try:
        points = np.array(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        points = np.empty(0)
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise refuse(where, "points are not pairs of numbers")
    if len(points) < least:
        raise refuse(where, f"{len(points)} points; {least} are needed")
    return points


def of_polygon(points: np.ndarray) -> Inside:
    """Return what is inside a polygon (n, 2)."""

    def inside(size: tuple[int, int]) -> np.ndarray:
        found = np.zeros(size, bool)
        found[polygon(points[:, 1] - 0.5, points[:, 0] - 0.5, size)] = True
        return found

    return inside


def of_rectangle(first: np.ndarray, second: np.ndarray, turned: float = 0.0) -> Inside:
    """Return what is inside a rectangle with two opposite corners, turned by degrees clockwise around its centre."""
    (x0, y0), (x1, y1) = np.minimum(first, second), np.maximum(first, second)
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    if not turned:
        return lambda size: _box(size, x0, y0, x1, y1)
    centre, angle = corners.mean(axis=0), np.deg2rad(turned)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return of_polygon((corners - centre) @ turn + centre)


def _box(size: tuple[int, int], x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    y, x = _centres(size)
    return (y >= y0) & (y < y1) & (x >= x0) & (x < x1)


def of_ellipse(centre: np.ndarray, radii: tuple[float, float], turned: float = 0.0) -> Inside:
    """Return what is inside an ellipse, turned by degrees clockwise."""
    angle = np.deg2rad(turned)

    def inside(size: tuple[int, int]) -> np.ndarray:
        y, x = _centres(size)
        x, y = x - centre[0], y - centre[1]
        along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        return (along / radii[0]) ** 2 + (across / radii[1]) ** 2 <= 1

    return inside


def of_mask(mask: np.ndarray, left: int, top: int, where: str) -> Inside:
    """Return what a mask of bool covers whose first pixel lies at (left, top)."""
    return _placed(lambda: mask, mask.shape, left, top, where)


def of_runs(runs: list[int], box: tuple[int, int], left: int, top: int, where: str, by_column: bool = False) -> Inside:
    """Return what runs of pixels cover, outside and inside in turn, row by row (or column by column) of a box.

    Args:
        runs: numbers of pixels.
        box: lines and samples that the runs fill.
        left: sample of the box's first pixel.
        top: its line.
        where: for errors.
        by_column: the runs go down the columns.

    Raises:
        BoardbenchError: runs that do not fill the box.
    """
    if min(*box, *runs, left, top) < 0 or sum(runs) != box[0] * box[1]:
        raise refuse(where, f"the runs do not fill a box of {shown(box[1])} x {shown(box[0])} pixels")

    def mask() -> np.ndarray:
        flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
        return flat.reshape(box[::-1]).T if by_column else flat.reshape(box)

    return _placed(mask, box, left, top, where)


def _placed(mask: Callable[[], np.ndarray], box: tuple[int, int], left: int, top: int, where: str) -> Inside:
    """Return what a mask covers; it is made once it is known to fit, because a file can state any size."""
    lines, samples = box

    def inside(size: tuple[int, int]) -> np.ndarray:
        if left < 0 or top < 0 or top + lines > size[0] or left + samples > size[1]:
            raise refuse(where, f"its mask of {samples} x {lines} pixels at ({left}, {top}) leaves the picture")
        found = np.zeros(size, bool)
        found[top : top + lines, left : left + samples] = mask()
        return found

    return inside


def _centres(size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(size[0])[:, None] + 0.5, np.arange(size[1])[None] + 0.5


def draw(picture: Picture, size: tuple[int, int], ids: dict[str, int], rest: int = IGNORED) -> np.ndarray:
    """Return the class ids of a picture, uint8 (lines, samples).

    A label that differs from a class by capitals only is that class. Where shapes overlap, the top one counts; a hole
    shows what lies below it; pixels in no shape are ``rest``.

    Raises:
        BoardbenchError: a picture of another size, or a label that is not in ``ids``.
    """
    if picture.size is not None and picture.size != size:
        raise BoardbenchError(
            f"{picture.where}: the labels are of a picture with lines = {picture.size[0]}, samples = "
            f"{picture.size[1]}, its capture has lines = {size[0]}, samples = {size[1]}. Label the picture that "
            "'boardbench labels render' makes of the capture."
        )
    mask = np.full(size, rest, np.uint8)
    lower = {name.casefold(): number for name, number in ids.items()}
    for shape in picture.shapes:
        number = ids.get(shape.label, lower.get(shape.label.casefold()))
        if number is None:
            raise BoardbenchError(
                f"{shape.where}: label '{shape.label}' is no class. {nearest(shape.label, list(ids))} Name the class "
                f"with --rename '{shape.label}=...', or '{shape.label}=unlabelled' to leave its pixels out."
            )
        mask[shape.inside(size)] = number
    return mask
