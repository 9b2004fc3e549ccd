"""ENVI headers: their text as fields, and what each field means for the numbers.

A field that changes the meaning of the values is understood or refused, never passed over.
"""

import math
import re
from pathlib import Path
from typing import Any

from boardbench.captures.header_values import TIMES, numbers
from boardbench.errors import BoardbenchError

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
