"""What a stream needs, read and checked before any line is taken: source, references, and whether the model fits."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from boardbench.camera.aravis import settings_of
from boardbench.camera.lines import Settings
from boardbench.camera.pixels import FORMATS
from boardbench.captures.calibration import Factors, factors
from boardbench.captures.envi import Cube, open_cube
from boardbench.captures.grid import TOLERANCE_NM, Grid
from boardbench.captures.locate import Located, locate
from boardbench.captures.references import References, check_reference, read_references
from boardbench.errors import BoardbenchError
from boardbench.segmentation.drift.references import Seen, seen
from boardbench.stream.source import Feed, Live, Replay, open_feed
from boardbench.stream.windows import MIN_LINES

FEEDS = ("pipe:", "tcp://", "unix:")
CAMERA = "genicam:"
_SAME_TIME = 0.01
"""Share by which two integration times may differ and still be one: cameras round it to their clock."""


@dataclass(frozen=True)
class Inputs:
    """A source that is open, and the mean counts (bands, samples) of its references.

    ``exposure`` is t_white / t_raw, ``full_scale`` the counts at which the sensor is full, ``factors`` turn counts into
    reflectance, ``seen`` is compared with training's references.
    """

    source: Replay | Feed | Live
    white: np.ndarray
    dark: np.ndarray
    exposure: float
    full_scale: float
    factors: Factors
    seen: Seen


def check_flags(buffer: int, threads: int, lines: int | None, lines_per_s: float, reconnect: float = 0.0) -> None:
    """Refuse numbers that no stream can have.

    Raises:
        BoardbenchError: naming the flag.
    """
    for name, value, least in (("buffer", buffer, 2), ("threads", threads, 1), ("lines", lines, 1)):
        if value is not None and value < least:
            raise BoardbenchError(f"--{name} {value}: must be at least {least}.")
    if not 0 <= lines_per_s < float("inf"):
        raise BoardbenchError(f"--lines-per-s {lines_per_s}: must be a rate, or 0 for as fast as lines can be taken.")
    if not 0 <= reconnect < float("inf"):
        raise BoardbenchError(f"--reconnect {reconnect}: must be a number of seconds, or 0 to end with the camera.")


def check_model(model: Path, metadata: dict[str, Any]) -> None:
    """Refuse a model that cannot work on a belt.

    Raises:
        BoardbenchError: a model for reflectance, one for captures that are resized, or one of too many classes.
    """
    if len(metadata["classes"]) > 255:
        raise BoardbenchError(
            f"{model}: {len(metadata['classes'])} classes and 'not seen' do not fit into 8 bits. Merge some."
        )
    if metadata["sensor"]["kind"] != "raw":
        raise BoardbenchError(
            f"{model}: made for {metadata['sensor']['kind']} cubes, while a camera gives raw counts. Train on raw "
            "captures (kind raw in the sheet, with white and dark references) and export that run."
        )
    if metadata["size"] is not None:
        lines, samples = metadata["size"]
        raise BoardbenchError(
            f"{model}: trained on captures resized to {lines} x {samples}, but the lines of a belt cannot be resized: "
            "it has no length. Export its run with --size any, which says how it scores then, or train with size: null "
            "in segmentation.reflectance."
        )


def read_inputs(
    source: str,
    metadata: dict[str, Any],
    white: Path | None,
    dark: Path | None,
    tint: float | None,
    framed: bool,
    lines: int | None,
    reconnect: float = 0.0,
) -> Inputs:
    """Open the source and its references; arguments as of :func:`boardbench.stream.stream.stream`.

    Raises:
        BoardbenchError: references missing or of another size, another sensor than the model's, or a source that
            cannot be opened.
    """
    feed, live = source.startswith(FEEDS), source.startswith(CAMERA)
    _check_source_flags(source, {"--framed": framed, "--tint": tint is not None, "--reconnect": bool(reconnect)})
    if feed or live:
        if white is None or dark is None:
            raise BoardbenchError(
                f"source {source}: raw lines say neither their size nor their gain. Give --white and --dark, "
                "references taken with the camera as it is set now"
                + (f" (boardbench reference --camera {source.removeprefix(CAMERA)} --white)." if live else ".")
            )
        cube, white_dark = open_cube(white), None
    else:
        capture = _capture(Path(source), white, dark)
        cube, white, dark, white_dark = capture.source, capture.white, capture.dark, capture.white_dark
    _check_sensor(cube, metadata["sensor"])
    found = read_references(cube, white, dark, white_dark)
    settings = settings_of(source.removeprefix(CAMERA)) if live else None
    if settings is not None:
        tint = _check_camera(settings, cube, found, tint)
    exposure = found.exposure if tint is None else _exposure(cube, tint)
    means = (np.ascontiguousarray(mean.T, np.float32) for mean in found.counts())
    if feed:
        opened = open_feed(source, framed, lines)
    else:
        opened = Replay(cube, lines or cube.lines) if settings is None else Live(settings, lines, reconnect)
    sensor = metadata["sensor"]
    calibration = factors(replace(found, exposure=exposure), sensor["panel"])
    return Inputs(opened, *means, exposure, found.full_scale, calibration, seen(found, sensor["keep"]))


def _check_source_flags(source: str, given: dict[str, bool]) -> None:
    """Refuse flags that say nothing of this kind of source; ``given``: flag -> whether it was."""
    kinds = {"--framed": FEEDS, "--tint": (*FEEDS, CAMERA), "--reconnect": (CAMERA,)}
    kind = "a pipe or socket" if source.startswith(FEEDS) else "a camera" if source.startswith(CAMERA) else "a capture"
    for flag, value in given.items():
        if value and not source.startswith(kinds[flag]):
            raise BoardbenchError(
                f"{flag}: is of {', '.join(kinds[flag])}..., but {source} is {kind}. Leave {flag} away."
            )


def _check_camera(settings: Settings, white: Cube, found: References, tint: float | None) -> float | None:
    """Hold a camera's settings against its references, and return the integration time of its lines, ms."""
    check_reference(str(white.header), white.shape[1:], (settings.samples, settings.bands))
    recorded = {kind.name: kind.depth for kind in FORMATS.values()}.get(white.metadata.get("pixel format"))
    if recorded is not None and recorded != settings.depth:
        raise BoardbenchError(
            f"{white.header}: field 'pixel format': recorded with {recorded} bits, but camera {settings.id} gives "
            f"{settings.depth} ({settings.kind}). Set PixelFormat as it was, or record the references again."
        )
    if settings.tint is None:
        return tint
    if tint is not None:
        raise BoardbenchError(
            f"--tint {tint:g}: camera {settings.id} says its own integration time, {settings.tint:g} ms. Leave --tint "
            "away."
        )
    dark = found.tints["dark"]
    if dark is not None and abs(dark - settings.tint) > _SAME_TIME * settings.tint:
        raise BoardbenchError(
            f"--dark: taken with an integration time of {dark:g} ms, but camera {settings.id} is set to "
            f"{settings.tint:g} ms; what a dark reference counts grows with it. Record it again (boardbench reference "
            f"--camera {settings.id} --dark), or set the camera to {dark:g} ms."
        )
    return settings.tint


