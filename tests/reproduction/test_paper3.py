"""What paper 3 prints of its networks: settled by arithmetic, or not run with ours beside."""

import pytest

from boardbench.classification.networks import build_network
from boardbench.engine.complexity import count
from boardbench.reproduction.checks import EFFICIENCY
from boardbench.reproduction.paper3 import RIVALS


@pytest.mark.parametrize("name", RIVALS)
def test_rivals_are_as_large_as_the_networks_themselves(name):
    weights, features, gmacs = RIVALS[name]
    for classes, expected in ((1000, weights), (10, weights - 990 * (features + 1))):
        network = build_network(name, classes, stem="imagenet")
        assert sum(weight.numel() for weight in network.parameters()) == expected
    macs = count(build_network(name, 1000, stem="imagenet"), 3, (224, 224))[0]
    assert macs / 1e9 == pytest.approx(gmacs, rel=0.08)


@pytest.mark.parametrize(
    ("label", "column", "verdict", "recomputed", "why"),
    [
        ("resnet18", "params_millions", "explained", "11.69", "for CIFAR-10 at 32 x 32 it is 11.2"),
        ("resnet18", "gflops", "explained", "1.81", "it is 0.037, with a 3 x 3 stem 0.555"),
        ("se_resnet18", "params_millions", "contradicted", "11.78", "no whole r up to 64"),
        ("se_resnet18", "gflops", "contradicted", "1.82", "no whole r up to 64"),
        # 0.7 x 11.69.
        ("resnet18_pruned", "params_millions", "explained", "8.18", "stored, a dense network keeps all 11.69 million"),
        ("resnet18_pruned", "gflops", "contradicted", "1.81", "leaves as many multiplied: 1.81 (not zero"),
        ("se_resnet18_pruned", "params_millions", "contradicted", "11.78", "leaves as many stored: 11.78"),
        ("se_resnet18_pruned", "gflops", "contradicted", "1.82", "leaves as many multiplied"),
        ("mobilenet_v2", "params_millions", "matches", "2.24", "With ten classes"),
        ("shufflenet_v2", "params_millions", "explained", "2.28", "1000 classes, cut off instead of rounded"),
        ("efficientnet_b0", "params_millions", "explained", "5.29", "With 1000 classes; with CIFAR-10's ten 4.02"),
        ("mobilenet_v2", "gflops", "explained", "0.3", "1.32 is the proposed network's"),
        ("shufflenet_v2", "gflops", "explained", "0.146", "one row off: 0.3 is mobilenet_v2's"),
        ("efficientnet_b0", "gflops", "explained", "0.39", "one row off: 0.146 is shufflenet_v2's"),
        ("se_resnet18_pruned", "inference_ms_per_batch", "not run", "", "less than se_resnet18's 17.8 ms"),
        ("resnet18", "accuracy_percent", "not run", "", "no run of this network at that length"),
    ],
)
def test_costs_are_settled_by_arithmetic(reports, cell, label, column, verdict, recomputed, why, networks):
    for _ in range(2):
        found = cell(label, column, EFFICIENCY)
        assert (found.verdict, found.recomputed) == (verdict, recomputed) and (why in found.why or found.ours)
        if (reports / "tables").exists():
            break
        networks.publish()


def test_what_a_rival_prints_otherwise_is_settled_too(reports, cell):
    path = reports / "published" / EFFICIENCY
    text = path.read_text()
    path.write_text(text.replace("mobilenet_v2,2.2,1.32", "mobilenet_v2,9.9,0.30"))
    assert cell("mobilenet_v2", "params_millions", EFFICIENCY).verdict == "contradicted"
    assert cell("mobilenet_v2", "gflops", EFFICIENCY).verdict == "matches"
    path.write_text(text.replace("se_resnet18,12.3", "se_resnet18,11.8"))
    found = cell("se_resnet18", "params_millions", EFFICIENCY)
    assert (found.verdict, found.reason) == ("not run", "not published precisely enough")


def test_our_costs_and_times_stand_beside_and_settle_nothing(cell, networks):
    networks.publish()

    def ours(label, column):
        found = cell(label, column, EFFICIENCY)
        assert found.command == (networks.command if found.ours else "")
        return found.ours

    assert ours("resnet18", "params_millions") == f"plain 11.1740 ({networks.data})"
    assert ours("resnet18_pruned", "params_millions") == f"plain zeros 11.1740, not zero 1.1270 ({networks.data})"
    assert ours("resnet18_pruned", "gflops") == f"plain zeros 0.558 GMACs ({networks.data})"
    assert ours("resnet18_pruned", "accuracy_percent") == f"plain zeros 90.50 % (n = 5) ({networks.data})"
    times = "plain zeros 15.1 ms (one image, ONNX Runtime, 1 thread, 0.99 times as fast as before)"
    assert ours("resnet18_pruned", "inference_ms_per_batch") == f"{times} ({networks.data})"
    assert ours("resnet18", "inference_ms_per_batch").startswith("plain 15 ms (one image, ONNX Runtime, 1 thread)")
    assert ours("se_resnet18", "params_millions") == ours("efficientnet_b0", "accuracy_percent") == ""


@pytest.mark.parametrize(
    ("name", "verdict", "ours", "why"),
    [
        ("p3-prune-ratio", "not run", "plain 90 %", "An example in the text"),
        ("p3-fine-tuning", "not run", "", "A setting"),
        ("p3-passes", "not run", "20", "A setting"),
        (
            "p3-better",
            "matches",
            "plain zeros 0.99 times as fast as before",
            "Zeros do not make a dense network faster",
        ),
        ("p3-time-less", "matches", "", "is time saved; that is 1.19 times as fast, about 19 % faster"),
    ],
)
def test_sentences_with_ours_beside(claim, name, verdict, ours, why, networks):
    before = claim(name)
    assert before.ours == "" and before.verdict == (verdict if verdict == "matches" else "not run")
    networks.publish()
    found = claim(name)
    assert (found.verdict, found.ours) == (verdict, f"{ours} ({networks.data})" if ours else "") and why in found.why
    assert not ours or found.command == networks.command


@pytest.mark.parametrize(("old", "new"), [("12.8,94.1", "12.8,92.1"), ("12.8,94.1", "15.8,94.1")])
def test_better_is_more_accurate_and_faster(claim, edit, old, new):
    assert (claim("p3-better").verdict, claim("p3-better").recomputed) == ("matches", "93.2 -> 94.1 %, 15.2 -> 12.8 ms")
    edit(EFFICIENCY, old, new)
    assert claim("p3-better").verdict == "contradicted"
