"""ENVI headers: their text as fields, and what each field means for the numbers.

A field that changes the meaning of the values is understood or refused, never passed over.
"""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np

from boardbench.errors import BoardbenchError

TIMES = ("tint", "tint1", "tint2", "integration time", "exposure time", "exposure", "shutter")
"""Fields for the integration time, ms unless they name a unit. Cameras of two sensors write one for each."""

USED = {
    "samples": "pixels of a line",
    "lines": "lines of the file",
    "bands": "values of a pixel",
    "header offset": "bytes before the first value",
    "data type": "type of a value",
    "interleave": "order of the values",
    "byte order": "0, also where it is absent: least significant byte first",
    "wavelength": "centre of each band",
    "wavelength units": "unit of the centres",
    "reflectance scale factor": "the value that stands for reflectance 1",
    "data gain values": "value = gain x stored + offset, a gain for each band",
    "data offset values": "likewise, an offset for each band",
    "data ignore value": "stored instead of a value that is not known: 0 and counted as invalid",
    "bbl": "0 marks a bad band: dropped",
    "autodarkstartline": "frames from this line on, counted from 0, were taken with the shutter closed",
    "ceiling": "counts at which the sensor is full",
    "bit depth": "likewise, 2 to its power less 1",
    **dict.fromkeys(TIMES, "integration time"),
}

# Field -> (a value that changes nothing, what to do).
REFUSED = {
    "major frame offsets": (0, "Export the cube without frame offsets."),
    "minor frame offsets": (0, "Export the cube without frame offsets."),
    "file compression": (0, "Export the cube without compression."),
    "data reflectance gain values": (1, "Apply them and export reflectance, or delete the field."),
    "data reflectance offset values": (0, "Apply them and export reflectance, or delete the field."),
    "reflectance gain values": (1, "Apply them and export reflectance, or delete the field."),
    "reflectance offset values": (0, "Apply them and export reflectance, or delete the field."),
}

# Words of fields that are not known but would change the numbers -> a value that changes nothing (None: there is none).
_SUSPICIOUS = {
    **dict.fromkeys(("gain", "gains", "scale", "scaling", "multiplier"), 1.0),
    **dict.fromkeys(("offset", "offsets", "bias"), 0.0),
    **dict.fromkeys(("tint", "integration", "exposure", "shutter", "ignore", "nodata"), None),
}

_MS_PER_UNIT = {"": 1.0, "ms": 1.0, "s": 1e3, "us": 1e-3, "µs": 1e-3, "μs": 1e-3}

_NM_PER_UNIT = {
    **dict.fromkeys(("nm", "nanometer", "nanometre"), 1.0),
    **dict.fromkeys(("um", "µm", "μm", "micron", "micrometer", "micrometre"), 1e3),
    **dict.fromkeys(("mm", "millimeter", "millimetre"), 1e6),
    **dict.fromkeys(("cm", "centimeter", "centimetre"), 1e7),
    **dict.fromkeys(("m", "meter", "metre"), 1e9),
    **dict.fromkeys(("å", "angstrom", "ångström"), 0.1),
}
# nm = this / value.
_NM_TIMES_UNIT = {"wavenumber": 1e7, "cm-1": 1e7, "ghz": 299792458.0, "mhz": 299792458e3}
_OPTICAL_NM = (100.0, 1e6)
"""Ultraviolet to thermal infrared: what an imaging spectrometer sees."""


def read_header(header: Path) -> dict[str, Any]:
    """Return the fields of a header: keys in lower case, values as strings, or lists of strings where in braces.

    UTF-8, with or without a byte-order mark, or Latin-1.

    Raises:
        BoardbenchError: no ENVI header, a brace that is not closed, a field that is there twice, or one that would
            change the numbers and is not understood.
    """
    fields = _parsed(header, _text(header))
    _check(header, fields)
    return fields


def _text(header: Path) -> str:
    content = header.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _parsed(header: Path, text: str) -> dict[str, Any]:
    first, *lines = text.splitlines() or [""]
    if first.strip() != "ENVI":
        raise BoardbenchError(
            f"{header}: not a readable ENVI header: its first line is {first[:40]!r}, not 'ENVI'. Mend the header or "
            "export the cube again."
        )
    fields: dict[str, Any] = {}
    left = iter(line for line in lines if not line.lstrip().startswith(";"))
    for line in left:
        key, equals, value = line.partition("=")
        if not equals:
            continue
        key, value = " ".join(key.lower().split()), value.strip()
        if value.startswith("{"):
            while not value.endswith("}"):
                more = next(left, None)
                if more is None:
                    raise BoardbenchError(
                        f"{header}: not a readable ENVI header: field '{key}' opens '{{' and no '}}' closes it. Mend "
                        "the header or export the cube again."
                    )
                value = f"{value}\n{more.strip()}"
            value = value[1:-1].strip()
            value = value if key == "description" else [part.strip() for part in value.split(",")]
        if fields.setdefault(key, value) != value:
            raise BoardbenchError(
                f"{header}: field '{key}' is there twice, with different values. Delete the wrong one."
            )
    return fields


def _check(header: Path, fields: dict[str, Any]) -> None:
    """Refuse fields that change the numbers and are not understood."""
    for key, value in fields.items():
        if key in USED:
            continue
        values = numbers(value)
        if key in REFUSED:
            without, remedy = REFUSED[key]
            if any(value != without for value in values):
                raise BoardbenchError(f"{header}: field '{key}' is not supported. {remedy}")
            continue
        word = next((word for word in re.split(r"[^a-z]+", key) if word in _SUSPICIOUS), None)
        if word is None or all(math.isnan(value) or value == _SUSPICIOUS[word] for value in values):
            continue
        raise BoardbenchError(
            f"{header}: field '{key}' may change what the values mean, and it is not one that is known. If it does, "
            f"write what it says into '{TIMES[0]}' (ms), 'data gain values', 'data offset values', 'data ignore value' "
            f"or '{SCALE}'; if it does not, delete it."
        )


