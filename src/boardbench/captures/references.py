"""The references that belong to one raw capture: opened, checked against each other and averaged."""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from boardbench.captures.average import Reference, average_reference
from boardbench.captures.envi import Cube, open_cube, open_dark
from boardbench.errors import BoardbenchError

SATURATED = 4095
"""Counts at which a 12-bit sensor (Specim FX10) is full."""

_FULL_16_BIT = 65520
"""Likewise where counts of 16 bits are written; 12-bit counts shifted to the left end there, too."""

_THREADS = 2


@dataclass(frozen=True)
class References:
    """The averaged references of one raw capture.

    Attributes:
        white: of the panel.
        dark: with the shutter closed, for the capture.
        white_dark: likewise for the white; ``dark`` where it has none of its own.
        exposure: integration time of the white / that of the capture.
        full_scale: counts at which the sensor is full.
        tints: integration times, ms, by kind of file.
    """

    white: Reference
    dark: Reference
    white_dark: Reference
    exposure: float
    full_scale: float
    tints: dict[str, float | None]

    def counts(self) -> tuple[np.ndarray, np.ndarray]:
        """Return mean counts of white and dark, (samples, bands) float64, for readers that take one dark.

        The white is then as it would be above the capture's dark.
        """
        return self.white.mean - self.white_dark.mean + self.dark.mean, self.dark.mean


def read_references(
    source: Cube, white: Path, dark: Path, white_dark: Path | None = None, full_scale: float | None = None
) -> References:
    """Return the averaged references of a raw capture.

    Args:
        source: the capture.
        white: white reference.
        dark: dark reference; the capture's own path for frames that it ends with (field 'autodarkstartline').
        white_dark: dark reference of the white; None: frames that the white ends with, where it does, else ``dark``.
        full_scale: counts at which the sensor is full; None: what a header says, else 4095, or 65520 where any count
            of the references, or of sixteen lines of the capture, is above 4095.

    Raises:
        BoardbenchError: references of another width or band count, or an unclear integration time.
    """
    opened = {"white": open_cube(white), "dark": open_dark(dark)}
    if opened["dark"].header == source.header and not source.shutter_lines:
        raise BoardbenchError(
            f"{source.header}: the capture is named as its own dark reference, and it has no frames with the shutter "
            "closed (field 'autodarkstartline'). Give its dark reference."
        )
    if white_dark is not None or opened["white"].shutter_lines:
        opened["white_dark"] = open_dark(white_dark or white)
    for reference in opened.values():
        check_reference(str(reference.header), reference.shape[1:], source.shape[1:])
    exposure, tints = _exposure(source, opened)
    with ThreadPoolExecutor(_THREADS) as pool:
        averages = dict(zip(opened, pool.map(average_reference, opened.values()), strict=True))
    averages.setdefault("white_dark", averages["dark"])
    return References(
        **averages, exposure=exposure, full_scale=full_scale or _full_scale(source, opened, averages), tints=tints
    )


def _exposure(source: Cube, opened: dict[str, Cube]) -> tuple[float, dict[str, float | None]]:
    """Return t_white / t_raw, and each file's integration time; 1 where none is known, which assumes equal ones."""
    cubes = {"cube": source, **opened}
    tints = {kind: cube.tint for kind, cube in cubes.items()}
    names = {kind: str(cube.header) for kind, cube in cubes.items()}
    fields = {cube.tint_field for cube in cubes.values()} - {None}
    if len(fields) > 1:
        said = ", ".join(f"{names[kind]}: '{cube.tint_field}'" for kind, cube in cubes.items())
        raise BoardbenchError(
            f"integration times are in different fields, which may have different units ({said}). Write them all as "
            "'tint', in ms."
        )
    return exposure_ratio(tints["cube"], tints["white"], tints["dark"], raw=names.pop("cube"), **names), tints


def _full_scale(source: Cube, opened: dict[str, Cube], averages: dict[str, Reference]) -> float:
    """Return the counts at which the sensor is full, as the headers or the counts themselves say."""
    said = next((limit for cube in (source, *opened.values()) if (limit := cube.full_scale)), None)
    if said is not None:
        return said
    highest = max(float(np.nanmax(average.highest, initial=0)) for average in averages.values())
    block = source.glance()
    unknown = source.unknown(block)
    highest = max(highest, float(np.nanmax(block if unknown is None else block[~unknown], initial=0)))
    return _FULL_16_BIT if highest > SATURATED else SATURATED


def exposure_ratio(tint_raw: float | None, tint_white: float | None, tint_dark: float | None, **names: str) -> float:
    """Return t_white / t_raw; 1 where no integration time is known, which assumes equal ones.

    ``names`` (raw, white, dark) say in an error which file a time belongs to.

    Raises:
        BoardbenchError: where some times are known and others not, or one is not positive.
    """
    tints = {"raw": tint_raw, "white": tint_white, "dark": tint_dark}
    absent = [names.get(kind, f"the {kind} capture") for kind, tint in tints.items() if tint is None]
    if len(absent) == len(tints):
        return 1.0
    if absent:
        raise BoardbenchError(
            f"{', '.join(absent)}: field 'tint' (integration time, ms) is missing, but the other headers of "
            "this capture have it. Add 'tint = ...' there as it was at the scan, or delete it in all of "
            "them to have equal times assumed."
        )
    for kind, tint in tints.items():
        if not (math.isfinite(tint) and tint > 0):
            raise BoardbenchError(
                f"{names.get(kind, f'the {kind} capture')}: integration time {tint} is not a positive number "
                "of ms. Correct the field 'tint'."
            )
    return tint_white / tint_raw


def check_reference(name: str, found: tuple[int, int], expected: tuple[int, int]) -> None:
    """Refuse a reference of another width or band count than the capture; both shapes are (samples, bands).

    Raises:
        BoardbenchError: naming the reference and both shapes.
    """
    if tuple(found) != tuple(expected):
        raise BoardbenchError(
            f"{name}: the reference has samples = {found[0]}, bands = {found[1]}, the capture has samples = "
            f"{expected[0]}, bands = {expected[1]}. Use references taken with the capture's own binning and "
            "region of interest, or crop them to it."
        )
