"""Losses by hand: two pixels, two classes."""

import pytest
import torch

from boardbench.segmentation.loss import dice_loss, loss_of


def pixels(probabilities, truth):
    """Return logits (1, classes, 1, pixels) with these probabilities, and targets (1, 1, pixels)."""
    logits = torch.tensor(probabilities).T[None, :, None].log()
    return logits, torch.tensor([[truth]])


def test_dice_by_hand():
    # Class 0: sum(p y) 0.9, sum(p) 1.2, sum(y) 1; class 1: 0.7, 0.8, 1.
    logits, targets = pixels([[0.9, 0.1], [0.3, 0.7]], [0, 1])
    expected = 1 - ((2 * 0.9 + 1) / (1.2 + 1 + 1) + (2 * 0.7 + 1) / (0.8 + 1 + 1)) / 2
    assert float(dice_loss(logits, targets)) == pytest.approx(expected, rel=1e-5)


def test_the_cross_entropy_is_weighted_and_divided_by_the_weights():
    logits, targets = pixels([[0.9, 0.1], [0.3, 0.7]], [0, 1])
    expected = -(1 * torch.tensor(0.9).log() + 3 * torch.tensor(0.7).log()) / 4
    found = loss_of("cross_entropy", [1.0, 3.0])(logits, targets)
    assert float(found) == pytest.approx(float(expected), rel=1e-5)
    both = loss_of("cross_entropy_dice", [1.0, 3.0])(logits, targets)
    assert float(both - found) == pytest.approx(float(dice_loss(logits, targets)), rel=1e-5)


def test_the_weighted_cross_entropy_divided_by_pixels_is_torchs_for_targets_as_probabilities():
    logits, targets = pixels([[0.9, 0.1], [0.3, 0.7], [0.01, 0.99]], [0, 1, 255])
    expected = -(1 * torch.tensor(0.9).log() + 3 * torch.tensor(0.7).log()) / 2  # the third pixel has no label
    assert float(loss_of("cross_entropy", [1.0, 3.0], "pixels")(logits, targets)) == pytest.approx(float(expected))
    labelled = logits[..., :2], torch.nn.functional.one_hot(targets[..., :2]).movedim(-1, 1).float()
    assert float(torch.nn.functional.cross_entropy(*labelled, torch.tensor([1.0, 3.0]))) == pytest.approx(
        float(expected)
    )


@pytest.mark.parametrize("name", ["cross_entropy", "cross_entropy_dice"])
def test_ignored_pixels_count_for_nothing(name):
    loss = loss_of(name, [1.0, 2.0])
    with_one, targets = pixels([[0.9, 0.1], [0.3, 0.7], [0.01, 0.99]], [0, 1, 255])
    without = pixels([[0.9, 0.1], [0.3, 0.7]], [0, 1])
    assert float(loss(with_one, targets)) == pytest.approx(float(loss(*without)), rel=1e-6)
    with_one.requires_grad_()
    loss(with_one, targets).backward()
    assert (with_one.grad[..., 2] == 0).all() and (with_one.grad[..., :2] != 0).all()
    assert float(loss(with_one, torch.full_like(targets, 255))) == 0


def test_a_rare_class_weighs_as_much_as_any_other():
    """One pixel of 1000 missed costs half of the loss that a class of 500 pixels would."""
    targets = torch.zeros(1, 1, 1000, dtype=torch.long)
    targets[..., 0] = 1
    logits = torch.zeros(1, 2, 1, 1000)
    logits[:, 0] = 20.0
    assert float(dice_loss(logits, targets)) == pytest.approx(0.5 * (1 - 1 / 2), abs=1e-3)
