"""From an empty folder to a study: labels, sheet and params that the pipeline takes."""

import json

import numpy as np
import pytest
import yaml
from PIL import Image

from boardbench.labels.new import new
from boardbench.params.params import Params


@pytest.fixture
def mine(tmp_path, write_envi, monkeypatch):
    """Make data/raw/mine with raw captures of four scenes, 32 x 64 pixels; return their masks' paths."""
    monkeypatch.chdir(tmp_path)

    def make(scenes=4, masks=True):
        made = []
        for number in range(scenes):
            name = f"b{number}_1"
            folder = tmp_path / "data" / "raw" / "mine" / name
            for prefix, level in {"": 600, "WHITEREF_": 1100, "DARKREF_": 100}.items():
                values = np.full((32, 64, 24), level, np.uint16)
                write_envi(folder / "capture" / f"{prefix}{name}.hdr", values)
            mask = np.zeros((32, 64), np.uint8)
            mask[:10] = 1
            if masks:
                Image.fromarray(mask).save(folder / "mask.png")
            made.append(folder / "mask.png")
        return made

    return make


def test_sheet_and_params_are_ready(mine, tmp_path):
    mine(10)
    new(folder=tmp_path / "data" / "raw" / "mine", classes=["others", "ic"])
    assert len((tmp_path / "data" / "raw" / "mine" / "captures.csv").read_text().splitlines()) == 11
    content = yaml.safe_load((tmp_path / "mine.yaml").read_text())
    params = Params.model_validate(content)  # every key is known
    study = params.segmentation
    assert (study.dataset, study.source, study.classes) == ("mine", "captures", ["others", "ic"])
    assert (study.split.train, study.split.validation, study.split.test) == (7, 1, 2)
    assert (study.reflectance.drop_first, study.reflectance.size, study.complexity.bands) == (0, (32, 64), 24)
    # 7 boards, two a step: 4 steps an epoch, where the default's 60 boards take 30 in each of 32 epochs.
    assert (study.training.epochs, study.training.patience, study.pruning) == (240, 240, [])


def test_labels_become_masks_first(mine, tmp_path):
    masks = mine(3, masks=False)
    for mask in masks:
        name = mask.parent.name
        shape = {"label": "IC", "shape_type": "rectangle", "points": [[0, 0], [64, 10]]}
        content = {"shapes": [shape], "imagePath": f"{name}.png", "imageHeight": 32, "imageWidth": 64}
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    labels = sorted(tmp_path.glob("*.json"))
    new(folder=tmp_path / "data/raw/mine", classes=["others", "ic"], labels=labels, rest="others", rename=["IC=ic"])
    assert np.asarray(Image.open(masks[0])).sum() == 640


def test_what_cannot_be_a_study_is_refused_and_leaves_no_file(mine, tmp_path, says):
    folder = tmp_path / "data" / "raw" / "mine"
    mine(2)
    says(lambda: new(folder=folder, classes=["others", "ic"]), "2 scenes", "three boards")
    mine(3)
    says(lambda: new(folder=folder, classes=["others", "ic", "led"]), "no mask has pixels of led")
    says(lambda: new(folder=folder, classes=["others"]), "mask.png", "class ids 1")
    assert not (folder / "captures.csv").exists() and not (tmp_path / "mine.yaml").exists()
    says(lambda: new(folder=tmp_path, classes=["others", "ic"]), "not in data/raw")
    (tmp_path / "mine.yaml").write_text("mine: my own work\n")
    says(lambda: new(folder=folder, classes=["others", "ic"]), "mine.yaml: there already")
