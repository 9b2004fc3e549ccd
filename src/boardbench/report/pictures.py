"""Pictures small enough for git."""

from pathlib import Path

from PIL import Image

from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write

MAX_WIDTH = 1100


def shrink(source: Path, out: Path, limit: int, verb: str) -> None:
    """Write a picture as a palette PNG of at most ``limit`` bytes: fewer colours first, then fewer pixels.

    Args:
        source: the picture.
        out: the PNG.
        limit: bytes.
        verb: that draws the picture, for the error.

    Raises:
        BoardbenchError: the source is not a picture.
    """
    try:
        with Image.open(source) as opened:
            picture = opened.convert("RGB")
    except OSError as error:
        raise BoardbenchError(
            f"{source}: not a picture ({error}). Delete it and run 'boardbench {verb}' again."
        ) from None
    width = min(picture.width, MAX_WIDTH)
    with atomic_write(out) as temporary:
        while True:
            size = (width, max(1, round(picture.height * width / picture.width)))
            small = picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)
            for colours in (256, 64):
                small.quantize(colours, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
                    temporary, format="PNG", optimize=True
                )
                if temporary.stat().st_size <= limit or width <= 64:
                    return
            width = int(width * 0.8)
