from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics
import yaml
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from boardbench.errors import BoardbenchError
from boardbench.segmentation.scores import (
    confusion_matrix,
    mean_scores,
    read_confusion,
    read_confusions,
    scores,
    write_confusion,
    write_confusions,
)

PUBLISHED = Path(__file__).parents[2] / "reports" / "published"
COUNTS = st.one_of(st.just(0), st.integers(0, 10**9))
LOGS = yaml.safe_load((PUBLISHED / "segmentation_confusion_logs.yaml").read_text())


def test_confusion_is_truth_by_prediction_without_ignored_pixels():
    truth = np.array([[0, 0, 1], [2, 255, 1]], np.uint8)
    prediction = np.array([[0, 1, 1], [0, 2, 1]], np.uint8)
    confusion = confusion_matrix(truth, prediction, 3)
    assert confusion.dtype == np.int64
    assert confusion.tolist() == [[1, 1, 0], [0, 2, 0], [1, 0, 0]]


def test_confusion_of_many_classes_does_not_overflow_its_ids():
    truth = np.array([200], np.uint8)
    assert confusion_matrix(truth, truth, 201)[200, 200] == 1


def test_everything_ignored_counts_nothing():
    assert confusion_matrix(np.full((2, 2), 255), np.zeros((2, 2)), 2).sum() == 0


@pytest.mark.parametrize(
    ("truth", "prediction", "message"),
    [
        ([0, 4], [0, 0], "truth has class id 4, but there are 4 classes"),
        ([0, 1], [0, 7], "prediction has class id 7"),
        ([0, 1], [0, -1], "prediction has class id -1"),
        ([0, 1], [0], "shape"),
    ],
)
def test_ids_out_of_range_are_refused(truth, prediction, message):
    with pytest.raises(BoardbenchError, match=message):
        confusion_matrix(np.array(truth), np.array(prediction), 4)


def test_scores_by_hand():
    result = scores(np.array([[6, 2], [1, 1]]))
    np.testing.assert_allclose(result["iou"], [6 / 9, 1 / 4])
    np.testing.assert_allclose(result["f1"], [12 / 15, 2 / 5])
    np.testing.assert_allclose(result["precision"], [6 / 7, 1 / 3])
    np.testing.assert_allclose(result["recall"], [6 / 8, 1 / 2])
    assert result["miou"] == pytest.approx((6 / 9 + 1 / 4) / 2)
    assert result["mf1"] == pytest.approx(0.6)
    # agreement 0.7; by chance 0.8 x 0.7 + 0.2 x 0.3 = 0.62
    assert result["kappa"] == pytest.approx((0.7 - 0.62) / (1 - 0.62))


def test_class_absent_from_both_is_nan_and_out_of_the_means():
    result = scores(np.array([[3, 1, 0], [0, 4, 0], [0, 0, 0]]))
    for name in ("iou", "f1", "precision", "recall"):
        assert np.isnan(result[name]).tolist() == [False, False, True]
    assert result["miou"] == pytest.approx((3 / 4 + 4 / 5) / 2)


def test_class_present_on_one_side_only_scores_zero():
    result = scores(np.array([[5, 0, 2], [3, 0, 0], [0, 0, 0]]))  # 1 never predicted, 2 never true
    for name in ("iou", "f1", "precision", "recall"):
        assert result[name][1:].tolist() == [0, 0]
    assert result["miou"] == pytest.approx(5 / 10 / 3)


def test_nothing_counted_is_nan_not_zero():
    result = scores(np.zeros((2, 2)))
    assert np.isnan([result["miou"], result["mf1"], result["kappa"]]).all()


def test_kappa_is_nan_where_chance_agreement_is_complete():
    assert np.isnan(scores(np.array([[9, 0], [0, 0]]))["kappa"])


