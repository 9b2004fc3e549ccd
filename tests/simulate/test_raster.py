import numpy as np
import pytest

from boardbench.simulate.raster import Canvas, Frame

WHITE = (1.0, 1.0, 1.0)


def test_a_frame_turns_clockwise_and_stands_in_another():
    board = Frame(10, 20, 90)
    np.testing.assert_allclose(board.points(np.array([1.0, 0.0])), [10, 21], atol=1e-12)  # x to the right, now down
    inner = board.at(2, 0, -90)
    np.testing.assert_allclose(inner.points(np.array([1.0, 0.0])), [11, 22], atol=1e-12)


@pytest.mark.parametrize("deg", [0, 7, 45, 90])
def test_a_box_covers_its_area_round_its_centre(deg):
    canvas = Canvas(40, 0.5, over=4)
    canvas.box(Frame(9.87, 10.31, deg), 6.3, 3.1, WHITE)
    cover = canvas.mean()[..., 0].astype(float)
    at = (np.arange(40) + 0.5) * 0.5  # a pixel partly covered counts at its centre: 0.01 mm
    assert cover.sum() * 0.25 == pytest.approx(6.3 * 3.1, rel=2e-3)
    assert (cover * at).sum() / cover.sum() == pytest.approx(9.87, abs=0.01)
    assert (cover * at[:, None]).sum() / cover.sum() == pytest.approx(10.31, abs=0.01)


def test_an_edge_between_pixels_is_shared_by_them():
    canvas = Canvas(8, 1.0, over=4)
    canvas.box(Frame(3.3, 4), 4.0, 100, WHITE)  # from 1.3 to 5.3
    np.testing.assert_allclose(canvas.mean()[4, :, 0], [0, 0.7, 1, 1, 1, 0.3, 0, 0], atol=1e-6)


def test_disc_and_stroke_cover_their_area():
    canvas = Canvas(40, 0.5)
    canvas.disc(Frame(10, 10), 4.0, WHITE)
    assert canvas.mean()[..., 0].sum() * 0.25 == pytest.approx(np.pi * 16, rel=2e-3)
    canvas = Canvas(40, 0.5)
    canvas.stroke(Frame(3, 4, 20), [(0, 0), (8, 0)], 2.0, WHITE)
    assert canvas.mean()[..., 0].sum() * 0.25 == pytest.approx(16 + np.pi, rel=5e-3)


def test_a_shape_partly_or_wholly_outside_is_cut_off():
    canvas = Canvas(8, 1.0)
    canvas.box(Frame(0, 0), 4, 4, WHITE)
    canvas.box(Frame(50, -50), 4, 4, WHITE)
    assert canvas.mean()[..., 0].sum() == pytest.approx(4)


def test_alpha_blends():
    canvas = Canvas(4, 1.0)
    canvas.pixels[:] = 0.2
    canvas.box(Frame(2, 2), 100, 100, (1.0, 0.0, 0.2), alpha=0.25)
    np.testing.assert_allclose(canvas.mean()[1, 1], [0.4, 0.15, 0.2], atol=1e-6)
