import numpy as np
import pytest
from sklearn.decomposition import PCA

from boardbench.errors import BoardbenchError
from boardbench.params.segmentation import Reduction
from boardbench.segmentation.reduction.fit import reduction
from boardbench.segmentation.reduction.pca import fit_pca, load_reduction, project

PARTS = {"a_1": "train", "a_2": "train", "b_1": "validation", "c_1": "test", "d_1": "unused"}


@pytest.fixture
def boards(world, random_capture):
    for seed, (name, part) in enumerate(PARTS.items()):
        world.add(name, part, *random_capture(seed))
    return world


def fit(world, kind="train", strategy="pca3"):
    out = world.split.parent / "reduction" / f"{strategy}.npz"
    reduction(split=world.split, reflectance=world.reflectance, out=out, strategy=strategy, params=Reduction(fit=kind))
    return out


def pixels_of(captures):
    return np.concatenate([cube.reshape(len(cube), -1).T[mask.ravel() != 255] for cube, mask in captures])


def assert_same_axes(fitted, pixels, row=0):
    pca = PCA(3).fit(pixels.astype(np.float64))
    axes = pca.components_
    axes = axes * np.sign(axes[np.arange(3), abs(axes).argmax(axis=1)])[:, None]
    np.testing.assert_allclose(fitted.mean[row], pixels.mean(axis=0, dtype=np.float64), atol=1e-6)
    np.testing.assert_allclose(fitted.components[row], axes, atol=1e-5)
    np.testing.assert_allclose(fitted.explained_variance_ratio[row], pca.explained_variance_ratio_, atol=1e-6)


def test_fit_train_is_the_pca_of_the_training_pixels(boards, random_capture, monkeypatch):
    monkeypatch.setattr("boardbench.segmentation.data.BLOCK", 45)  # three lines a block, many batches
    fitted = load_reduction(fit(boards))
    assert fitted.captures.tolist() == ["*"]
    assert fitted.mean.shape == (1, 6) and fitted.mean.dtype == np.float32
    assert fitted.components.shape == (1, 3, 6) and fitted.components.dtype == np.float32
    assert_same_axes(fitted, pixels_of([random_capture(0), random_capture(1)]))


def test_largest_loading_is_positive(boards):
    axes = load_reduction(fit(boards)).components[0]
    assert (axes[np.arange(3), abs(axes).argmax(axis=1)] > 0).all()


def test_validation_test_and_unused_have_no_influence(boards, random_capture):
    before = fit(boards).read_bytes()
    for name in ("b_1", "c_1", "d_1"):
        boards.write(name, *random_capture(77))
    assert fit(boards).read_bytes() == before
    boards.write("a_2", *random_capture(77))
    assert fit(boards).read_bytes() != before


def test_ignored_pixels_of_the_training_part_have_no_influence(boards, random_capture):
    before = fit(boards).read_bytes()
    cube, mask = random_capture(0)
    cube[:, mask == 255] = 1
    boards.write("a_1", cube, mask)
    assert fit(boards).read_bytes() == before


@pytest.mark.parametrize(("kind", "strategy"), [("cube", "pca3"), ("train", "pca3_cube"), ("cube", "pca3_cube")])
def test_fit_cube_gives_every_capture_axes_of_all_its_pixels_and_reads_no_mask(boards, random_capture, kind, strategy):
    boards.write("c_1", random_capture(3)[0], np.full((20, 15), 255))
    fitted = load_reduction(fit(boards, kind, strategy))
    assert sorted(fitted.captures) == sorted(PARTS)
    for seed, name in enumerate(PARTS):
        row = fitted.captures.tolist().index(name)
        cube = random_capture(seed)[0]
        assert_same_axes(fitted, pixels_of([(cube, np.zeros(cube.shape[1:]))]), row)


def test_principal_axes_pick_no_band_and_have_no_criterion(boards):
    fitted = load_reduction(fit(boards, "cube"))
    assert fitted.bands.shape == (5, 0)
    assert np.isnan(fitted.criterion).tolist() == [True] * 5


