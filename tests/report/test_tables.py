import json

import numpy as np
import pytest

from boardbench.errors import BoardbenchError
from boardbench.params import Complexity
from boardbench.report.tables import tables

# Mean IoU by seed: (.9 + .5 + .1) / 3 = .5 (the NaN class is left out), (.8 + .4 + .2 + .2) / 4 = .4;
# mean .45, sd = |.5 - .4| / sqrt 2 = .0707. Mean F1: 1.75 / 3 = .58333, 2 / 4 = .5; mean .54167, sd .05893.
MEAN = """\
dataset,backbone,strategy,seeds,miou,miou_sd,mf1,mf1_sd,miou_published,mf1_published
toy,unet,pca3,2,0.4500,0.0707,0.5417,0.0589,0.37,0.37
toy,majority,none,1,0.2300,,0.2400,,,
"""
PER_CLASS = """\
dataset,backbone,strategy,seed,class,f1,iou,precision,recall,f1_published,iou_published
toy,unet,pca3,0,others,0.9500,0.9000,0.9500,0.9000,0.95,0.95
toy,unet,pca3,0,ic,0.6000,0.5000,0.6000,0.5000,0.27,0.27
toy,unet,pca3,0,capacitor,0.2000,0.1000,0.2000,0.1000,0.23,0.23
toy,unet,pca3,0,connectors,,,,,0.05,0.05
toy,unet,pca3,1,others,0.8500,0.8000,0.8500,0.8000,0.95,0.95
toy,unet,pca3,1,ic,0.5000,0.4000,0.5000,0.4000,0.27,0.27
toy,unet,pca3,1,capacitor,0.3000,0.2000,0.3000,0.2000,0.23,0.23
toy,unet,pca3,1,connectors,0.3500,0.2000,0.3500,0.2000,0.05,0.05
toy,majority,none,0,others,0.9600,0.9200,0.9600,0.9200,,
toy,majority,none,0,ic,0.0000,0.0000,0.0000,0.0000,,
toy,majority,none,0,capacitor,0.0000,0.0000,0.0000,0.0000,,
toy,majority,none,0,connectors,0.0000,0.0000,0.0000,0.0000,,
"""
COMPLEXITY = """\
dataset,backbone,strategy,gmacs,gmacs_published_convention,params_millions,gmacs_published,params_millions_published
toy,unet,pca3,302.3300,342.3400,31.038,342.86,31.30
"""
REDUCTION = """\
dataset,strategy,fit,components,explained_variance_percent,explained_variance_percent_published
toy,pca3,train,3,96.00,98.7
"""
CAPTURES = """\
dataset,scene,condition,part,lines,samples,bands,values,invalid,saturated,white_saturated,clipped_low,clipped_high
toy,b1,1,train,32,48,214,328704,3,0,1,2,7
toy,b1,2,train,32,48,214,328704,3,0,1,2,7
toy,b2,1,test,32,48,214,328704,3,0,1,2,7
"""


def make(world, counted=None, **changes):
    tables(**(world.arguments | changes), counted=counted or Complexity())
    return world.root / "tables"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mean", MEAN),
        ("per_class", PER_CLASS),
        ("complexity", COMPLEXITY),
        ("reduction", REDUCTION),
        ("captures", CAPTURES),
    ],
)
def test_bytes(world, name, expected):
    out = make(world)
    assert (out / f"segmentation_{name}.csv").read_bytes() == expected.encode()
    header = (out / f"segmentation_{name}.md").read_text().splitlines()[0]
    assert [cell.strip() for cell in header.strip("|").split("|")] == expected.splitlines()[0].split(",")


def test_metrics_and_about(world):
    out = make(world)
    assert json.loads((out / "segmentation_metrics.json").read_text()) == {
        "unet": {"pca3": {"miou": 0.45, "mf1": 0.5417}},
        "majority": {"none": {"miou": 0.23, "mf1": 0.24}},
    }
    about = json.loads((out / "about.json").read_text())
    assert about["label"].startswith("SIMULATED")
    assert about["bands"] == [214]
    assert about["working_sizes"] == [[64, 64]]
    assert about["parts"]["train"] == {"scenes": 1, "captures": 2}
    assert about["parts"]["validation"] == {"scenes": 0, "captures": 0}


