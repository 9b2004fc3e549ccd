"""Models of JSON files: what is kept, what is refused and how, and how a file is written."""

import json
from typing import ClassVar

import pytest
from pydantic import Field

from boardbench.artifacts import Artifact, Int, Number, read, write
from boardbench.integrity import record_of


class Inner(Artifact):
    score: Number | None
    counts: list[Int] = Field([])


class Outer(Artifact):
    former: ClassVar = {"best": "kept"}
    kept: Int
    inner: Inner
    word: str | None = None


GOOD = {"later": {"b": 1, "a": [None]}, "inner": {"counts": [2, 1], "more": "x", "score": 3}, "kept": 4}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "outer.json"


def test_a_file_is_written_as_it_was_read(path):
    text = json.dumps(GOOD, indent=2) + "\n"
    path.write_text(text)
    write(path.with_name("again.json"), read(path, Outer, "v"))
    assert path.with_name("again.json").read_text() == text
    assert record_of(path.with_name("again.json")).is_file()


def test_what_a_model_does_not_name_is_kept_and_what_is_not_there_has_its_default(path):
    write(path, Outer(**GOOD), record=False)
    found = read(path, Outer, "v")
    assert (found.kept, found.word, found.inner.score, found.later) == (4, None, 3, {"b": 1, "a": [None]})
    assert not record_of(path).exists()


def test_a_former_name_is_read_as_the_new_one(path):
    path.write_text(json.dumps({"best": 2, "inner": {"score": None}}))
    found = read(path, Outer, "v")
    assert found.model_dump() == {"kept": 2, "inner": {"score": None}}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["no such file", "Make it"]),
        ("{", ["not valid JSON", "Delete it"]),
        (b"\xff", ["not valid JSON"]),
        ("3", ["not a JSON object"]),
        ({}, ["field kept is missing", "field inner is missing"]),
        (GOOD | {"inner": None}, ["field inner is missing"]),
        (GOOD | {"inner": []}, ["field inner: not a JSON object"]),
        (GOOD | {"kept": 1.0}, ["field kept: "]),
        (GOOD | {"kept": True}, ["field kept: "]),
        (GOOD | {"kept": "4"}, ["field kept: "]),
        (GOOD | {"inner": {"score": "0.5"}}, ["field inner.score: "]),
        (GOOD | {"inner": {"score": float("nan")}}, ["field inner.score: "]),
        (GOOD | {"inner": {"score": 1, "counts": [1, "2"]}}, ["field inner.counts.1: "]),
    ],
)
def test_a_bad_file_is_named_with_field_and_verb(path, says, content, words):
    if content is not None:
        path.write_bytes(
            content
            if isinstance(content, bytes)
            else str.encode(content if isinstance(content, str) else json.dumps(content))
        )
    says(lambda: read(path, Outer, "study verb"), f"{path}: ", "boardbench study verb", *words)


def test_a_damaged_file_is_refused(path, says):
    write(path, Outer(**GOOD))
    path.write_text(path.read_text().replace("4", "5"))
    says(lambda: read(path, Outer, "v"), path, record_of(path).name)
