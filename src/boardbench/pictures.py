"""What Pillow raises for a file that is no readable picture: a damaged PNG can be any of these."""

import struct
import zlib

from PIL import Image

UNREADABLE = (
    *(OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError, struct.error, zlib.error),
    *(LookupError, ArithmeticError, TypeError, AttributeError, AssertionError, RuntimeError),
)
