"""Text is UTF-8 whatever the machine's locale says: every call that opens text names its encoding."""

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src/boardbench"


def unnamed(source: str) -> list[int]:
    """Return the lines of calls that open text without naming its encoding."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        given = {word.arg: word.value for word in node.keywords}
        method = isinstance(node.func, ast.Attribute)
        name = node.func.attr if method else getattr(node.func, "id", "")
        if {"encoding", "formats", "mmap_mode"} & given.keys():
            continue
        if (name in ("read_text", "write_text") and method) or (
            isinstance(given.get("text"), ast.Constant) and given["text"].value is True
        ):
            lines.append(node.lineno)
        if name == "open" and not (method and isinstance(node.func.value, ast.Name) and node.func.value.id in OTHERS):
            place = 0 if method else 1
            mode = given.get("mode", node.args[place] if len(node.args) > place else None)
            text = mode is None or (isinstance(mode, ast.Constant) and "b" not in str(mode.value))
            lines += [node.lineno] if text else []
    return lines


OTHERS = ("Image", "os", "tarfile", "webbrowser", "packed", "wave", "member")
"""What has an ``open`` that is none of text."""


FILES = sorted(SRC.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(path.parts[-2:]))
def test_text_is_opened_as_utf_8(path):
    assert unnamed(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("path.read_text()", [1]),
        ("path.write_text(x)", [1]),
        ("path.write_text(x, encoding='utf-8')", []),
        ("open(p)", [1]),
        ("open(p, 'rb')", []),
        ("path.open('a')", [1]),
        ("path.open(mode='ab')", []),
        ("Image.open(p)", []),
        ("subprocess.run(x, text=True)", [1]),
        ("subprocess.run(x, encoding='utf-8')", []),
    ],
)
def test_the_check_itself(source, found):
    assert unnamed(source) == found
