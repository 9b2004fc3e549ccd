"""Components line by line: by hand, and against those of the whole class map."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from boardbench.segmentation.components import components
from boardbench.stream.results import runs
from boardbench.stream.tracker import BRIDGED, Scale, Tracker, scale_of

NAMES = ["others", "ic", "capacitor"]
SAME = ("class", "pixels", "first_line", "first_sample", "last_line", "last_sample", "centre_line", "centre_sample")
SAME += ("share", "angle")
LINES = [[1, 1, 0, 0, 2], [0, 0, 1, 0, 0], [0, 0, 0, 0, 0], [0, 2, 2, 2, 2]]


def track(classes, scale=None, lost=()):
    """Return the components of a class map, and after which line each came (None: at the end)."""
    tracker, found = Tracker(NAMES, scale), []
    for number, row in enumerate(classes):
        ended = tracker.lost() if number in lost else tracker.line(number, runs(row, 0), 10.0 + number, number != 1)
        found += [(number, *one) for one in ended]
    return found + [(None, *one) for one in tracker.finish()]


def test_by_hand():
    # The capacitor at the right ends with line 0, the IC, which touches at a corner, with line 1.
    found = track(np.array(LINES, np.uint8), Scale(line=0.5, sample=0.25))
    assert [(after, arrived) for after, _, arrived in found] == [(1, 10.0), (2, 11.0), (None, 13.0)]
    assert found[0][1] == {
        **{"component": 1, "class": "capacitor", "pixels": 1, "share": 1.0, "trusted": True, "angle": None},
        **{"first_line": 0, "last_line": 0, "first_sample": 4, "last_sample": 4, "centre_line": 0, "centre_sample": 4},
        **{"area_mm2": 0.125, "centre_mm": [0.25, 1.12], "size_mm": [0.5, 0.25]},
    }
    ic, capacitor = found[1][1], found[2][1]
    # Samples 0, 1, 2 in lines 0, 0, 1: variances 2/3 and 2/9, covariance 1/3; in mm^2 1/24, 1/18 and 1/24.
    assert (ic["pixels"], ic["share"], ic["trusted"], ic["angle"]) == (3, 1.0, False, 49.7)
    assert (capacitor["angle"], capacitor["size_mm"], capacitor["component"]) == (0.0, [0.5, 1.0], 3)


def test_arms_that_meet_are_one_from_their_first_line():
    classes = np.array([[1, 0, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1]], np.uint8)
    found = track(classes)
    assert [(after, one["pixels"]) for after, one, _ in found] == [(None, 8)]
    assert found[0][1]["share"] == round(8 / 12, 4)  # two of four pixels in two lines


def test_lost_lines_are_bridged_up_to_a_limit():
    classes = np.ones((BRIDGED + 3, 2), np.uint8)
    few, many = range(1, BRIDGED + 1), range(1, BRIDGED + 2)
    assert [one["pixels"] for _, one, _ in track(classes, lost=few)] == [6]
    assert [(after, one["pixels"]) for after, one, _ in track(classes, lost=many)] == [(BRIDGED + 1, 2), (None, 2)]


@pytest.mark.parametrize(
    ("lines", "wanted"), [((False, True), False), ((None, True), True), ((None, None), None), ((True, None), True)]
)
def test_one_line_that_is_not_trusted_is_enough(lines, wanted):
    tracker = Tracker(NAMES)
    for number, trusted in enumerate(lines):
        assert list(tracker.line(number, [[1, 0, 1]], 0.0, trusted)) == []
    assert [one["trusted"] for one, _ in tracker.finish()] == [wanted]


def test_only_a_whole_scale_is_taken(says):
    assert scale_of(None, None) is None and scale_of(0.3, 0.2) == Scale(line=0.3, sample=0.2)
    says(lambda: scale_of(0.3, None), "--mm-per-sample")
    for wrong in (0.0, -1.0, float("nan"), float("inf")):
        says(lambda wrong=wrong: scale_of(wrong, 1.0), "--mm-per-line")


maps = arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(0, 2))


@settings(max_examples=60, deadline=None)
@given(classes=maps)
def test_they_are_those_of_the_whole_class_map(classes):
    table = components(classes, np.ones(classes.shape, np.float32), NAMES)
    whole = table[list(SAME)].astype(object).where(table[list(SAME)].notna(), None).values.tolist()
    found = [one for _, one, _ in track(classes)]
    order = sorted(found, key=lambda one: (one["first_line"], one["first_sample"], NAMES.index(one["class"])))
    # Boxes of one class may begin at the same pixel; their order is then left open.
    key = repr
    assert sorted(([one[name] for name in SAME] for one in order), key=key) == sorted(whole, key=key)
    assert sorted(one["component"] for one in found) == list(range(1, len(found) + 1))
