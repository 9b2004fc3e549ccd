"""Lines from an open camera as events, in the form of the lines of a pipe: their numbers, and refused ones.

No Aravis here: a camera is anything that gives frames.
"""

import time
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from boardbench.camera.numbers import Numbers
from boardbench.camera.pixels import FORMATS, Format, decode
from boardbench.errors import BoardbenchError
from boardbench.stream.frames import Refused, Stopped

SILENT = 1.0
"""Seconds without a frame that count as one timeout; then the camera is asked whether it is still there."""
_SLICE = 0.1
COUNTS = ("incomplete", "underruns", "timeouts", "reconnections", "away_ms", "away_lines")
"""What is counted beside the lines; ``underruns``: frames for which this program had no free buffer."""


class Frame(NamedTuple):
    """A frame: its id, whether all of its packets came, pixel format, height and width, bytes (uint8, until the next).

    An incomplete frame has nothing more: where its first packet was lost, its id would be another's.
    """

    id: int = 0
    complete: bool = False
    code: int = 0
    shape: tuple[int, int] = (0, 0)
    data: np.ndarray | None = None


@dataclass(frozen=True)
class Settings:
    """What a camera is set to; integration time in ms and rate in lines/s are None where it does not say."""

    id: str
    model: str
    bands: int
    samples: int
    kind: str
    depth: int
    tint: float | None
    lines_per_s: float | None
    wraps: bool


class Camera(Protocol):
    """An open camera that sends frames."""

    settings: Settings

    def pop(self, seconds: float) -> Frame | None:
        """Return the next frame, or None where none comes in that time."""

    def alive(self) -> bool:
        """Say whether it still answers, and to this program."""

    def underruns(self) -> int:
        """Return the frames that found no free buffer."""

    def close(self) -> None:
        """Stop it and let it go."""


def grab(
    opened: Callable[[], Camera],
    target: Callable[[], np.ndarray],
    stopped: Callable[[], bool],
    counts: MutableMapping[str, int],
    begin: Callable[[int], None] = lambda first: None,
    reconnect: float = 0.0,
) -> Iterator[int | Refused]:
    """Yield the number of each line, counted from the first, as it is complete in the array that ``target()`` gave.

    Lines of incomplete frames are missing in the numbers, as those are of which nothing came.
    Where the camera goes away it is opened again for ``reconnect`` seconds; the lines meanwhile, reckoned from the
    mean rate before, are missing in the numbers.

    Args:
        opened: opens the camera and starts it.
        target: gives an array for the next line, uint16 (bands, samples).
        stopped: asked every 0.1 s.
        counts: gets ``COUNTS``.
        begin: is told the first frame's id.
        reconnect: seconds; 0: a camera that goes away is an error.

    Raises:
        Stopped: asked to stop.
        BoardbenchError: the camera is gone, or came back with other settings; or an id out of order.
    """
    camera: Camera | None = opened()
    settings, passed = camera.settings, 0
    numbers = Numbers(settings.id, settings.wraps)
    first = last = None
    away = False
    try:
        while True:
            frame = _next(camera, stopped, counts)
            counts["underruns"] = passed + camera.underruns()
            if frame is None:
                passed, gone = counts["underruns"], camera
                camera = None
                if reconnect:
                    gone.close()  # takes Aravis 10 s, which the end need not wait for
                camera, away = _reopened(opened, settings, stopped, reconnect), True
                counts["reconnections"] += 1
                continue
            if not frame.complete:
                counts["incomplete"] += 1
                continue
            now = time.monotonic()
            if first is None:
                begin(frame.id)
                first = now
            elif away:
                rate = numbers.last / (last - first) if last > first else settings.lines_per_s or 0.0
                lost = max(0, round(rate * (now - last)) - 1)
                numbers.begin_anew(lost)
                counts["away_ms"] += round(1000 * (now - last))
                counts["away_lines"] += lost
            away, last = False, now
            yield _line(frame, numbers.of(frame.id), target)
    finally:
        if camera is not None:
            camera.close()


def _line(frame: Frame, number: int, target: Callable[[], np.ndarray]) -> int | Refused:
    counts = target()
    kind: Format | None = FORMATS.get(frame.code)
    if kind is None or frame.shape != counts.shape or len(frame.data) < kind.size(counts.size):
        return Refused(number, *frame.shape)
    decode(frame.data, kind, counts)
    return number


def _next(camera: Camera, stopped: Callable[[], bool], counts: MutableMapping[str, int]) -> Frame | None:
    """Return the next frame, however long it takes (a belt may stand); None where the camera is gone."""
    until = time.monotonic() + SILENT
    while (frame := camera.pop(_SLICE)) is None:
        if stopped():
            raise Stopped
        if time.monotonic() >= until:
            counts["timeouts"] += 1
            if not camera.alive():
                return None
            until = time.monotonic() + SILENT
    if stopped():
        raise Stopped
    return frame


def _reopened(
    opened: Callable[[], Camera], settings: Settings, stopped: Callable[[], bool], reconnect: float
) -> Camera:
    """Open a camera that went away."""
    until, why = time.monotonic() + reconnect, ""
    while time.monotonic() < until:
        try:
            camera = opened()
        except BoardbenchError as error:
            why = f" ({error})"
            if stopped():
                raise Stopped from None
            time.sleep(_SLICE)
            continue
        if camera.settings == settings:
            return camera
        camera.close()
        raise BoardbenchError(
            f"camera {settings.id}: came back with other settings: {camera.settings}, before {settings}. Save its "
            "settings in the camera (UserSetSave), and start again."
        )
    waited = f" and did not come back in {reconnect:g} s{why}" if reconnect else ""
    raise BoardbenchError(
        f"camera {settings.id}: went away{waited}. Look at its cable, its power, and whether another program took it, "
        "then start again; what came before is written. With --reconnect SECONDS it is opened again."
    )
