import multiprocessing
from collections import deque

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from boardbench.stream.ring import Ring

CONTEXT = multiprocessing.get_context("spawn")


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5), st.lists(st.booleans(), max_size=60))
def test_behaves_as_a_bounded_queue(slots, steps):
    ring, expected, number = Ring(slots, 2, 3, CONTEXT), deque(), 0
    for put in steps:
        if put:
            slot = ring.reserve()
            assert (slot is None) == (len(expected) == slots)
            if slot is not None:
                slot[:] = number
                ring.commit(number, number / 2)
                expected.append(number)
            number += 1
        else:
            line = ring.take()
            assert (line is None) == (not expected)
            if line is not None:
                wanted = expected.popleft()
                assert (line.number, line.arrived) == (wanted, wanted / 2)
                np.testing.assert_array_equal(line.counts, np.full((2, 3), wanted))
                ring.done()


def test_a_full_ring_keeps_what_is_in_it():
    ring = Ring(1, 1, 2, CONTEXT)
    ring.reserve()[:] = 7
    ring.commit(0, 0.0)
    assert ring.reserve() is None
    assert ring.take().counts.tolist() == [[7, 7]]
    # The reader still holds it.
    assert ring.reserve() is None
    ring.done()
    assert ring.reserve() is not None


def test_waking_gives_no_line_and_loses_none():
    ring = Ring(2, 1, 1, CONTEXT)
    ring.wake()
    assert ring.take(10) is None
    ring.reserve()[:] = 5
    ring.commit(3, 0.0)
    assert ring.take().number == 3
    ring.done()
    assert ring.take() is None


def _other_side(ring):
    ring["stop"] = 4
    for number in range(7):
        ring.reserve(10)[:] = number
        ring.commit(number, 1.5)
    ring["known"] += 7


def test_another_process_maps_the_same_memory():
    ring = Ring(3, 2, 4, CONTEXT)
    other = CONTEXT.Process(target=_other_side, args=(ring,))
    other.start()
    for number in range(7):
        line = ring.take(20)
        assert (line.number, line.arrived, line.counts.sum()) == (number, 1.5, 8 * number)
        ring.done()
    other.join()
    assert (ring["stop"], ring["known"], ring["dropped"], len(ring), ring.shape) == (4, 7, 0, 3, (2, 4))
