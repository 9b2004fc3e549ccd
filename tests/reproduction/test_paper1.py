from dataclasses import replace

import numpy as np
import pytest

from boardbench.errors import BoardbenchError
from boardbench.reproduction.evidence import read_evidence
from boardbench.reproduction.paper1 import costs, scores
from boardbench.reproduction.paper1.networks import resunet_weights, unet_weights
from boardbench.reproduction.reproduction import CHECKS, judge_claim
from boardbench.reproduction.resnet18 import resnet18, squeeze_excitation
from boardbench.reproduction.verdicts import Claim


@pytest.fixture
def evidence(reports, counted):
    return read_evidence(reports)


@pytest.fixture
def judge(claim, evidence):
    return lambda name, value=None: claim(name, value, evidence)


def test_every_claim_is_judged_and_every_check_has_its_claim(evidence):
    for claim in evidence.claims:
        found = judge_claim(evidence, claim)
        assert found.why and (found.verdict == "not run" or found.recomputed or found.ours), claim.id
    assert set(CHECKS) <= {claim.id for claim in evidence.claims}


def test_a_claim_with_neither_check_nor_run_is_refused(evidence):
    claim = Claim("p1-new", "1", "4.1", "a new claim", "3 %", "somehow", reason="needs a GPU")
    with pytest.raises(BoardbenchError, match=r"claims\.csv: claim p1-new has no check.*'run: '.*git checkout"):
        judge_claim(evidence, claim)
    found = judge_claim(evidence, replace(claim, derivation="run: `boardbench train` three times"))
    assert (found.verdict, found.command, found.reason) == ("not run", "boardbench train", "needs a GPU")
    with pytest.raises(BoardbenchError, match="p1-new"):
        judge_claim(evidence, replace(claim, derivation="run:"))


def test_what_was_not_run_says_why(evidence):
    claim = Claim("p1-new", "1", "4.1", "a new claim", "3 %", "source: a book")
    assert judge_claim(evidence, claim).reason == "source not reachable"
    assert judge_claim(evidence, replace(claim, derivation="run: `boardbench train`")).reason == "not built"
    open_ = replace(claim, derivation="a setting", why="Nothing shows it.")
    with pytest.raises(
        BoardbenchError, match=r"claims\.csv: claim p1-new was not run, .*no record published.*git checkout"
    ):
        judge_claim(evidence, open_)
    assert judge_claim(evidence, replace(open_, reason="no record published")).reason == "no record published"
    # A verdict has no reason why it is none.
    assert judge_claim(evidence, replace(open_, recomputed="3 %", reason="no record published")).reason == ""


def test_a_value_without_its_numbers_is_refused(judge):
    with pytest.raises(BoardbenchError, match=r"claims\.csv: value 'little' of claim p1-ops-over-pca.*git checkout"):
        judge("p1-ops-over-pca", "little")


