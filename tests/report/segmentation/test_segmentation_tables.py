import json

import numpy as np
import pytest

from boardbench.errors import BoardbenchError
from boardbench.params.segmentation import Complexity
from boardbench.report.segmentation.costs import COUNTED
from boardbench.report.segmentation.tables import write_tables

# Mean IoU by seed: (.9 + .5 + .1) / 3 = .5 (the NaN class is left out), (.8 + .4 + .2 + .2) / 4 = .4;
# mean .45, sd = |.5 - .4| / sqrt 2 = .0707. Mean F1: 1.75 / 3 = .58333, 2 / 4 = .5; mean .54167, sd .05893.
MEAN = """\
dataset,backbone,strategy,seeds,miou,miou_sd,mf1,mf1_sd,miou_low,miou_high,miou_published,mf1_published
toy,unet,pca3,2,0.4500,0.0707,0.5417,0.0589,LOW,HIGH,0.37,0.37
toy,majority,none,1,0.2300,,0.2400,,LOW,HIGH,,
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
dataset,backbone,strategy,gmacs,gmacs_published_convention,params_millions,gmacs_reduction,gflops,\
activations_inference_mib,activations_training_mib,gmacs_published,params_millions_published,gmacs_difference,\
difference_why
toy,unet,pca3,302.3300,342.3400,31.038,0.2630,600.500,660.5,4600.0,342.86,31.30,+0.520,\
"the projection at 2 per MAC, remainder -0.006"
"""
REDUCTION = """\
dataset,strategy,fit,components,explained_variance_percent,explained_variance_percent_published,picked_nm,separability
toy,pca3,train,3,96.00,98.7,,
"""
CLASS_MEAN = """\
dataset,backbone,strategy,class,seeds,iou,iou_sd,f1,f1_sd,iou_published,f1_published
toy,unet,pca3,others,2,0.8500,0.0707,0.9000,0.0707,0.95,0.95
toy,unet,pca3,ic,2,0.4500,0.0707,0.5500,0.0707,0.27,0.27
toy,unet,pca3,capacitor,2,0.1500,0.0707,0.2500,0.0707,0.23,0.23
toy,unet,pca3,connectors,2,0.2000,,0.3500,,0.05,0.05
toy,majority,none,others,1,0.9200,,0.9600,,,
toy,majority,none,ic,1,0.0000,,0.0000,,,
toy,majority,none,capacitor,1,0.0000,,0.0000,,,
toy,majority,none,connectors,1,0.0000,,0.0000,,,
"""
CAPTURES = """\
dataset,scene,condition,part,lines,samples,bands,values,invalid,saturated,white_saturated,white_left_out,dark_left_out,clipped_low,clipped_high
toy,b1,1,train,32,48,214,328704,3,0,1,4,5,2,7
toy,b1,2,train,32,48,214,328704,3,0,1,4,5,2,7
toy,b2,1,test,32,48,214,328704,3,0,1,4,5,2,7
"""


def make(world, counted=None, **changes):
    write_tables(**(world.arguments | changes), counted=counted or Complexity())
    return world.root / "tables"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("per_class", PER_CLASS),
        ("class_mean", CLASS_MEAN),
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


def test_the_mean_table_with_its_intervals(world):
    """The interval is of the confusions per capture: .9625 overall, .9375 in one scene of two and 1 in the other."""
    text = (make(world) / "segmentation_mean.csv").read_text()
    for row, expected in zip(text.splitlines(), MEAN.splitlines(), strict=True):
        cells = row.split(",")
        if cells[0] == "toy":
            assert float(cells[8]) < 0.9375 and float(cells[9]) == 1
            cells[8:10] = "LOW", "HIGH"
        assert ",".join(cells) == expected


def test_differences_carry_the_dataset_and_every_pair(world):
    for seed in (0, 1):
        world.run("unet", "full", seed, [0.5] * 4, [0.5] * 4)
    text = (make(world, strategies=["full", "pca3"]) / "segmentation_differences.csv").read_text()
    rows = [line.split(",") for line in text.splitlines()]
    assert rows[0][:5] == ["dataset", "backbone", "strategy", "against", "metric"]
    assert [row[:5] for row in rows[1:3]] == [["toy", "unet", "full", "pca3", name] for name in ("miou", "mf1")]
    assert rows[1][7:10] == ["0.0000", "0.0000", "0.0000"] and "two seeds: not tested" in rows[1]


