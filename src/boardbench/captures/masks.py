"""Masks: class ids (PNG or ENVI, 255 for pixels that nobody labelled) and board masks (any picture or ENVI)."""

from pathlib import Path

import numpy as np
from PIL import Image

from boardbench.captures.envi import open_cube
from boardbench.captures.names import is_header
from boardbench.errors import BoardbenchError
from boardbench.pictures import FORMATS, UNREADABLE

IGNORED = 255

_PNG_DEPTH = 24
"""Byte of a PNG that holds its bits a value."""

_STRETCHED = {2: 85, 4: 17}
"""Bits a value -> what Pillow multiplies greys of that depth with."""


def read_mask(path: Path, size: tuple[int, int], classes: int, shutter_lines: int = 0) -> np.ndarray:
    """Read a mask as uint8 (lines, samples): the first band of an ENVI file, whose ``data ignore value`` is unlabelled,
    or a PNG of grey values or palette ids.

    ``shutter_lines`` are frames that the capture's file ends with and that are no lines of it: a mask may have them,
    too, and they are cut off.

    Raises:
        BoardbenchError: a mask that is missing, of another size than ``size``, in colours, or with ids
            that are neither below ``classes`` nor 255.
    """
    if path.suffix.lower() == ".png":
        values = _read_png(path, classes)
    else:
        cube = open_cube(path)
        if cube.gain is not None or cube.shift is not None:
            raise BoardbenchError(
                f"{path}: fields 'data gain values' and 'data offset values' would change class ids. Delete them, or "
                "export the mask without."
            )
        values = cube.data[:, :, 0]
        if (unknown := cube.unknown(values)) is not None:
            values = np.where(unknown, IGNORED, values)
    values = _fitting(path, values, size, shutter_lines)
    found = np.unique(values)
    wrong = [value for value in found.tolist() if value != IGNORED and value not in range(classes)]
    if wrong:
        shown = ", ".join(f"{value:g}" for value in wrong[:10]) + (", ..." if len(wrong) > 10 else "")
        raise BoardbenchError(
            f"{path}: class ids {shown} are out of range. With classes = {classes}, ids go from 0 to "
            f"{classes - 1}, and 255 means unlabelled: correct the mask, or the list of classes in "
            "params.yaml."
        )
    return values.astype(np.uint8)


def _read_png(path: Path, classes: int) -> np.ndarray:
    """Return the class ids of a PNG, (lines, samples).

    Grey of any depth as it is stored; colours that are all grey, as their grey. A palette gives its indices, as editors
    with a colour for each class write them; one of greys gives the greys, because programs that make PNGs smaller turn
    a grey picture into a palette in any order.
    """
    try:
        with Image.open(path, formats=("PNG",)) as image:
            image.load()
            mode, values = image.mode, np.asarray(image)
            palette = image.getpalette() if mode == "P" else None
        with path.open("rb") as file:
            depth = file.read(_PNG_DEPTH + 1)[_PNG_DEPTH]
    except FileNotFoundError:
        raise BoardbenchError(f"{path}: no such mask. Check the column 'mask' of the sheet.") from None
    except UNREADABLE as error:
        raise BoardbenchError(f"{path}: not a readable PNG ({error}). Export the mask again.") from None
    opaque = mode == "RGB" or (mode == "RGBA" and (values[..., 3] == 255).all())
    if opaque and (values[..., :3] == values[..., :1]).all():
        return values[..., 0]
    if values.ndim != 2:
        raise BoardbenchError(
            f"{path}: the mask has colours (mode {mode}), not class ids. Save it as 8-bit grey values or "
            "palette ids: 0, 1, ... for the classes and 255 for unlabelled pixels."
        )
    if palette is not None:
        return _of_palette(path, values, np.array(palette, np.int64).reshape(-1, 3), classes)
    return values // _STRETCHED[depth] if mode == "L" and depth in _STRETCHED else values


def _of_palette(path: Path, indices: np.ndarray, colours: np.ndarray, classes: int) -> np.ndarray:
    """Return class ids: indices of a palette, or its greys where all its colours are grey."""
    greys = colours[:, 0]
    used = np.unique(indices)
    if (colours != greys[:, None]).any() or (greys[used] == used).all():
        return indices
    if all(grey == IGNORED or grey < classes for grey in greys[used].tolist()):
        return greys[indices]
    shown = ", ".join(f"{index} is grey {greys[index]}" for index in used[:6].tolist())
    raise BoardbenchError(
        f"{path}: a palette of greys that are neither its indices nor class ids ({shown}), so it cannot be told which "
        "are meant. Save the mask as 8-bit grey values, or with colours for the classes."
    )


def read_board(path: Path, size: tuple[int, int], shutter_lines: int = 0) -> np.ndarray:
    """Read a board mask as booleans (lines, samples), true where the board is: the first band of an ENVI file
    above 0, or a picture brighter than 127 of 255 (a JPEG's edges are not sharp). ``shutter_lines`` as of
    :func:`read_mask`.

    Raises:
        BoardbenchError: a mask that is missing, of another size than ``size``, or without any board.
    """
    if is_header(path):
        inside, level = open_cube(path).data[:, :, 0] > 0, "above 0"
    else:
        try:
            with Image.open(path, formats=FORMATS) as image:
                inside, level = np.asarray(image.convert("L")) > 127, "brighter than 127 of 255"
        except FileNotFoundError:
            raise BoardbenchError(f"{path}: no such board mask. Check the column 'board' of the sheet.") from None
        except UNREADABLE as error:
            raise BoardbenchError(f"{path}: not a readable picture ({error}). Export the board mask again.") from None
    inside = _fitting(path, inside, size, shutter_lines)
    if not inside.any():
        raise BoardbenchError(
            f"{path}: no pixel is {level}, so this mask shows no board. Save it with the board in white (255), or set "
            "board_mask to false."
        )
    return inside


def _fitting(path: Path, values: np.ndarray, size: tuple[int, int], shutter_lines: int) -> np.ndarray:
    """Return a mask's values for the lines of its cube."""
    lines, samples = size
    if values.shape == (lines, samples):
        return values
    if values.shape == (lines + shutter_lines, samples):
        return values[:lines]
    raise BoardbenchError(
        f"{path}: the mask has lines = {values.shape[0]}, samples = {values.shape[1]}, its cube has lines = {lines}, "
        f"samples = {samples}. Export the mask at the cube's own size (it is resized with it)."
    )