# Each claim as published, and a value under which its verdict would be another: no verdict is written down.
@pytest.mark.parametrize(
    ("name", "published", "value", "other"),
    [
        ("p1-e-waste-mass", "contradicted", "62 million tonnes in 2022", "matches"),
        ("p1-scenes-conditions", "contradicted", "53 scenes x 1 condition", "matches"),
        ("p1-split-counts", "matches", "126 / 3 / 32", "contradicted"),
        ("p1-same-split", "matches", "2", "contradicted"),
        ("p1-full-frames", "matches", "512 x 512", "contradicted"),
        ("p1-scrb-channels", "matches", "214 -> 256 -> 3", "contradicted"),
        ("p1-normalization", "explained", "clip reflectance to [0, 1]", "matches"),
        ("p1-batch", "contradicted", "8 and 4", "matches"),
        ("p1-class-weights", "matches", "[0.1, 0.7, 0.95, 0.9]", "contradicted"),
        ("p1-stopping-table", "matches", "validation IoU", "contradicted"),
        ("p1-stopping-abstract", "contradicted", "validation loss", "matches"),
        ("p1-optimizer", "matches", "SGD", "contradicted"),
        ("p1-mirrors", "explained", "PCA-3's, with batches of 4 on cubes", "matches"),
        ("p1-soft-max", "explained", "1x1 convolution", "matches"),
        ("p1-params-unit", "contradicted", "million", "matches"),
        ("p1-parameter-counter", "contradicted", "ptflops", "matches"),
        ("p1-both-masks", "matches", "General", "contradicted"),
        ("p1-band-spacing", "contradicted", "2.7 nm", "matches"),
        ("p1-monoseg", "contradicted", "4", "matches"),
        ("p1-augmentation-turns", "contradicted", "15 degrees", "matches"),
        ("p1-cost-unit", "explained", "GMACs", "matches"),
        ("p1-pca-components", "matches", "4", "contradicted"),
        ("p1-ops-saved", "explained", "8-15 %", "matches"),
        ("p1-ops-about", "matches", "20 %", "contradicted"),
        ("p1-ops-over-pca", "contradicted", "4 %", "matches"),
        ("p1-weights-stable", "contradicted", "2 %", "matches"),
        ("p1-resunet-ops", "matches", "87 G", "explained"),
        ("p1-attention-weights", "matches", "0.4 %", "contradicted"),
        ("p1-iou-doubled", "contradicted", "1.4 times", "matches"),
        # Tables 1.43, logs 1.69; tables 0.823, logs 0.834.
        ("p1-iou-over-pca", "explained", "1.4 times", "matches"),
        ("p1-iou-over-pca", "explained", "1.7 times", "contradicted"),
        ("p1-iou-recovered", "matches", "83 %", "explained"),
        ("p1-iou-recovered", "matches", "84 %", "contradicted"),
        ("p1-others", "contradicted", "0.90", "matches"),
        ("p1-ic-drop", "contradicted", "2-9 %", "matches"),
        ("p1-capacitor-gain", "contradicted", "+0.09", "matches"),
        # ResU-Net by table 4, whose row is U-Net's (+0.527 by its log); Attention U-Net; U-Net, with ResU-Net's row.
        ("p1-connector-gain", "explained", "+0.32", "matches"),
        ("p1-connector-gain", "explained", "+0.25", "contradicted"),
        ("p1-unet-f1", "explained", "0.38 -> 0.66", "contradicted"),
        ("p1-resunet-iou-gain", "contradicted", "-0.02", "matches"),
        ("p1-attention-iou-drop", "explained", "-0.10", "matches"),
        ("p1-attention-doubles", "contradicted", "1.7 times", "matches"),
        ("p1-gain-over-pca", "contradicted", "+0.16-0.35", "matches"),
        ("p2-improvement", "contradicted", "26 %", "matches"),
        ("p2-dense-3", "explained", "1024, 512, 254", "matches"),
        ("p2-dense-5", "matches", "1024, 512, 256, 128, 64", "contradicted"),
        ("p2-dense-rates", "matches", "0.1 and 0.001", "contradicted"),
        ("p2-dense-rate", "matches", "0.01", "contradicted"),
        ("p2-conv-network", "matches", "16, 16; 3; 1; 1", "contradicted"),
        ("p2-conv-accuracy", "matches", "20 %", "contradicted"),
        ("p2-vgg-setting", "matches", "30 epochs, 0.0001", "contradicted"),
        ("p2-resnet-depth", "contradicted", "2", "matches"),
        ("p2-vgg-depth", "matches", "19; 3 x 3", "contradicted"),
        ("p2-no-duplicates", "matches", "some", "contradicted"),
        ("p2-pretrained", "contradicted", "random weights", "matches"),
        ("p2-images", "matches", "60,000 = 50,000 + 1,000", "contradicted"),
        ("p2-best-baseline", "matches", "knn 3 ssim z-score", "contradicted"),
        ("p3-weights-abstract", "contradicted", "27 %", "matches"),
        ("p3-weights-less", "matches", "27.5 %", "contradicted"),
        ("p3-time-less", "matches", "15.9 %", "contradicted"),
        ("p3-four-blocks", "contradicted", "8", "matches"),
        ("p3-resnet-weights", "explained", "11.2 million", "matches"),
        ("p5-class-names", "contradicted", "ship, frog", "matches"),
        ("p5-lenet-weights", "matches", "600,000", "contradicted"),
        ("p5-separable", "matches", "N = 1024, K = 3: 0.12", "contradicted"),
        ("p5-blocks", "matches", "18", "contradicted"),
        ("p3-structured", "contradicted", "unstructured", "matches"),
        ("p5-class-difference", "matches", "100 - 10 = 80", "contradicted"),
        ("p5-classes", "matches", "12", "contradicted"),
        ("p5-relu6", "explained", "batch normalization, convolution, ReLU6 but after the projection", "matches"),
        ("p2-mobilenet-blocks", "contradicted", "depthwise separable convolutions without a residual", "matches"),
        ("p2-provided", "contradicted", "the author's own classes", "matches"),
        ("p5-pca", "contradicted", "the variance of the components left out", "matches"),
    ],
)
def test_the_verdict_follows_from_comparing(judge, name, published, value, other):
    assert judge(name).verdict == published
    assert judge(name, value).verdict == other


