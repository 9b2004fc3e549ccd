import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardbench.placement.corners import (
    COLUMNS,
    centre,
    check_outline,
    deviation,
    moved,
    order_corners,
    rotation,
    wrapped,
)

SQUARE = np.array([[10, 20], [30, 20], [10, 40], [30, 40]], dtype=float)
WHERE = "board.json, corners"

numbers = st.floats(-300, 300)
shifts = st.tuples(numbers, numbers)
angles = st.floats(-180, 180)


@st.composite
def chips(draw, turn=44.9):
    """Return a rectangle of any size and place, rotated by less than ``turn`` degrees, and its rotation."""
    width, height = draw(st.floats(2, 200)), draw(st.floats(2, 200))
    angle = draw(st.floats(-turn, turn))
    upright = np.array([[0, 0], [width, 0], [0, height], [width, height]])
    return moved(upright, draw(shifts), angle), angle


@st.composite
def outlines(draw):
    """Return a convex outline that is no rectangle: each corner of a chip off by less than a fifth of its side."""
    corners, _ = draw(chips())
    side = min(np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[2] - corners[0]))
    off = draw(st.lists(st.floats(-0.2, 0.2), min_size=8, max_size=8))
    return corners + side * np.reshape(off, (4, 2))


def test_columns_are_those_of_flat_corners():
    table = dict(zip(COLUMNS, SQUARE.reshape(8), strict=True))
    assert (table["c2x"], table["c2y"], table["c3x"], table["c3y"]) == (30, 20, 10, 40)


@given(chips(), st.permutations(range(4)))
def test_corners_are_named_by_place_in_whatever_order_they_come(chip, order):
    corners, angle = chip
    ordered = order_corners(corners[list(order)])
    assert np.array_equal(ordered, corners)
    assert rotation(ordered) == pytest.approx(angle, abs=1e-6)


