"""The JSON file of a capture."""

from typing import Any

from boardbench.artifacts import Artifact, Int


class CaptureReport(Artifact):
    """``reflectance/<capture>.json``: what became of a capture; counts are None where they cannot be known."""

    wavelengths: list[float] | None
    kind: str
    sensor: dict[str, Any]
    resize: str
    original: dict[str, Int]
    working: dict[str, Int]
    values: Int
    invalid: Int
    saturated: Int | None
    white_saturated: Int | None = None
    white_left_out: Int | None = None
    dark_left_out: Int | None = None
    clipped_low: Int
    clipped_high: Int
    outside_board: Int | None = None
    audit: str | None = None
    """Protocol of a split that leaks, whose mask lies beside it; None: the capture's own mask."""
