"""Pictures of a prediction: pseudo-RGB | truth | prediction | errors, or pseudo-RGB | prediction without a truth."""

import colorsys

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw, ImageFont

from boardbench.captures.blocks import reflect
from boardbench.captures.locate import Located
from boardbench.pictures import ERROR_COLOURS

IGNORED = 255
RGB_NM = (640.0, 550.0, 460.0)
# Okabe and Ito's colours without black, then Tol's "muted" set: both made for colour-blind readers.
_PALETTE = (
    *("#E69F00", "#56B4E9", "#D55E00", "#009E73", "#F0E442", "#0072B2", "#CC79A7"),
    *("#882255", "#44AA99", "#999933", "#AA4499", "#DDCC77", "#117733", "#88CCEE", "#CC6677", "#332288"),
)
BACKGROUND_NAMES = ("others", "background")
# Outside the palette, so that no error looks like a class.
_OPACITY = 0.65
_MARGIN, _CAPTION, _MIN_HEIGHT, _FONT = 6, 20, 256, 13


def background(classes: list[str]) -> int | None:
    """Return the index of the class that stays uncoloured (``others``), or None where all are coloured."""
    return next((i for i, name in enumerate(classes) if name.lower() in BACKGROUND_NAMES), None)


def class_colours(classes: list[str]) -> dict[int, tuple[int, int, int]]:
    """Return the RGB colour of each coloured class; the background class has none, any number works."""
    things = [index for index in range(len(classes)) if index != background(classes)]
    colours = {}
    for place, index in enumerate(things):
        if place < len(_PALETTE):
            colours[index] = _rgb(_PALETTE[place])
        else:  # beyond sixteen no set is safe for every eye; the golden angle keeps neighbours apart
            hue = (place * 0.618034) % 1.0
            colours[index] = tuple(round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.6, 0.85))
    return colours


def _rgb(text: str) -> tuple[int, int, int]:
    return tuple(int(text[start : start + 2], 16) for start in (1, 3, 5))


def rgb_bands(count: int, wavelengths: ArrayLike | None = None) -> list[int]:
    """Return the bands shown as red, green and blue: those nearest to 640, 550 and 460 nm.

    Without wavelengths (nm), or where they do not reach these, three evenly spaced bands, the longest as red.
    """
    if wavelengths is not None:
        grid = np.asarray(wavelengths, dtype=float)
        if grid.size == count and grid.min() <= min(RGB_NM) and grid.max() >= max(RGB_NM):
            return [int(np.abs(grid - nm).argmin()) for nm in RGB_NM]
    return [round((count - 1) * share) for share in (5 / 6, 1 / 2, 1 / 6)]


def pseudo_rgb(cube: NDArray, wavelengths: ArrayLike | None = None) -> NDArray[np.uint8]:
    """Return a picture (lines, samples, 3) of a reflectance cube (bands, lines, samples).

    Takes the bands of :func:`rgb_bands`. Each is stretched between percentiles 2 and 98.
    """
    places = rgb_bands(cube.shape[0], wavelengths)
    picture = np.stack([np.asarray(cube[place], dtype=np.float32) for place in places], axis=-1)
    picture = np.nan_to_num(picture)
    low, high = np.percentile(picture, (2, 98), axis=(0, 1))
    picture = (picture - low) / np.maximum(high - low, 1e-6)
    return (np.clip(picture, 0, 1) * 255).round().astype(np.uint8)


def capture_rgb(capture: Located, panel: float = 1.0) -> NDArray[np.uint8]:
    """Return a capture as pseudo-RGB (lines, samples, 3); ``panel`` is the reflectance of its white panel."""
    places = rgb_bands(capture.source.bands, capture.source.wavelengths)
    keep = sorted(set(places))
    cube = reflect(cube=capture.cube, **capture.references, keep=keep, panel=panel)
    # Without wavelengths the last of three bands is shown as red.
    return pseudo_rgb(cube[[keep.index(place) for place in reversed(places)]])


