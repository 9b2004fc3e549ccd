import json

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from boardbench.errors import BoardbenchError
from boardbench.segmentation.baselines import BASELINES, LinearDiscriminant, baseline
from boardbench.segmentation.data import class_counts
from boardbench.segmentation.scores import read_confusion

CLASSES = ["others", "ic", "capacitor"]
# Three directions of reflectance, at two brightnesses.
SPECTRA = np.array([[0.5, 0.5, 0.5, 0.5], [0.8, 0.4, 0.2, 0.1], [0.1, 0.2, 0.4, 0.8]])


def scene(mask, gain=1.0, noise=0.0, seed=0):
    mask = np.asarray(mask)
    spectra = SPECTRA[np.where(mask == 255, 0, mask)] * np.asarray(gain)[..., None]
    spectra = spectra + np.random.default_rng(seed).normal(0, noise, spectra.shape)
    return np.moveaxis(spectra, -1, 0).astype(np.float16), mask


def fitted(name, world, names=("a_1",)):
    model = BASELINES[name]()
    model.fit(world.reflectance, list(names), class_counts(world.reflectance, names, CLASSES))
    return model


def test_majority_is_the_most_frequent_labelled_class(world):
    world.write("a_1", *scene([[1, 1, 1, 0], [2, 2, 255, 255], [255, 255, 255, 255]]))
    model = fitted("majority", world)
    prediction = model.predict(scene([[0, 2]])[0])
    assert prediction.dtype == np.uint8 and prediction.tolist() == [[1, 1]]


def test_spectral_angle_is_blind_to_brightness(world):
    world.write("a_1", *scene([[0, 0], [1, 2]]))
    dark_and_bright = np.array([[0.1, 1.2], [0.2, 1.1], [0.05, 1.0]])
    cube, mask = scene([[0, 1], [1, 2], [2, 0]], gain=dark_and_bright)
    assert fitted("spectral_angle", world).predict(cube).tolist() == mask.tolist()


def test_spectral_angle_is_to_the_class_mean_without_ignored_pixels(world):
    cube = np.zeros((2, 1, 5))
    cube[:, 0] = [[1, 0.0, 0.5, 1.0, 0.0], [0, 0.5, 0.5, 0.0, 1.0]]
    world.write("a_1", cube, np.array([[0, 0, 1, 2, 255]]))
    # Class means: 0 (0.5, 0.25) at 27 degrees, 1 at 45, 2 at 0. Limits between them: 13 and 36 degrees.
    angles = np.deg2rad([[5, 12, 15, 35, 37, 90]])
    test = np.stack([np.cos(angles), np.sin(angles)])
    assert fitted("spectral_angle", world).predict(test).tolist() == [[2, 2, 0, 0, 1, 1]]


def test_zero_spectrum_goes_to_the_first_class(world):
    world.write("a_1", *scene([[0, 1, 2]]))
    assert fitted("spectral_angle", world).predict(np.zeros((4, 1, 1))).tolist() == [[0]]


def noisy(seed, shares=(0.9, 0.06, 0.04)):
    mask = np.random.default_rng(seed).choice(3, size=(40, 50), p=shares)
    return scene(mask, gain=np.ones((40, 50)), noise=0.15, seed=seed)


def test_lda_on_all_pixels_is_that_of_scikit_learn(world):
    captures = [noisy(1), noisy(2)]
    for name, capture in zip(["a_1", "b_1"], captures, strict=True):
        world.write(name, *capture)
    pixels = np.concatenate([cube.reshape(4, -1).T for cube, _ in captures]).astype(np.float64)
    truth = np.concatenate([mask.ravel() for _, mask in captures])
    cube = noisy(3)[0]
    expected = LinearDiscriminantAnalysis().fit(pixels, truth).predict(cube.reshape(4, -1).T.astype(np.float64))
    prediction = fitted("lda", world, ["a_1", "b_1"]).predict(cube)
    assert (prediction.ravel() == expected).mean() > 0.999