def test_scores_agree_with_scikit_learn():
    rng = np.random.default_rng(0)
    truth, prediction = rng.integers(0, 5, 400), rng.integers(0, 4, 400)  # class 4 is never predicted
    confusion = confusion_matrix(truth, prediction, 5)
    np.testing.assert_array_equal(confusion, sklearn.metrics.confusion_matrix(truth, prediction))
    result = scores(confusion)
    for name, function in [
        ("iou", sklearn.metrics.jaccard_score),
        ("f1", sklearn.metrics.f1_score),
        ("precision", sklearn.metrics.precision_score),
        ("recall", sklearn.metrics.recall_score),
    ]:
        np.testing.assert_allclose(result[name], function(truth, prediction, average=None, zero_division=0))
    assert result["kappa"] == pytest.approx(sklearn.metrics.cohen_kappa_score(truth, prediction))


@pytest.mark.parametrize(("run", "miou", "mf1"), [("unet-scrb", 0.618, 0.745), ("resunet-scrb", 0.542, 0.674)])
def test_means_of_the_published_logs(run, miou, mf1):
    result = scores(np.array(LOGS[run]))
    assert (round(result["miou"], 3), round(result["mf1"], 3)) == (miou, mf1)


def test_published_cells_are_these_scores_truncated():
    """The paper's tables 3 and 4 from its logs: SCRB rows of U-Net and ResU-Net swapped, one row miscopied."""
    swapped = {"unet-scrb": "resunet-scrb", "resunet-scrb": "unet-scrb"}
    for row in pd.read_csv(PUBLISHED / "segmentation_scores.csv").itertuples():
        run = f"{row.backbone}-{row.strategy}"
        cells = np.array([row.others, row.ic, row.capacitor, row.connectors])
        ours = scores(np.array(LOGS[swapped.get(run, run)]))[row.metric]
        agrees = np.all((ours >= cells - 1e-9) & (ours < cells + 0.01))
        # U-Net + PCA: the printed IoU row is a copy of the F1 row.
        assert agrees == (not (run == "unet-pca3" and row.metric == "iou")), (run, row.metric, ours, cells)


def test_confusion_survives_its_file(tmp_path):
    path = tmp_path / "run" / "confusion.csv"
    confusion = np.array([[12_288_000, 1], [0, 7]])
    write_confusion(path, confusion, ["others", "ic"])
    assert path.read_text() == "truth,others,ic\nothers,12288000,1\nic,0,7\n"
    counts, classes = read_confusion(path)
    assert classes == ["others", "ic"] and counts.dtype == np.int64
    np.testing.assert_array_equal(counts, confusion)
    assert [file.name for file in path.parent.glob("[!.]*")] == ["confusion.csv"]


@pytest.mark.parametrize(
    "text", ["truth,a,b\na,1,2\n", "truth,a,b\nb,1,2\na,1,2\n", "truth,a\na,x\n", "class,a\na,1\n", "truth\n"]
)
def test_damaged_confusion_names_the_verb(tmp_path, text):
    path = tmp_path / "confusion.csv"
    path.write_text(text)
    with pytest.raises(BoardbenchError, match=r"confusion\.csv: not a square.*boardbench segmentation evaluate"):
        read_confusion(path)


def test_missing_confusion_names_the_verb(tmp_path):
    with pytest.raises(BoardbenchError, match=r"confusion\.csv: no confusion matrix.*segmentation evaluate"):
        read_confusion(tmp_path / "confusion.csv")


@given(
    st.integers(1, 4).flatmap(
        lambda k: arrays(
            np.int64, st.tuples(st.integers(0, 3), st.integers(1, 3), st.just(k), st.just(k)), elements=COUNTS
        )
    )
)
def test_scores_of_a_stack_are_the_scores_of_each(stack):
    miou, mf1 = mean_scores(stack)
    assert miou.shape == mf1.shape == stack.shape[:2]
    for index in np.ndindex(stack.shape[:2]):
        one = scores(stack[index])
        np.testing.assert_array_equal([miou[index], mf1[index]], [one["miou"], one["mf1"]])


