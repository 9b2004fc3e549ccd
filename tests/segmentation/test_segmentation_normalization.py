"""Bands on one scale: values by hand, the same on every way to the network, measured on the training part alone."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from test_deployment import AXES, PICKED, offline, trained
from test_model import SENSOR, make_model

from boardbench.captures.locate import locate
from boardbench.engine.export import to_onnx
from boardbench.engine.onnxfile import session
from boardbench.errors import BoardbenchError
from boardbench.params.segmentation import Normalization as Params
from boardbench.params.segmentation import Reduction
from boardbench.segmentation.bands import choose_bands
from boardbench.segmentation.dataset import Cubes, WholeCaptures, collate
from boardbench.segmentation.deployment import INTERMEDIATES, Deployed, example, only_read
from boardbench.segmentation.export import _signature
from boardbench.segmentation.inference import TorchPredictor
from boardbench.segmentation.model import load, save
from boardbench.segmentation.normalization import Factors, load_normalization
from boardbench.segmentation.normalization.fit import normalization
from boardbench.segmentation.reduction.fit import reduction
from boardbench.segmentation.reduction.pca import load_reduction, project
from boardbench.stream.spectral_encoder import SpectralEncoder

# Two bands, four labelled training pixels; exact in float16.
SPECTRA = np.array([[0.125, 0.5], [0.375, 0.5], [0.25, 0.25], [0.25, 0.75]])
BY_HAND = {
    ("standardize", "band"): ([0.25, 0.5], [1 / np.sqrt(0.125**2 / 2), 1 / np.sqrt(0.25**2 / 2)]),
    ("minmax", "band"): ([0.125, 0.25], [4, 2]),
    # All eight values: mean 0.375, mean square 0.17578125.
    ("standardize", "all"): ([0.375, 0.375], [1 / np.sqrt(0.17578125 - 0.375**2)] * 2),
    ("minmax", "all"): ([0.125, 0.125], [1 / 0.625] * 2),
}


def capture(spectra):
    """Return a cube of one line whose last pixel is ignored and far from the others, and its mask."""
    cube = np.concatenate([spectra, [[0.9375, 0.0]]]).T[:, None]
    return cube, np.array([[*range(len(spectra)), 255]]) % 256


@pytest.fixture
def boards(world):
    world.add("a_1", "train", *capture(SPECTRA[:2]))
    world.add("b_1", "train", *capture(SPECTRA[2:]))
    for name, part in {"c_1": "validation", "d_1": "test", "e_1": "unused"}.items():
        world.add(name, part, *capture(np.array([[0.75, 0.0625], [0.0, 1.0]])))
    return world


def fitted(world, method="standardize", over="band", fit="train"):
    out = world.split.parent / "normalization.npz"
    params = Params(method=method, over=over, fit=fit)
    normalization(split=world.split, reflectance=world.reflectance, out=out, params=params)
    return out


@pytest.mark.parametrize(("method", "over"), BY_HAND)
def test_both_methods_by_hand(boards, method, over):
    found = load_normalization(fitted(boards, method, over))
    assert found.settings == {"method": method, "over": over, "fit": "train"}
    assert found.captures.tolist() == ["*"] and found.pixels.tolist() == [4]
    np.testing.assert_allclose(found.minimum, [[0.125, 0.25]])
    np.testing.assert_allclose(found.maximum, [[0.375, 0.75]])
    np.testing.assert_allclose(found.mean, [[0.25, 0.5]])
    np.testing.assert_allclose(found.wavelengths, [400, 1000])
    offset, gain = BY_HAND[method, over]
    factors = found.factors("any", 2)
    np.testing.assert_allclose(factors.offset, offset, rtol=1e-6)
    np.testing.assert_allclose(factors.gain, gain, rtol=1e-6)
    np.testing.assert_allclose(factors.pixels(SPECTRA), (SPECTRA - offset) * gain, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(factors.cube(SPECTRA.T[:, None]), ((SPECTRA - offset) * gain).T[:, None], atol=1e-6)


def test_standardized_training_pixels_have_mean_0_and_spread_1_and_minmax_ends_at_0_and_1(world, random_capture):
    for seed, part in enumerate(("train", "train", "test")):
        world.add(f"b{seed}_1", part, *random_capture(seed))
    pixels = np.concatenate(
        [
            cube.reshape(len(cube), -1).T[mask.ravel() != 255].astype(np.float64)
            for cube, mask in map(random_capture, (0, 1))
        ]
    )
    scaled = load_normalization(fitted(world)).factors("any", 6).pixels(pixels)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(scaled.std(axis=0), 1, rtol=1e-4)
    scaled = load_normalization(fitted(world, "minmax")).factors("any", 6).pixels(pixels)
    np.testing.assert_allclose([scaled.min(axis=0), scaled.max(axis=0)], [[0] * 6, [1] * 6], atol=1e-5)


@pytest.mark.parametrize("fit", ["train", "cube"])
def test_validation_test_and_unused_captures_never_enter_and_ignored_pixels_neither(boards, fit):
    before = load_normalization(fitted(boards, fit=fit))
    for name in ("c_1", "d_1", "e_1"):
        boards.write(name, *capture(np.array([[0.5, 0.125], [0.25, 0.0625]])))
    cube, mask = capture(SPECTRA[:2])
    if fit == "train":
        cube[:, mask == 255] = 0.5
        boards.write("a_1", cube, mask)
    after = load_normalization(fitted(boards, fit=fit))
    for name in ("a_1", "b_1"):
        for one, other in zip(before.factors(name, 2), after.factors(name, 2), strict=True):
            np.testing.assert_array_equal(one, other)
    boards.write("a_1", *capture(SPECTRA[:2] / 2))
    changed = load_normalization(fitted(boards, fit=fit)).factors("a_1", 2)
    assert (changed.offset != before.factors("a_1", 2).offset).any()


def test_cube_by_cube_takes_all_pixels_of_each_capture(boards):
    found = load_normalization(fitted(boards, "minmax", fit="cube"))
    assert found.captures.tolist() == ["a_1", "b_1", "c_1", "d_1", "e_1"]
    factors = found.factors("a_1", 2)  # 0.125, 0.375 and the ignored 0.9375; 0.5, 0.5 and 0
    np.testing.assert_allclose(factors.offset, [0.125, 0])
    np.testing.assert_allclose(factors.gain, [1 / 0.8125, 2])
    cube, _ = capture(SPECTRA[:2])
    again = found.rule_only().of_cube(cube, "new")
    for one, other in zip(again.factors("new", 2), factors, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("strategy", [None, "pca3"])
def test_every_sample_is_normalized_before_it_is_reduced(world, random_capture, strategy):
    for seed, part in enumerate(("train", "train", "validation")):
        world.add(f"b{seed}_1", part, *random_capture(seed))
    scaling = fitted(world)
    factors, npz = load_normalization(scaling).factors("any", 6), None
    expected = factors.cube(random_capture(2)[0])
    if strategy:
        npz = world.split.parent / "pca3.npz"
        given = {"split": world.split, "reflectance": world.reflectance, "strategy": strategy, "params": Reduction()}
        reduction(**given, normalization=scaling, out=npz)
        axes = load_reduction(npz)
        np.testing.assert_allclose(axes.mean, 0, atol=1e-4)  # fitted behind the normalization
        expected = np.einsum("kb,bls->kls", axes.components[0], expected - axes.mean[0][:, None, None])
    captures = WholeCaptures(Cubes(world.reflectance, scaling, npz), ["b2_1"])
    np.testing.assert_allclose(captures[0][0], expected, atol=1e-5)
    inputs, targets = collate(captures.__getitems__([0]))
    np.testing.assert_allclose(inputs[0], expected, atol=1e-5)
    assert (targets[0].numpy() == random_capture(2)[1]).all()


def five(world, method="standardize", over="band", fit="train"):
    """Return a normalization of the toy model's five bands."""
    rng = np.random.default_rng(3)
    for name, part in {"a_1": "train", "b_1": "validation", "c_1": "test"}.items():
        world.add(name, part, rng.uniform(0.1, 0.6, (5, 4, 6)), rng.integers(0, 3, (4, 6)))
    return load_normalization(fitted(world, method, over, fit))


