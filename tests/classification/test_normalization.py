import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from boardbench.classification import normalization as module
from boardbench.classification.normalization import Normalization, fit

IMAGES = np.array([[0, 2], [4, 10]], np.uint8).reshape(2, 2, 1, 1)


def test_by_hand():
    # Mean 4; squares (16 + 4 + 0 + 36) / 4 = 14.
    found = fit("standardize", IMAGES)
    assert (found.name, found.offset, found.scale) == ("standardize", 4.0, math.sqrt(14))
    np.testing.assert_allclose(found.apply(IMAGES).ravel() * math.sqrt(14), [-4, -2, 0, 6], rtol=1e-6)
    found = fit("minmax", IMAGES[:, 1:] + 3)  # 5 and 13
    assert (found.offset, found.scale) == (5.0, 8.0)
    assert found.apply(IMAGES).ravel().tolist() == [-0.625, -0.375, -0.125, 0.625]


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.just(3), st.just(2), st.just(3))))
def test_as_numpy_in_float64(images):
    if images.min() == images.max():
        return
    found = fit("standardize", images)
    assert math.isclose(found.offset, images.mean(dtype=np.float64), rel_tol=1e-12)
    assert math.isclose(found.scale, images.std(dtype=np.float64), rel_tol=1e-9)
    applied = found.apply(images)
    assert applied.dtype == np.float32 and applied.shape == images.shape
    np.testing.assert_allclose(applied, (images - found.offset) / found.scale, rtol=1e-7)
    between = fit("minmax", images).apply(images)
    assert between.min() == 0 and between.max() == 1


@pytest.mark.parametrize("name", ["standardize", "minmax"])
def test_blocks_change_nothing(name, monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, (7, 5, 5, 3), dtype=np.uint8)
    images[-1] = 255
    whole = fit(name, images)
    monkeypatch.setattr(module, "_BLOCK", 100)
    assert fit(name, images) == whole


def test_exact_where_float32_is_not():
    images = np.full((40, 1000, 1000), 200, np.uint8)
    images[0, 0, 0] = 199
    n = images.size
    found = fit("standardize", images)
    assert found.offset == 200 - 1 / n
    assert math.isclose(found.scale, math.sqrt((n - 1) / n**2), rel_tol=1e-12)


def test_to_and_from_json():
    found = fit("standardize", IMAGES)
    assert found.to_dict() == {"name": "standardize", "offset": 4.0, "scale": math.sqrt(14)}
    assert Normalization.from_dict(found.to_dict()) == found
    for former, name in (("z-score", "standardize"), ("min-max", "minmax")):
        assert Normalization.from_dict(found.to_dict() | {"name": former}).name == name


def test_refused(says):
    says(lambda: fit("standardise", IMAGES), "'standardise'", "Did you mean 'standardize'?")
    says(lambda: fit("z-score", IMAGES), "'z-score'", "called 'standardize' now")
    says(lambda: fit("standardize", np.full((3, 2), 7, np.uint8)), "standardize", "value 7", "Check the samples")
    says(lambda: fit("minmax", np.empty((0, 2), np.uint8)), "minmax", "no images")
    says(lambda: fit("standardize", np.full((3, 2), np.nan)), "float64", "uint8", "samples")
    says(lambda: Normalization("standardize", 0, 1).apply(np.zeros(3)), "float64", "uint8")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "standardize", "offset": 1.0}, ["scale", "Train the run again"]),
        ({"name": "standardize", "offset": "x", "scale": 1.0}, ["'x'"]),
        ({"name": "no", "offset": 1.0, "scale": 1.0}, ["'no'", "standardize"]),
        ({"name": "standardize", "offset": 1.0, "scale": 0.0}, ["scale", "above 0"]),
        ({"name": "standardize", "offset": float("nan"), "scale": 1.0}, ["finite"]),
    ],
)
def test_fields_refused(fields, words, says):
    says(lambda: Normalization.from_dict(fields), *words)
