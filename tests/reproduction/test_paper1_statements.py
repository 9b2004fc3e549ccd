"""Paper 1's statements without a number: each verdict, and the cell, log or time under which it would be another."""

import pytest
import yaml

LATENCY = """\
dataset,backbone,strategy,lines,samples,network_p50_ms,ms_per_gmac
toy,unet,full,160,160,440,20
toy,unet,scrb,160,160,{scrb},{rate}
toy,attention_unet,full,160,160,584,20
toy,attention_unet,scrb,160,160,536,20
toy,resunet,full,160,160,682,20
toy,resunet,scrb,160,160,572,20
"""


@pytest.fixture
def timed(reports, counted):
    """Publish times; 313.67 GMACs of U-Net with SCRB at 640 x 640 are 19.6 at 160 x 160."""

    def write(scrb=392.1, rate=20.0):
        path = reports / "tables/toy/segmentation_latency.csv"
        path.write_text(LATENCY.format(scrb=scrb, rate=rate))

    return write


def test_latency_is_measured_and_settles_only_what_it_bears_out(claim, timed):
    assert (claim("p1-latency").verdict, claim("p1-latency").reason) == ("not run", "no record published")
    timed()
    found = claim("p1-latency")
    # 1 - 392.1 / 440, 1 - 536 / 584, 1 - 572 / 682.
    assert (found.verdict, found.ours) == ("matches", "U-Net 11, Attention U-Net 8, ResU-Net 16 % (toy)")
    timed(scrb=500.0, rate=25.5)
    assert (claim("p1-latency").verdict, claim("p1-latency").reason) == ("not run", "no record published")
    assert "U-Net -14" in claim("p1-latency").ours


def test_times_of_a_narrower_network_are_left_out(claim, timed):
    timed(scrb=39.0)  # at 20 ms a GMAC that is a tenth of the operations
    assert claim("p1-latency").ours == ""


@pytest.mark.parametrize(
    ("name", "verdict", "edits", "other"),
    [
        # SCRB above the full cube: U-Net and ResU-Net by table 6, U-Net by the logs.
        ("p1-upper-bound", "contradicted", [("unet-scrb", "unet-pca3")], "explained"),
        # SCRB over the full cube: ResU-Net +0.06 by the table, U-Net +0.092 by the logs.
        ("p1-strongest-gain", "contradicted", [("unet-scrb", "unet-pca3"), ("resunet-scrb", "unet-scrb")], "matches"),
        # Attention U-Net over U-Net: of the logs +0.007 with SCRB and -0.038 with PCA-3; the table has -0.02 with SCRB.
        (
            "p1-attention-gates",
            "contradicted",
            [("attention_unet-scrb", "attention_unet-full"), ("attention_unet-pca3", "resunet-pca3")],
            "explained",
        ),
    ],
)
def test_logs_decide(claim, reports, name, verdict, edits, other):
    assert claim(name).verdict == verdict
    path = reports / "published/segmentation_confusion_logs.yaml"
    logs = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(logs | {target: logs[source] for target, source in edits}))
    assert claim(name).verdict == other


def test_gates(claim):
    found = claim("p1-attention-gates")
    # Logs: 0.6248 - 0.5262, 0.3091 - 0.3081, 0.5217 - 0.6178.
    assert (found.verdict, found.recomputed) == ("contradicted", "full +0.099, PCA-3 +0.001, SCRB -0.096")


def test_deeper_by_the_number_of_parameters(claim, edit):
    assert (claim("p1-deeper").verdict, claim("p1-deeper").recomputed) == ("contradicted", "ResU-Net 3 stages, U-Net 4")
    # A U-Net of two stages behind SCRB: 1.862 + 0.028 million parameters.
    edit("segmentation_complexity.csv", "353.83,31.07", "353.83,1.89")
    assert claim("p1-deeper").verdict == "matches"
