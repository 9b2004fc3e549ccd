"""What the fields of an ENVI header say as numbers: sizes, types, wavelengths, times, limits and bad bands."""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
from spectral.io import envi

from boardbench.errors import BoardbenchError

TIMES = ("tint", "tint1", "tint2", "integration time", "exposure time", "exposure", "shutter")
"""Fields for the integration time, ms unless they name a unit. Cameras of two sensors write one for each."""

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

_REAL_TYPES = {code: np.dtype(char) for code, char in envi.envi_to_dtype.items() if np.dtype(char).kind in "iuf"}


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


def value_type(header: Path, fields: dict[str, Any]) -> np.dtype:
    """Return the type of a stored value, with its byte order.

    Raises:
        BoardbenchError: for a type that is not real, or an unknown order.
    """
    order = fields.get("byte order", "0")
    if order not in ("0", "1"):
        raise BoardbenchError(
            f"{header}: field 'byte order' is {order!r}. Write 0 (little-endian, as cameras write) or 1."
        )
    dtype = _REAL_TYPES.get(str(fields["data type"]))
    if dtype is None:
        kinds = ", ".join(f"{code} ({kind.name})" for code, kind in _REAL_TYPES.items())
        raise BoardbenchError(
            f"{header}: data type {fields['data type']!r} is not supported. Export the cube with one of: {kinds}."
        )
    return dtype.newbyteorder(">" if order == "1" else "<")


def ignored_value(header: Path, fields: dict[str, Any], dtype: np.dtype) -> float | None:
    """Return the stored value that stands for an unknown one; None where there is none, or none of this type can.

    Raises:
        BoardbenchError: for text that is no number.
    """
    if "data ignore value" not in fields:
        return None
    value = number(fields["data ignore value"])
    if math.isnan(value):
        if str(fields["data ignore value"]).lower() == "nan":  # never finite, so never a value
            return None
        raise BoardbenchError(
            f"{header}: field 'data ignore value' is {fields['data ignore value']!r}, which is no number. Correct it, "
            "or delete it."
        )
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            return float(np.asarray(value).astype(dtype))
    limits = np.iinfo(dtype)
    return value if value.is_integer() and limits.min <= value <= limits.max else None


def good_bands(header: Path, fields: dict[str, Any], bands: int) -> np.ndarray | None:
    """Return which bands are good; None where the header does not say, or all are.

    Raises:
        BoardbenchError: for factors other than 0 and 1.
    """
    values = by_band(header, fields, "bbl", bands)
    if values is None or (values == 1).all():
        return None
    if not np.isin(values, (0, 1)).all():
        raise BoardbenchError(
            f"{header}: field 'bbl' holds factors other than 0 (a bad band) and 1. Apply them and export the cube, or "
            "write 0 and 1."
        )
    return values == 1
