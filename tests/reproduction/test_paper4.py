"""Paper 4's rows: what arithmetic settles, and our study beside the rest, never as evidence about its boards."""

import json
import shutil

import pytest

from boardbench.reproduction.evidence import read_evidence
from boardbench.reproduction.reproduction import reproduction_rows

ABOUT = {
    "study": "placement",
    "dataset": "toy",
    "source": "simulate",
    "label": "x",
    "size": [96, 96],
    "parts": {
        "train": {"photos": 10, "images": 306},
        "validation": {"photos": 10, "images": 54},
        "test": {"photos": 2, "images": 120},
        "displaced": {"photos": 60, "images": 60},
    },
    "training": {"settings": {"batch_size": 16, "rectangle_weight": 0.001}, "epochs": 60, "convergence_epoch": 41.5},
}
SCORES = """\
dataset,init,loss,part,seeds,centre_mae_px
d,random,rectangle,validation,2,0.2000
d,random,rectangle,test,2,0.4000
d,mean,none,test,1,3.0000
"""
DIFFERENCES = """\
question,init,part,metric,seeds,difference,low,high,conclusion
rectangle term,random,test,centre_mae_px,2,-0.0100,-0.0500,0.0300,no difference shown
rectangle term,random,test,corner_mae_px,2,-0.2,-0.3,-0.1,helps
"""
COMPLEXITY = "network,gmacs,params_millions\nours,0.01,0.5\npaper,0.4105,2.6012\n"


def publish(reports, name, **about):
    folder = reports / "tables" / name
    folder.mkdir(parents=True)
    (folder / "about.json").write_text(json.dumps(ABOUT | about))
    for table, text in {"": SCORES, "_differences": DIFFERENCES, "_complexity": COMPLEXITY}.items():
        (folder / f"placement{table}.csv").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("name", "published", "value", "other"),
    [
        ("p4-outputs", "matches", "8 = 4 x 3", "contradicted"),
        ("p4-same-penalty", "matches", "3", "contradicted"),
        ("p4-perpendicular", "matches", "60 degrees", "contradicted"),
        ("p4-training-share", "matches", "85 % of 2001", "contradicted"),
    ],
)
def test_arithmetic_decides(claim, name, published, value, other):
    assert claim(name).verdict == published
    assert claim(name, value).verdict == other


def test_numbers_by_hand(claim):
    assert claim("p4-training-share").recomputed == "1700 and 300"
    # A parallelogram of 60 degrees has four angles of |cos| 1/2.
    found = claim("p4-perpendicular")
    assert found.recomputed == "90 degrees: 0.00" and "at 60 degrees it is 2.00" in found.why
    assert claim("p4-edges").recomputed == "e2 with the opposite sign"


def test_half_of_the_test_images_show_the_training_photos(reports, claim):
    found = claim("p4-unseen")
    assert (found.verdict, found.recomputed) == ("explained", "300 of 600 test images show the training photos")
    path = reports / "published/claims.csv"
    path.write_text(path.read_text().replace("85 % of 2000", "100 % of 2000"))
    assert claim("p4-unseen").verdict == "matches"


def test_without_our_study_nothing_stands_beside(reports):
    rows = [row for row in reproduction_rows(read_evidence(reports)) if row["paper"] == "4"]
    assert len(rows) == 25 and not any(row["ours"] for row in rows)
    assert sum(row["verdict"] == "not run" for row in rows) == 19
    assert all("snakemake" not in row["command"] for row in rows)


def test_our_study_stands_beside_but_settles_nothing(reports, claim):
    publish(reports, "simulated-photos")
    expected = {
        "p4-photos": "10 photos, images of 96 x 96",
        "p4-images": "360",
        "p4-extra-test": "120 from 2 photos",
        "p4-batch": "16",
        "p4-metric": "centre MAE",
        "p4-loss-sum": "0.001",
        "p4-epochs": "60",
        "p4-settles": "41.5",
        "p4-frozen": "random",
        "p4-term": "random: centre -0.0100 px (-0.0500 to 0.0300, n = 2): no difference shown",
        "p4-similar": "centre 0.2000 px on validation, 0.4000 on test; random, loss rectangle, n = 2",
        "p4-low-power": "0.4105 GMACs, 2.6012 million parameters at its size",
    }
    for name, ours in expected.items():
        found = claim(name)
        assert found.ours == f"{ours} (simulated-photos)", name
        assert (found.verdict, found.command) == ("not run", "snakemake --cores all")
        assert "rendered boards, not paper 4's" in found.why
    assert claim("p4-training-share").ours == "306 and 54 (simulated-photos)"
    assert "0.4000 on test" in claim("p4-unseen").ours


def test_the_papers_settings_come_before_the_default(reports, claim):
    publish(reports, "simulated-photos")
    publish(reports, "placement-paper", source="photos", size=[256, 256])
    found = claim("p4-photos")
    assert found.ours == "10 photos, images of 256 x 256 (placement-paper)"
    assert found.command.endswith("presets/placement-paper.yaml") and "photos of our own" in found.why


def test_a_folder_of_another_study_is_not_ours(reports, claim):
    publish(reports, "simulated-photos", study="segmentation")
    assert claim("p4-photos").ours == ""


def test_bad_input_names_file_and_remedy(reports, claim, says):
    folder = publish(reports, "simulated-photos")
    (folder / "placement.csv").unlink()
    says(lambda: read_evidence(reports), "placement.csv: no such file", "boardbench placement tables")
    shutil.rmtree(folder)
    path = reports / "published/claims.csv"
    path.write_text(path.read_text().replace("p4-extra-test,", "p4-other,"))
    says(lambda: claim("p4-unseen"), "claim p4-extra-test is missing", "git checkout")
