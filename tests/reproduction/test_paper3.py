"""What papers 2, 3 and 5 print of ready networks: settled by arithmetic, or not run with ours beside."""

import json

import pytest

from boardbench.classification.networks import build_network
from boardbench.engine.complexity import count
from boardbench.reproduction.checks import EFFICIENCY, NETWORKS, SECONDS
from boardbench.reproduction.evidence import read_evidence
from boardbench.reproduction.paper3 import RIVALS
from boardbench.reproduction.reproduction import COLUMNS, reproduction_rows
from boardbench.reproduction.resnet18 import resnet18, resnet18_small_images, squeeze_excitation

ABOUT = {"study": "classification", "cifar10": True, "original": False, "recoded": True, "complete": False}
ABOUT |= {"parts": {"train": 5000, "test": 1000}, "classes": list("abcdefghij"), "size": [32, 32, 3]}
NETWORK_ROWS = """\
name,network,blocks,learning_rate,epochs,seeds,classes,train_images,accuracy,precision,recall,f_score,setting_published
plain,resnet18,,0.1,20,5,10,45000,0.9100,0.9110,0.9100,0.9090,default
slim,mobilenet_v2,11,0.01,20,1,10,45000,0.8000,0.8010,0.8000,0.7990,SGD lr 0.01
wide,mobilenet_v2,19,0.3,20,1,10,45000,0.7000,0.7010,0.7000,0.6990,
"""
EFFICIENCY_ROWS = """\
name,network,pruning,method,ratio,seeds,accuracy,parameters_millions,parameters_nonzero_millions,gmacs,params_millions_published
plain,resnet18,,,,5,0.9100,11.1740,11.1740,0.5578,11.7
plain,resnet18,zeros,unstructured,0.9,5,0.9050,11.1740,1.1270,0.5578,8.2
plain,resnet18,half,structured,0.5,5,0.9000,3.0000,3.0000,0.2789,
"""
LATENCY = """\
name,pruning,network,runtime,batch,threads,n,p50_ms,speedup,inference_ms_per_batch_published
plain,,resnet18,onnxruntime,1,1,20,15.0,,15.2
plain,zeros,resnet18,onnxruntime,1,1,20,15.1,0.99,12.1
plain,half,resnet18,onnxruntime,1,1,20,8.0,1.88,
"""
EPOCHS = """\
network,device,batch_size,threads,seconds_per_epoch,hardware,device_published
resnet18,cpu,64,2,99.500,a machine,cpu i5-8400
resnet18,cuda,64,2,,not run: no CUDA device,gpu A100
"""
TRANSFER = """\
child,parent,classes,parent_classes,accuracy,ratio
child,parent,4,6,0.9000,1.20
"""
TABLES = {"networks": NETWORK_ROWS, "efficiency": EFFICIENCY_ROWS, "latency": LATENCY}
TABLES |= {"epoch_seconds": EPOCHS, "transfer": TRANSFER}
DATA = "cifar-smoke, recoded as JPEG, 5000 training images"
COMMAND = "snakemake --cores all --configfile workflow/presets/cifar-smoke.yaml"


def publish(reports, name="cifar-smoke", about=ABOUT, **tables):
    folder = reports / "tables" / name
    folder.mkdir(parents=True)
    (folder / "about.json").write_text(json.dumps(about))
    for table, text in (TABLES | tables).items():
        if text:
            (folder / f"classification_{table}.csv").write_text(text)
    return folder


def test_formulas_are_those_of_the_networks_themselves():
    for classes, side, stem, formula in (
        (1000, 224, "imagenet", resnet18(1000)),
        (10, 32, "imagenet", resnet18(10, 32)),
        (10, 32, "cifar", resnet18_small_images(10)),
    ):
        network = build_network("resnet18", classes, stem=stem)
        assert sum(weight.numel() for weight in network.parameters()) == formula[0]
        # Our count has normalization and activations besides, a hundredth at most.
        assert count(network, 3, (side, side))[0] == pytest.approx(formula[1], rel=0.02)
    plain, se = (
        sum(weight.numel() for weight in build_network(name, 1000, stem="imagenet").parameters())
        for name in ("resnet18", "se_resnet18")
    )
    # Two dense layers a block, whose biases the formula leaves out.
    assert se - plain == pytest.approx(squeeze_excitation(16)[0], rel=0.06)


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
def test_costs_are_settled_by_arithmetic(reports, cell, label, column, verdict, recomputed, why):
    for _ in range(2):
        found = cell(label, column, EFFICIENCY)
        assert (found.verdict, found.recomputed) == (verdict, recomputed) and (why in found.why or found.ours)
        if (reports / "tables").exists():
            break
        publish(reports)


def test_what_a_rival_prints_otherwise_is_settled_too(reports, cell):
    path = reports / "published" / EFFICIENCY
    text = path.read_text()
    path.write_text(text.replace("mobilenet_v2,2.2,1.32", "mobilenet_v2,9.9,0.30"))
    assert cell("mobilenet_v2", "params_millions", EFFICIENCY).verdict == "contradicted"
    assert cell("mobilenet_v2", "gflops", EFFICIENCY).verdict == "matches"
    path.write_text(text.replace("se_resnet18,12.3", "se_resnet18,11.8"))
    assert cell("se_resnet18", "params_millions", EFFICIENCY).verdict == "not run"