def _hatch(picture: NDArray[np.uint8], ignored: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Grey diagonal hatching over ignored (unlabelled) pixels of an upscaled picture."""
    rows, columns = np.indices(ignored.shape)
    stripe = ((rows + columns) // 3) % 3 == 0
    picture = picture.copy()
    picture[ignored] = (0.5 * picture[ignored] + 0.5 * 128).astype(np.uint8)
    picture[ignored & stripe] = 96
    return picture


def _paint(picture: NDArray[np.uint8], labels: NDArray, colours: dict[int, tuple[int, int, int]]) -> NDArray:
    painted = picture.astype(np.float32)
    for index, colour in colours.items():
        where = labels == index
        # Over grey, or the board's own colour would shift the class's.
        grey = painted[where].mean(axis=-1, keepdims=True)
        painted[where] = (1 - _OPACITY) * grey + _OPACITY * np.array(colour)
    return painted.round().astype(np.uint8)


def _errors(picture: NDArray[np.uint8], truth: NDArray, prediction: NDArray, zero: int | None) -> NDArray:
    grey = picture.mean(axis=-1, keepdims=True) * 0.5
    shown = np.repeat(grey.astype(np.uint8), 3, axis=-1)
    wrong = (truth != prediction) & (truth != IGNORED)
    missed = wrong & (prediction == zero) if zero is not None else np.zeros_like(wrong)
    alarm = wrong & (truth == zero) if zero is not None else np.zeros_like(wrong)
    shown[missed] = _rgb(ERROR_COLOURS["missed"])
    shown[alarm] = _rgb(ERROR_COLOURS["false alarm"])
    shown[wrong & ~missed & ~alarm] = _rgb(ERROR_COLOURS["confused"])
    return shown


def legend(entries: dict[str, tuple[int, int, int]], width: int, font_size: int = _FONT, gap: int = 16) -> Image.Image:
    """Return a legend (name -> RGB) as wide as asked, in as many rows as it needs, on white."""
    font = ImageFont.load_default(font_size)
    swatch, row_height = font_size - 2, font_size + 8
    x, y, spots = _MARGIN, 4, []
    for name, colour in entries.items():
        needed = swatch + 5 + int(font.getlength(name))
        if x > _MARGIN and x + needed > width - _MARGIN:
            x, y = _MARGIN, y + row_height
        spots.append((x, y, name, colour))
        x += needed + gap
    image = Image.new("RGB", (width, y + row_height), "white")
    draw = ImageDraw.Draw(image)
    for x, y, name, colour in spots:
        draw.rectangle((x, y + 2, x + swatch, y + 2 + swatch), fill=colour, outline=(90, 90, 90))
        draw.text((x + swatch + 5, y + font_size // 2 + 2), name, fill=(40, 40, 40), font=font, anchor="lm")
    return image


def overlay(
    cube: NDArray,
    wavelengths: ArrayLike | None,
    truth: NDArray,
    prediction: NDArray,
    classes: list[str],
) -> Image.Image:
    """Return pseudo-RGB, truth, prediction and errors side by side, with captions and a legend.

    Panels are enlarged by a whole number so that small captures are at least 256 pixels high; panel ``k``
    (0-3) starts at x = 6 + k * (scale * samples + 6), y = 20. Classes are painted at 65 % over the
    pseudo-RGB in grey, the class ``others`` stays as it is, ignored pixels (truth 255) are hatched in truth
    and errors.

    Args:
        cube: reflectance in [0, 1], (bands, lines, samples).
        wavelengths: of the bands in nm, or None.
        truth: class indices (lines, samples), 255 where ignored.
        prediction: class indices (lines, samples).
        classes: names in index order.

    Raises:
        ValueError: shapes of cube, truth and prediction differ.
    """
    truth, prediction = np.asarray(truth), np.asarray(prediction)
    if truth.shape != cube.shape[1:] or prediction.shape != cube.shape[1:]:
        raise ValueError(f"cube {cube.shape[1:]}, truth {truth.shape}, prediction {prediction.shape}: must agree")
    scale = max(1, -(-_MIN_HEIGHT // len(truth)))
    picture, colours = pseudo_rgb(cube, wavelengths), class_colours(classes)
    zero = background(classes)
    ignored = (truth == IGNORED).repeat(scale, axis=0).repeat(scale, axis=1)
    panels = {
        "pseudo-RGB": (picture, False),
        "truth": (_paint(picture, truth, colours), True),
        "prediction": (_paint(picture, prediction, colours), False),
        "errors": (_errors(picture, truth, prediction, zero), True),
    }
    entries = {classes[index]: colour for index, colour in colours.items()}
    shown = ERROR_COLOURS if zero is not None else {"confused": ERROR_COLOURS["confused"]}
    names = {"missed": "missed", "false alarm": "false alarm", "confused": "wrong class"}
    entries |= {f"error: {names[key]}": _rgb(colour) for key, colour in shown.items()}
    if ignored.any():
        entries["not labelled"] = (112, 112, 112)
    return _side_by_side(panels, entries, scale, ignored)


def overlay_prediction(picture: NDArray[np.uint8], prediction: NDArray, classes: list[str]) -> Image.Image:
    """Return a picture and the prediction on it side by side, for captures without a truth.

    The geometry is that of :func:`overlay`, with two panels.

    Args:
        picture: (lines, samples, 3), such as :func:`pseudo_rgb` returns.
        prediction: class indices (lines, samples).
        classes: names in index order.

    Raises:
        ValueError: shapes of picture and prediction differ.
    """
    prediction = np.asarray(prediction)
    if prediction.shape != picture.shape[:2]:
        raise ValueError(f"picture {picture.shape[:2]}, prediction {prediction.shape}: must agree")
    colours = class_colours(classes)
    panels = {"pseudo-RGB": (picture, False), "prediction": (_paint(picture, prediction, colours), False)}
    entries = {classes[index]: colour for index, colour in colours.items()}
    return _side_by_side(panels, entries, max(1, -(-_MIN_HEIGHT // len(prediction))))


def _side_by_side(
    panels: dict[str, tuple[NDArray[np.uint8], bool]],
    entries: dict[str, tuple[int, int, int]],
    scale: int,
    ignored: NDArray[np.bool_] | None = None,
) -> Image.Image:
    """Put panels (caption -> picture, whether ``ignored`` is hatched in it) over a legend (name -> RGB)."""
    lines, samples = next(iter(panels.values()))[0].shape[:2]
    width = _MARGIN + len(panels) * (samples * scale + _MARGIN)
    key = legend(entries, width)
    image = Image.new("RGB", (width, _CAPTION + lines * scale + key.height), "white")
    draw = ImageDraw.Draw(image)
    for place, (caption, (panel, hatched)) in enumerate(panels.items()):
        x = _MARGIN + place * (samples * scale + _MARGIN)
        large = panel.repeat(scale, axis=0).repeat(scale, axis=1)
        image.paste(Image.fromarray(_hatch(large, ignored) if hatched else large), (x, _CAPTION))
        draw.text((x, _CAPTION // 2), caption, fill=(40, 40, 40), font=ImageFont.load_default(_FONT), anchor="lm")
    image.paste(key, (0, _CAPTION + lines * scale))
    return image