def test_blocks_may_be_smaller_than_the_components():
    spectra = np.random.default_rng(0).random((40, 6))
    whole = fit_pca([spectra], 3, "here")
    for one, other in zip(whole, fit_pca(np.split(spectra, 40), 3, "here"), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("kind", ["train", "cube"])
def test_project_is_components_times_centred_spectrum(boards, random_capture, kind, monkeypatch):
    monkeypatch.setattr("boardbench.segmentation.data.BLOCK", 45)
    fitted = load_reduction(fit(boards, kind))
    cube = random_capture(3)[0]
    row = 0 if kind == "train" else fitted.captures.tolist().index("c_1")
    projected = project(cube, fitted, "c_1")
    assert projected.shape == (3, 20, 15) and projected.dtype == np.float32
    for line, sample in [(0, 0), (7, 11), (19, 14)]:
        expected = fitted.components[row] @ (cube[:, line, sample].astype(np.float32) - fitted.mean[row])
        np.testing.assert_allclose(projected[:, line, sample], expected, atol=1e-6)


def test_project_refuses_a_capture_or_bands_it_was_not_fitted_on(boards, random_capture):
    cube = random_capture(0)[0]
    with pytest.raises(BoardbenchError, match=r"no axes for capture 'e_1'.*segmentation\.reduction\.fit: train"):
        project(cube, load_reduction(fit(boards, "cube")), "e_1")
    with pytest.raises(BoardbenchError, match=r"capture 'a_1': 5 bands, but .* fitted on 6.*Fit it again"):
        project(cube[:5], load_reduction(fit(boards)), "a_1")


def test_missing_or_damaged_file_names_the_verb(tmp_path):
    path = tmp_path / "pca3.npz"
    with pytest.raises(BoardbenchError, match=r"pca3\.npz: no fitted reduction.*segmentation reduction"):
        load_reduction(path)
    path.write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(BoardbenchError, match=r"pca3\.npz: not a fitted reduction.*segmentation reduction"):
        load_reduction(path)
    np.savez(path, mean=np.zeros((1, 6)))
    with pytest.raises(BoardbenchError, match=r"pca3\.npz: not a fitted reduction.*captures"):
        load_reduction(path)


def test_strategy_without_a_fit_is_refused(boards):
    with pytest.raises(
        BoardbenchError,
        match=r"strategy 'scrb': nothing to fit.*a fitted strategy: bands3, .*pca3, pca3_cube, rgb, scrb12\.",
    ):
        fit(boards, strategy="scrb")


def test_too_few_pixels_or_bands_are_refused(world, random_capture):
    cube, mask = random_capture(0)
    mask[:] = 255
    mask[0, :3] = 0
    world.add("a_1", "train", cube, mask)
    with pytest.raises(
        BoardbenchError, match=r"split\.csv, labelled pixels of the training part: 3 pixels of 6 bands .* 3 comp"
    ):
        fit(world)
    mask[:] = 255
    world.write("a_1", cube, mask)
    with pytest.raises(BoardbenchError, match=r"training part: 0 pixels of 0 bands.*Label more"):
        fit(world)
    world.write("a_1", cube[:2], np.zeros((20, 15)))
    with pytest.raises(BoardbenchError, match=r"300 pixels of 2 bands .*drop fewer bands"):
        fit(world)
    assert not (world.split.parent / "reduction" / "pca3.npz").exists()


def test_constant_cubes_are_refused(world):
    world.add("a_1", "train", np.full((6, 20, 15), 0.5), np.zeros((20, 15)))
    with pytest.raises(BoardbenchError, match="all pixels have the same spectrum; check"):
        fit(world)


def test_captures_of_different_bands_are_refused(boards, random_capture):
    cube, mask = random_capture(1)
    boards.write("a_2", cube[:5], mask)
    with pytest.raises(BoardbenchError, match=r"different numbers of bands: 6 in 'a_1', 5 in 'a_2'.*again"):
        fit(boards)
