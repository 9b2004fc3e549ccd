import multiprocessing
import os
import socket
import threading
import time
from multiprocessing.connection import Connection

import numpy as np
import pytest

from boardbench.camera.lines import Frame, Settings
from boardbench.captures.envi import open_cube
from boardbench.stream import source as source_module
from boardbench.stream.frames import frame
from boardbench.stream.ring import Ring
from boardbench.stream.source import Feed, Filler, Live, Replay, open_feed

CONTEXT = multiprocessing.get_context("spawn")


@pytest.fixture
def fill():
    """Return a function that fills a ring in this process and returns it with why the source ended."""

    def run(source, slots=50, shape=(6, 20), rate=0.0, parent=None, stop=0):
        ring = Ring(slots, *shape, CONTEXT)
        ring["stop"] = stop
        receive, send = CONTEXT.Pipe(duplex=False)
        Filler(ring, rate, os.getppid() if parent is None else parent).run(source, send)
        lines = []
        while (line := ring.take()) is not None:
            lines.append((line.number, line.arrived, line.counts.copy()))
            ring.done()
        return ring, lines, receive.recv()

    return run


def test_a_capture_comes_line_by_line_and_begins_anew(fill, capture, belt):
    for interleave in ("bil", "bip", "bsq"):
        ring, lines, ended = fill(Replay(open_cube(capture(11, interleave)), 25))
        assert ended == ("end", "")
        assert [number for number, _, _ in lines] == list(range(25))
        assert ring["known"] == 25
        counts = belt.counts(11)
        for number, _, got in lines:
            np.testing.assert_array_equal(got, counts[number % 11])


def test_the_clock_holds_lines_back(fill, capture):
    source, start = Replay(open_cube(capture(6)), 6), time.monotonic()
    _, lines, _ = fill(source, rate=200.0)
    # A line may be late, but never before its time; lines are 5 ms apart.
    assert all(arrived >= start + 0.005 * line for line, (_, arrived, _) in enumerate(lines))


def test_a_live_source_drops_and_counts_where_the_ring_is_full(fill, capture):
    ring, lines, ended = fill(Replay(open_cube(capture(11)), 11), slots=4, rate=1e5)
    assert [number for number, _, _ in lines] == [0, 1, 2, 3]
    assert (ring["dropped"], ring["known"], ended) == (7, 11, ("end", ""))


def test_at_rate_0_it_waits_and_hears_the_stop(fill, capture):
    source = Replay(open_cube(capture(11)), 11)
    _, lines, ended = fill(source, stop=1)
    assert (lines, ended) == ([], ("stopped", ""))
    # Its parent is gone, the ring is full and nobody reads it: it must not wait for ever.
    assert fill(source, slots=4, parent=-1)[2] == ("stopped", "")


def send(path, content):
    """Write to a named pipe once somebody reads it."""

    def write():
        with path.open("wb") as pipe:
            pipe.write(content)

    thread = threading.Thread(target=write)
    thread.start()
    return thread


def test_a_named_pipe(fill, belt, tmp_path):
    os.mkfifo(tmp_path / "lines")
    counts = belt.counts(5)
    feed = open_feed(f"pipe:{tmp_path / 'lines'}", False, None)
    thread = send(tmp_path / "lines", counts.tobytes() + bytes(7))
    ring, lines, ended = fill(feed)
    thread.join()
    np.testing.assert_array_equal([got for _, _, got in lines], counts)
    assert ended[0] == "error"
    for word in ("middle of line 5", "7 of 240 bytes", "6 bands x 20 samples", "white reference"):
        assert word in ended[1]
    assert (ring["cut_bytes"], ring["known"]) == (7, 5)


def test_a_file_of_lines_to_its_limit(fill, belt, tmp_path):
    (tmp_path / "lines.raw").write_bytes(belt.counts(9).tobytes())
    ring, lines, ended = fill(open_feed(f"pipe:{tmp_path / 'lines.raw'}", False, 4))
    assert (len(lines), ring["known"], ended) == (4, 4, ("end", ""))
    ring, lines, ended = fill(open_feed(f"pipe:{tmp_path / 'lines.raw'}", False, None), slots=3, rate=300.0)
    assert [number for number, _, _ in lines] == [0, 1, 2]
    assert (ring["dropped"], ring["known"]) == (6, 9)


