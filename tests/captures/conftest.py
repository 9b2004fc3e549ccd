from pathlib import Path

import numpy as np
import pytest

_CODES = {"uint8": 1, "int16": 2, "float32": 4, "float64": 5, "uint16": 12, "int32": 3, "uint32": 13}
_ORDERS = {"bil": (0, 2, 1), "bip": (0, 1, 2), "bsq": (2, 0, 1)}


def write_envi(path: Path, values: np.ndarray, interleave: str = "bil", data: str = ".raw", **fields) -> Path:
    """Write (lines, samples, bands) as ENVI; a field of None is left out; underscores of keys become spaces."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values.transpose(_ORDERS.get(interleave.lower(), (0, 2, 1))).tofile(path.with_suffix(data))
    header = {
        "samples": values.shape[1],
        "lines": values.shape[0],
        "bands": values.shape[2],
        "header offset": 0,
        "data type": _CODES[values.dtype.newbyteorder("=").name],
        "interleave": interleave,
        "byte order": 1 if values.dtype.byteorder == ">" else 0,
    }
    header |= {key.replace("_", " "): value for key, value in fields.items()}
    lines = [f"{key} = {value}" for key, value in header.items() if value is not None]
    path.write_text("\n".join(["ENVI", *lines]) + "\n")
    return path


@pytest.fixture(name="write_envi")
def _write_envi():
    return write_envi


@pytest.fixture
def says():
    """Return a check that a call fails with a message that holds all the words given."""
    from boardbench.errors import BoardbenchError

    def check(call, *words):
        with pytest.raises(BoardbenchError) as caught:
            call()
        message = str(caught.value)
        for word in words:
            assert str(word) in message, f"{word!r} is not in: {message}"
        return message

    return check