def test_scores_of_a_stack_by_hand():
    stack = np.array([[[6, 2], [1, 1]], [[3, 0], [0, 0]], [[0, 0], [0, 0]]])
    miou, mf1 = mean_scores(stack)
    np.testing.assert_allclose(miou, [(6 / 9 + 1 / 4) / 2, 1, np.nan])  # class 1 absent; nothing counted
    np.testing.assert_allclose(mf1, [0.6, 1, np.nan])


CAPTURES = """\
capture,truth,others,ic
b2_1,others,12288000,1
b2_1,ic,0,7
b1_1,others,3,0
b1_1,ic,2,5
"""


def test_confusions_of_captures_survive_their_file(tmp_path):
    path = tmp_path / "run" / "confusions.csv"
    matrices = {"b2_1": np.array([[12_288_000, 1], [0, 7]]), "b1_1": np.array([[3, 0], [2, 5]])}
    write_confusions(path, matrices, ["others", "ic"])
    assert path.read_text() == CAPTURES
    found, classes = read_confusions(path)
    assert classes == ["others", "ic"] and list(found) == ["b2_1", "b1_1"]
    for name, matrix in matrices.items():
        assert found[name].dtype == np.int64
        np.testing.assert_array_equal(found[name], matrix)
    assert [file.name for file in path.parent.glob("[!.]*")] == ["confusions.csv"]


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0", exclude_categories=["Cs"]), min_size=1)


@given(st.data())
def test_any_names_and_counts_survive_the_file(tmp_path_factory, data):
    classes = data.draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    shape = (len(classes), len(classes))
    counts = arrays(np.int64, shape, elements=st.integers(0, 10**15))
    matrices = data.draw(st.dictionaries(NAMES, counts, min_size=1, max_size=3))
    path = tmp_path_factory.mktemp("run") / "confusions.csv"
    write_confusions(path, matrices, classes)
    found, names = read_confusions(path)
    assert names == classes and list(found) == list(matrices)
    for name in matrices:
        np.testing.assert_array_equal(found[name], matrices[name])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["no confusion matrices by capture", "columns capture, truth"]),
        ("capture,truth,a\n", ["no confusion matrices by capture", "a row for each"]),
        ("truth,a\na,1\n", ["columns capture, truth"]),
        ("capture,truth,a,b\nx_1,a,1,2\n", ["capture 'x_1' has 1 of 2 rows", "cut short"]),
        (
            "capture,truth,a,b\nx_1,b,1,2\nx_1,a,1,2\n",
            ["line 2: expected capture, truth 'a' and 2 counts", "x_1,b,1,2"],
        ),
        ("capture,truth,a,b\nx_1,a,1,2\ny_1,b,1,2\n", ["line 3", "truth 'b'"]),
        ("capture,truth,a\nx_1,a,1\nx_1,a,1\n", ["line 3"]),
        ("capture,truth,a,b\nx_1,a,1\nx_1,b,1,2\n", ["line 2", "2 counts"]),
        ("capture,truth,a\nx_1,a,1.5\n", ["line 2", "x_1,a,1.5"]),
        ("capture,truth,a\nx_1,a,-1\n", ["line 2", "x_1,a,-1"]),
        ("capture,truth,a\nx_1,a,99999999999999999999\n", ["line 2"]),
        ("capture,truth,a\nx_1,a,1,more\n", ["line 2", "1 counts", "x_1,a,1,more"]),
        ("capture,truth,a\nx_1,a,1\n\n", ["line 3"]),
    ],
)
def test_damaged_confusions_name_file_line_and_verb(tmp_path, text, words):
    path = tmp_path / "confusions.csv"
    path.write_text(text)
    with pytest.raises(BoardbenchError) as error:
        read_confusions(path)
    for word in ["confusions.csv", "boardbench segmentation evaluate", "Delete", *words]:
        assert word in str(error.value)


def test_missing_confusions_name_the_verb(tmp_path):
    with pytest.raises(BoardbenchError, match=r"confusions\.csv: no confusion matrices.*segmentation evaluate"):
        read_confusions(tmp_path / "confusions.csv")
