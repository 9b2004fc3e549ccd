"""Pixel formats of a camera's frames, by the codes of the Pixel Format Naming Convention (EMVA): bytes to counts."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from boardbench.errors import BoardbenchError


def _plain(data: np.ndarray, counts: np.ndarray) -> None:
    counts[:] = data.view("<u2")


def _packed(data: np.ndarray, counts: np.ndarray) -> None:
    """GigE Vision's packing: the high eight bits of two values, between them their low four, the first's below."""
    first, low, second = (data[part::3].astype(np.uint16) for part in range(3))
    counts[0::2] = first << 4 | low & 15
    counts[1::2] = second << 4 | low[: len(second)] >> 4


def _lsb(data: np.ndarray, counts: np.ndarray) -> None:
    """The convention's packing: bits in a row, the least significant first."""
    first, middle, last = (data[part::3].astype(np.uint16) for part in range(3))
    counts[0::2] = first | (middle & 15) << 8
    counts[1::2] = middle[: len(last)] >> 4 | last << 4


@dataclass(frozen=True)
class Format:
    """A pixel format: its name, bits that a count has, bits that it takes in a frame, and how it is read."""

    name: str
    depth: int
    stored: int
    read: Callable[[np.ndarray, np.ndarray], None]

    def size(self, values: int) -> int:
        """Return the bytes of so many values."""
        return -(-values * self.stored // 8)


FORMATS = {
    0x01100005: Format("Mono12", 12, 16, _plain),
    0x010C0006: Format("Mono12Packed", 12, 12, _packed),
    0x010C0047: Format("Mono12p", 12, 12, _lsb),
    0x01100007: Format("Mono16", 16, 16, _plain),
}
"""Code of a format -> what it is."""


def format_of(code: int, camera: str) -> Format:
    """Return a format by its code.

    Raises:
        BoardbenchError: one that is not read here; it names the camera and the formats that are.
    """
    found = FORMATS.get(code)
    if found is None:
        names = ", ".join(known.name for known in FORMATS.values())
        raise BoardbenchError(
            f"camera {camera}: feature PixelFormat has the code 0x{code:08X}, which is not read here. Set it to one "
            f"of {names} in the camera's own program."
        )
    return found


def decode(data: np.ndarray, kind: Format, counts: np.ndarray) -> None:
    """Write a frame's bytes, uint8 (bytes,), as counts, uint16 (bands, samples); bytes behind the image are ignored."""
    kind.read(data[: kind.size(counts.size)], counts.reshape(-1))
