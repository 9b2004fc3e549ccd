"""Paper 2's rows beside our classification study: what repeating a baseline settles, and what stays open."""

import json

import pytest

from boardbench.reproduction.checks import BASELINES, NETWORKS, SECONDS
from boardbench.reproduction.evidence import read_evidence
from boardbench.reproduction.reproduction import COLUMNS, reproduction_rows

ABOUT = {
    "study": "classification",
    "dataset": "toy",
    "source": "cifar10",
    "label": "x",
    "cifar10": True,
    "original": False,
    "recoded": True,
    "complete": True,
    "parts": {"train": 50000, "test": 10000},
    "classes": list("abcdefghij"),
    "size": [32, 32, 3],
}
# Accuracy, precision, recall and F-score, of all test images unless the last cell says otherwise.
BASELINE_ROWS = """\
dataset,method,k,distance,normalization,test_images,accuracy,low,high,precision,recall,f_score
d,knn,1,l1,standardize,10000,0.3859,0.37,0.39,0.4272,0.3859,0.3836
d,knn,3,l1,standardize,10000,0.3900,0.38,0.40,0.4300,0.3900,0.3850
d,knn,1,l1,minmax,10000,0.3859,0.37,0.39,0.4272,0.3859,0.3836
d,knn,1,l2,standardize,10000,0.3530,0.34,0.36,0.4097,0.3530,0.3493
d,knn,3,l2,standardize,10000,0.3538,0.34,0.36,0.4182,0.3538,0.3484
d,knn,1,l2,minmax,10000,0.3530,0.34,0.36,0.4097,0.3530,0.3493
d,knn,1,cosine,standardize,10000,0.4082,0.39,0.41,0.4217,0.4082,0.4101
d,knn,1,ssim,standardize,1000,0.4100,0.38,0.44,0.4200,0.4100,0.4080
d,nearest_centroid,,l2,standardize,10000,0.2784,0.27,0.28,0.2900,0.2784,0.2549
d,nearest_centroid,,cosine,standardize,10000,0.2830,0.27,0.29,0.2900,0.3000,0.4000
d,nearest_centroid,,ssim,standardize,10000,0.2500,0.24,0.26,0.2900,0.2500,0.2000
"""
VARIANTS = """\
dataset,variant,method,k,distance,normalization,test_images,accuracy,precision,recall,f_score
d,largest distance,knn,1,cosine,standardize,10000,0.1011,0.1147,0.1011,0.0989
d,ties to the lowest class,knn,3,l2,standardize,10000,0.3290,0.4320,0.3290,0.3185
"""
NUMPY_NETWORKS = """\
name,network,learning_rate,dropout,folds,epochs,setting_published,accuracy,precision,recall,f_score
fc3,fc3,0.001,0,,20,lr 0.001,0.5500,0.5510,0.5500,0.5490
fc3-xavier,fc3,0.001,0,,20,lr 0.001,0.5400,0.5410,0.5400,0.5390
fc3-fast,fc3,0.01,0,,20,lr 0.01,0.5000,0.5010,0.5000,0.4990
cnn,cnn32_32_64_64,0.002,0,,20,,0.7000,0.7000,0.7000,0.7000
"""
SECONDS_ROWS = """\
name,seconds_per_epoch,threads,hardware,setting_published
cnn-seed0,160.00,2,a machine,"filters 32-32-64-64, 3x3, batch 10000"
fc3-seed0,4.00,2,a machine,
"""
JPEG = "snakemake --cores all --configfile workflow/presets/cifar10.yaml workflow/presets/cifar10-jpeg.yaml"


def publish(reports, name="cifar10-jpeg", tables=None, **about):
    folder = reports / "tables" / name
    folder.mkdir(parents=True)
    (folder / "about.json").write_text(json.dumps(ABOUT | about))
    made = {
        "baselines": BASELINE_ROWS,
        "variants": VARIANTS,
        "numpy_networks": NUMPY_NETWORKS,
        "seconds": SECONDS_ROWS,
    } | (tables or {})
    for table, text in made.items():
        (folder / f"classification_{table}.csv").write_text(text)
    return folder


