"""Which images validate and which fold holds which, by hand."""

import numpy as np

from boardbench.classification.folds import folds, holdout


def test_validation_parts_by_hand():
    labels = np.array([0] * 10 + [1] * 5 + [2])
    train, validation = holdout(labels, 0.2, 0)
    assert np.bincount(labels[validation], minlength=3).tolist() == [2, 1, 0]
    assert sorted([*train, *validation]) == [*range(16)]
    assert (np.diff(train) > 0).all()
    assert np.bincount(labels[holdout(labels, 0.01, 0)[1]], minlength=3).tolist() == [1, 1, 0]
    assert [len(rows) for rows in holdout(labels, 0.0, 0)] == [16, 0]
    assert np.bincount(labels[holdout(labels, 0.99, 0)[1]], minlength=3).tolist() == [9, 4, 0]
    assert holdout(labels, 0.2, 1)[1].tolist() != validation.tolist()


def test_folds_hold_every_image_once_and_every_class_evenly(says):
    labels = np.array([0] * 10 + [1] * 7 + [2] * 5)
    parts = folds(labels, 4, 0)
    assert sorted(np.concatenate(parts)) == [*range(22)]
    assert sorted(len(part) for part in parts) == [5, 5, 6, 6]
    counts = np.array([np.bincount(labels[part], minlength=3) for part in parts])
    assert (counts.max(axis=0) - counts.min(axis=0) <= 1).all()
    assert any((one != two).any() for one, two in zip(parts, folds(labels, 4, 1), strict=True) if len(one) == len(two))
    says(lambda: folds(labels, 6, 0), "folds: 6", "class 2", "5 of the training images", "Set folds to 5")
    says(lambda: folds(np.array([0, 0, 1]), 2, 0), "class 1", "only 1", "null")
