import numpy as np
import pytest

from boardbench.params.placement import Tolerance
from boardbench.placement.corners import moved
from boardbench.placement.scores import roc, scores, severity

NOMINAL = np.array([[10, 10], [20, 10], [10, 20], [20, 20]], dtype=float)
MM = (0.1, 0.1)
TOLERANCE = Tolerance(offset_mm=0.3, rotation_deg=2.0)


def boards(*places):
    """Return corners (n, 4, 2) of chips off their place by x, y (pixels) and degrees."""
    return np.stack([moved(NOMINAL, place[:2], place[2]) for place in places])


# Good; bad by its offset (0.4 mm); bad by its rotation; good (0.1 mm).
TRUTH = boards((0, 0, 0), (4, 0, 0), (0, 0, 3), (1, 0, 0))
# Seen as bad (0.4 mm); seen as good (0.1 mm); bad indeed; good indeed.
FOUND = boards((0, 4, 0), (1, 0, 0), (0, 0, 4), (1, 0, 0))
ARGUMENTS = (TRUTH, FOUND, NOMINAL, MM, TOLERANCE)


def test_severity_by_hand():
    assert severity(FOUND, NOMINAL, MM, TOLERANCE) == pytest.approx([4 / 3, 1 / 3, 2, 1 / 3])
    # Anticlockwise counts as much; the larger of both decides.
    assert severity(boards((3, 0, -5)), NOMINAL, MM, TOLERANCE) == pytest.approx([2.5])


def test_a_chip_at_its_tolerance_passes():
    tolerance = Tolerance(offset_mm=0.5, rotation_deg=2.0)
    at, beyond = np.add(NOMINAL, [3, 4]), np.add(NOMINAL, [3, 4.01])
    good = scores(at[None], beyond[None], NOMINAL, (0.125, 0.125), Tolerance(offset_mm=0.625, rotation_deg=2))
    assert (good["bad"], good["false_rejects"]) == (0, 1)
    assert severity(at[None], NOMINAL, (0.1, 0.1), tolerance) == pytest.approx([1])


def test_scores_by_hand():
    found = scores(*ARGUMENTS)
    expected = {
        "samples": 4,
        # Errors of the centres: (0, 4), (-3, 0), none, none.
        "centre_mae_px": 7 / 8,
        "centre_mae_mm": 0.7 / 8,
        "centre_mean_mm": 0.7 / 4,
        "centre_worst_mm": 0.4,
        "rotation_mae_deg": 1 / 4,
        "rotation_worst_deg": 1,
        "bad": 2,
        "false_accepts": 1,
        "false_rejects": 1,
        "false_accept_rate": 1 / 2,
        "false_reject_rate": 1 / 2,
        # Bad above good in (2, 4/3), (2, 1/3); equal in (1/3, 1/3); below in (1/3, 4/3).
        "auc": 2.5 / 4,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert list(found) == [*list(expected)[:5], "corner_mae_px", *list(expected)[5:]]


def test_error_of_each_corner():
    found = NOMINAL.copy()
    found[2] += [2, -4]
    result = scores(NOMINAL[None], found[None], NOMINAL, MM, TOLERANCE)
    assert result["corner_mae_px"] == pytest.approx([0, 0, 3, 0])
    assert result["centre_mae_px"] == pytest.approx((0.5 + 1) / 2)


def test_millimetres_of_pixels_that_are_not_square():
    found = scores(TRUTH, FOUND, NOMINAL, (0.1, 0.2), TOLERANCE)
    assert found["centre_mae_mm"] == pytest.approx((4 * 0.2 + 3 * 0.1) / 8)
    assert found["centre_worst_mm"] == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("at", "empty", "number"), [([0, 3], "false_accept_rate", 0), ([1, 2], "false_reject_rate", 2)]
)
def test_rates_of_an_empty_class_are_none(at, empty, number):
    found = scores(TRUTH[at], FOUND[at], NOMINAL, MM, TOLERANCE)
    assert (found["bad"], found[empty], found["auc"]) == (number, None, None)
    other = {"false_accept_rate": "false_reject_rate", "false_reject_rate": "false_accept_rate"}[empty]
    assert found[other] == 0.5
    curve = roc(TRUTH[at], FOUND[at], NOMINAL, MM, TOLERANCE)
    assert (list(curve), len(curve)) == (["threshold", "false_reject_rate", "true_reject_rate"], 0)


def test_roc_by_hand():
    curve = roc(*ARGUMENTS)
    assert np.isnan(curve["threshold"][0])
    assert curve["threshold"].to_list()[1:] == pytest.approx([2, 4 / 3, 1 / 3])
    assert curve["false_reject_rate"].to_list() == [0, 0, 0.5, 1]
    assert curve["true_reject_rate"].to_list() == [0, 0.5, 0.5, 1]


def test_scores_are_on_the_roc():
    generator = np.random.default_rng(0)
    truth = boards(*generator.normal(0, 3, (40, 3)))
    found = truth + generator.normal(0, 1, truth.shape)
    result, curve = (face(truth, found, NOMINAL, MM, TOLERANCE) for face in (scores, roc))
    at = curve[curve["threshold"] > 1].iloc[-1]
    assert 0 < result["false_reject_rate"] < 1
    assert at["false_reject_rate"] == result["false_reject_rate"]
    assert at["true_reject_rate"] == pytest.approx(1 - result["false_accept_rate"])


@pytest.mark.parametrize("call", [scores, roc])
def test_corners_that_cannot_be_scored(call, says):
    says(lambda: call(TRUTH, FOUND[:3], NOMINAL, MM, TOLERANCE), "(4, 4, 2)", "(3, 4, 2)", "Predict")
    says(lambda: call(TRUTH[:0], FOUND[:0], NOMINAL, MM, TOLERANCE), "(0, 4, 2)", "one sample or more")
    says(lambda: call(TRUTH[0], FOUND[0], NOMINAL, MM, TOLERANCE), "samples x 4 x 2")
    broken = FOUND.copy()
    broken[1, 2, 0] = np.nan
    says(lambda: call(TRUTH, broken, NOMINAL, MM, TOLERANCE), "not finite", "learning_rate")