def of_paper_2(reports):
    return [row for row in reproduction_rows(read_evidence(reports)) if row["paper"] == "2"]


def test_without_our_study_nothing_stands_beside(reports, claim, cell):
    rows = of_paper_2(reports)
    assert not any(row["ours"] for row in rows) and all("snakemake" not in row["command"] for row in rows)
    assert "not published here yet" in cell("knn 1 ssim z-score", "accuracy", BASELINES).why
    assert "takes the Euclidean distance" in cell("knn 1 pairwise z-score", "accuracy", BASELINES).why
    found = cell("knn 1 cosine z-score", "accuracy", BASELINES)
    assert "Below chance" in found.why and (found.verdict, found.reason) == ("not run", "not built")
    assert (claim("p2-classes").verdict, claim("p2-classes").reason) == ("not run", "not built")


def test_our_study_adds_no_row_and_takes_none(reports):
    before = of_paper_2(reports)
    publish(reports)
    after = of_paper_2(reports)
    names = ("place", "cell", "published")
    assert [[row[name] for name in names] for row in after] == [[row[name] for name in names] for row in before]
    assert all(tuple(row) == COLUMNS and row["why"] for row in after)
    assert all(row["command"] == JPEG for row in after if row["ours"])


@pytest.mark.parametrize(
    ("label", "column", "verdict", "why"),
    [
        # By the author's code pairwise is Euclidean: 0.3530 against 0.3548, 0.4320 (tied votes) against 0.4283.
        ("knn 1 pairwise z-score", "accuracy", "explained", "so ours is 0.3530, otherwise 0.3859"),
        ("knn 3 pairwise z-score", "precision", "explained", "lowest number: so ours is 0.4320, otherwise 0.4300"),
        ("knn 1 pairwise min-max", "accuracy", "explained", "so ours is 0.3530, otherwise 0.3859"),
        # 0.3530 against 0.3548: as near as recoding leaves it.
        ("knn 1 mse z-score", "accuracy", "explained", "-0.0018 off, on the images as recoded to JPEG"),
        # 0.3538 against 0.3287, but 0.3290 where a tied vote goes to the lowest class.
        ("knn 3 mse z-score", "accuracy", "explained", "class of lowest number: so ours is 0.3290"),
        ("knn 1 cosine z-score", "accuracy", "explained", "most distant images vote: so ours is 0.1011"),
        ("knn 1 ssim z-score", "accuracy", "not run", "+0.0030 off, on a part of the images, within whose 95 % limits"),
        ("knn 1 ssim z-score", "precision", "not run", "+0.0022 off, on a part of the images."),
        ("nearest_centroid mse z-score", "accuracy", "matches", "Ours, on the images as recoded"),
        ("nearest_centroid cosine z-score", "accuracy", "explained", "-0.0023 off"),
        # 0.0147 is more than recoding does; 0.1304 is far more than it can do.
        ("nearest_centroid cosine z-score", "recall", "not run", "scales the test images by their own mean"),
        ("nearest_centroid cosine z-score", "f_score", "contradicted", "+0.1304 off"),
        ("nearest_centroid ssim z-score", "accuracy", "not run", "planar bytes as 32 x 32 x 3"),
    ],
)
def test_baselines_on_recoded_images(reports, cell, label, column, verdict, why):
    publish(reports)
    found = cell(label, column, BASELINES)
    assert (found.verdict, found.command) == (verdict, JPEG) and why in found.why, found
    assert "(cifar10-jpeg" in found.ours


def test_ours_is_named_with_its_data_and_part(reports, cell):
    publish(reports)
    assert cell("knn 1 mse z-score", "accuracy", BASELINES).ours == "0.3530 (cifar10-jpeg)"
    assert cell("knn 1 ssim z-score", "accuracy", BASELINES).ours == "0.4100 (cifar10-jpeg, 1000 test images)"
    found = cell("knn 3 mse z-score", "accuracy", BASELINES)
    assert (found.recomputed, found.ours) == ("0.3290", "0.3538 (cifar10-jpeg)")
    assert cell("knn 3 ssim z-score", "accuracy", BASELINES).ours == ""


