"""Planted leaks turn red: each is put in by hand, as a file of strangers or as an edit of the code."""

import numpy as np
import pandas as pd
import pytest
from test_training import BANDS, CLASSES, make_data, start

from boardbench.params.pruning import Pruning
from boardbench.params.segmentation import Normalization, Reduction
from boardbench.segmentation import baselines, pruning
from boardbench.segmentation.baselines import baseline
from boardbench.segmentation.data import load_capture, load_cube
from boardbench.segmentation.evaluation import evaluate
from boardbench.segmentation.leaks import closed
from boardbench.segmentation.normalization import fit as normalizing
from boardbench.segmentation.reduction import fit as reducing

TEST = "d_1"


def fit_reduction(data, out, split=None):
    params = Reduction(fit="train")
    reducing.reduction(
        split=split or data["split"], reflectance=data["reflectance"], out=out, strategy="pca3", params=params
    )


def fit_normalization(data, out, split=None):
    params = Normalization(method="standardize", fit="train")
    normalizing.normalization(split=split or data["split"], reflectance=data["reflectance"], out=out, params=params)


@pytest.fixture
def data(tmp_path):
    return make_data(tmp_path)


@pytest.fixture
def all_train(data, tmp_path):
    """A split whose training part is everything."""
    table = pd.read_csv(data["split"])
    table.loc[table["part"] == "test", "part"] = "train"
    table.to_csv(tmp_path / "all.csv", index=False)
    return tmp_path / "all.csv"


@pytest.mark.parametrize("fit", [fit_reduction, fit_normalization])
def test_what_was_fitted_on_the_test_part_is_refused_in_training_and_scoring(data, all_train, tmp_path, says, fit):
    key = "reduction" if fit is fit_reduction else "normalization"
    good, leaked = tmp_path / "good.npz", tmp_path / "leaked.npz"
    fit(data, good)
    fit(data, leaked, all_train)
    strategy = "pca3" if key == "reduction" else "scrb"
    start(data | {key: good}, tmp_path / "run", strategy, epochs=1)
    says(lambda: start(data | {key: leaked}, tmp_path / "bad", strategy, epochs=1), "leaked.npz", TEST, key)
    where = {"split": data["split"], "reflectance": data["reflectance"], "out": tmp_path / "run"}
    evaluate(**where, **{key: good})
    says(lambda: evaluate(**where, **{key: leaked}), "leaked.npz", TEST, key)


@pytest.mark.parametrize(("module", "fit"), [(reducing, fit_reduction), (normalizing, fit_normalization)])
def test_code_that_fits_on_all_is_stopped(data, tmp_path, says, monkeypatch, module, fit):
    monkeypatch.setattr(module, "captures_of", lambda split, part: ["a_1", "b_1", TEST])
    says(lambda: fit(data, tmp_path / "fit.npz"), TEST, "test part")
    assert not (tmp_path / "fit.npz").exists()


def test_a_baseline_that_is_fitted_on_all_is_stopped(data, tmp_path, says, monkeypatch):
    class Leaking(baselines.LinearDiscriminant):
        def fit(self, reflectance, names, counts):
            return super().fit(reflectance, [*names, TEST], counts)

    monkeypatch.setitem(baselines.BASELINES, "lda", Leaking)
    arguments = {"dataset": "toy", "classes": CLASSES, "split": data["split"], "reflectance": data["reflectance"]}
    says(lambda: baseline(name="lda", out=tmp_path / "run", **arguments), TEST, "test part")
    baseline(name="majority", out=tmp_path / "run", **arguments)


def test_a_plan_that_draws_from_the_test_part_is_refused(data, tmp_path, says):
    plan = pd.read_csv(data["augmentation"])
    plan.loc[0, "capture"] = TEST
    plan.to_csv(tmp_path / "plan.csv", index=False)
    says(lambda: start(data | {"augmentation": tmp_path / "plan.csv"}, tmp_path / "run"), "plan.csv", TEST)


def test_a_ratio_that_is_chosen_on_the_test_part_is_stopped(data, tmp_path, says, monkeypatch):
    start(data, tmp_path / "run", epochs=1)
    params = Pruning(method="unstructured", ratio=None, epochs=1, batch_size=2)
    arguments = {"name": "zeros", "run": tmp_path / "run", "out": tmp_path / "pruned", "params": params}

    def on_test(network, training_data):
        return float(np.mean(load_cube(data["reflectance"], TEST)))

    monkeypatch.setattr(pruning, "_mean_iou", on_test)
    says(lambda: pruning.prune(**arguments, **data), TEST, "test part")


def test_the_test_part_is_open_again_afterwards(data, says):
    with closed([TEST]), closed([TEST, "a_1"]):
        says(lambda: load_capture(data["reflectance"], TEST), TEST)
    assert load_capture(data["reflectance"], TEST)[0].shape[0] == BANDS
