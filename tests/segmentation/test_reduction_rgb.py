import json

import numpy as np
import pytest

from boardbench.errors import BoardbenchError
from boardbench.params.segmentation import Normalization, Reduction
from boardbench.segmentation import reduction as strategies
from boardbench.segmentation.normalization import load_normalization
from boardbench.segmentation.normalization.fit import normalization
from boardbench.segmentation.reduction.fit import reduction
from boardbench.segmentation.reduction.pca import load_reduction, project
from boardbench.segmentation.reduction.rgb import LINEAR_SRGB, matching_functions

BANDS = 61  # 400 to 1000 nm in steps of 10
# CIE 015: x, y, z of the 1931 observer.
TABLE = {
    450: (0.3362, 0.0380, 1.7721),
    500: (0.0049, 0.3230, 0.2720),
    550: (0.4334, 0.9950, 0.0087),
    600: (1.0622, 0.6310, 0.0008),
    650: (0.2835, 0.1070, 0.0000),
}


def fit(world, scale=None):
    folder = world.split.parent
    made = None
    if scale:
        made = folder / "normalization.npz"
        normalization(split=world.split, reflectance=world.reflectance, out=made, params=Normalization(**scale))
    out = folder / "reduction" / "rgb.npz"
    files = {"split": world.split, "reflectance": world.reflectance, "normalization": made}
    reduction(**files, out=out, strategy="rgb", params=Reduction())
    return load_reduction(out), load_normalization(made) if made else None


def flat(level, lines=4, samples=5):
    return np.full((BANDS, lines, samples), level), np.zeros((lines, samples), np.uint8)


@pytest.mark.parametrize("nm", TABLE)
def test_the_functions_are_those_of_the_tables(nm):
    np.testing.assert_allclose(matching_functions(np.array([float(nm)]))[:, 0], TABLE[nm], atol=0.011)


def test_a_flat_spectrum_is_grey_and_keeps_its_level(world):
    world.add("a_1", "train", *flat(0.5))
    axes, _ = fit(world)
    np.testing.assert_allclose(project(flat(0.5)[0], axes, "a_1"), 0.5, atol=1e-6)
    np.testing.assert_allclose(project(flat(1.0)[0], axes, "a_1"), 1.0, atol=1e-6)
    assert axes.captures.tolist() == ["*"] and axes.bands.shape == (1, 0)


@pytest.mark.parametrize("nm", [450, 550, 650])
def test_one_band_alone_gives_the_tabulated_ratio_of_channels(world, nm):
    """R : G : B of one wavelength is the matrix times x, y, z, each over its share of a white spectrum."""
    world.add("a_1", "train", *flat(0.5))
    axes, _ = fit(world)
    cube = np.zeros((BANDS, 1, 1))
    cube[(nm - 400) // 10] = 1
    seen = project(cube, axes, "a_1")[:, 0, 0]
    # Sums of the CIE's tables from 380 to 780 nm in steps of 5 nm: 21.37 for each of x, y and z.
    expected = (np.array(LINEAR_SRGB) @ TABLE[nm]) * 10 / (np.array(LINEAR_SRGB).sum(axis=1) * 21.37 * 5)
    np.testing.assert_allclose(seen, expected, atol=0.0025)
    assert seen.argmax() == {450: 2, 550: 1, 650: 0}[nm]


def test_infrared_is_not_seen(world):
    world.add("a_1", "train", *flat(0.5))
    cube = flat(0.5)[0]
    cube[43:] = 1  # 830 nm and above
    np.testing.assert_allclose(project(cube, fit(world)[0], "a_1"), 0.5, atol=1e-4)


@pytest.mark.parametrize(
    "scale", [{"method": "standardize"}, {"method": "minmax"}, {"method": "minmax", "over": "all"}]
)
def test_channels_are_the_cameras_brought_to_one_scale_behind_any_normalization(world, random_capture, scale):
    cube, mask = random_capture(0, BANDS)
    world.add("a_1", "train", cube, mask)
    other, _ = random_capture(1, BANDS)
    bare, _ = fit(world)
    axes, scaling = fit(world, scale)
    camera = project(cube, bare, "a_1")
    known = camera[:, mask != 255]
    if scale["method"] == "standardize":
        offset, gain = known.mean(axis=1), 1 / known.std(axis=1)
    elif scale.get("over") == "all":
        offset, gain = np.full(3, known.min()), np.full(3, 1 / (known.max() - known.min()))
    else:
        offset, gain = known.min(axis=1), 1 / (known.max(axis=1) - known.min(axis=1))
    for one in (cube, other):
        expected = (project(one, bare, "a_1") - offset[:, None, None]) * gain[:, None, None]
        np.testing.assert_allclose(project(one, axes, "a_1", scaling.factors("a_1", BANDS)), expected, atol=2e-4)


def test_only_the_training_part_decides_the_scale(world, random_capture):
    world.add("a_1", "train", *random_capture(0, BANDS))
    world.add("b_1", "test", *random_capture(1, BANDS))
    before, _ = fit(world, {"method": "standardize"})
    world.write("b_1", *random_capture(5, BANDS))
    after, _ = fit(world, {"method": "standardize"})
    np.testing.assert_array_equal(before.components, after.components)


@pytest.mark.parametrize(
    ("wavelengths", "words"),
    [
        (None, "none"),
        (np.linspace(450, 1000, BANDS), "lies outside"),
        (np.linspace(400, 600, BANDS), "lies outside"),
        (np.linspace(400, 400 + 25 * 60, BANDS), "apart"),
    ],
)
def test_captures_that_no_colour_camera_matches_are_refused_by_name(world, wavelengths, words, says):
    world.add("a_1", "train", *flat(0.5))
    report = world.reflectance / "a_1.json"
    content = json.loads(report.read_text())
    content["wavelengths"] = wavelengths if wavelengths is None else wavelengths.tolist()
    report.write_text(json.dumps(content))
    says(lambda: fit(world), str(report), "wavelengths", words, "segmentation.strategies")
    assert not (world.split.parent / "reduction").exists()


def test_the_order_of_the_bands_is_free():
    response, wavelengths = strategies.get("rgb").response, np.linspace(400, 1000, BANDS)
    np.testing.assert_allclose(response(wavelengths[::-1], "here"), response(wavelengths, "here")[:, ::-1])


def test_the_camera_of_the_default_boards_is_enough(world):
    """An FX10 without its first ten of 224 bands: 427 to 1000 nm."""
    strategies.get("rgb").response(np.linspace(400, 1000, 224)[10:], "here")


def test_a_scale_of_each_capture_is_refused(world, random_capture):
    for seed, part in enumerate(("train", "validation", "test", "unused")):
        world.add(f"{part}_1", part, *random_capture(seed, BANDS))
    with pytest.raises(BoardbenchError, match=r"segmentation\.normalization\.fit"):
        fit(world, {"method": "standardize", "fit": "cube"})
