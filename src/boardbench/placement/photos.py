"""A person's photos of boards: found with their outlines, and read into one form."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from boardbench.errors import BoardbenchError
from boardbench.pictures import FORMATS, UNREADABLE
from boardbench.placement.outlines import outline_of, read_outline

EXTENSIONS = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
_MODES = {"1": "black and white", "L": "grey", "LA": "grey with alpha", "P": "palette", "PA": "palette with alpha"}
_MODES |= {"RGBA": "alpha dropped", "RGBX": "fourth channel dropped", "CMYK": "CMYK", "YCbCr": "YCbCr", "LAB": "Lab"}
_DARK = 16  # of 256, the brightest value of a 16-bit photo whose numbers do not use their range (12 bits and less)


@dataclass(frozen=True)
class PhotoFiles:
    """Where a photo and its chip's outline are."""

    photo: Path
    outline: Path


@dataclass(frozen=True)
class Photo:
    """A photo in one form.

    ``pixels`` (lines, samples, 3) uint8 RGB; ``corners`` (4, 2) in pixels, None where no outline was asked for;
    ``converted`` says what was done to the file's pixels, "" where nothing.
    """

    name: str
    pixels: np.ndarray
    corners: np.ndarray | None
    converted: str


def find_photos(folder: Path, outline: Path | None = None) -> dict[str, PhotoFiles]:
    """Return the photos of a folder, by name in alphabetical order; only their existence is looked at.

    Args:
        folder: its PNG, JPEG, BMP and TIFF files are the photos; files that begin with a dot are not looked at.
        outline: serves photos without one of their own.

    Raises:
        BoardbenchError: no folder, no photo, a photo without outline, or two photos of one name.
    """
    if not folder.is_dir():
        raise BoardbenchError(f"{folder}: no such folder. Put the photos of the boards there, with their outlines.")
    found: dict[str, PhotoFiles] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in EXTENSIONS or path.name.startswith(".") or not path.is_file():
            continue
        if path.stem in found:
            raise BoardbenchError(
                f"{folder}: {found[path.stem].photo.name} and {path.name} are two pictures with one name. Photos are "
                "named without extension: rename or remove one."
            )
        found[path.stem] = PhotoFiles(path, outline_of(path, outline))
    if not found:
        raise BoardbenchError(f"{folder}: no photo ({', '.join(EXTENSIONS)}). Put the photos of the boards there.")
    return found


def find_displaced(folder: Path) -> dict[str, PhotoFiles]:
    """Return the photos in ``folder``/displaced, {} where there is no such folder.

    Each needs an outline of its own, for no two of their chips lie alike.

    Raises:
        BoardbenchError: as ``find_photos``.
    """
    return find_photos(folder / "displaced") if (folder / "displaced").is_dir() else {}


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Open a picture without decoding it; what its file raises in the block becomes one message."""
    if not path.is_file():
        raise BoardbenchError(f"{path}: no such photo. Check the path, and that the disk with it is mounted.")
    try:
        with Image.open(path, formats=FORMATS) as picture:
            yield picture
    except UNREADABLE as error:
        raise BoardbenchError(
            f"{path}: not a readable picture ({error}). Save the photo again as PNG, or remove the file."
        ) from None


def photo_size(path: Path) -> tuple[int, int]:
    """Return (lines, samples) of a photo, turned upright, from its header alone.

    Raises:
        BoardbenchError: if it is no picture.
    """
    with _opened(path) as picture:
        samples, lines = picture.size
        turned = picture.getexif().get(0x0112, 1) >= 5  # EXIF orientations that swap the sides
    return (samples, lines) if turned else (lines, samples)


def open_photo(path: Path) -> tuple[np.ndarray, str]:
    """Read a photo as 8-bit RGB, upright.

    Grey and palette become RGB, alpha is dropped, of 16 bits the upper 8 are kept, an EXIF orientation is applied.

    Returns:
        (lines, samples, 3) uint8, and what was done, "" where nothing.

    Raises:
        BoardbenchError: if it is no picture, damaged, floating point, or 16 bits of which the upper are empty.
    """
    with _opened(path) as picture:
        done = []
        # Pillow opens 16-bit colour as 8-bit without a word; the raw mode of its decoder tells.
        wide = picture.mode.startswith("I;16") or any(";16" in str(tile.args) for tile in picture.tile)
        frames = getattr(picture, "n_frames", 1)
        picture.load()
        upright = ImageOps.exif_transpose(picture)
        turned = upright.size != picture.size or picture.getexif().get(0x0112, 1) != 1
    if frames > 1:
        done.append(f"first of {frames} pages")
    if turned:
        done.append("turned upright as its EXIF orientation says")
    if upright.mode.startswith("I;16"):
        upright = Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
    elif upright.mode in ("I", "F"):
        raise BoardbenchError(
            f"{path}: pixels of {'32-bit integers' if upright.mode == 'I' else 'floating point'}, whose white is not "
            "known. Save the photo with 8 bits a channel."
        )
    if wide:
        done.append("16 bits to 8")
        if np.asarray(upright).max() < _DARK:
            raise BoardbenchError(
                f"{path}: 16 bits a channel, but no value reaches {_DARK * 256} of 65535: the photo would be black. "
                "Stretch it to the full range, or save it with 8 bits a channel."
            )
    if upright.mode != "RGB":
        what = _MODES.get(upright.mode, upright.mode)
        done.append(what if "dropped" in what else f"{what} to RGB")
        if upright.mode == "P":
            upright = upright.convert("RGBA")  # a transparent entry of the palette has a colour, too
        upright = upright.convert("RGB")
    return np.array(upright), ", ".join(done)


def read_photo(photo: Path, outline: Path | None = None) -> Photo:
    """Read a photo, and the chip's corners on it where an outline is given.

    Raises:
        BoardbenchError: as ``open_photo`` and ``read_outline``.
    """
    pixels, converted = open_photo(photo)
    corners = None if outline is None else read_outline(outline, photo.stem, pixels.shape[:2])
    return Photo(photo.stem, pixels, corners, converted)


def check_sizes(photos: list[Path]) -> tuple[int, int]:
    """Return the (lines, samples) that all photos share.

    Raises:
        BoardbenchError: naming a photo of another size than most.
    """
    sizes = {photo: photo_size(photo) for photo in photos}
    usual = Counter(sizes.values()).most_common(1)[0][0]
    for photo, size in sizes.items():
        if size != usual:
            raise BoardbenchError(
                f"{photo}: {size[1]} x {size[0]} pixels, the other photos have {usual[1]} x {usual[0]}. All photos "
                "come from one fixed camera: take it again, crop nothing, or remove it."
            )
    return usual