def test_lda_sample_is_capped_by_class_and_keeps_the_true_priors(world):
    for seed in (1, 2):
        world.write(f"{seed}_1", *noisy(seed))
    counts = class_counts(world.reflectance, ["1_1", "2_1"], CLASSES)
    model = LinearDiscriminant(sample=600)
    used = model.fit(world.reflectance, ["1_1", "2_1"], counts)
    assert counts[1] > 200 > counts[2]
    assert used == 200 + 200 + counts[2]
    np.testing.assert_allclose(model.model.priors_, counts / counts.sum())
    cube, _ = noisy(3)
    everything = fitted("lda", world, ["1_1", "2_1"]).predict(cube)
    assert (model.predict(cube) == everything).mean() > 0.97
    # Equal shares in the sample must not turn into equal shares in the prediction.
    assert np.bincount(everything.ravel())[0] > 1700
    assert abs((model.predict(cube) == 0).mean() - (everything == 0).mean()) < 0.02


def test_lda_sample_takes_the_right_pixels_of_the_right_captures(world, monkeypatch):
    """Every pixel's spectrum tells its capture, place and class."""
    rng = np.random.default_rng(0)
    names = ["a_1", "b_1", "c_1"]
    for index, name in enumerate(names):
        mask = rng.choice([0, 1, 2, 255], size=(10, 10))
        places = np.arange(100).reshape(10, 10) / 128
        world.write(name, np.stack([np.full((10, 10), index / 4), places, np.where(mask == 255, 1, mask / 4)]), mask)
    seen = {}
    monkeypatch.setattr(LinearDiscriminantAnalysis, "fit", lambda self, pixels, labels: seen.update(x=pixels, y=labels))
    model = LinearDiscriminant(sample=60)
    assert model.fit(world.reflectance, names, class_counts(world.reflectance, names, CLASSES)) == 60
    np.testing.assert_array_equal(seen["x"][:, 2] * 4, seen["y"])
    assert np.bincount(seen["y"]).tolist() == [20, 20, 20]
    assert len(np.unique(seen["x"], axis=0)) == 60
    assert set(seen["x"][:, 0] * 4) == {0, 1, 2}


def test_prediction_by_blocks_is_that_of_the_whole(world, monkeypatch):
    world.write("a_1", *noisy(1))
    model, (cube, _) = fitted("lda", world), noisy(2)
    whole = model.predict(cube)
    monkeypatch.setattr("boardbench.segmentation.data.BLOCK", 150)
    np.testing.assert_array_equal(model.predict(cube), whole)


@pytest.mark.parametrize("name", BASELINES)
def test_floor_writes_a_run_folder(world, name):
    world.add("a_1", "train", *noisy(1))
    world.add("b_1", "test", *noisy(2))
    out = world.split.parent / f"{name}-none-seed0"
    baseline(name=name, split=world.split, reflectance=world.reflectance, out=out, classes=CLASSES, dataset="tiny")
    confusion, classes = read_confusion(out / "confusion.csv")
    metrics = json.loads((out / "metrics.json").read_text())
    assert classes == CLASSES and confusion.sum() == 2000
    told = {key: metrics[key] for key in ("dataset", "backbone", "strategy", "seed", "training_pixels")}
    assert told == {"dataset": "tiny", "backbone": name, "strategy": "none", "seed": 0, "training_pixels": 2000}
    assert (out / "predictions" / "b_1.png").is_file()
    share = np.diag(confusion).sum() / 2000
    assert (confusion[:, 1:].sum() == 0) == (name == "majority")
    assert share > {"majority": 0.85, "spectral_angle": 0.6, "lda": 0.93}[name]


def test_unknown_floor_and_absent_class_are_refused(world):
    world.add("a_1", "train", *scene([[0, 0, 2]]))
    world.add("b_1", "test", *scene([[0, 1, 2]]))
    arguments = {
        "split": world.split,
        "reflectance": world.reflectance,
        "out": world.split.parent / "run",
        "classes": CLASSES,
        "dataset": "tiny",
    }
    with pytest.raises(BoardbenchError, match=r"unknown baseline 'ldaa'. Did you mean 'lda'"):
        baseline(name="ldaa", **arguments)
    for name in BASELINES:
        with pytest.raises(BoardbenchError, match=r"split\.csv: no training pixel of class 'ic'"):
            baseline(name=name, **arguments)
    assert not (world.split.parent / "run").exists()
