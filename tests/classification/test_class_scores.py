import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardbench.classification.scores import scores


def test_by_hand():
    found = scores(np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 0, 0]), 4)
    assert found["confusion"] == [[2, 1, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    assert found["accuracy"] == 0.5
    # Class 0: 2 of 4 said, 2 of 3 there; class 1: 1 of 2, 1 of 2; class 2 never said; class 3 never there.
    assert found["precision"] == pytest.approx((2 / 4 + 1 / 2) / 4)
    assert found["recall"] == pytest.approx((2 / 3 + 1 / 2) / 4)
    assert found["f_score"] == pytest.approx((4 / 7 + 1 / 2) / 4)
    # Wilson's limits of 3 in 6.
    assert (found["low"], found["high"]) == pytest.approx((0.187616, 0.812384), abs=1e-6)


@settings(deadline=None)
@given(st.integers(1, 5).flatmap(lambda c: st.lists(st.tuples(*[st.integers(0, c - 1)] * 2), min_size=1)))
def test_as_scikit_learn_and_scipy(pairs):
    from scipy.stats import binomtest
    from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

    truth, predicted = np.array(pairs).T
    classes = int(max(truth.max(), predicted.max())) + 2
    found = scores(truth, predicted, classes)
    named = {"labels": range(classes), "average": "macro", "zero_division": 0}
    wanted = precision_recall_fscore_support(truth, predicted, **named)[:3]
    assert [found[name] for name in ("precision", "recall", "f_score")] == pytest.approx(wanted)
    assert found["accuracy"] == pytest.approx(accuracy_score(truth, predicted))
    assert found["confusion"] == confusion_matrix(truth, predicted, labels=range(classes)).tolist()
    limits = binomtest(int((truth == predicted).sum()), len(truth)).proportion_ci(method="wilson")
    assert (found["low"], found["high"]) == pytest.approx(tuple(limits))
    assert 0 <= found["low"] <= found["accuracy"] <= found["high"] <= 1


@pytest.mark.parametrize(
    ("truth", "predicted", "words"),
    [
        ([], [], ["truth", "one or more"]),
        ([0, 1], [0], ["predicted", "(1,)", "(2,)"]),
        ([0, 1], [0.0, np.nan], ["predicted", "float64", "whole numbers"]),
        ([0, 3], [0, 1], ["truth", "0 to 3", "(0 to 2)"]),
        ([0, 1], [0, -1], ["predicted", "-1", "samples.csv"]),
    ],
)
def test_refused(truth, predicted, words, says):
    says(lambda: scores(np.array(truth), np.array(predicted), 3), *words)
