import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boardbench.placement import loss as module
from boardbench.placement.corners import moved
from boardbench.placement.loss import EDGES, placement_loss, rectangle_loss

PARALLELOGRAM = [[0.0, 0.0], [0.4, 0.0], [0.1, 0.1 * 3**0.5], [0.5, 0.1 * 3**0.5]]  # angles of 60 and 120 degrees
KITE = [[0.0, 0.0], [0.2, 0.0], [0.0, 0.2], [0.3, 0.3]]


def tensor(*corners):
    return torch.tensor(np.array(corners), dtype=torch.float64)


shares = st.floats(0, 1)


@st.composite
def quadrilaterals(draw):
    """Return corners (4, 2) whose edges are neither short nor nearly perpendicular: |cos| has a kink there."""
    corners = np.array(draw(st.lists(shares, min_size=8, max_size=8))).reshape(4, 2)
    edges = (corners.T @ EDGES.numpy()).T
    lengths = np.linalg.norm(edges, axis=1)
    cosines = (edges * np.roll(edges, -1, axis=0)).sum(axis=1) / np.maximum(lengths * np.roll(lengths, -1), 1e-9)
    if lengths.min() < 0.01 or np.abs(cosines).min() < 0.01:
        return np.add(KITE, [[0, 0], [0.02, 0.03], [0, 0], [0, 0]])
    return corners


def test_edges_are_those_of_the_paper():
    corners = torch.arange(8.0).reshape(4, 2) ** 2
    c1, c2, c3, c4 = corners
    e1, e2, e3, e4 = (corners.T @ EDGES).T
    assert torch.equal(e1, c3 - c1)
    assert torch.equal(e2, c3 - c4)
    assert torch.equal(e3, c2 - c4)
    assert torch.equal(e4, c2 - c1)


@given(st.floats(0.05, 0.9), st.floats(0.05, 0.9), st.floats(-180, 180), st.tuples(st.floats(-2, 2), st.floats(-2, 2)))
def test_rectangles_cost_nothing(width, height, angle, shift):
    upright = np.array([[0, 0], [width, 0], [0, height], [width, height]])
    assert rectangle_loss(tensor(moved(upright, shift, angle))).item() == pytest.approx(0, abs=1e-9)


def test_parallelogram_by_hand():
    # |cos| of 60 or 120 degrees, four times.
    assert rectangle_loss(tensor(PARALLELOGRAM)).item() == pytest.approx(4 * 0.5)


def test_kite_by_hand():
    # e1 (0, 2), e2 -(3, 1), e3 -(1, 3), e4 (2, 0) tenths: |cos| is 1 / sqrt 10, 6 / 10, 1 / sqrt 10, 0.
    assert rectangle_loss(tensor(KITE)).item() == pytest.approx(0.6 + 2 / 10**0.5)


def test_direction_of_the_second_edge_does_not_matter(monkeypatch):
    expected = rectangle_loss(tensor(PARALLELOGRAM, KITE))
    monkeypatch.setattr(module, "EDGES", EDGES * torch.tensor([1.0, -1.0, 1.0, 1.0]))
    assert torch.equal(rectangle_loss(tensor(PARALLELOGRAM, KITE)), expected)


@given(quadrilaterals())
def test_gradient_is_that_of_finite_differences(corners):
    corners = tensor(corners).requires_grad_()
    assert torch.autograd.gradcheck(rectangle_loss, (corners,), eps=1e-7, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(
    "corners",
    [
        np.zeros((4, 2)),  # as from a network whose outputs are all dead
        np.full((4, 2), 0.5),
        [[0.1, 0.1], [0.1, 0.1], [0.1, 0.4], [0.5, 0.4]],
        [[0.1, 0.1], [0.5, 0.1], [0.1, 0.1], [0.5, 0.1]],
        [[0.1, 0.1], [0.1 + 1e-12, 0.1], [0.1, 0.4], [0.5, 0.4]],
        np.array(KITE) * 1e-30,
    ],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradient_is_finite_where_corners_coincide(corners, dtype):
    corners = torch.tensor(np.array([corners]), dtype=dtype, requires_grad=True)
    value = rectangle_loss(corners)
    value.sum().backward()
    assert 0 <= value.item() <= 4 + 1e-6
    assert torch.isfinite(corners.grad).all()
    assert corners.grad.abs().max() <= 4 / module.SHORTEST


def test_many_at_once_as_one_by_one():
    batch = tensor(PARALLELOGRAM, KITE, [[0, 0], [1, 0], [0, 1], [1, 1]])
    collate = rectangle_loss(batch)
    assert collate.shape == (3,)
    assert torch.allclose(collate, torch.cat([rectangle_loss(one[None]) for one in batch]))


def test_placement_loss_by_hand():
    target = tensor(KITE, KITE)
    predicted = target.clone()
    predicted[0, 3] += torch.tensor([0.1, -0.3])
    error = (0.01 + 0.09) / 16
    assert placement_loss(predicted, target, 0.0).item() == pytest.approx(error)
    term = rectangle_loss(predicted).mean().item()
    assert term > 0.5
    assert placement_loss(predicted, target, 0.01).item() == pytest.approx(error + 0.01 * term)


def test_without_a_weight_the_term_has_no_gradient():
    predicted = tensor(KITE).requires_grad_()
    placement_loss(predicted, predicted.detach(), 0.0).backward()
    assert not predicted.grad.any()


def test_the_term_is_that_of_the_board_where_images_or_pixels_are_not_square():
    """A square of 6 mm, turned by 30 degrees, on an image of 20 mm x 10 mm."""
    turn = math.radians(30)
    x, y = (3 * math.cos(turn), 3 * math.sin(turn)), (-3 * math.sin(turn), 3 * math.cos(turn))
    board = torch.tensor([[[10 + i * x[k] + j * y[k] - 5 * k for k in (0, 1)] for j in (-1, 1) for i in (-1, 1)]])
    shares = board / torch.tensor([20.0, 10.0])
    assert placement_loss(shares, shares, 1.0, (20.0, 10.0)).item() == pytest.approx(0, abs=1e-5)
    assert placement_loss(shares, shares, 1.0).item() > 0.5