def test_no_machine_path_in_any_table(world):
    for path in make(world).iterdir():
        assert str(world.root) not in path.read_text()


def test_single_seed_has_no_spread(world):
    row = (make(world, seeds=[1]) / "segmentation_mean.csv").read_text().splitlines()[1]
    assert row == "toy,unet,pca3,1,0.4000,,0.5000,,0.37,0.37"


def test_published_scores_only_for_the_papers_classes(world):
    classes = ["others", "ic", "capacitor", "fields"]
    for run in ("unet-pca3-seed0", "unet-pca3-seed1", "majority-none-seed0"):
        path = world.root / "runs" / run / "metrics.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"classes": classes}))
    out = make(world, classes=classes)
    assert (out / "segmentation_mean.csv").read_text().splitlines()[1].endswith("0.0589,,")
    assert (out / "segmentation_reduction.csv").read_text().endswith("96.00,\n")


@pytest.mark.parametrize(
    "other",
    [Complexity(width=8), Complexity(bands=200), Complexity(size=(640, 320))],
    ids=["width", "bands", "size"],
)
def test_published_cost_only_for_the_papers_input(world, other):
    text = (make(world, counted=other) / "segmentation_complexity.csv").read_text()
    assert text.splitlines()[1] == "toy,unet,pca3,302.3300,342.3400,31.038,,"


def test_reduction_fitted_cube_by_cube_is_the_mean_over_captures(world):
    path = world.root / "reduction/pca3.npz"
    np.savez(path, explained_variance_ratio=[[0.5, 0.2, 0.1], [0.6, 0.3, 0.1]])  # .8 and 1.0
    text = (make(world, fit="cube") / "segmentation_reduction.csv").read_text()
    assert text.splitlines()[1] == "toy,pca3,cube,3,90.00,98.7"


def test_no_pca_needs_no_reduction(world):
    world.run("unet", "full", 0, [0.5] * 4, [0.5] * 4)
    out = make(world, strategies=["full"], seeds=[0], reduction=None)
    assert len((out / "segmentation_reduction.csv").read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seeds": [0, 7]}, ["unet-pca3-seed7/metrics.json", "no such file", "segmentation evaluate"]),
        ({"floors": ["lda"]}, ["lda-none-seed0/metrics.json", "no such file", "segmentation floor"]),
        ({"reduction": None}, ["pca3.npz", "strategy pca3", "segmentation reduction"]),
        ({"source": "moon"}, ["--source moon", "simulate"]),
        ({"classes": ["a", "b"]}, ["unet-pca3-seed0/metrics.json", "classes", "segmentation evaluate"]),
    ],
)
def test_missing_input_names_file_field_and_remedy(world, changes, words):
    with pytest.raises(BoardbenchError) as error:
        make(world, **changes)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        (
            "runs/unet-pca3-seed0/metrics.json",
            "{",
            ["metrics.json", "not valid JSON", "segmentation evaluate"],
        ),
        ("complexity.csv", "backbone,strategy,gmacs\n", ["complexity.csv", "params_millions", "Delete it"]),
        (
            "complexity.csv",
            "backbone,strategy,gmacs,gmacs_published_convention,params_millions\nunet,full,1,1,1\n",
            ["complexity.csv", "strategy pca3", "segmentation complexity"],
        ),
        ("reflectance/b1_1.json", '{"lines": 3}', ["b1_1.json", "values", "boardbench reflectance"]),
    ],
)
def test_broken_input_names_file_field_and_remedy(world, file, text, words):
    world.write(file, text)
    with pytest.raises(BoardbenchError) as error:
        make(world)
    for word in words:
        assert word in str(error.value)
    assert not (world.root / "tables" / "segmentation_mean.csv").exists()


def test_score_list_of_another_length_is_refused(world):
    path = world.root / "runs/unet-pca3-seed0/metrics.json"
    content = json.loads(path.read_text())
    content["scores"]["iou"] = [0.1]
    path.write_text(json.dumps(content))
    with pytest.raises(BoardbenchError, match=r"scores.iou has 1 values for 4 classes"):
        make(world)
