"""Components: by hand, and against SciPy's labelling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from boardbench.segmentation.components import COLUMNS, components

NAMES = ["others", "ic", "capacitor"]


def test_by_hand():
    classes = np.array(
        [
            [0, 0, 2, 2, 0],
            [1, 0, 0, 0, 0],
            [0, 1, 0, 0, 2],
            [0, 0, 0, 0, 1],
        ],
        np.uint8,
    )
    probability = np.full(classes.shape, 0.5, np.float32)
    probability[0, 2], probability[0, 3] = 1.0, 0.75
    table = components(classes, probability, NAMES)
    assert list(table.columns) == COLUMNS
    table = table.astype(object).where(table.notna(), None)
    assert table.values.tolist() == [
        [1, "capacitor", 2, 0, 2, 0, 3, 0.0, 2.5, 1.0, 0.0, 0.875],
        [2, "ic", 2, 1, 0, 2, 1, 1.5, 0.5, 1.0, 45.0, 0.5],  # they touch at a corner
        [3, "capacitor", 1, 2, 4, 2, 4, 2.0, 4.0, 1.0, None, 0.5],
        [4, "ic", 1, 3, 4, 3, 4, 3.0, 4.0, 1.0, None, 0.5],  # touches another class, not its own
    ]


def test_the_order_is_that_of_the_boxes_not_of_the_first_pixels():
    classes = np.array([[0, 1, 0, 2], [0, 0, 2, 0], [2, 2, 0, 0]], np.uint8)
    table = components(classes, np.ones(classes.shape, np.float32), NAMES)
    assert table[["component", "class", "first_line", "first_sample"]].values.tolist() == [
        [1, "capacitor", 0, 0],
        [2, "ic", 0, 1],
    ]


def test_nothing_found_is_an_empty_table_with_all_columns():
    table = components(np.zeros((3, 4), np.uint8), np.ones((3, 4), np.float32), NAMES)
    assert (len(table), list(table.columns)) == (0, COLUMNS)


def test_without_a_background_class_every_class_counts():
    table = components(np.array([[0, 0, 1]], np.uint8), np.ones((1, 3), np.float32), ["wheat", "corn"])
    assert table[["class", "pixels"]].values.tolist() == [["wheat", 2], ["corn", 1]]


maps = arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(0, 2))


@settings(max_examples=60, deadline=None)
@given(classes=maps, seed=st.integers(0, 99))
def test_as_scipy_labels(classes, seed):
    # Sixteenths add up without rounding, so both sides round the same numbers.
    probability = np.random.default_rng(seed).integers(0, 17, classes.shape).astype(np.float32) / 16
    expected = []
    for kind in (1, 2):
        labels, _ = ndimage.label(classes == kind, structure=np.ones((3, 3)))
        for index, (lines, samples) in enumerate(ndimage.find_objects(labels), start=1):
            where = labels == index
            line, sample = np.round(ndimage.center_of_mass(where), 2)
            box = (lines.start, samples.start, lines.stop - 1, samples.stop - 1)
            mean = np.round(probability[where].astype(float).mean(), 4)
            within = sum(np.ptp(np.flatnonzero(row)) + 1 for row in where if row.any())
            share = np.round(where.sum() / within, 4)
            expected.append((NAMES[kind], int(where.sum()), *box, line, sample, share, mean))
    table = components(classes, probability, NAMES)
    found = list(table.drop(columns=["component", "angle"]).itertuples(index=False, name=None))
    assert sorted(found) == sorted(expected)
    assert table["component"].tolist() == list(range(1, len(found) + 1))
    order = [(row[2], row[3], NAMES.index(row[0])) for row in found]
    assert order == sorted(order)


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="must agree"):
        components(np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.float32), NAMES)
