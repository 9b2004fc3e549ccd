"""Broken files: what a valid one becomes by a few edits, of its bytes or of the values in it."""

import copy
import json
import math
from typing import Any

from hypothesis import strategies as st

TOKENS = (
    *(
        b"\0",
        b"\xff\xff\xff\xff",
        b"\x7f\xff\xff\xff",
        b"\n",
        b"\r",
        b" ",
        b",",
        b";",
        b"=",
        b"{",
        b"}",
        b'"',
        b"<",
        b"&x;",
    ),
    *(b"-1", b"0", b"1e999", b"nan", b"Infinity", b"0x10", b"99999999999999999999", b"9" * 5000, b"1" + b"0" * 400),
    *(b"[" * 50_000, b"<a>" * 5_000, b"a/" * 3_000, b"n" * 300, b"../", b"/etc/passwd", b"\xef\xbb\xbf", "é".encode()),
)
ODD = (
    *(None, True, False, 0, -1, 1.5, 2**31, 2**64, 10**400, 1e300, 5e-324, math.nan, math.inf, -math.inf),
    *(
        "",
        "x",
        "\0",
        "../../x",
        "n" * 300,
        "é",
        [],
        [[]],
        [1],
        {},
        {"a": 1},
        [None] * 5,
        "0,0",
        "nan",
        "@deep",
        "@long",
    ),
)


@st.composite
def edited(draw: st.DrawFn, valid: bytes) -> bytes:
    """Edit the bytes of a file in one to four places."""
    content = bytearray(valid)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        length = draw(st.sampled_from((1, 2, 4, 8, 40)))
        kind = draw(st.integers(0, 5))
        if kind == 0 and at < len(content):
            content[at] = draw(st.integers(0, 255))
        elif kind == 1:
            content[at : at + length] = draw(st.sampled_from(TOKENS))
        elif kind == 2:
            content[at:at] = draw(st.sampled_from(TOKENS))
        elif kind == 3:
            del content[at : at + length]
        elif kind == 4:
            content[at:at] = content[at : at + length]
        else:
            del content[at:]
    return bytes(content)


def _places(value: Any, path: tuple = ()) -> list[tuple]:
    found = [path]
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        found += _places(inner, (*path, key))
    return found


@st.composite
def odd(draw: st.DrawFn, valid: Any) -> Any:
    """Put odd values in one to three places of a plain value, or leave places out."""
    root = [copy.deepcopy(valid)]
    for _ in range(draw(st.integers(1, 3))):
        path = (0, *draw(st.sampled_from(_places(root[0]))))
        block = root
        for key in path[:-1]:
            block = block[key]
        if len(path) > 1 and draw(st.integers(0, 4)) == 0:
            del block[path[-1]]
        else:
            block[path[-1]] = copy.deepcopy(draw(st.sampled_from(ODD)))
    return root[0]


def broken(valid: bytes) -> st.SearchStrategy[bytes]:
    """Return files like a valid one, broken; of JSON in its values, too."""
    try:
        content = json.loads(valid)
    except ValueError:
        return edited(valid)
    return edited(valid) | odd(content).map(as_json)


def as_json(value: Any) -> bytes:
    """Write a value as JSON, with what no value can hold where its words stand: see ODD."""
    text = json.dumps(value)
    return text.replace('"@deep"', "[" * 50_000).replace('"@long"', "9" * 5_000).encode()