def test_our_costs_and_times_stand_beside_and_settle_nothing(reports, cell):
    publish(reports)

    def ours(label, column):
        found = cell(label, column, EFFICIENCY)
        assert found.command == (COMMAND if found.ours else "")
        return found.ours

    assert ours("resnet18", "params_millions") == f"plain 11.1740 ({DATA})"
    assert ours("resnet18_pruned", "params_millions") == f"plain zeros 11.1740, not zero 1.1270 ({DATA})"
    assert ours("resnet18_pruned", "gflops") == f"plain zeros 0.558 GMACs ({DATA})"
    assert ours("resnet18_pruned", "accuracy_percent") == f"plain zeros 90.50 % (n = 5) ({DATA})"
    times = "plain zeros 15.1 ms (one image, ONNX Runtime, 1 thread, 0.99 times as fast as before)"
    assert ours("resnet18_pruned", "inference_ms_per_batch") == f"{times} ({DATA})"
    assert ours("resnet18", "inference_ms_per_batch").startswith("plain 15 ms (one image, ONNX Runtime, 1 thread)")
    assert ours("se_resnet18", "params_millions") == ours("efficientnet_b0", "accuracy_percent") == ""


def test_our_scores_stand_beside_and_settle_nothing(reports, cell):
    publish(reports)
    found = cell("resnet18 default", "accuracy", NETWORKS)
    assert (found.verdict, found.ours) == ("not run", f"plain 0.9100 (20 epochs, n = 5) ({DATA})")
    assert "another recipe and settles nothing; ours saw a part of the images" in found.why
    found = cell("mobilenet_v2_slim SGD lr 0.01", "accuracy", NETWORKS)
    assert (found.verdict, found.ours) == ("not run", f"slim 0.8000 (20 epochs, n = 1) ({DATA})")
    assert cell("mobilenet_v2 default", "accuracy", NETWORKS).ours == ""
    whole = ABOUT | {"complete": True, "original": True}
    publish(reports, "cifar10-paper", about=whole)
    found = cell("resnet18 default", "accuracy", NETWORKS)
    assert found.ours.endswith("; plain 0.9100 (20 epochs, n = 5) (cifar10-paper)")


def test_epochs_stand_beside_with_what_no_gpu_ran(reports, cell):
    found = cell("resnet18 default cpu i5-8400", "seconds_per_epoch", SECONDS)
    # 3 passes x 2 x 0.03695 GMACs x 50,000 images / 16.22 s.
    assert found.verdict == "not run" and "0.68 TFLOP/s" in found.why and found.ours == ""
    assert "Suspect" not in cell("vgg16 default cpu i5-8400", "seconds_per_epoch", SECONDS).why
    assert "No GPU ran it" in cell("vgg16 default gpu A100", "seconds_per_epoch", SECONDS).why
    publish(reports)
    found = cell("resnet18 default cpu i5-8400", "seconds_per_epoch", SECONDS)
    assert found.ours == f"99.500 s on cpu, 2 threads, batch 64 ({DATA})"
    found = cell("resnet18 default gpu A100", "seconds_per_epoch", SECONDS)
    assert (found.verdict, found.ours) == ("not run", f"not run: no CUDA device ({DATA})")


@pytest.mark.parametrize(
    ("name", "verdict", "ours", "why"),
    [
        ("p2-vgg-setting", "not run", "", "A setting"),
        ("p3-prune-ratio", "not run", "plain 90 %", "An example in the text"),
        ("p3-fine-tuning", "not run", "", "A setting"),
        ("p3-passes", "not run", "20", "A setting"),
        ("p5-slim-blocks", "explained", "slim 11", "as a figure alone, so ours is a table of its own, with as many"),
        ("p5-head", "not run", "slim 10; wide 10", "A setting"),
        ("p5-rates", "not run", "0.01", "A setting"),
        ("p5-parent-epochs", "not run", "", "Takes CIFAR-100, which was not at hand"),
        ("p5-child-epochs", "not run", "", "Takes CIFAR-100"),
        ("p5-transfer-ratio", "contradicted", "child over parent 1.20", "At chance the ratio is 0.10 / 0.01 = 10"),
        ("p3-time-less", "matches", "", "is time saved; that is 1.19 times as fast, about 19 % faster"),
    ],
)
def test_sentences_with_ours_beside(reports, claim, name, verdict, ours, why):
    before = claim(name)
    assert before.ours == "" and before.verdict == (verdict if verdict == "matches" else "not run")
    publish(reports)
    found = claim(name)
    assert (found.verdict, found.ours) == (verdict, f"{ours} ({DATA})" if ours else "") and why in found.why
    assert not ours or found.command == COMMAND


def test_a_stand_in_within_the_range_settles_nothing(reports, claim):
    publish(reports, transfer=TRANSFER.replace("1.20", "0.40"))
    assert claim("p5-transfer-ratio").verdict == "not run"


def test_another_number_of_blocks_is_not_the_paper_s(reports, claim):
    publish(reports, networks=NETWORK_ROWS.replace(",11,", ",14,"))
    found = claim("p5-slim-blocks")
    assert found.verdict == "not run" and "other numbers of blocks" in found.why


def test_other_data_and_other_studies_stand_beside_nothing(reports):
    publish(reports, "digits", about=ABOUT | {"cifar10": False})
    publish(reports, "boards", about={"study": "segmentation"})
    publish(reports, "empty", **dict.fromkeys(TABLES, ""))
    assert read_evidence(reports).trained == []


def test_no_row_comes_or_goes(reports):
    before = reproduction_rows(read_evidence(reports))
    publish(reports)
    after = reproduction_rows(read_evidence(reports))
    names = ("place", "cell", "published")
    assert [[row[name] for name in names] for row in after] == [[row[name] for name in names] for row in before]
    assert all(tuple(row) == COLUMNS and row["why"] for row in after)
    assert not any("not built" in row["why"] for row in before)


def test_a_broken_table_names_file_and_column(reports, says):
    publish(reports, latency="name,pruning\n")
    says(lambda: read_evidence(reports), "classification_latency.csv: column network", "classification tables")
