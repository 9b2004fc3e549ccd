import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from boardbench.stream.windows import MIN_LINES, STRIDE, Gather, check, windows

margins = st.integers(1, 3).map(lambda count: count * STRIDE)


@st.composite
def sizes(draw):
    margin = draw(margins)
    return 2 * margin + STRIDE * draw(st.integers(1, 4)), margin


def test_three_windows_by_hand():
    # Step 64: the first keeps its upper margin, the last its lower one and is shorter.
    assert list(windows(250, 128, 32)) == [(0, 128, 0, 96), (64, 192, 96, 160), (128, 250, 160, 250)]
    # A belt that ends with a window: its last margin still has to come out.
    assert list(windows(128, 128, 32)) == [(0, 128, 0, 96), (64, 128, 96, 128)]
    assert list(windows(5, 128, 32)) == [(0, 5, 0, 5)]
    assert list(windows(0, 128, 32)) == []


@given(st.integers(1, 2000), sizes())
def test_every_line_is_kept_once_and_away_from_inner_edges(lines, size):
    found = list(windows(lines, *size))
    kept = [line for each in found for line in range(each.keep_first, each.keep_last)]
    assert kept == list(range(lines))
    for each in found:
        assert each.first % STRIDE == 0
        assert each.last - each.first <= size[0]
        assert each.last - each.first >= min(lines, MIN_LINES)
        assert each.first == 0 or each.keep_first - each.first >= size[1]
        assert each.last == lines or each.last - each.keep_last >= size[1]


@given(st.integers(1, 700), sizes())
def test_gathered_lines_are_those_of_the_windows(lines, size):
    belt = np.arange(lines * 6, dtype=np.float32).reshape(2, lines, 3)
    seen = np.arange(lines) % 5 != 1
    gather = Gather(2, 3, *size)
    blocks = [gather.add(belt[:, line], seen[line], float(line)) for line in range(lines)]
    blocks = [block for block in [*blocks, gather.finish()] if block]
    assert [block.window for block in blocks] == list(windows(lines, *size))
    for block in blocks:
        part = slice(block.window.first, block.window.last)
        np.testing.assert_array_equal(block.values, belt[:, part])
        np.testing.assert_array_equal(block.seen, seen[part])
        np.testing.assert_array_equal(block.arrived, np.arange(lines)[part])


def test_no_line_no_window():
    assert Gather(1, 1, 96, 32).finish() is None


def test_sizes_that_do_not_tile(says):
    check(96, 32)
    says(lambda: check(100, 32), "--window 100", "multiple of 32", "--window 96")
    says(lambda: check(128, 40), "--margin 40", "--margin 32")
    says(lambda: check(128, 0), "--margin 0", "--margin 32")
    says(lambda: check(128, 64), "--window 128", "64 lines", "--window 160")


def test_every_backbone_has_a_stride_that_fits():
    from boardbench.segmentation import backbones

    for name in backbones.names():
        assert STRIDE % backbones.get(name).stride == 0, name
