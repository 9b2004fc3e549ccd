"""Pictures of a chip's place: where it should be and where it was found, on the photo."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw, ImageFont

# Of Okabe and Ito's colours, made for colour-blind readers; patterns tell the lines apart without colour.
NOMINAL, FOUND, TRUTH = (0x56, 0xB4, 0xE9), (0xE6, 0x9F, 0x00), (0xFF, 0xFF, 0xFF)
KEY = {"nominal": (NOMINAL, "dashed"), "found": (FOUND, "solid"), "truth": (TRUTH, "dotted")}
MIN_SIDE = 512
_PATTERNS = {"solid": None, "dashed": (7, 5), "dotted": (1.5, 2.5)}  # drawn and left out, in line widths
_MARGIN, _FONT, _ROW = 6, 13, 19
_INK, _CASING = (40, 40, 40), (0, 0, 0)
_ROUND = (0, 1, 3, 2)  # c1, c2, c4, c3: once round the chip


def overlay(
    pixels: NDArray[np.uint8],
    nominal: ArrayLike,
    predicted: ArrayLike,
    truth: ArrayLike | None = None,
    text: str = "",
    scale: int | None = None,
    key: bool = True,
) -> Image.Image:
    """Return a photo with the chip's outline as it should be (blue, dashed) and as found (orange, solid).

    A pixel becomes ``scale`` x ``scale``; the photo's first is at the top left, under the text where there is one.

    Args:
        pixels: (lines, samples, 3).
        nominal: corners (4, 2) in pixels.
        predicted: likewise.
        truth: likewise, drawn white and dotted; None: not drawn.
        text: above the photo, broken into as many lines as it needs.
        scale: whole number; None: the least one that makes both sides at least 512 pixels.
        key: whether lines are named under the photo.
    """
    lines, samples = pixels.shape[:2]
    scale = scale or max(1, -(-MIN_SIDE // min(lines, samples)))
    large = Image.fromarray(np.ascontiguousarray(pixels).repeat(scale, axis=0).repeat(scale, axis=1))
    draw = ImageDraw.Draw(large)
    width = max(2, round(min(large.size) / 170))
    corners = {"truth": truth, "found": predicted, "nominal": nominal}
    corners = {name: np.asarray(outline, float) for name, outline in corners.items() if outline is not None}
    # The dashed line last, so that both colours show where lines coincide.
    for name, outline in corners.items():
        _outline(draw, outline * scale - 0.5, *KEY[name], width)
    strips = [_text(text, large.width)] if text else []
    strips += [large, *([_key(list(corners), large.width, width)] if key else [])]
    image = Image.new("RGB", (large.width, sum(strip.height for strip in strips)), "white")
    top = 0
    for strip in strips:
        image.paste(strip, (0, top))
        top += strip.height
    return image


def sheet(images: list[Image.Image], columns: int) -> Image.Image:
    """Return pictures in rows on one white sheet, each at the top left of a cell as large as the largest picture.

    Raises:
        ValueError: no picture, or less than one column.
    """
    if not images or columns < 1:
        raise ValueError(f"{len(images)} pictures in {columns} columns: at least one of each is needed")
    columns = min(columns, len(images))
    across = max(image.width for image in images) + _MARGIN
    down = max(image.height for image in images) + _MARGIN
    rows = -(-len(images) // columns)
    whole = Image.new("RGB", (columns * across + _MARGIN, rows * down + _MARGIN), "white")
    for place, image in enumerate(images):
        row, column = divmod(place, columns)
        whole.paste(image, (_MARGIN + column * across, _MARGIN + row * down))
    return whole


def _outline(
    draw: ImageDraw.ImageDraw, corners: NDArray, colour: tuple[int, int, int], pattern: str, width: int
) -> None:
    ring = corners[list(_ROUND)]
    strokes = []
    for begin, end in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        strokes += _strokes(begin, end, pattern, width)
    for stroke in strokes:  # a dark border, so that lines show on any board
        draw.line(stroke, fill=_CASING, width=width + 2)
    for stroke in strokes:
        draw.line(stroke, fill=colour, width=width)


def _strokes(begin: NDArray, end: NDArray, pattern: str, width: int) -> list[tuple[float, ...]]:
    """Return the drawn pieces of a line, each (x, y, x, y); begin and end are always drawn."""
    length = float(np.linalg.norm(end - begin))
    if _PATTERNS[pattern] is None or length == 0:
        return [(*begin, *end)]
    drawn, left = (part * width for part in _PATTERNS[pattern])
    gaps = max(1, round((length - drawn) / (drawn + left)))
    share = drawn / max(length, drawn)
    starts = np.linspace(0, 1 - share, gaps + 1)
    return [(*(begin + (end - begin) * at), *(begin + (end - begin) * (at + share))) for at in starts]


def _text(text: str, width: int) -> Image.Image:
    """Return words on white, in as many rows as they need."""
    font = ImageFont.load_default(_FONT)
    rows = []
    for paragraph in text.split("\n"):
        row = ""
        for word in paragraph.split():
            if row and font.getlength(f"{row} {word}") > width - 2 * _MARGIN:
                rows.append(row)
                row = word
            else:
                row = f"{row} {word}".strip()
        rows.append(row)
    image = Image.new("RGB", (width, len(rows) * _ROW + 4), "white")
    draw = ImageDraw.Draw(image)
    for place, row in enumerate(rows):
        draw.text((_MARGIN, place * _ROW + _ROW // 2 + 2), row, fill=_INK, font=font, anchor="lm")
    return image


def _key(names: list[str], width: int, line: int) -> Image.Image:
    """Return which line is which, on white, in as many rows as it needs."""
    font, swatch = ImageFont.load_default(_FONT), 36
    x, y, spots = _MARGIN, 0, []
    for name in [name for name in KEY if name in names]:
        needed = swatch + 6 + int(font.getlength(name)) + 16
        if x > _MARGIN and x + needed > width:
            x, y = _MARGIN, y + _ROW
        spots.append((x, y + _ROW // 2 + 1, name))
        x += needed
    image = Image.new("RGB", (width, y + _ROW + 2), "white")
    draw = ImageDraw.Draw(image)
    for x, y, name in spots:
        colour, pattern = KEY[name]
        for fill, wide in ((_CASING, line + 2), (colour, line)):
            for stroke in _strokes(np.array([x, y]), np.array([x + swatch, y]), pattern, line):
                draw.line(stroke, fill=fill, width=wide)
        draw.text((x + swatch + 6, y), name, fill=_INK, font=font, anchor="lm")
    return image