@pytest.mark.parametrize(("method", "over"), BY_HAND)
@pytest.mark.parametrize(
    ("strategy", "axes"),
    [("scrb", None), ("linear3", None), ("full", None), ("scrb_se", None), ("pca3", AXES), ("bands3", PICKED)],
)
def test_what_is_deployed_is_the_offline_path(world, strategy, axes, method, over):
    scaling = five(world, method, over)
    model = trained(strategy, reduction=axes, normalization=scaling)
    counts, white, dark, _ = example(model, 20, 33)
    exposure = torch.tensor([0.8])
    with torch.inference_mode():
        _, probabilities, *_, reduced = Deployed(model).eval()(counts, white, dark, exposure)
        *_, plain = Deployed(replace(model, normalization=None)).eval()(counts, white, dark, exposure)
    expected = offline(model, counts, white, dark, exposure)
    torch.testing.assert_close(probabilities, expected, atol=2e-5, rtol=0)
    assert (reduced - plain).abs().max() > 0.01  # it is not left out
    if strategy == "bands3":  # a camera that delivers no other bands
        fewer, read = only_read(model)
        with torch.inference_mode():
            _, same, *_ = Deployed(fewer).eval()(counts[:, read], white[read], dark[read], exposure)
        torch.testing.assert_close(same, probabilities, atol=2e-6, rtol=0)