def test_the_evidence_decides_too(judge, evidence):
    assert judge("p1-ops-over-pca").verdict == "contradicted"
    evidence.costs["unet", "scrb"]["gmacs"] = "352.00"  # 352.00 / 342.86 - 1 = 2.67 %
    assert judge("p1-ops-over-pca").verdict == "matches"
    assert judge("p1-surpass").recomputed == "2 by the table, 1 by the logs"
    evidence.logs["resunet", "scrb"] = evidence.logs["attention_unet", "full"]
    evidence.__dict__.pop("from_logs")
    assert judge("p1-surpass").verdict == "matches"


def test_numbers_by_hand(judge):
    # Table 5: 1 - 518.06 / 606.03; table 6: 0.53 / 0.37 and 0.51 / 0.62; 600 nm / 224.
    assert judge("p1-resunet-ops-percent").recomputed == "14.52 %"
    assert judge("p1-iou-over-pca").recomputed == "tables 1.43 at least, logs 1.69"
    assert judge("p5-class-difference").recomputed == "90"
    assert judge("p1-iou-recovered").recomputed == "0.82 at least"
    assert judge("p1-band-spacing").recomputed == "2.7 nm"
    assert judge("p1-band-range").recomputed == "214 bands over 427-1000 nm"
    assert judge("p1-stages").recomputed == "U-Net 4, ResU-Net 3"
    # Column connectors of the logs without its diagonal: ResU-Net 202927 with SCRB, 194318 with PCA-3.
    assert "ResU-Net +4 %" in judge("p1-false-connectors").recomputed
    assert judge("p4-edges").recomputed == "e2 with the opposite sign"
    assert judge("p2-distances-similar").recomputed == "identical in 12 of 12 numbers"


def test_network_formulas():
    assert resnet18(1000)[0] == 11_689_512  # the number that every library gives for ResNet-18
    assert round(resnet18(1000)[1] / 1e9, 2) == 1.81
    assert squeeze_excitation(16)[0] == 2 * 2 * (64**2 + 128**2 + 256**2 + 512**2) // 16 == 87_040
    # As counted by the backbones' own modules at 3 channels and 4 classes.
    assert unet_weights([64, 128, 256, 512, 1024]) == 31_037_828
    assert resunet_weights([64, 128, 256, 512]) == 13_043_204


def test_variance_waits_for_the_boards(judge, evidence):
    assert judge("p1-pca-variance").verdict == "not run"
    evidence.variance["pca3"] = 98.66
    assert judge("p1-pca-variance").verdict == "matches"
    evidence.variance["pca3"] = 97.0
    found = judge("p1-pca-variance")
    assert (found.verdict, found.ours) == ("contradicted", "97.00")


def test_costs_wait_for_a_count(judge, evidence):
    evidence.counted = {}
    assert judge("p1-cost-unit").verdict == "not run"
    assert judge("p1-ops-saved").ours == ""
    assert costs.cost(evidence, "unet", "full", "gmacs").verdict == "not run"


def test_kappa_of_the_data_sets_code_is_the_one_it_prints(evidence):
    # Confusion matrix and "Kappa Coefficient" of U-Net on PCA-3 as printed in the data set's notebook.
    evidence.logs = {
        ("unet", "pca3"): np.array(
            [
                [6685168, 1672092, 398620, 112523],
                [228205, 401836, 13308, 866],
                [19701, 5019, 7704, 230],
                [28361, 3403, 5595, 2188],
            ]
        )
    }
    found = scores.kappa(evidence, "unet", "pca3")
    assert "0.176, 0.727, 0.740, 0.740" in found.why


@pytest.mark.parametrize("name", ["p1-cube-size", "p1-epochs", "p1-pca-fit"])
def test_a_gap_in_the_scene_file_is_named(judge, evidence, name):
    for key in ("preprocessing", "published_training", "pca"):
        del evidence.scenes[key]
    with pytest.raises(BoardbenchError, match=r"pcbvision_scenes\.yaml: .* is missing.*git checkout"):
        judge(name)


def test_a_missing_row_of_a_table_is_named(judge, evidence):
    del evidence.costs["unet", "scrb"]
    with pytest.raises(BoardbenchError, match=r"segmentation_complexity\.csv: no row for unet, scrb.*git checkout"):
        judge("p1-ops-saved")
