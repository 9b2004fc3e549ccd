"""A canvas in millimetres for shapes with exact edges: coverage of a subpixel follows the distance to the shape's rim.

Distances are exact for straight edges at any angle, and each pixel is the mean of its subpixels, so an edge lies
where it was asked for to a few hundredths of a pixel.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

Colour = Sequence[float]
"""Red, green, blue: reflectance, linear in light."""

# Strokes through a grid of 3 x 3 points, a b c above d e f above g h i; a space lifts the pen.
_GLYPHS = {
    "0": "aciga",
    "1": "bh",
    "2": "acfdgi",
    "3": "acig df",
    "4": "adf ci",
    "5": "cadfig",
    "6": "cagifd",
    "7": "ach",
    "8": "aciga df",
    "9": "fdacig",
    "C": "cagi",
    "D": "abfhga",
    "F": "cag de",
    "J": "cigd",
    "L": "agi",
    "M": "gaeci",
    "Q": "aciga ei",
    "R": "gacfd ei",
    "S": "cadfig",
    "T": "ac bh",
    "U": "agic",
    "X": "ai cg",
}


@dataclass(frozen=True)
class Frame:
    """A place and a direction, in mm and degrees clockwise (y runs down)."""

    x: float = 0.0
    y: float = 0.0
    deg: float = 0.0

    def points(self, inside: np.ndarray) -> np.ndarray:
        """Turn points (..., 2) of this frame into points of the frame it stands in."""
        x, y = np.moveaxis(np.asarray(inside, dtype=np.float64), -1, 0)
        c, s = np.cos(np.radians(self.deg)), np.sin(np.radians(self.deg))
        return np.stack([self.x + c * x - s * y, self.y + s * x + c * y], axis=-1)

    def at(self, x: float, y: float, deg: float = 0.0) -> Self:
        """Return a frame that stands in this one."""
        x, y = self.points(np.array([x, y]))
        return type(self)(float(x), float(y), self.deg + deg)


class Canvas:
    """A square picture under construction.

    Attributes:
        pixels: (size * over, size * over, 3) float32, linear.
        step: mm a subpixel.
    """

    def __init__(self, size: int, mm_per_pixel: float, over: int = 4):
        self.over = over
        self.step = mm_per_pixel / over
        self.pixels = np.zeros((size * over, size * over, 3), dtype=np.float32)

    def _paint(
        self,
        frame: Frame,
        half: tuple[float, float],
        distance: Callable[[np.ndarray, np.ndarray], np.ndarray],
        colour: Colour,
        alpha: float,
        soft: float,
    ) -> None:
        """Blend a colour in where ``distance`` (mm, negative within) to a shape's rim says so.

        ``half``: half width and height of the shape in its frame, so that only a window is worked on.
        """
        soft = max(soft, self.step)
        angle = np.radians(frame.deg)
        c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        reach_x = abs(c) * half[0] + abs(s) * half[1] + soft
        reach_y = abs(s) * half[0] + abs(c) * half[1] + soft
        end = len(self.pixels)
        x0, x1 = (int(np.clip((frame.x + way * reach_x) / self.step + more, 0, end)) for way, more in ((-1, 0), (1, 1)))
        y0, y1 = (int(np.clip((frame.y + way * reach_y) / self.step + more, 0, end)) for way, more in ((-1, 0), (1, 1)))
        if x0 >= x1 or y0 >= y1:
            return
        x = ((np.arange(x0, x1) + 0.5) * self.step - frame.x).astype(np.float32)
        y = ((np.arange(y0, y1) + 0.5) * self.step - frame.y).astype(np.float32)[:, None]
        cover = distance(c * x + s * y, c * y - s * x)
        cover *= np.float32(-1 / soft)
        cover += np.float32(0.5)
        np.clip(cover, 0, 1, out=cover)
        if soft > self.step:
            cover *= cover * (3 - 2 * cover)
        cover *= np.float32(alpha)
        window = self.pixels[y0:y1, x0:x1]
        for channel, value in enumerate(colour):
            window[..., channel] += cover * (np.float32(value) - window[..., channel])

    def box(
        self,
        frame: Frame,
        w: float,
        h: float,
        colour: Colour,
        alpha: float = 1.0,
        radius: float = 0.0,
        soft: float = 0.0,
    ) -> None:
        """Fill a rectangle centred on a frame; ``radius`` rounds its corners, ``soft`` is the width of its edge."""

        def distance(u: np.ndarray, v: np.ndarray) -> np.ndarray:
            u, v = np.abs(u) - np.float32(w / 2 - radius), np.abs(v) - np.float32(h / 2 - radius)
            rim = np.maximum(u, v)
            if radius or soft:
                rim = np.where(rim > 0, np.hypot(np.maximum(u, 0), np.maximum(v, 0)), rim) - np.float32(radius)
            return rim

        self._paint(frame, (w / 2, h / 2), distance, colour, alpha, soft)

    def disc(self, frame: Frame, radius: float, colour: Colour, alpha: float = 1.0, soft: float = 0.0) -> None:
        """Fill a disc centred on a frame."""
        self._paint(frame, (radius, radius), lambda u, v: np.hypot(u, v) - np.float32(radius), colour, alpha, soft)

    def stroke(
        self, frame: Frame, points: Sequence[tuple[float, float]], width: float, colour: Colour, alpha: float = 1.0
    ) -> None:
        """Draw a line with round ends through points of a frame."""
        points = np.asarray(points, dtype=np.float32)
        low, high = points.min(axis=0), points.max(axis=0)
        middle, half = (low + high) / 2, (high - low) / 2 + width / 2

        def distance(u: np.ndarray, v: np.ndarray) -> np.ndarray:
            nearest = None
            for a, b in pairwise(points - middle):
                along = b - a
                share = np.clip(((u - a[0]) * along[0] + (v - a[1]) * along[1]) / (along @ along), 0, 1)
                rim = np.hypot(u - a[0] - share * along[0], v - a[1] - share * along[1])
                nearest = rim if nearest is None else np.minimum(nearest, rim)
            return nearest - np.float32(width / 2)

        self._paint(frame.at(*map(float, middle)), (half[0], half[1]), distance, colour, alpha, 0.0)

    def text(self, frame: Frame, words: str, height: float, colour: Colour, width: float, alpha: float = 1.0) -> None:
        """Write one line of text in strokes, centred on a frame; a space in ``words`` leaves a gap."""
        wide, pitch = 0.55 * height, 0.9 * height
        for place, letter in enumerate(words):
            left = (place - (len(words) - 1) / 2) * pitch
            for path in _GLYPHS.get(letter, "").split():
                grid = [divmod("abcdefghi".index(point), 3) for point in path]
                points = [(left + (column - 1) * wide / 2, (row - 1) * height / 2) for row, column in grid]
                self.stroke(frame, points, width, colour, alpha)

    def mean(self) -> np.ndarray:
        """Return each pixel's mean over its subpixels, (size, size, 3) float32."""
        size = len(self.pixels) // self.over
        # Columns first: sums of neighbours in memory.
        lines = self.pixels.reshape(size, self.over, -1).mean(axis=1)
        return lines.reshape(size, size, self.over, 3).mean(axis=2)
