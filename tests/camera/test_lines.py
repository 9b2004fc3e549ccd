import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from boardbench.camera import lines
from boardbench.camera.lines import Frame, Settings, grab
from boardbench.errors import BoardbenchError
from boardbench.stream.frames import Refused, Stopped

SETTINGS = Settings("FX10", "Specim FX10", 2, 3, "Mono12", 12, 5.0, 100.0, True)
GONE = object()


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """A clock that goes on by 0.01 s whenever it is read, and by what is slept."""
    ticks = itertools.count()

    class Clock:
        slept = 0.0

        def monotonic(self):
            return next(ticks) / 100 + self.slept

        def sleep(self, seconds):
            self.slept += seconds

    clock = Clock()
    monkeypatch.setattr(lines, "time", clock)
    return clock


class Scripted:
    """A camera that gives frames of a list; None: silence; GONE: it does not answer any more."""

    def __init__(self, script, clock, settings=SETTINGS):
        self.settings, self._script, self._clock, self.closed, self._gone = settings, list(script), clock, 0, False

    def pop(self, seconds):
        assert self._gone or self._script, "asked for more frames than its script has: it would wait for ever"
        frame = None if self._gone else self._script.pop(0)
        if frame is GONE:
            self._gone, frame = True, None
        if frame is None:
            self._clock.slept += seconds
        return frame

    def alive(self):
        return not self._gone

    def underruns(self):
        return 2

    def close(self):
        self.closed += 1


def whole(number, value=0, code=0x01100005, shape=(2, 3)):
    return Frame(number, True, code, shape, np.full(shape, value, "<u2").view(np.uint8).ravel())


def collect(*cameras, reconnect=0.0, stopped=lambda: False, most=99):
    """Return the events, the counts of whole lines, what was counted, and the error or stop that ended it."""
    left, target, counts, found, got = list(cameras), np.zeros((2, 3), np.uint16), Counter(), [], []

    def opened():
        camera = left.pop(0) if left else None
        if camera is None:
            raise BoardbenchError("camera FX10: cannot be opened.")
        return camera

    events = grab(opened, lambda: target, stopped, counts, found.append, reconnect)
    seen, ended = [], None
    try:
        for event in itertools.islice(events, most):
            seen.append(event)
            if isinstance(event, int):
                got.append(int(target[0, 0]))
    except (BoardbenchError, Stopped) as error:
        ended = error
    events.close()
    return seen, got, dict(counts), found, ended


def test_lines_losses_and_frames_that_are_none(clock):
    script = [whole(65534, 7), Frame(), None, whole(3, 9), whole(4, shape=(2, 4)), whole(5, code=0x01080001)]
    script.append(whole(6)._replace(data=np.zeros(11, np.uint8)))
    camera = Scripted(script, clock)
    seen, got, counts, first, ended = collect(camera, most=5)
    # Of 65534, 65535, 1, 2, 3 are three lost, one of them in part.
    assert seen == [0, 4, Refused(5, 2, 4), Refused(6, 2, 3), Refused(7, 2, 3)]
    assert (got, first, ended, camera.closed) == ([7, 9], [65534], None, 1)
    assert counts == {"underruns": 2, "incomplete": 1}


def test_a_belt_that_stands_is_counted_and_awaited(clock):
    # Each silence takes 0.1 s, and the clock's own ticks are few against it: 35 make three seconds at least.
    seen, got, counts, _, _ = collect(Scripted([whole(1), *[None] * 35, whole(2, 4)], clock), most=2)
    assert (seen, got) == ([0, 1], [0, 4])
    assert counts["timeouts"] == 3


def test_a_camera_that_goes_away_ends_it_with_what_came(clock):
    camera = Scripted([whole(1), whole(2), GONE], clock)
    seen, _, counts, _, ended = collect(camera)
    assert (seen, counts["timeouts"], camera.closed) == ([0, 1], 1, 0)
    for word in ("camera FX10", "went away", "--reconnect"):
        assert word in str(ended)


def test_it_is_opened_again_and_the_lines_between_are_reckoned(clock):
    before = Scripted([*map(whole, range(1, 12)), GONE], clock)
    after = Scripted([whole(1), whole(2)], clock)
    seen, _, counts, first, _ = collect(before, None, after, reconnect=5.0, most=13)
    assert seen[:11] == list(range(11))
    assert (first, before.closed, counts["reconnections"]) == ([1], 1, 1)
    # Lines came 0.02 s apart: as many were missed as fit into the time away, and the next follow each other.
    assert counts["away_lines"] == seen[11] - 11 == round(counts["away_ms"] / 20) - 1 > 30
    assert seen[12] == seen[11] + 1
    assert counts["underruns"] == 4


def test_one_that_does_not_come_back_in_time_or_with_other_settings(clock):
    ended = collect(Scripted([whole(1), GONE], clock), reconnect=3.0)[-1]
    for word in ("did not come back in 3 s", "cannot be opened"):
        assert word in str(ended)
    other = Scripted([whole(1)], clock, replace(SETTINGS, tint=6.0))
    ended = collect(Scripted([whole(1), GONE], clock), other, reconnect=3.0)[-1]
    assert "other settings" in str(ended)
    assert other.closed == 1


def test_it_hears_the_stop_while_lines_come_and_in_silence(clock):
    for script in ([whole(1)], [None]):
        camera = Scripted(script * 5, clock)
        assert isinstance(collect(camera, stopped=lambda: True)[-1], Stopped)
        assert camera.closed == 1