def _capture(path: Path, white: Path | None, dark: Path | None) -> Located:
    """Open a raw capture and find its references: its own, else those given."""
    found = locate(path, white, dark)
    if found.kind != "raw":
        raise BoardbenchError(
            f"{found.source.header}: a reflectance cube, while a camera gives raw counts. Give the raw capture with "
            "its references; for reflectance there is 'boardbench predict'."
        )
    if found.source.dtype.newbyteorder("=") != np.uint16:
        raise BoardbenchError(
            f"{found.source.header}: field 'data type' says {found.source.dtype.name}, but a camera's counts are "
            "uint16 (data type 12). Export the capture so, or take 'boardbench predict'."
        )
    return found


def _exposure(white: Cube, tint: float) -> float:
    if white.tint is None:
        raise BoardbenchError(
            f"{white.header}: field 'tint' (integration time, ms) is missing, so --tint {tint:g}, or a camera's "
            "own time, has nothing to be compared with. Add it there; of a pipe or socket, leave --tint away to have "
            "equal times assumed."
        )
    if not (math.isfinite(tint) and tint > 0):
        raise BoardbenchError(f"--tint {tint:g}: not an integration time in ms.")
    return white.tint / tint


def _check_sensor(cube: Cube, sensor: dict[str, Any]) -> None:
    """Refuse another sensor than the model was trained on, or lines that are too narrow."""
    found = Grid(cube.bands, cube.wavelengths)
    trained = Grid(sensor["bands"], None if sensor["wavelengths"] is None else np.array(sensor["wavelengths"]))
    if not found.same(trained):
        raise BoardbenchError(
            f"{cube.header}: fields 'bands' and 'wavelength': the lines have {found}, but the model was trained on "
            f"{trained} ({TOLERANCE_NM} nm apart is allowed). Set the camera's spectral binning as for training, "
            "or take a model trained on this camera."
        )
    if cube.samples < MIN_LINES:
        raise BoardbenchError(f"{cube.header}: field 'samples' is {cube.samples}; the network needs {MIN_LINES}.")
