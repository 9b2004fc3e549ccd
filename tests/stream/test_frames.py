import os
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardbench.stream.frames import HEADER, MAGIC, Cut, Reader, Refused, Stopped, frame, framed, unframed


def read(content, pieces=(1 << 16,)):
    """Return a pipe's end, to which bytes come in pieces of these sizes, over and over."""
    receive, send = os.pipe()

    def write():
        start, turn = 0, 0
        while start < len(content):
            size = pieces[turn % len(pieces)]
            os.write(send, content[start : start + size])
            start, turn = start + size, turn + 1
        os.close(send)

    threading.Thread(target=write).start()
    return os.fdopen(receive, "rb", buffering=0)


def all_of(events, target):
    """Return the events, a complete line as (number, counts)."""
    return [(event, target.copy()) if isinstance(event, int) else event for event in events]


def lines_of(content, shape, pieces=(1 << 16,), **arguments):
    target = np.zeros(shape, np.uint16)
    with read(content, pieces) as pipe:
        reader = Reader(pipe.fileno(), lambda: False)
        if arguments:
            return all_of(framed(reader, lambda: target, shape, **arguments), target)
        return all_of(unframed(reader, lambda: target), target)


pieces = st.lists(st.integers(1, 50), min_size=1, max_size=5)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 4), st.integers(1, 5), st.integers(0, 6), pieces, st.randoms(use_true_random=False))
def test_lines_come_whole_however_the_bytes_come(bands, samples, count, sizes, random):
    lines = [np.array([[random.randrange(65536)] * samples] * bands, np.uint16) for _ in range(count)]
    for found in (
        lines_of(b"".join(line.astype("<u2").tobytes() for line in lines), (bands, samples), sizes),
        lines_of(b"".join(map(frame, range(9, 9 + count), lines)), (bands, samples), sizes, begin=lambda _: None),
    ):
        assert [number for number, _ in found] == list(range(count))
        for (_, got), line in zip(found, lines, strict=True):
            np.testing.assert_array_equal(got, line)


def test_bytes_are_bil_little_endian():
    ((number, counts),) = lines_of(bytes([1, 0, 2, 0, 0, 1, 4, 0]), (2, 2))
    assert number == 0
    assert counts.tolist() == [[1, 2], [256, 4]]
    assert frame(3, counts) == MAGIC + bytes([3, *[0] * 7, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 2, 0, 0, 1, 4, 0])


@pytest.mark.parametrize(("size", "cut"), [(8, []), (9, [Cut(1, 8)]), (15, [Cut(7, 8)]), (0, [])])
def test_a_stream_that_ends_inside_a_line(size, cut):
    found = lines_of(bytes(size), (2, 2))
    assert [event for event in found if isinstance(event, Cut)] == cut
    assert len(found) - len(cut) == size // 8


def test_gaps_and_lines_of_another_width():
    line, wide = np.ones((2, 3), np.uint16), np.zeros((2, 300), np.uint16)
    begun = []
    content = frame(100, line) + frame(101, wide) + frame(105, line)
    found = lines_of(content, (2, 3), (7,), begin=begun.append)
    assert begun == [100]
    assert [found[0][0], found[1], found[2][0]] == [0, Refused(1, 2, 300), 5]
    assert lines_of(content[:-1], (2, 3), begin=begun.append)[-1] == Cut(HEADER.size + 11, HEADER.size + 12)
    assert lines_of(content + MAGIC, (2, 3), begin=begun.append)[-1] == Cut(8, HEADER.size + 12)
    inside_wide = content[: HEADER.size * 2 + 12 + 500]
    assert lines_of(inside_wide, (2, 3), begin=begun.append)[-1] == Cut(HEADER.size + 500, HEADER.size + 1200)


def test_lost_frames(says):
    line = np.ones((2, 3), np.uint16)

    def run(content):
        return lambda: lines_of(content, (2, 3), begin=lambda _: None)

    start = str(HEADER.size + 12)
    says(run(frame(0, line) + line.tobytes() + frame(1, line)), f"byte {start} ", "01 00 01 00", "BBLINE01", "--framed")
    says(run(frame(4, line) + frame(4, line)), "line number 4 follows 4", f"byte {start} ", "start boardbench again")
    says(run(frame(4, line) + frame(3, line)), "line number 3 follows 4")
    says(run(frame(0, line) + frame(1 << 40, line)), str(1 << 40), "100000 at most")
    says(run(HEADER.pack(MAGIC, 0, 1 << 20, 1 << 20)), "byte 0 ")
    says(run(HEADER.pack(MAGIC, 0, 0, 3)), "byte 0 ")
    says(run(HEADER.pack(b"BBLINE02", 0, 2, 3) + line.tobytes()), "byte 0 ", "42 42 4c 49 4e 45 30 32")
    says(run(HEADER.pack(MAGIC, 1 << 63, 2, 3) + line.tobytes()), "byte 0 ")


def test_a_reader_that_waits_can_be_stopped():
    receive, send = os.pipe()
    stop = []
    reader = Reader(receive, lambda: bool(stop) or stop.append(1))
    with pytest.raises(Stopped):
        reader.fill(memoryview(bytearray(4)))
    os.close(send)
    os.close(receive)