def test_a_saved_model_carries_it_and_the_file_and_the_stream_give_the_values_by_hand(world, tmp_path):
    """Counts 100 to 1100, panel 0.99: reflectance by hand, then (reflectance - mean) / spread."""
    scaling = five(world)
    model = make_model("full", normalization=scaling)
    save(model, tmp_path / "model.pt")
    again = load(tmp_path)
    assert again.normalization.settings == scaling.settings
    for one, other in zip(again.normalization.factors("x", 5), scaling.factors("x", 5), strict=True):
        np.testing.assert_array_equal(one, other)

    inputs, outputs = _signature(again)
    axes = {
        key: {at: word for at, word in enumerate(shape) if isinstance(word, str)} for key, (_, shape) in inputs.items()
    }
    path = tmp_path / "model.onnx"
    given = dict(zip(inputs, example(again), strict=True))
    to_onnx(Deployed(again).eval(), given, axes, list(outputs), list(INTERMEDIATES), {"boardbench": "0"}, path)

    counts = np.random.default_rng(0).integers(100, 800, (17, 8, 18), np.uint16)
    white, dark = np.full((8, 18), 1100, np.float32), np.full((8, 18), 100, np.float32)
    reflectance = ((counts[:, SENSOR.keep] - 100) * np.float32(0.99 / 1000)).astype(np.float16)
    measured = np.load(world.reflectance / "a_1.npy").reshape(5, -1).astype(np.float64)
    by_hand = (reflectance - measured.mean(axis=1)[:, None]) / measured.std(axis=1)[:, None]
    encoder = SpectralEncoder(path, white=white, dark=dark, exposure=1.0)
    np.testing.assert_allclose(encoder.lines(counts), by_hand.transpose(1, 0, 2), atol=2e-3)  # half a step of float16
    run = session(path, 1).run(
        ["probabilities"], {"counts": counts, "white": white, "dark": dark, "exposure": np.float32([1])}
    )
    with torch.inference_mode():
        image = torch.from_numpy(by_hand.transpose(1, 0, 2).astype(np.float32))[None]
        expected = again.network(image)[0].softmax(dim=0).numpy()
    np.testing.assert_allclose(run[0], expected, atol=2e-3)


def test_a_model_normalized_cube_by_cube_predicts_whole_captures_and_goes_to_no_line(world, tmp_path, says):
    model = make_model("full", normalization=five(world, fit="cube").rule_only())
    save(model, tmp_path / "model.pt")
    again = load(tmp_path)
    assert again.normalization.captures.size == 0 and again.normalization.fit == "cube"
    cube = np.random.default_rng(5).uniform(0, 1, (5, 20, 21)).astype(np.float16)
    predictor = TorchPredictor(tmp_path, 1)
    values = cube.reshape(5, -1).astype(np.float64)
    expected = ((values - values.mean(axis=1)[:, None]) / values.std(axis=1)[:, None]).reshape(cube.shape)
    np.testing.assert_allclose(predictor._reduced(cube, "x"), expected, atol=1e-4)
    says(lambda: Deployed(again), "toy unet-full", "segmentation.normalization.fit: cube", "predict --run")


def test_bands_without_a_scale_are_named(world, says):
    cube, mask = capture(SPECTRA)
    cube[1] = 0  # no valid pixel: white was not above dark
    world.add("a_1", "train", cube, mask)
    says(lambda: fitted(world), "band 1 (1000 nm)", "drop_last", "over: all")
    assert not (world.split.parent / "normalization.npz").exists()
    assert load_normalization(fitted(world, over="all")).factors("x", 2).gain[1] > 0


def test_other_bands_other_captures_and_damaged_files_are_named(boards, says, tmp_path):
    path = fitted(boards, fit="cube")
    says(lambda: load_normalization(path).factors("z_9", 2), "'z_9'", "fit")
    says(lambda: load_normalization(path).factors("a_1", 3), "3 bands", "measured on 2")
    says(lambda: load_normalization(tmp_path / "no.npz"), "no.npz", "segmentation normalization")
    (tmp_path / "x.npz").write_bytes(b"PK")
    says(lambda: load_normalization(tmp_path / "x.npz"), "x.npz", "Delete it")
    with pytest.raises(BoardbenchError, match="method: none"):
        fitted(boards, "none")
    report = boards.reflectance / "b_1.json"
    report.write_text(json.dumps(json.loads(report.read_text()) | {"wavelengths": [400, 1003]}))
    says(lambda: fitted(boards), "b_1.json", "'wavelengths'", "1003")


def test_predict_refuses_another_grid(tmp_path, write_envi):
    save(make_model("full"), tmp_path / "model.pt")
    header = write_envi(
        tmp_path / "b_1.hdr", np.full((20, 20, 5), 0.5, np.float32), wavelength=[500, 520, 540, 560, 580]
    )
    with pytest.raises(BoardbenchError, match="wavelength"):
        choose_bands(load(tmp_path).sensor, locate(header), resample=False)


def test_factors_of_a_projection_are_those_of_its_cube():
    cube = np.random.default_rng(1).uniform(0, 1, (5, 3, 4)).astype(np.float16)
    factors = Factors(np.full(5, 0.3, np.float32), np.full(5, 2, np.float32))
    expected = np.einsum("kb,bls->kls", AXES.components[0], (cube.astype(np.float64) - 0.3) * 2 - 0.3)
    np.testing.assert_allclose(project(cube, AXES, "x", factors), expected, atol=1e-4)
    np.testing.assert_allclose(
        project(cube, PICKED, "x", factors), (cube[[0, 2, 4]].astype(float) - 0.3) * 2, atol=1e-5
    )
