"""Principal components: the right pixels, the right axes, the right capture."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from boardbench.errors import BoardbenchError
from boardbench.params import Reduction
from boardbench.segmentation.data import load_cube
from boardbench.segmentation.reduction.fit import reduction
from boardbench.segmentation.reduction.pca import load_reduction, project


def fit(world, name="pca3.npz", **params):
    out = world.split.with_name(name)
    reduction(split=world.split, reflectance=world.reflectance, out=out, strategy="pca3", params=Reduction(**params))
    return load_reduction(out)


@pytest.fixture
def three(world, random_capture):
    for seed, (name, part) in enumerate([("a_1", "train"), ("b_1", "train"), ("c_1", "validation"), ("d_1", "test")]):
        world.add(name, part, *random_capture(seed))
    return world


def labelled(world, *names):
    from boardbench.segmentation.data import load_mask

    pixels = []
    for name in names:
        cube, mask = np.asarray(load_cube(world.reflectance, name), np.float64), load_mask(world.reflectance, name)
        pixels.append(cube[:, mask != 255].T)
    return np.concatenate(pixels)


def test_the_axes_are_those_of_all_labelled_training_pixels(three):
    axes = fit(three)
    pixels = labelled(three, "a_1", "b_1")
    rival = PCA(3).fit(pixels)
    assert axes.captures.tolist() == ["*"]
    np.testing.assert_allclose(axes.mean[0], rival.mean_, atol=1e-5)
    np.testing.assert_allclose(np.abs(axes.components[0] @ rival.components_.T), np.eye(3), atol=1e-3)
    np.testing.assert_allclose(axes.explained_variance_ratio[0], rival.explained_variance_ratio_, rtol=1e-3)
    rows = axes.components[0]
    assert (rows[np.arange(3), np.abs(rows).argmax(axis=1)] > 0).all()


def test_test_pixels_and_ignored_pixels_have_no_influence(three, random_capture):
    before = fit(three)
    three.write("d_1", *random_capture(77))
    cube, mask = random_capture(0)
    cube[:, mask == 255] = 1.0
    three.write("a_1", cube, mask)
    after = fit(three)
    assert (before.components == after.components).all()
    assert (before.mean == after.mean).all()


def test_a_training_pixel_has_influence(three, random_capture):
    before = fit(three)
    three.write("b_1", *random_capture(77))
    assert not np.allclose(before.mean, fit(three).mean)


def test_cube_by_cube_has_its_own_axes_for_every_capture(three):
    axes = fit(three, fit="cube")
    assert sorted(axes.captures.tolist()) == ["a_1", "b_1", "c_1", "d_1"]
    row = axes.captures.tolist().index("c_1")
    np.testing.assert_allclose(axes.mean[row], labelled(three, "c_1").mean(axis=0), atol=1e-5)


def test_the_projection_by_hand(three):
    axes = fit(three)
    cube = load_cube(three.reflectance, "d_1")
    projected = project(cube, axes, "d_1")
    assert projected.shape == (3, *cube.shape[1:])
    spectrum = np.asarray(cube[:, 4, 7], np.float64)
    np.testing.assert_allclose(projected[:, 4, 7], axes.components[0] @ (spectrum - axes.mean[0]), atol=1e-5)


def test_a_capture_that_was_not_fitted_is_named(three):
    axes = fit(three, fit="cube")
    with pytest.raises(BoardbenchError, match="e_1"):
        project(load_cube(three.reflectance, "a_1"), axes, "e_1")


def test_other_bands_are_refused(three):
    with pytest.raises(BoardbenchError, match=r"6.*5|5.*6"):
        project(load_cube(three.reflectance, "a_1")[:5], fit(three), "a_1")


def test_a_damaged_file_says_what_to_do(tmp_path):
    (tmp_path / "pca3.npz").write_bytes(b"no")
    with pytest.raises(BoardbenchError, match=r"pca3\.npz.*boardbench segmentation reduction"):
        load_reduction(tmp_path / "pca3.npz")


def test_too_few_labelled_pixels_are_refused(world, random_capture):
    cube, mask = random_capture(0)
    mask[:] = 255
    mask[0, :2] = 0
    for name, part in (("a_1", "train"), ("c_1", "validation"), ("d_1", "test")):
        world.add(name, part, cube, mask)
    with pytest.raises(BoardbenchError, match="2 labelled pixels"):
        fit(world)