def test_framed_lines_with_losses(fill, belt, tmp_path):
    counts, wide = belt.counts(3), np.zeros((6, 21), np.uint16)
    numbers = {50: counts[0], 51: wide, 55: counts[1], 56: counts[2]}
    content = b"".join(frame(number, line) for number, line in numbers.items())
    (tmp_path / "lines.raw").write_bytes(content)
    ring, lines, ended = fill(open_feed(f"pipe:{tmp_path / 'lines.raw'}", True, None))
    assert [number for number, _, _ in lines] == [0, 5, 6]
    np.testing.assert_array_equal([got for _, _, got in lines], counts)
    assert ended == ("end", "")
    found = {name: ring[name] for name in ("known", "lost", "refused", "dropped", "first")}
    assert found == {"known": 7, "lost": 3, "refused": 1, "dropped": 0, "first": 50}
    (tmp_path / "lines.raw").write_bytes(content + b"rubbish" * 9)
    ring, lines, ended = fill(open_feed(f"pipe:{tmp_path / 'lines.raw'}", True, None))
    assert (len(lines), ended[0]) == (3, "error")
    assert f"byte {len(content)} " in ended[1]


class Camera:
    """A camera that gives frames of a list, and is gone then."""

    settings = Settings("FX10", "Specim FX10", 6, 20, "Mono12", 12, 4.0, 100.0, True)

    def __init__(self, frames):
        self._frames = list(frames)

    def pop(self, seconds):
        return self._frames.pop(0) if self._frames else time.sleep(seconds)

    def alive(self):
        return False

    def underruns(self):
        return 3

    def close(self):
        pass


def test_a_camera_is_counted_as_framed_lines_are(fill, belt, monkeypatch):
    counts = belt.counts(4)
    whole = [Frame(0, True, 0x01100005, (6, 20), line.astype("<u2").view(np.uint8).ravel()) for line in counts]
    wide = whole[1]._replace(shape=(6, 21))
    ids = {65534: whole[0], 65535: wide, 4: whole[1], 0: Frame(), 6: whole[2], 8: whole[3]}
    frames = [frame._replace(id=number) for number, frame in ids.items()]
    monkeypatch.setattr(source_module, "started", lambda id: Camera(frames))
    monkeypatch.setattr("boardbench.camera.lines.SILENT", 0.05)
    # Of 65534, 65535, 1 to 8 are 1 to 3, 5 (in part) and 7 lost, 65535 is too wide.
    ring, lines, (word, message) = fill(Live(Camera.settings, None, 0.0))
    assert [number for number, _, _ in lines] == [0, 5, 7, 9]
    np.testing.assert_array_equal([got for _, _, got in lines], counts)
    assert (word, "went away" in message) == ("error", True)
    found = {name: ring[name] for name in ("known", "lost", "incomplete", "refused", "first", "timeouts", "underruns")}
    assert found == {
        **{"known": 10, "lost": 5, "incomplete": 1, "refused": 1, "first": 65534, "timeouts": 1, "underruns": 3}
    }
    ring, lines, ended = fill(Live(Camera.settings, 6, 0.0))
    assert (len(lines), ring["known"], ended) == (2, 6, ("end", ""))
    # A camera does not wait, whatever the rate.
    ring, lines, _ = fill(Live(Camera.settings, None, 0.0), slots=2)
    assert ([number for number, _, _ in lines], ring["dropped"], ring["known"]) == ([0, 5], 2, 10)


@pytest.mark.parametrize("family", ["unix", "tcp"])
def test_sockets(fill, belt, tmp_path, family):
    address = str(tmp_path / "camera") if family == "unix" else ("127.0.0.1", 0)
    with socket.socket(socket.AF_UNIX if family == "unix" else socket.AF_INET) as server:
        server.bind(address)
        server.listen()
        name = f"unix:{address}" if family == "unix" else f"tcp://127.0.0.1:{server.getsockname()[1]}"
        feed = open_feed(name, False, None)
        camera, _ = server.accept()

        def talk():
            camera.sendall(belt.counts(4).tobytes())
            camera.close()

        thread = threading.Thread(target=talk)
        thread.start()
        _, lines, ended = fill(feed)
        thread.join()
    np.testing.assert_array_equal([got for _, _, got in lines], belt.counts(4))
    assert ended == ("end", "")


def test_a_connection_that_breaks(fill):
    ours, theirs = socket.socketpair()
    # Unread bytes at the sender make its close a reset.
    ours.sendall(b"hello")
    theirs.close()
    _, lines, (word, message) = fill(Feed(Connection(ours.detach(), writable=False), False, None))
    assert (lines, word) == ([], "error")
    assert "broke at byte 0" in message
    assert "cable" in message


def test_sources_that_cannot_be_opened(tmp_path, says):
    for source, words in {
        f"pipe:{tmp_path / 'none'}": ("No such file", "mkfifo"),
        f"pipe:{tmp_path}": ("is a folder", "without 'pipe:'"),
        f"unix:{tmp_path / 'none'}": ("No such file", "first"),
        "tcp://127.0.0.1:1": ("refused", "Start the program"),
        "tcp://127.0.0.1": ("HOST:PORT", "tcp://camera:5000"),
        "tcp://camera:http": ("HOST:PORT",),
    }.items():
        says(lambda source=source: open_feed(source, False, None), "source", source, *words)
