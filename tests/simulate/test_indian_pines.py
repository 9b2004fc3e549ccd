"""Indian Pines: disjoint blocks whose values and labels are those of the scene."""

import json

import numpy as np
import pytest
from PIL import Image

from boardbench.captures import open_cube
from boardbench.captures.reflectance import reflectance
from boardbench.captures.sheet import generated_capture, read_sheet, write_sheet
from boardbench.params.segmentation import Reflectance
from boardbench.simulate.indian_pines import BLOCK, BLOCKS, indian_pines, scene_names

datasets = pytest.importorskip("tensorly.datasets")


@pytest.fixture(scope="module")
def blocks(tmp_path_factory):
    out = tmp_path_factory.mktemp("indian-pines")
    indian_pines(out=out)
    return out


def test_the_blocks_are_the_scene_cut_once(blocks):
    scene = datasets.load_indian_pines()
    together = np.zeros((BLOCK * BLOCKS, BLOCK * BLOCKS, 200))
    labels = np.zeros((BLOCK * BLOCKS, BLOCK * BLOCKS), np.uint8)
    for index, name in enumerate(scene_names()):
        line, sample = (BLOCK * part for part in divmod(index, BLOCKS))
        capture = generated_capture(blocks, name, "1", "reflectance")
        together[line : line + BLOCK, sample : sample + BLOCK] = open_cube(capture.cube).data
        labels[line : line + BLOCK, sample : sample + BLOCK] = np.array(Image.open(capture.mask))
    side = BLOCK * BLOCKS
    assert (together == np.asarray(scene.tensor)[:side, :side]).all()
    truth = np.asarray(scene.ticks[0])[:side, :side]
    assert ((labels == 255) == (truth == 0)).all()
    assert (labels[truth > 0] == truth[truth > 0] - 1).all()


def test_the_pipeline_takes_it_with_its_own_bands_and_classes(blocks, tmp_path):
    write_sheet(root=blocks, out=blocks / "captures.csv")
    captures = read_sheet(blocks / "captures.csv")
    assert len(captures) == 36
    first = captures[0]
    out = tmp_path / f"{first.name}.npy"
    knobs = Reflectance(drop_first=0, size=None)
    reflectance(cube=first.cube, out=out, mask=first.mask, classes=16, params=knobs)
    assert np.load(out).shape == (200, BLOCK, BLOCK)
    report = json.loads(out.with_suffix(".json").read_text())
    assert report["wavelengths"][0] == pytest.approx(400.02)
    scene = datasets.load_indian_pines()
    assert np.load(out)[7, 3, 5] == pytest.approx(np.asarray(scene.tensor)[3, 5, 7] / 10000, abs=5e-4)
