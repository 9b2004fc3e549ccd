"""Class masks: PNG or ENVI, one id a pixel, 255 for pixels that nobody labelled."""

from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from boardbench.captures.envi import open_cube
from boardbench.errors import BoardbenchError

IGNORED = 255


def read_mask(path: Path, size: tuple[int, int], classes: int) -> np.ndarray:
    """Read a mask as uint8 (lines, samples): the first band of an ENVI file, or a PNG of grey values or
    palette ids.

    Raises:
        BoardbenchError: a mask that is missing, of another size than ``size``, in colours, or with ids
            that are neither below ``classes`` nor 255.
    """
    if path.suffix.lower() == ".png":
        try:
            with Image.open(path) as image:
                mode, values = image.mode, np.asarray(image)
        except FileNotFoundError:
            raise BoardbenchError(f"{path}: no such mask. Check the column 'mask' of the sheet.") from None
        except (UnidentifiedImageError, OSError) as error:
            raise BoardbenchError(f"{path}: not a readable PNG ({error}). Export the mask again.") from None
        if values.ndim != 2:
            raise BoardbenchError(
                f"{path}: the mask has colours (mode {mode}), not class ids. Save it as 8-bit grey values or "
                "palette ids: 0, 1, ... for the classes and 255 for unlabelled pixels."
            )
    else:
        values = open_cube(path).data[:, :, 0]
    if values.shape != tuple(size):
        raise BoardbenchError(
            f"{path}: the mask has lines = {values.shape[0]}, samples = {values.shape[1]}, its cube has "
            f"lines = {size[0]}, samples = {size[1]}. Export the mask at the cube's own size (it is resized "
            "with it)."
        )
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
