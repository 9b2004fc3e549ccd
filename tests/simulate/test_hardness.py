"""The embedded data must mean something: no pixel by itself tells the classes, yet its spectrum says much."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.ensemble import HistGradientBoostingClassifier

from boardbench.simulate import sensor
from boardbench.simulate.board import make_board
from boardbench.simulate.captures import apparent
from boardbench.simulate.spectra import wavelengths

NM = wavelengths(56)
RGB = [np.abs(NM - nm).argmin() for nm in (460, 550, 640)]


def pixels(indices, step):
    spectra, classes = [], []
    camera = sensor.camera(NM, 96, seed=0)
    for i in indices:
        board = make_board(i, 96, 96, NM, seed=0)
        condition = sensor.NAMED[i % 3]
        rng = np.random.default_rng(i)
        shade = sensor.light(board.height, condition, board.mm_a_line)
        share = board.abundance(0, 96)
        seen = apparent(board, share, board.reflectance(share, 0), condition, shade, rng)
        shape = (16, *seen.shape[1:])
        sample = sensor.expose(camera, condition, seen, condition.tint, seen.shape, rng).astype(np.float32)
        white = sensor.expose(camera, condition, 1.0, condition.white_tint, shape, rng).mean(axis=0)
        dark = sensor.expose(camera, condition, 0.0, condition.tint, shape, rng).mean(axis=0)
        cube = (sample - dark) / (white - dark) * (condition.white_tint / condition.tint)
        spectra.append(np.clip(cube, 0, 1).transpose(0, 2, 1).reshape(-1, len(NM))[::step, 3:])
        classes.append(board.mask.ravel()[::step])
    return np.concatenate(spectra), np.concatenate(classes)


def ious(truth, found):
    confusion = np.bincount(truth.astype(int) * 4 + found, minlength=16).reshape(4, 4)
    hit = np.diag(confusion)
    return hit / (confusion.sum(axis=0) + confusion.sum(axis=1) - hit)


@pytest.fixture(scope="module")
def data():
    return pixels(range(6), 2), pixels(range(9, 12), 1)


def score(model, data, select=lambda x: x):
    (x, y), (test, truth) = data
    return ious(truth, model.fit(select(x), y).predict(select(test)))


def test_lda_on_all_bands_learns_but_does_not_solve_it(data):
    iou = score(LinearDiscriminantAnalysis(), data)
    assert 0.35 < iou.mean() < 0.75
    assert (iou > 0.05).all()  # every class has a spectrum worth looking at


def test_stronger_pixel_classifiers_do_not_solve_it(data):
    reduce = PCA(8).fit(data[0][0]).transform
    for model in (
        QuadraticDiscriminantAnalysis(reg_param=1e-4),
        HistGradientBoostingClassifier(max_iter=25, early_stopping=False, random_state=0),
    ):
        assert 0.25 < score(model, data, reduce).mean() < 0.95


def test_three_colour_bands_are_worse_than_all(data):
    lda = LinearDiscriminantAnalysis()
    rgb = score(lda, data, lambda x: x[:, [i - 3 for i in RGB]]).mean()
    assert rgb < score(lda, data).mean() - 0.05 and rgb < 0.95
    trees = HistGradientBoostingClassifier(max_iter=25, early_stopping=False, random_state=0)
    assert score(trees, data, lambda x: x[:, [i - 3 for i in RGB]]).mean() < 0.95