SCALE = "reflectance scale factor"


def listed(value: str | list[str]) -> list[str]:
    """Return the parts of a field's value."""
    return [value] if isinstance(value, str) else [part for part in value if part]


def number(text: Any) -> float:
    """Return a number, or NaN for text that is none."""
    try:
        return float(text)
    except (TypeError, ValueError):
        return math.nan


def numbers(value: str | list[str]) -> list[float]:
    """Return the parts of a field's value as numbers, NaN for text."""
    return [number(part) for part in listed(value)]


def count(header: Path, fields: dict[str, Any], key: str, at_least: int) -> int:
    """Return a field's whole number.

    Raises:
        BoardbenchError: for anything else.
    """
    value = number(fields[key])
    if not (value.is_integer() and value >= at_least):
        raise BoardbenchError(
            f"{header}: field '{key}' is {fields[key]!r}; it must be a whole number >= {at_least}. Correct "
            "the header or export the cube again."
        )
    return int(value)


def by_band(header: Path, fields: dict[str, Any], key: str, bands: int) -> np.ndarray | None:
    """Return a field's number for each band, (bands,), or None where it is absent.

    Raises:
        BoardbenchError: another number of values than bands, or one that is no finite number.
    """
    if not listed(fields.get(key, [])):
        return None
    values = np.array(numbers(fields[key]))
    if len(values) != bands:
        raise BoardbenchError(
            f"{header}: field '{key}' has {len(values)} values for bands = {bands}. Give one a band, or delete the "
            "field."
        )
    if not np.isfinite(values).all():
        wrong = next(text for text, value in zip(listed(fields[key]), values, strict=True) if not np.isfinite(value))
        raise BoardbenchError(f"{header}: field '{key}' holds {wrong!r}, which is no number. Correct it.")
    return values


def wavelengths(header: Path, fields: dict[str, Any], bands: int) -> np.ndarray | None:
    """Return band centres in nm, or None where the header gives none (or only their index).

    Without a unit, values below 100 are micrometres and others nm: no imaging sensor sees 100 nm.

    Raises:
        BoardbenchError: another number than bands, values that are no wavelengths, or an unknown unit.
    """
    values = by_band(header, fields, "wavelength", bands)
    unit = str(fields.get("wavelength units", "unknown")).strip().lower()
    if values is None or unit in ("index", "indices"):
        return None
    if not (values > 0).all():
        wrong = listed(fields["wavelength"])[int((values <= 0).argmax())]
        raise BoardbenchError(
            f"{header}: field 'wavelength' holds {wrong!r}, which is no wavelength. Correct it, or delete the field."
        )
    singular = unit.removesuffix("s") if len(unit) > 1 else unit
    if unit in ("unknown", ""):
        nm = values * (1e3 if values.max() < 100 else 1.0)
    elif singular in _NM_TIMES_UNIT:
        nm = _NM_TIMES_UNIT[singular] / values
    elif singular in _NM_PER_UNIT:
        nm = values * _NM_PER_UNIT[singular]
    else:
        raise BoardbenchError(
            f"{header}: field 'wavelength units' is {unit!r}, which is not known. Write nm, Micrometers, Angstroms, "
            "Wavenumber, GHz, MHz or another of ENVI's own, or Index where there are no wavelengths."
        )
    if nm.min() < _OPTICAL_NM[0] or nm.max() > _OPTICAL_NM[1]:
        raise BoardbenchError(
            f"{header}: fields 'wavelength' and 'wavelength units': {values.min():g} to {values.max():g} {unit} are "
            f"{nm.min():g} to {nm.max():g} nm, which no imaging sensor sees. Correct the unit."
        )
    return nm


def full_scale(header: Path, fields: dict[str, Any]) -> float | None:
    """Return the counts at which the sensor is full, or None where the header does not say.

    Raises:
        BoardbenchError: for a value that is no limit.
    """
    for key, most in (("ceiling", 2**32), ("bit depth", 32)):
        if key in fields:
            value = number(fields[key])
            if not 0 < value <= most:
                raise BoardbenchError(
                    f"{header}: field '{key}' is {fields[key]!r}, which is no limit of a sensor. Correct it, or delete "
                    "the field."
                )
            return value if key == "ceiling" else 2**value - 1
    return None


def integration_time(header: Path, fields: dict[str, Any]) -> tuple[str, float] | None:
    """Return the field that holds the integration time and its value in ms, or None where there is none.

    Raises:
        BoardbenchError: for a time that is not a positive number, or fields that say different times.
    """
    times = [(key, _milliseconds(header, key, part)) for key in TIMES for part in listed(fields.get(key, []))]
    if not times:
        return None
    if len({value for _, value in times}) > 1:
        said = ", ".join(f"'{key}' {value:g} ms" for key, value in times)
        raise BoardbenchError(
            f"{header}: fields for the integration time differ: {said}. Leave the one that belongs to these bands, as "
            "'tint', and delete the others."
        )
    return times[0]


def _milliseconds(header: Path, key: str, text: str) -> float:
    found = re.fullmatch(r"([-+.\deE]+)\s*([a-zµμ]*)", text.strip())
    value = number(found[1]) * _MS_PER_UNIT.get(found[2], math.nan) if found else math.nan
    if not (math.isfinite(value) and value > 0):
        raise BoardbenchError(
            f"{header}: field '{key}' is {text!r}, not a time in ms. Write the integration time there, such as "
            f"'{key} = 5.0', or delete the line in all headers of this capture to have equal times assumed."
        )
    return value