def test_the_original_images_settle_more_and_come_first(reports, cell):
    publish(reports)
    publish(reports, "cifar10", original=True, recoded=False, tables={"variants": VARIANTS.replace("0.1011", "0.0992")})
    found = cell("knn 1 mse z-score", "accuracy", BASELINES)
    # 0.3530 is not 0.3548, but the author's test images have a scale of their own.
    assert (found.verdict, found.reason, found.ours) == ("not run", "not built", "0.3530 (cifar10)")
    assert found.command == JPEG.split(" workflow/presets/cifar10-jpeg")[0]
    assert cell("knn 3 mse z-score", "accuracy", BASELINES).verdict == "not run"  # 0.3290 is not 0.3287
    # Neither the absolute distance (0.3859) nor the Euclidean one (0.3530) is the printed 0.3548.
    assert cell("knn 1 pairwise z-score", "accuracy", BASELINES).verdict == "contradicted"
    assert cell("knn 1 cosine z-score", "accuracy", BASELINES).verdict == "explained"
    assert cell("nearest_centroid mse z-score", "accuracy", BASELINES).verdict == "matches"


def test_a_truncated_number_is_explained(reports, cell):
    cut = BASELINE_ROWS.replace(
        "d,nearest_centroid,,l2,standardize,10000,0.2784", "d,nearest_centroid,,l2,standardize,10000,0.27846"
    )
    publish(reports, "cifar10", original=True, recoded=False, tables={"baselines": cut})
    found = cell("nearest_centroid mse z-score", "accuracy", BASELINES)
    assert found.verdict == "explained" and "cut off" in found.why


RECIPE = {
    "baselines": """\
dataset,method,k,distance,normalization,test_images,accuracy,low,high,precision,recall,f_score
d,knn,3,l2,standardize,10000,0.3539,0.34,0.36,0.4183,0.3539,0.3487
d,nearest_centroid,,l2,standardize,10000,0.2788,0.27,0.28,0.2883,0.2788,0.2554
d,nearest_centroid,,cosine,standardize,10000,0.2852,0.27,0.29,0.2931,0.2853,0.3696
d,nearest_centroid,,ssim_planar,standardize,10000,0.1955,0.19,0.20,0.2490,0.1955,0.1626
""",
    "variants": """\
dataset,variant,method,k,distance,normalization,test_images,accuracy,precision,recall,f_score
d,largest distance,knn,1,cosine,standardize,10000,0.0992,0.1096,0.0992,0.0963
d,ties to the lowest class,knn,1,cosine,standardize,10000,0.5,0.5,0.5,0.5
d,ties to the lowest class,knn,1,ssim_planar,standardize,1000,0.4070,0.4178,0.4070,0.4055
d,ties to the lowest class,knn,3,l2,standardize,10000,0.3301,0.4309,0.3301,0.3195
""",
    "numpy_networks": NUMPY_NETWORKS.splitlines()[0] + "\nfc3-published,fc3,0.001,0,,20,lr 0.001,0.1,0.01,0.1,0.02\n",
}


@pytest.mark.parametrize(
    ("label", "column", "verdict", "why"),
    [
        ("nearest_centroid ssim z-score", "accuracy", "matches", "the same, on the images as recoded"),
        ("nearest_centroid ssim z-score", "precision", "not run", "+0.0300 off"),
        # 0.3000 by ours as described is not the printed 0.2853.
        ("nearest_centroid cosine z-score", "recall", "matches", "the same"),
        ("nearest_centroid cosine z-score", "f_score", "contradicted", "+0.1000 off"),
        (
            "nearest_centroid pairwise z-score",
            "accuracy",
            "explained",
            "+0.0004 off, on the images as recoded to JPEG (the",
        ),
        ("knn 1 cosine z-score", "accuracy", "explained", "+0.0000 off, on the images as recoded to JPEG (the most"),
        ("knn 3 mse z-score", "accuracy", "explained", "+0.0014 off"),
    ],
)
def test_the_recipe_of_the_authors_code_settles_what_ours_as_described_does_not(
    reports, cell, label, column, verdict, why
):
    publish(reports)
    publish(reports, "cifar10-jpeg-published", RECIPE)
    found = cell(label, column, BASELINES)
    assert (found.verdict, found.command) == (
        verdict,
        JPEG.replace("cifar10.yaml", "cifar10-published.yaml").replace(
            "cifar10-jpeg.yaml", "cifar10-published-jpeg.yaml"
        ),
    )
    assert why in found.why and found.ours == f"{found.recomputed} (cifar10-jpeg-published)"
    assert found.reason == ("data not reachable" if verdict == "not run" else "")


