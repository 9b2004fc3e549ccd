"""ENVI cubes: a text header beside a raw data file, read through the spectral package.

Headers are found and checked here, because real folders have ``.HDR`` in capitals, data files without
extension, and headers that disagree with their data.
"""

import math
import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from spectral.io.bilfile import BilFile
from spectral.io.bipfile import BipFile
from spectral.io.bsqfile import BsqFile

from boardbench.captures.header import read_header
from boardbench.captures.header_values import (
    by_band,
    count,
    full_scale,
    good_bands,
    ignored_value,
    integration_time,
    value_type,
    wavelengths,
)
from boardbench.captures.names import data_file, header_file
from boardbench.errors import BoardbenchError

_FORMS = {"bil": BilFile, "bip": BipFile, "bsq": BsqFile}


@dataclass(frozen=True)
class Cube:
    """A cube on disk; nothing is read until it is asked for.

    Attributes:
        header: the header's path.
        path: the data file's path.
        lines: lines, without frames that were taken with the shutter closed.
        samples: pixels of a line.
        bands: values of a pixel.
        dtype: of a stored value.
        interleave: bil, bip or bsq.
        offset: bytes before the first value.
        wavelengths: band centres in nm, (bands,), or None where the header has none.
        metadata: the header: lower-case keys, values as strings or lists of strings.
        first: line of the file that line 0 is.
        stored_lines: lines of the file.
        gain: what a stored value is multiplied by, (bands,), or None for 1.
        shift: what is added then, (bands,), or None for 0.
        ignored: stored value that stands for one that is not known, or None.
        good: false for bad bands, (bands,), or None where the header does not say.
    """

    header: Path
    path: Path
    lines: int
    samples: int
    bands: int
    dtype: np.dtype
    interleave: str
    offset: int
    wavelengths: np.ndarray | None
    metadata: dict[str, Any]
    first: int
    stored_lines: int
    gain: np.ndarray | None = None
    shift: np.ndarray | None = None
    ignored: float | None = None
    good: np.ndarray | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Lines, samples, bands."""
        return self.lines, self.samples, self.bands

    @property
    def shutter_lines(self) -> int:
        """Frames of the file that are no lines of the cube, because the shutter was closed."""
        return self.stored_lines - self.lines

    @cached_property
    def data(self) -> np.ndarray:
        """Stored values as a read-only memory map of shape (lines, samples, bands), whatever the interleave."""
        params = SimpleNamespace(
            nrows=self.stored_lines,
            ncols=self.samples,
            nbands=self.bands,
            offset=self.offset,
            byte_order=int(self.dtype.str.startswith(">")),
            dtype=self.dtype.str,
            filename=str(self.path.absolute()),
        )
        file = _FORMS[self.interleave](params, self.metadata)
        whole = file.open_memmap(interleave="bip", writable=False)
        return whole[self.first : self.first + self.lines]

    @property
    def tint(self) -> float | None:
        """Integration time in ms, or None where the header has none.

        Raises:
            BoardbenchError: for a time that is not a positive number, or fields that say different times.
        """
        found = integration_time(self.header, self.metadata)
        return found and found[1]

    @property
    def tint_field(self) -> str | None:
        """The header's field that holds the integration time; errors as of :attr:`tint`."""
        found = integration_time(self.header, self.metadata)
        return found and found[0]

    @property
    def full_scale(self) -> float | None:
        """Counts at which the sensor is full, where the header says it (fields 'ceiling', 'bit depth')."""
        return full_scale(self.header, self.metadata)

    def read(self, first: int, last: int) -> np.ndarray:
        """Read the stored values of lines ``first`` to ``last`` (exclusive) as (lines, samples, bands).

        Reads the file instead of mapping it, so that a long cube does not pile up in the process's memory;
        safe to call from several threads.
        """
        count = last - first
        first += self.first
        with self.path.open("rb", buffering=0) as file:
            if self.interleave == "bil":
                block = np.empty((count, self.bands, self.samples), self.dtype)
                _read_into(file.fileno(), block, self.offset + first * block[:1].nbytes, self.path)
                return block.transpose(0, 2, 1)
            if self.interleave == "bip":
                block = np.empty((count, self.samples, self.bands), self.dtype)
                _read_into(file.fileno(), block, self.offset + first * block[:1].nbytes, self.path)
                return block
            block = np.empty((self.bands, count, self.samples), self.dtype)
            row = self.samples * self.dtype.itemsize
            for band in range(self.bands):
                start = self.offset + (band * self.stored_lines + first) * row
                _read_into(file.fileno(), block[band], start, self.path)
            return block.transpose(1, 2, 0)

    def unknown(self, block: np.ndarray) -> np.ndarray | None:
        """Return which stored values stand for one that is not known; None where the header names no such value."""
        return None if self.ignored is None else block == self.ignored

    def glance(self) -> np.ndarray:
        """Return sixteen lines from all over the cube, or all of fewer, as stored: (lines, samples, bands)."""
        lines = sorted({(2 * number + 1) * self.lines // 32 for number in range(16)})
        return np.concatenate([self.read(line, line + 1) for line in lines])

    def counts(self, first: int, last: int) -> np.ndarray:
        """Read lines as :meth:`read` does, with 0 for values that are not known.

        For readers that take a camera's counts as they are, such as exported files.

        Raises:
            BoardbenchError: stored values that are not the counts themselves.
        """
        if self.gain is not None or self.shift is not None:
            raise BoardbenchError(
                f"{self.header}: fields 'data gain values' and 'data offset values' say that the stored values are not "
                "the camera's counts, which are needed here. Export the counts, or predict with --run and the run's "
                "folder."
            )
        block = self.read(first, last)
        if (unknown := self.unknown(block)) is not None:
            block[unknown] = 0
        return block


def _read_into(handle: int, block: np.ndarray, start: int, path: Path) -> None:
    """Fill a contiguous block from byte ``start`` on; one call may return less than asked for."""
    view = memoryview(block.reshape(-1).view(np.uint8))
    while view:
        got = os.preadv(handle, [view], start)
        if got == 0:
            raise BoardbenchError(f"{path}: the data file ended while it was read. Is it still being copied?")
        view, start = view[got:], start + got


def open_cube(path: Path | str) -> Cube:
    """Open an ENVI cube by its header's or its data file's path.

    Data are float, signed or unsigned integers in BIL, BIP or BSQ; wavelengths become nm. Frames at the end that were
    taken with the shutter closed (field 'autodarkstartline') are left out.

    Raises:
        BoardbenchError: header or data file missing; a field missing, nonsense or not supported; a header
            whose size disagrees with the data file; nothing but frames with the shutter closed.
    """
    cube, dark_start = _open(Path(path))
    if dark_start == 0:
        raise BoardbenchError(
            f"{cube.header}: field 'autodarkstartline' is 0: all frames were taken with the shutter closed, so the "
            "file is a dark reference, not a capture. Give the capture, or delete the field if that is not so."
        )
    return cube if dark_start is None else replace(cube, lines=dark_start)


def open_dark(path: Path | str) -> Cube:
    """Open a dark reference: the frames of a file that were taken with the shutter closed, or else the whole file.

    Errors as of :func:`open_cube`.
    """
    cube, dark_start = _open(Path(path))
    return cube if dark_start is None else replace(cube, first=dark_start, lines=cube.lines - dark_start)


def has_dark(path: Path | str) -> bool:
    """Tell whether a file ends with frames that were taken with the shutter closed; errors as of :func:`open_cube`."""
    return _open(Path(path))[1] is not None


def _open(path: Path) -> tuple[Cube, int | None]:
    """Return all lines of a file, and the first that was taken with the shutter closed, where there is one."""
    header = header_file(path)
    data = data_file(header, path)
    fields = read_header(header)
    for key in ("lines", "samples", "bands", "data type", "interleave"):
        if key not in fields:
            raise BoardbenchError(f"{header}: field '{key}' is missing. Add the line '{key} = ...' to the header.")
    lines, samples, bands = (count(header, fields, key, at_least=1) for key in ("lines", "samples", "bands"))
    offset = count(header, fields, "header offset", at_least=0) if "header offset" in fields else 0
    interleave = str(fields["interleave"]).lower()
    if interleave not in _FORMS:
        raise BoardbenchError(
            f"{header}: interleave '{fields['interleave']}' is not supported. Export the cube as bil, bip or bsq."
        )
    dtype = value_type(header, fields)
    _check_size(header, data, (lines, samples, bands), dtype, offset)
    dark_start = count(header, fields, "autodarkstartline", at_least=0) if "autodarkstartline" in fields else lines
    gain, shift = (by_band(header, fields, f"data {word} values", bands) for word in ("gain", "offset"))
    cube = Cube(
        header=header,
        path=data,
        lines=lines,
        samples=samples,
        bands=bands,
        dtype=dtype,
        interleave=interleave,
        offset=offset,
        wavelengths=wavelengths(header, fields, bands),
        metadata=fields,
        first=0,
        stored_lines=lines,
        gain=None if gain is None or (gain == 1).all() else gain,
        shift=None if shift is None or (shift == 0).all() else shift,
        ignored=ignored_value(header, fields, dtype),
        good=good_bands(header, fields, bands),
    )
    return cube, dark_start if dark_start < lines else None


def _check_size(header: Path, data: Path, shape: tuple[int, int, int], dtype: np.dtype, offset: int) -> None:
    expected = offset + math.prod(shape) * dtype.itemsize
    found = data.stat().st_size
    if found == expected:
        return
    lines, samples, bands = shape
    whole_lines, rest = divmod(found - offset, samples * bands * dtype.itemsize)
    hint = f" (the data file holds exactly {whole_lines} lines)" if rest == 0 and whole_lines > 0 else ""
    raise BoardbenchError(
        f"{data}: the header {header.name} expects {expected} bytes (lines {lines} x samples {samples} x "
        f"bands {bands} x {dtype.itemsize} bytes + header offset {offset}), the file has {found}. If the "
        "file was cut short or is still growing, copy it again; if it is whole, correct lines, samples, "
        f"bands, data type or header offset in the header{hint}."
    )