@given(outlines(), st.permutations(range(4)))
def test_order_of_any_outline_does_not_depend_on_how_it_came(points, order):
    ordered = order_corners(points)
    assert np.array_equal(order_corners(points[list(order)]), ordered)
    assert sorted(map(tuple, ordered)) == sorted(map(tuple, points))
    # c1, c2, c4, c3 goes round clockwise: no two edges cross, and the enclosed area is positive (y down).
    check_outline(ordered[[0, 1, 3, 2]])
    x, y = ordered[[0, 1, 3, 2]].T
    assert (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() > 0
    assert abs(rotation(ordered)) <= 90


@given(numbers, numbers, st.floats(2, 100), st.permutations(range(4)))
def test_chip_at_45_degrees_gets_the_same_names_in_whatever_order_it_comes(x, y, radius, order):
    # Either name is as near, and rounding of sums must not decide.
    points = np.array([[x, y - radius], [x + radius, y], [x, y + radius], [x - radius, y]])
    assert np.array_equal(order_corners(points[list(order)]), order_corners(points))


def test_chip_turned_by_more_than_45_degrees_gets_the_nearer_names():
    assert rotation(order_corners(moved(SQUARE, (0, 0), 44))) == pytest.approx(44)
    turned = order_corners(moved(SQUARE, (0, 0), 46))
    assert rotation(turned) == pytest.approx(-44)
    # The corner that was top-left came to the top right.
    assert np.allclose(turned[1], moved(SQUARE, (0, 0), 46)[0])


def test_a_quarter_turn_clockwise_by_hand():
    corners = moved(SQUARE, (0, 0), 90)
    # Top-left goes to top-right, top-right to bottom-right, bottom-left to top-left.
    assert np.allclose(corners, [[30, 20], [30, 40], [10, 20], [10, 40]])
    assert rotation(corners) == pytest.approx(90)
    about = moved(SQUARE, (1, 2), 90, about=np.array([10, 20]))
    assert np.allclose(about, np.add([[10, 20], [10, 40], [-10, 20], [-10, 40]], [1, 2]))


def test_rotation_by_hand():
    # Top edge (3, 1), bottom edge (1, 3): together (4, 4).
    assert rotation([[0, 0], [3, 1], [0, 10], [1, 13]]) == pytest.approx(45)
    assert centre([[0, 0], [3, 1], [0, 10], [1, 13]]).tolist() == [1, 6]


@given(outlines(), shifts, angles)
def test_moved_keeps_lengths_and_moves_centre_and_rotation_by_what_was_asked(points, shift, angle):
    corners = order_corners(points)
    there = moved(corners, shift, angle)
    assert np.allclose(centre(there), centre(corners) + shift)
    assert wrapped(rotation(there) - rotation(corners) - angle) == pytest.approx(0, abs=1e-6)
    lengths = [np.linalg.norm(c[:, None] - c[None], axis=-1) for c in (corners, there)]
    assert np.allclose(*lengths)
    back = moved(there, np.negative(shift), -angle)
    assert np.allclose(back, corners)


@given(chips(), shifts, angles, shifts)
def test_turning_about_a_point_leaves_that_point(chip, about, angle, shift):
    corners, _ = chip
    fixed = np.vstack([corners[:3], about])
    assert np.allclose(moved(fixed, shift, angle, about=np.array(about))[3], np.add(about, shift))


@given(chips(), shifts, angles, st.floats(0.01, 1))
def test_deviation_is_what_the_chip_was_moved_by(chip, shift, angle, scale):
    corners, _ = chip
    offset, turned = deviation(moved(corners, shift, angle), corners, (scale, scale))
    assert offset == pytest.approx(scale * np.hypot(*shift), abs=1e-6)
    assert wrapped(turned - angle) == pytest.approx(0, abs=1e-6)
    assert -180 < turned <= 180


def test_deviation_by_hand():
    offset, turned = deviation(np.add(SQUARE, [3, 4]), SQUARE, (0.1, 0.1))
    assert (offset, turned) == (pytest.approx(0.5), pytest.approx(0))
    offset, _ = deviation(np.add(SQUARE, [3, 4]), SQUARE, (0.1, 0.2))
    assert offset == pytest.approx(np.hypot(0.3, 0.8))


def test_angle_is_that_on_the_board_where_pixels_are_not_square():
    # One pixel is twice as high as wide: an edge of (2, 1) pixels is at 45 degrees on the board.
    tilted = np.array([[0, 0], [2, 1], [-2, 1], [0, 2]], dtype=float)
    upright = np.array([[0, 0], [2, 0], [0, 1], [2, 1]], dtype=float)
    assert deviation(tilted, upright, (0.1, 0.2))[1] == pytest.approx(45)


def test_difference_of_rotations_goes_the_short_way_round():
    first, second = moved(SQUARE, (0, 0), 179), moved(SQUARE, (0, 0), -179)
    assert deviation(second, first, (1, 1))[1] == pytest.approx(2)
    assert deviation(first, second, (1, 1))[1] == pytest.approx(-2)


@pytest.mark.parametrize(
    ("angle", "expected"), [(0, 0), (180, 180), (-180, 180), (181, -179), (-181, 179), (540, 180), (720, 0)]
)
def test_wrapped(angle, expected):
    assert wrapped(angle) == expected


@given(st.floats(-1e4, 1e4))
def test_wrapped_is_the_same_direction(angle):
    assert -180 < wrapped(angle) <= 180
    assert np.cos(np.radians(wrapped(angle))) == pytest.approx(np.cos(np.radians(angle)), abs=1e-9)
    assert np.sin(np.radians(wrapped(angle))) == pytest.approx(np.sin(np.radians(angle)), abs=1e-9)


def test_many_chips_at_once_as_one_by_one():
    shift, angle = np.array([[1, 2], [3, 4], [5, 6]]), np.array([5, -10, 170])
    collate = moved(SQUARE, shift, angle)
    assert collate.shape == (3, 4, 2)
    for at in range(3):
        assert np.allclose(collate[at], moved(SQUARE, shift[at], angle[at]))
    again = moved(collate, shift, angle)
    assert np.allclose(again[2], moved(collate[2], shift[2], angle[2]))
    assert centre(collate).shape == (3, 2)
    assert rotation(collate).shape == (3,)
    offset, turned = deviation(collate, SQUARE, (1, 1))
    assert np.allclose(offset, np.hypot(*shift.T))
    assert np.allclose(turned, angle)


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (SQUARE[:3], ["3 points", "four corners"]),
        (np.vstack([SQUARE, SQUARE[:1]]), ["5 points"]),
        (np.zeros((4, 3)), ["(4, 3)"]),
        ([[0, 0], [1, 0], [0, 1], ["a", 1]], ["not pairs of numbers"]),
        ([[0, 0], [1, 0], [0, 1], [1]], ["not pairs of numbers"]),
        ([[0, 0], [1, 0], [0, 1], [np.nan, 1]], ["not a finite number"]),
        ([[0, 0], [9, 0], [9, 9], [9, 0]], ["points 2 and 4 coincide at (9, 0)"]),
        (np.zeros((4, 2)), ["points 1 and 2 coincide"]),
        ([[0, 0], [5, 0], [9, 0], [4, 7]], ["(0, 0)", "(5, 0)", "(9, 0)", "on one line"]),
        ([[0, 0], [1, 1], [2, 2], [3, 3]], ["on one line"]),
        ([[0, 0], [9, 0], [0, 9], [2, 3]], ["no convex outline", "(2, 3) lies within"]),
        # The mean of the others, round which no direction leads to it.
        ([[0, 0], [9, 0], [0, 9], [3, 3]], ["no convex outline", "(3, 3) lies within"]),
    ],
)
def test_points_that_are_no_four_corners(points, words, says):
    assert says(lambda: order_corners(points, WHERE), *words).startswith(WHERE)
    assert says(lambda: order_corners(points), *words).startswith("corners: ")


RING = SQUARE[[0, 1, 3, 2]]


@pytest.mark.parametrize("first", range(4))
@pytest.mark.parametrize("direction", [1, -1])
def test_outline_that_goes_round(first, direction):
    check_outline(np.roll(RING, first, axis=0)[::direction], WHERE)


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ([0, 1, 2, 3], ["from point 2 (30, 20) to point 3 (10, 40)", "from point 4 (30, 40) to point 1 (10, 20)"]),
        ([0, 3, 1, 2], ["from point 1 (10, 20) to point 2 (30, 40)", "from point 3 (30, 20) to point 4 (10, 40)"]),
    ],
)
def test_outline_that_crosses_itself(order, words, says):
    message = says(lambda: check_outline(SQUARE[order], WHERE), "crosses itself", *words, "going round")
    assert message.startswith(WHERE)


def test_outline_of_other_points_is_refused(says):
    says(lambda: check_outline(SQUARE[:3], WHERE), WHERE, "3 points")