def test_the_recipe_leaves_what_matches_and_what_it_has_not(reports, cell):
    publish(reports)
    publish(reports, "cifar10-jpeg-published", RECIPE)
    found = cell("nearest_centroid mse z-score", "accuracy", BASELINES)  # 0.2784 as described
    assert (found.verdict, found.command) == ("matches", JPEG)
    assert cell("knn 1 ssim z-score", "accuracy", BASELINES).why.startswith("Ours is")  # a part of the images
    networks = cell("numpy_fc3 lr 0.001", "accuracy", NETWORKS)
    assert networks.ours.endswith("(cifar10-jpeg); fc3-published 0.1 (cifar10-jpeg-published)")


def test_on_the_original_images_the_recipe_decides(reports, cell):
    publish(reports, "cifar10-published", RECIPE, original=True, recoded=False)
    assert cell("knn 3 mse z-score", "accuracy", BASELINES).verdict == "contradicted"  # 0.3301 against 0.3287
    assert cell("nearest_centroid ssim z-score", "accuracy", BASELINES).verdict == "matches"


def test_where_l1_is_what_is_printed_it_matches(reports, cell):
    same = BASELINE_ROWS.replace("l1,standardize,10000,0.3859", "l1,standardize,10000,0.3548")
    publish(reports, tables={"baselines": same})
    assert cell("knn 1 pairwise z-score", "accuracy", BASELINES).verdict == "matches"


def test_a_part_of_the_images_settles_nothing(reports, cell):
    publish(reports, complete=False)
    found = cell("nearest_centroid mse z-score", "accuracy", BASELINES)
    assert found.verdict == "not run" and "on a part of the images" in found.why
    found = cell("knn 1 pairwise z-score", "accuracy", BASELINES)
    assert (found.verdict, found.reason) == ("not run", "too long on two cores")


def test_networks_stand_beside_and_the_authors_run_decides(reports, cell):
    publish(reports)
    found = cell("numpy_fc3 lr 0.001", "accuracy", NETWORKS)
    assert (found.verdict, found.ours) == ("matches", "fc3 0.5500; fc3-xavier 0.5400 (cifar10-jpeg)")
    assert "results_fc_3layers_lr0.001_xavier.json has 0.090800" in found.why
    found = cell("numpy_fc3 lr 0.01", "precision", NETWORKS)
    assert (found.verdict, found.recomputed, found.ours) == ("matches", "0.0100", "fc3-fast 0.5010 (cifar10-jpeg)")
    assert cell("numpy_fc5 lr 0.001", "accuracy", NETWORKS).ours == ""


def test_seconds_stand_beside_with_their_threads(reports, cell):
    label = "numpy_cnn filters 32-32-64-64, 3x3, batch 10000 cpu i5-8400"
    before = cell(label, "seconds_per_epoch", SECONDS)
    assert "one step on one batch" in before.why and before.reason == "no record published"
    publish(reports)
    found = cell(label, "seconds_per_epoch", SECONDS)
    assert (found.verdict, found.ours) == ("not run", "160.00 s, 2 threads (cnn-seed0) (cifar10-jpeg)")
    assert "50000 training images" in found.why


