"""Pictures from strangers: which formats are read, and what a broken file raises."""

import struct
import zlib

from PIL import Image

FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "GIF", "WEBP")
"""What is taken for a picture, whatever its name says: Pillow runs programs for some other formats."""

UNREADABLE = (
    *(OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError, struct.error, zlib.error),
    *(LookupError, ArithmeticError, TypeError, AttributeError, AssertionError, RuntimeError),
)
"""What Pillow raises for a file that is no readable picture: a damaged PNG can be any of these."""

ERROR_COLOURS = {"missed": "#FF3DBB", "false alarm": "#FFFFFF", "confused": "#FFE100"}
"""Of pixels that a prediction has wrong, in pictures and in the page's legend."""