def test_the_published_pca_row_stands_beside_both_ways_of_fitting(world):
    world.run("unet", "pca3_cube", 0, [0.5] * 4, [0.5] * 4)
    world.fit("pca3_cube", [[0.5, 0.2, 0.1], [0.6, 0.3, 0.1]])  # .8 and 1.0
    row = "unet,pca3_cube,302.33,342.34,31.03789,0.2630,600.5,660.55,4600.0\n"
    world.write("complexity.csv", (world.root / "complexity.csv").read_text() + row)
    out = make(world, strategies=["pca3", "pca3_cube"], seeds=[0])
    assert (out / "segmentation_reduction.csv").read_text().splitlines()[2] == "toy,pca3_cube,cube,3,90.00,98.7,,"
    mean = (out / "segmentation_mean.csv").read_text().splitlines()
    assert mean[1].endswith(",0.37,0.37") and mean[2].endswith(",0.37,0.37")
    assert "342.86" in (out / "segmentation_complexity.csv").read_text().splitlines()[2]


def test_picked_bands_are_named_by_wavelength(world):
    world.run("unet", "bands3", 0, [0.5] * 4, [0.5] * 4)
    world.fit("bands3", [[np.nan] * 3], bands=[[1, 3, 4]])
    row = "unet,bands3,302.33,342.34,31.03789,0.0000,600.5,660.55,4600.0\n"
    world.write("complexity.csv", (world.root / "complexity.csv").read_text() + row)
    out = make(world, strategies=["bands3"], seeds=[0])
    row = (out / "segmentation_reduction.csv").read_text().splitlines()[1]
    assert row == "toy,bands3,train,3,,,510.0 530.0 540.1,1.2500"


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
    assert row.startswith("toy,unet,pca3,1,0.4000,,0.5000,,") and row.endswith(",0.37,0.37")


def test_published_scores_only_for_the_papers_classes(world):
    classes = ["others", "ic", "capacitor", "fields"]
    for run in ("unet-pca3-seed0", "unet-pca3-seed1", "majority-none-seed0"):
        path = world.root / "runs" / run / "metrics.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"classes": classes}))
        confusions = path.with_name("confusions.csv")
        confusions.write_text(confusions.read_text().replace("connectors", "fields"))
    out = make(world, classes=classes)
    assert (out / "segmentation_mean.csv").read_text().splitlines()[1].endswith(",,")
    assert (out / "segmentation_reduction.csv").read_text().endswith("96.00,,,\n")


@pytest.mark.parametrize(
    "other",
    [Complexity(width=8), Complexity(bands=200), Complexity(size=(640, 320))],
    ids=["width", "bands", "size"],
)
def test_published_cost_only_for_the_papers_input(world, other):
    text = (make(world, counted=other) / "segmentation_complexity.csv").read_text()
    assert text.splitlines()[1] == "toy,unet,pca3,302.3300,342.3400,31.038,0.2630,600.500,660.5,4600.0,,,,"


def test_reduction_fitted_cube_by_cube_is_the_mean_over_captures(world):
    world.fit("pca3", [[0.5, 0.2, 0.1], [0.6, 0.3, 0.1]])  # .8 and 1.0
    text = (make(world, fit="cube") / "segmentation_reduction.csv").read_text()
    assert text.splitlines()[1] == "toy,pca3,cube,3,90.00,98.7,,"


def test_no_pca_needs_no_reduction(world):
    world.run("unet", "full", 0, [0.5] * 4, [0.5] * 4)
    out = make(world, strategies=["full"], seeds=[0], reduction=None)
    assert len((out / "segmentation_reduction.csv").read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seeds": [0, 7]}, ["unet-pca3-seed7/metrics.json", "no such file", "segmentation evaluate"]),
        ({"baselines": ["lda"]}, ["lda-none-seed0/metrics.json", "no such file", "segmentation baseline"]),
        ({"reduction": None}, ["pca3.npz", "strategy pca3", "segmentation reduction"]),
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
            f"backbone,strategy,{','.join(COUNTED)}\nunet,full{',1' * len(COUNTED)}\n",
            ["complexity.csv", "strategy pca3", "segmentation complexity"],
        ),
        (
            "reflectance/b1_1.json",
            '{"lines": 3}',
            ["b1_1.json: field wavelengths is missing", "boardbench reflectance"],
        ),
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