@pytest.mark.parametrize(
    ("name", "verdict", "ours"),
    [
        ("p2-images", "matches", "50000 + 10000"),
        ("p2-classes", "matches", "10"),
        ("p2-image-size", "matches", "32 x 32"),
        ("p2-baselines-below-half", "matches", "knn 1 ssim z-score 0.4100"),
        # L2: 0.3530 to 0.3538, L1: 0.3859 to 0.3900; with ties to the lowest class L2 is 0.3530 to 0.3290.
        (
            "p2-one-above-three",
            "matches",
            "0 of 2 pairs, ties to the nearest; 1 of 1, ties to the class of lowest number",
        ),
        (
            "p2-cosine-lowest",
            "matches",
            "lowest of k-NN: knn 1 mse z-score 0.3530; knn 1 cosine z-score 0.4082",
        ),
        ("p2-centroid-below", "matches", "none of 3"),
        ("p2-distances-similar", "explained", "identical in 0 of 12 numbers; accuracies up to 0.0362 apart"),
        ("p2-ssim-best", "contradicted", "knn: ssim 0.4100, nearest_centroid: cosine 0.2830"),
        ("p2-best-baseline", "matches", "knn 1 ssim z-score 0.4100"),
        ("p2-dense-3", "explained", "fc3 0.5500; fc3-xavier 0.5400; fc3-fast 0.5000"),
        ("p2-dense-rates", "matches", "0.001, 0.01"),
        ("p2-conv-network", "matches", "cnn 0.7000"),
        ("p2-conv-accuracy", "matches", "cnn 0.7000"),
        ("p2-conv-seconds", "matches", "160.00 s (cnn-seed0, 2 threads)"),
        (
            "p2-dense-below-baselines",
            "explained",
            "fc3 0.5500; lowest baseline nearest_centroid ssim z-score 0.2500",
        ),
        ("p2-rate-precision", "explained", "0.5510 (lr 0.001) to 0.5010 (lr 0.01)"),
    ],
)
def test_claims_beside_ours(reports, claim, name, verdict, ours):
    before = claim(name)
    publish(reports)
    found = claim(name)
    assert (found.verdict, found.ours, found.command) == (verdict, f"{ours} (cifar10-jpeg)", JPEG)
    assert before.ours == "" and before.verdict in (verdict, "not run")


def test_the_data_decide_on_their_classes(reports, claim):
    publish(reports, classes=list("abc"), size=[32, 16, 3])
    assert claim("p2-classes").verdict == claim("p2-image-size").verdict == "contradicted"


def test_rows_that_were_not_run_have_nothing_beside(reports):
    empty = {
        "baselines": BASELINE_ROWS.splitlines()[0] + "\n",
        "variants": VARIANTS.splitlines()[0] + "\n",
        "numpy_networks": NUMPY_NETWORKS.splitlines()[0] + "\n",
        "seconds": SECONDS_ROWS.splitlines()[0] + "\n",
    }
    publish(reports, tables=empty)
    rows = [row for row in of_paper_2(reports) if row["ours"]]
    assert {row["cell"].partition(":")[0] for row in rows} == {"p2-images", "p2-classes", "p2-image-size"}


@pytest.mark.parametrize("about", [{"study": "placement"}, {"cifar10": False}])
def test_a_folder_of_other_data_is_not_ours(reports, about):
    publish(reports, **about)
    assert read_evidence(reports).classified is None


def test_bad_input_names_file_and_verb(reports, says):
    folder = publish(reports)
    (folder / "classification_variants.csv").unlink()
    says(lambda: read_evidence(reports), "classification_variants.csv: no such file", "classification tables")
    (folder / "classification_variants.csv").write_text("variant\n")
    says(lambda: read_evidence(reports), "classification_variants.csv: column method", "classification tables")


def test_epochs_stand_beside(cell, networks):
    assert cell("resnet18 default cpu i5-8400", "seconds_per_epoch", SECONDS).ours == ""
    networks.publish()
    found = cell("resnet18 default cpu i5-8400", "seconds_per_epoch", SECONDS)
    assert found.ours == f"99.500 s on cpu, 2 threads, batch 64 ({networks.data})"
    found = cell("resnet18 default gpu A100", "seconds_per_epoch", SECONDS)
    assert found.ours == f"not run: no CUDA device ({networks.data})"


def test_a_setting_of_a_ready_network_has_ours_beside(claim, networks):
    assert (claim("p2-vgg-setting").verdict, claim("p2-vgg-setting").ours) == ("matches", "")
    networks.publish(networks=networks.tables["networks"].replace("plain,resnet18", "plain,vgg16"))
    assert claim("p2-vgg-setting").ours == f"plain 20 0.1 ({networks.data})"
