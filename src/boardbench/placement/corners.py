"""A chip's four corners: their order, centre and rotation, and how far they lie from where they should be.

Corners are (4, 2): rows c1 top-left, c2 top-right, c3 bottom-left, c4 bottom-right of the upright chip, columns x (to
the right) and y (down) in pixels, (0, 0) being the outer corner of the first pixel. Angles are degrees, positive
clockwise as seen on the picture.
"""

import numpy as np

from boardbench.errors import BoardbenchError

COLUMNS = ("c1x", "c1y", "c2x", "c2y", "c3x", "c3y", "c4x", "c4y")
"""Names of corners in a table, the columns of ``corners.reshape(-1, 8)``."""

# Of the outline's size: hand-drawn points lie whole pixels apart, computed ones differ by rounding.
_TOLERANCE = 1e-6

_TRIPLES = ((0, 1, 2), (1, 2, 3), (2, 3, 0), (3, 0, 1))


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the cross product of vectors (..., 2); positive where b lies clockwise of a (y down)."""
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _named(point: np.ndarray) -> str:
    return f"({point[0]:g}, {point[1]:g})"


def _four(points: np.ndarray, where: str) -> tuple[np.ndarray, str]:
    """Return the points as (4, 2) float64 and the beginning of messages; refuse other numbers and points that meet."""
    start = f"{where}: " if where else "corners: "
    try:
        points = np.asarray(points, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise BoardbenchError(f"{start}the points are not pairs of numbers. Give four points, x and y each.") from None
    if points.ndim != 2 or points.shape[1] != 2 or len(points) != 4:
        form = f"{len(points)} points" if points.ndim == 2 and points.shape[1] == 2 else f"shape {points.shape}"
        raise BoardbenchError(
            f"{start}{form} where a chip's outline has four, x and y each. Mark the four corners of the chip."
        )
    if not np.isfinite(points).all():
        raise BoardbenchError(f"{start}a corner is not a finite number. Mark the four corners of the chip again.")
    size = np.ptp(points, axis=0).max()
    for first in range(4):
        for second in range(first + 1, 4):
            if np.abs(points[first] - points[second]).max() <= _TOLERANCE * size:
                raise BoardbenchError(
                    f"{start}points {first + 1} and {second + 1} coincide at {_named(points[first])}. Mark four "
                    "different corners of the chip."
                )
    return points, start


def order_corners(points: np.ndarray, where: str = "") -> np.ndarray:
    """Name four points by place: c1 top-left, c2 top-right, c3 bottom-left, c4 bottom-right.

    The points may come in any order. Of the four ways of naming a quadrilateral's corners clockwise, the one whose
    rotation is nearest to zero is taken, so a chip turned by less than 45 degrees keeps the names of its upright self.

    Args:
        points: four pairs x, y in pixels.
        where: file and field, with which the message of an error begins.

    Returns:
        (4, 2) float64.

    Raises:
        BoardbenchError: for another number of points, or points that coincide, of which three lie on a line, or
            that form no convex quadrilateral.
    """
    points, start = _four(points, where)
    # One order before any sum: the same points give the same bits, however they came.
    points = points[np.lexsort(points.T)]
    around = points - points.mean(axis=0)
    ring = points[np.argsort(np.arctan2(around[:, 1], around[:, 0]))]
    size = np.ptp(points, axis=0).max()
    for a, b, c in _TRIPLES:
        # Twice the area of the triangle of three neighbours; positive where the ring turns clockwise, as it should.
        area = _cross(ring[b] - ring[a], ring[c] - ring[b])
        named = f"{_named(ring[a])}, {_named(ring[b])} and {_named(ring[c])}"
        if abs(area) <= _TOLERANCE * size**2:
            raise BoardbenchError(f"{start}{named} lie on one line. Mark the four corners of the chip.")
        if area < 0:
            raise BoardbenchError(
                f"{start}the four points form no convex outline: {_named(ring[b])} lies within the other three. Mark "
                "the four corners of the chip."
            )
    ways = np.stack([np.roll(ring, -first, axis=0)[[0, 1, 3, 2]] for first in range(4)])
    return ways[np.argmin(np.abs(rotation(ways)))]


def check_outline(points: np.ndarray, where: str = "") -> None:
    """Refuse a polygon of four points that crosses itself when they are joined as they come.

    Args:
        points: four pairs x, y in the order in which the polygon was drawn.
        where: file and field, with which the message of an error begins.

    Raises:
        BoardbenchError: for another number of points, points that coincide, or two edges that cross (named).
    """
    points, start = _four(points, where)
    for first in (0, 1):
        a, b, c, d = np.roll(points, -first, axis=0)
        apart = _cross(b - a, c - a) * _cross(b - a, d - a)
        other = _cross(d - c, a - c) * _cross(d - c, b - c)
        if apart < 0 and other < 0:
            last = (first + 3) % 4 + 1
            raise BoardbenchError(
                f"{start}the outline crosses itself: the edge from point {first + 1} {_named(a)} to point {first + 2} "
                f"{_named(b)} crosses the edge from point {first + 3} {_named(c)} to point {last} {_named(d)}. Draw "
                "the chip's outline again, going round from corner to corner."
            )


def centre(corners: np.ndarray) -> np.ndarray:
    """Return the mean of the four corners: (..., 4, 2) to (..., 2)."""
    return np.asarray(corners, dtype=np.float64).mean(axis=-2)


def rotation(corners: np.ndarray) -> np.ndarray:
    """Return the direction of top and bottom edge together, in degrees: (..., 4, 2) to (...).

    0 is upright, positive clockwise, in [-180, 180]. Shift and scale (the same along x and y) do not change it.
    """
    c1, c2, c3, c4 = np.moveaxis(np.asarray(corners, dtype=np.float64), -2, 0)
    along = (c2 - c1) + (c4 - c3)
    return np.degrees(np.arctan2(along[..., 1], along[..., 0]))


def moved(
    corners: np.ndarray, shift: np.ndarray, rotation_deg: np.ndarray | float, about: np.ndarray | None = None
) -> np.ndarray:
    """Turn corners clockwise about a point, then shift them; lengths and angles stay.

    Args:
        corners: (..., 4, 2).
        shift: (..., 2) in x and y, in the unit of the corners.
        rotation_deg: (...) degrees, positive clockwise.
        about: (..., 2), the point that only the shift moves; the corners' centre by default.

    Returns:
        (..., 4, 2); leading axes are broadcast.
    """
    corners = np.asarray(corners, dtype=np.float64)
    about = (centre(corners) if about is None else np.asarray(about, dtype=np.float64))[..., None, :]
    shift = np.asarray(shift, dtype=np.float64)[..., None, :]
    angle = np.radians(np.asarray(rotation_deg, dtype=np.float64))[..., None]
    x, y = np.moveaxis(corners - about, -1, 0)
    turned = np.stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)], axis=-1)
    return turned + about + shift


def wrapped(angle_deg: np.ndarray) -> np.ndarray:
    """Return the same direction in (-180, 180] degrees."""
    wrapped_deg = 180 - np.mod(180 - np.asarray(angle_deg, dtype=np.float64), 360)
    return np.where(wrapped_deg <= -180, 180.0, wrapped_deg)


def deviation(
    corners: np.ndarray, nominal: np.ndarray, mm_per_pixel: np.ndarray | tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Measure how far a chip lies from its place.

    Args:
        corners: (..., 4, 2) pixels.
        nominal: (..., 4, 2) pixels, where the chip should be.
        mm_per_pixel: (2,) along x and y. The angle too is that on the board, where these differ.

    Returns:
        offset_mm (...), the distance of the centres, and rotation_deg (...), clockwise from the nominal, in
        (-180, 180].
    """
    scale = np.asarray(mm_per_pixel, dtype=np.float64)
    corners, nominal = np.asarray(corners) * scale, np.asarray(nominal) * scale
    offset = np.linalg.norm(centre(corners) - centre(nominal), axis=-1)
    return offset, wrapped(rotation(corners) - rotation(nominal))
