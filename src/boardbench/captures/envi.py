"""ENVI cubes: a text header beside a raw data file, read through the spectral package.

Headers are found and checked here, because real folders have ``.HDR`` in capitals, data files without
extension, and headers that disagree with their data.
"""

import math
import os
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from spectral.io import envi
from spectral.io.bilfile import BilFile
from spectral.io.bipfile import BipFile
from spectral.io.bsqfile import BsqFile
from spectral.utilities.errors import SpyException

from boardbench.captures.names import data_file, header_file
from boardbench.errors import BoardbenchError

_FORMS = {"bil": BilFile, "bip": BipFile, "bsq": BsqFile}
_REAL_TYPES = {code: np.dtype(char) for code, char in envi.envi_to_dtype.items() if np.dtype(char).kind in "iuf"}
_NM_PER_UNIT = {
    **dict.fromkeys(("nm", "nanometer", "nanometers", "nanometre", "nanometres"), 1.0),
    **dict.fromkeys(("um", "µm", "μm", "micrometer", "micrometers", "micrometre", "micrometres"), 1000.0),
    **dict.fromkeys(("micron", "microns"), 1000.0),
}


@dataclass(frozen=True)
class Cube:
    """A cube on disk; nothing is read until it is asked for.

    ``wavelengths`` is in nm, or None where the header has none. ``metadata`` is the header: lower-case
    keys, values as strings or lists of strings.
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

    @property
    def shape(self) -> tuple[int, int, int]:
        """Lines, samples, bands."""
        return self.lines, self.samples, self.bands

    @cached_property
    def data(self) -> np.ndarray:
        """The values as a read-only memory map of shape (lines, samples, bands), whatever the interleave."""
        params = SimpleNamespace(
            nrows=self.lines,
            ncols=self.samples,
            nbands=self.bands,
            offset=self.offset,
            byte_order=int(self.metadata["byte order"]),
            dtype=self.dtype.str,
            filename=str(self.path.absolute()),
        )
        file = _FORMS[self.interleave](params, self.metadata)
        return file.open_memmap(interleave="bip", writable=False)

    @property
    def tint(self) -> float | None:
        """Integration time in ms, or None where the header has none.

        Raises:
            BoardbenchError: for a time that is not a positive number.
        """
        if "tint" not in self.metadata:
            return None
        value = _number(self.metadata["tint"])
        if not (math.isfinite(value) and value > 0):
            raise BoardbenchError(
                f"{self.header}: field 'tint' is {self.metadata['tint']!r}, not a time in ms. Write the "
                "integration time there, such as 'tint = 5.0', or delete the line in all headers of this "
                "capture to have equal times assumed."
            )
        return value

    def read(self, first: int, last: int) -> np.ndarray:
        """Read lines ``first`` to ``last`` (exclusive) as (lines, samples, bands).

        Reads the file instead of mapping it, so that a long cube does not pile up in the process's memory;
        safe to call from several threads.
        """
        count = last - first
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
                start = self.offset + (band * self.lines + first) * row
                _read_into(file.fileno(), block[band], start, self.path)
            return block.transpose(1, 2, 0)


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

    Data are float, signed or unsigned integers in BIL, BIP or BSQ; wavelengths in micrometres become nm.

    Raises:
        BoardbenchError: header or data file missing; a field missing, nonsense or not supported; a header
            whose size disagrees with the data file.
    """
    header = header_file(Path(path))
    data = data_file(header, Path(path))
    fields = _fields(header)
    for key in ("lines", "samples", "bands", "data type", "interleave", "byte order"):
        if key not in fields:
            raise BoardbenchError(f"{header}: field '{key}' is missing. Add the line '{key} = ...' to the header.")
    lines, samples, bands = (_count(header, fields, key, at_least=1) for key in ("lines", "samples", "bands"))
    offset = _count(header, fields, "header offset", at_least=0) if "header offset" in fields else 0
    interleave = str(fields["interleave"]).lower()
    if interleave not in _FORMS:
        raise BoardbenchError(
            f"{header}: interleave '{fields['interleave']}' is not supported. Export the cube as bil, bip or bsq."
        )
    if fields["byte order"] not in ("0", "1"):
        raise BoardbenchError(
            f"{header}: field 'byte order' is {fields['byte order']!r}. Write 0 (little-endian, as cameras write) or 1."
        )
    dtype = _REAL_TYPES.get(fields["data type"])
    if dtype is None:
        kinds = ", ".join(f"{code} ({kind.name})" for code, kind in _REAL_TYPES.items())
        raise BoardbenchError(
            f"{header}: data type {fields['data type']!r} is not supported. Export the cube with one of: {kinds}."
        )
    dtype = dtype.newbyteorder(">" if fields["byte order"] == "1" else "<")
    if any(_number(part) != 0 for key in _FRAME_OFFSETS for part in _listed(fields.get(key, []))):
        raise BoardbenchError(
            f"{header}: fields 'major/minor frame offsets' are not supported. Export the cube without frame offsets."
        )
    _check_size(header, data, (lines, samples, bands), dtype, offset)
    return Cube(
        header=header,
        path=data,
        lines=lines,
        samples=samples,
        bands=bands,
        dtype=dtype,
        interleave=interleave,
        offset=offset,
        wavelengths=_wavelengths(header, fields, bands),
        metadata=fields,
    )


_FRAME_OFFSETS = ("major frame offsets", "minor frame offsets")


def _fields(header: Path) -> dict[str, Any]:
    """Parse a header; keys in lower case."""
    try:
        with warnings.catch_warnings():
            # spectral warns about upper-case keys; they are accepted here.
            warnings.simplefilter("ignore")
            parsed = envi.read_envi_header(str(header))
    except (SpyException, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise BoardbenchError(
            f"{header}: not a readable ENVI header ({reason}) Its first line must be 'ENVI', every '{{' "
            f"needs its '}}', and the text must be UTF-8: mend the header or export the cube again."
        ) from None
    return {key.lower(): value for key, value in parsed.items()}


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else [part for part in value if part]


def _number(text: Any) -> float:
    """Return a number, or NaN for text that is none."""
    try:
        return float(text)
    except (TypeError, ValueError):
        return math.nan


def _count(header: Path, fields: dict[str, Any], key: str, at_least: int) -> int:
    value = _number(fields[key])
    if not (value.is_integer() and value >= at_least):
        raise BoardbenchError(
            f"{header}: field '{key}' is {fields[key]!r}; it must be a whole number >= {at_least}. Correct "
            "the header or export the cube again."
        )
    return int(value)


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


def _wavelengths(header: Path, fields: dict[str, Any], bands: int) -> np.ndarray | None:
    """Return band centres in nm, or None where the header gives none."""
    listed = _listed(fields.get("wavelength", []))
    if not listed:
        return None
    values = np.array([_number(value) for value in listed])
    if len(values) != bands:
        raise BoardbenchError(
            f"{header}: field 'wavelength' has {len(values)} values for bands = {bands}. Give one a band, or "
            "delete the field."
        )
    if not (np.isfinite(values).all() and (values > 0).all()):
        wrong = next(text for text, value in zip(listed, values, strict=True) if not value > 0 or np.isinf(value))
        raise BoardbenchError(
            f"{header}: field 'wavelength' holds {wrong!r}, which is no wavelength. Correct it, or delete the field."
        )
    unit = str(fields.get("wavelength units", "unknown")).strip().lower()
    # Without a unit, values below 100 can only be micrometres: no imaging sensor sees 100 nm.
    return values * _NM_PER_UNIT.get(unit, 1000.0 if values.max() < 100 else 1.0)
