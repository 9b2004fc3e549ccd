"""The JSON file of a stream."""

from typing import Any

from boardbench.artifacts import Artifact, Int, Number


class Stream(Artifact):
    """``stream.json``: what a stream was, lost and took; ``kept``: whether it kept up, as ``verdict`` says in words."""

    source: str
    model: dict[str, Any]
    ended: str
    lines: dict[str, Int | None]
    camera: dict[str, Any] | None = None
    drift: dict[str, Any]
    lines_per_s: dict[str, Number | None]
    kept: bool | None
    verdict: str
