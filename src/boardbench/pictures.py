"""What Pillow raises for a file that is no readable picture: a damaged PNG can be any of these."""

from PIL import Image

UNREADABLE = (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError)
