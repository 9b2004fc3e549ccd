"""Tables of networks in PyTorch, from hand-made runs; every number by hand."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from boardbench.classification.artifacts import ClassificationSamples
from boardbench.report.classification.published import Published
from boardbench.report.classification.tables import write_tables

PUBLISHED = Path(__file__).parents[3] / "reports" / "published"
OURS = ("networks", "efficiency", "transfer", "latency", "epoch_seconds")


def table(networks, name):
    path = networks.images.root / f"tables/classification_{name}.csv"
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def one(frame, **wanted):
    for key, value in wanted.items():
        frame = frame[frame[key] == value]
    assert len(frame) == 1, wanted
    return frame.iloc[0]


def cells(row, **expected):
    assert {key: row[key] for key in expected} == expected


@pytest.fixture
def cifar10(networks):
    """The hand-made data as CIFAR-10 from parquet files of JPEG images, with the papers' tables."""
    networks.images.cifar10()
    shutil.copytree(PUBLISHED, networks.images.root / "published")
    networks.images.arguments |= {"source": "parquet"}
    names = {"plain": ("resnet18", 4), "plain-se": ("se_resnet18", 1)}
    for name, (network, wrong) in names.items():
        for seed in (0, 1):
            networks.network(name, seed, wrong, network=network)
    networks.pruned("zeros", "plain", 0, 4, "unstructured", 0.9)
    networks.costs, networks.times = networks.costs[:1], networks.times[:1]
    for name, (network, _) in names.items():
        for seed in (0, 1):
            networks.cost(name, "", seed, network)
    networks.cost("plain", "zeros", 0, "resnet18", 1.0, 0.1)
    networks.numbers()
    given = {"networks": [f"{name}-seed{seed}" for name in names for seed in (0, 1)], "pruned": ["zeros/plain-seed0"]}
    networks.given = networks.arguments | given
    return networks


def test_networks_one_row_a_name(networks):
    write_tables(**networks.arguments)
    frame = table(networks, "networks")
    assert list(frame["name"]) == ["plain", "plain-se", "parent", "four", "child"]
    expected = {"dataset": "toy-digits", "network": "resnet18", "blocks": "", "width": "1", "stem": "cifar"}
    expected |= {"optimizer": "sgd", "learning_rate": "0.1", "schedule": "constant", "label_smoothing": "0.1"}
    expected |= {"epochs": "2", "seeds": "2", "classes": "10", "train_images": "18", "parameters_millions": "11.1700"}
    expected |= {"gmacs": "0.500000", "test_images": "20", "accuracy": "0.7500", "accuracy_sd": "0.0707"}
    # Variance of the mean over images 3.25 / 19 / 20, over seeds 0.005 / 2; 12.1 degrees of freedom: t = 2.177.
    expected |= {"low": "0.5211", "high": "0.9789", "precision": "0.5000", "recall": "0.7500", "f_score": "0.2500"}
    cells(one(frame, name="plain"), **expected, setting_published="", accuracy_published="")
    # Two rows of stages with 1 and 2 bottlenecks, and the two convolutions around.
    cells(one(frame, name="child"), classes="4", test_images="8", blocks="5", accuracy="0.9375")
    assert (networks.images.root / "tables/classification_networks.md").read_text().startswith("| dataset")


def test_one_seed_has_the_limits_of_its_own_run_and_no_spread(networks):
    write_tables(**networks.arguments | {"networks": ["plain-seed1"], "pruned": []})
    row = one(table(networks, "networks"))
    cells(row, seeds="1", accuracy="0.7000", accuracy_sd="", low="0.6000", high="0.8000")


def test_metrics_hold_networks_and_pruned_ones(networks):
    write_tables(**networks.arguments)
    found = json.loads((networks.images.root / "tables/classification_metrics.json").read_text())
    assert found["networks"]["plain"] == {"accuracy": 0.75, "precision": 0.5, "recall": 0.75, "f_score": 0.25}
    assert (
        found["pruned"].keys() == {"plain-half", "plain-zeros"} and found["pruned"]["plain-half"]["accuracy"] == 0.725
    )


def test_tables_without_rows_are_not_there(networks):
    root = networks.images.root
    write_tables(**networks.images.arguments)
    assert not any((root / f"tables/classification_{name}.csv").exists() for name in OURS)
    assert json.loads((root / "tables/classification_metrics.json").read_text()).keys() == {
        "baselines",
        "numpy_networks",
    }
    write_tables(**networks.arguments)
    alone = {"networks": ["plain-seed0"], "complexity": root / "complexity.csv"}
    bare = {"baselines": None, "names": None, "seeds": None}
    write_tables(**networks.images.arguments | alone | bare)
    made = [name for name in OURS if (root / f"tables/classification_{name}.csv").exists()]
    assert made == ["networks", "efficiency"]


def test_same_runs_same_bytes_and_times_stand_apart(networks):
    made = []
    for _ in range(2):
        write_tables(**networks.arguments)
        made.append({path.name: path.read_bytes() for path in (networks.images.root / "tables").glob("[!.]*")})
        networks.images.write("latency.csv", "\n".join(networks.times).replace("a machine", "another") + "\n")
    changed = {name for name in made[0] if made[0][name] != made[1][name]}
    assert changed == {"classification_latency.csv", "classification_latency.md"}


def test_pruning_is_compared_with_the_same_runs_before(networks):
    write_tables(**networks.arguments)
    frame = table(networks, "efficiency")
    cells(
        one(frame, name="plain", pruning=""),
        **{"method": "", "ratio": "", "seeds": "2", "gmacs": "0.500000", "megabytes": "44.6800", "accuracy_before": ""},
        **{"difference": "", "conclusion": "", "params_millions_published": ""},
    )
    # Seed 0 loses one image of 20, seed 1 none: -0.05 and 0.
    cells(
        one(frame, name="plain", pruning="half"),
        **{"method": "structured", "ratio": "0.5", "seeds": "2", "parameters_millions": "5.5850", "gmacs": "0.250000"},
        **{
            "accuracy": "0.7250",
            "accuracy_before": "0.7500",
            "difference": "-0.0250",
            "conclusion": "two seeds: not tested",
        },
        **{"difference_low": "-0.1252", "difference_high": "0.0752", "note": ""},
    )
    cells(
        one(frame, name="plain", pruning="zeros"),
        **{"method": "unstructured", "ratio": "0.9", "seeds": "1", "parameters_millions": "11.1700"},
        **{"parameters_nonzero_millions": "1.1170", "gmacs": "0.500000", "gmacs_effective": "0.050000"},
        **{"accuracy_before": "0.8000", "difference": "0.0000", "note": "one seed: limits over test images only"},
        conclusion="one seed: not tested",
    )


@pytest.mark.parametrize(("wrong", "word"), [(16, "lower"), (0, "higher")])
def test_a_loss_is_shown_only_beyond_its_limits(networks, wrong, word):
    del networks.costs[1:], networks.times[1:]
    for seed in (0, 1, 2):
        networks.network("plain", seed, 8)
        networks.pruned("half", "plain", seed, wrong, "structured", 0.5)
    networks.numbers()
    names = {"networks": [f"plain-seed{k}" for k in range(3)], "pruned": [f"half/plain-seed{k}" for k in range(3)]}
    write_tables(**networks.arguments | names)
    assert one(table(networks, "efficiency"), pruning="half")["conclusion"] == word
    write_tables(**networks.arguments | {key: found[:2] for key, found in names.items()})
    assert one(table(networks, "efficiency"), pruning="half")["conclusion"] == "two seeds: not tested"


def test_latency_beside_the_same_run_before_pruning(networks):
    write_tables(**networks.arguments | {"pruned": ["half/plain-seed0"]})
    frame = table(networks, "latency")
    assert set(frame["pruning"]) == {"", "half"} and len(frame[frame["pruning"] == "half"]) == 4
    cells(
        one(frame, name="plain", pruning="half", runtime="onnxruntime", batch="1"),
        **{"seed": "0", "p50_ms": "5.0", "p99_ms": "7.5", "speedup": "2.00", "hardware": "a machine"},
    )
    assert set(frame[frame["pruning"] == ""]["speedup"]) == {""}


def test_epochs_say_what_no_device_ran(networks):
    write_tables(**networks.arguments)
    cpu, cuda = table(networks, "epoch_seconds").to_dict("records")
    assert (cpu["seconds_per_epoch"], cpu["seconds_published"]) == ("99.500", "")
    assert (cuda["seconds_per_epoch"], cuda["hardware"]) == ("", "not run: no CUDA device")


def test_transfer_against_the_same_network_from_scratch(networks):
    write_tables(**networks.arguments)
    row = one(table(networks, "transfer"))
    expected = {"child": "child", "parent": "parent", "unfrozen": "2", "classes": "4", "parent_classes": "6"}
    expected |= {"seeds": "2", "test_images": "8", "accuracy": "0.9375", "parent_accuracy": "0.7500", "ratio": "1.25"}
    expected |= {"ratio_published": "", "against": "four", "against_accuracy": "0.5625", "difference": "0.3750"}
    cells(row, **expected, conclusion="two seeds: not tested", note="limits over test images and 2 seeds")
    assert float(row["low"]) < 0 < float(row["high"])


@pytest.mark.parametrize(("child", "rival", "word"), [(0, 6, "helps"), (6, 0, "harms")])
def test_transfer_helps_or_harms_only_beyond_its_limits(networks, child, rival, word):
    same = {"network": "mobilenet_v2", "settings": [[1, 16, 1, 1]], "classes": range(6, 10)}
    parent = {"source": "elsewhere", "classes": 1000}
    for seed in (0, 1, 2):
        networks.network("late", seed, child, parent=parent, weights="elsewhere", **same)
        networks.network("fresh", seed, rival, **same)
    networks.numbers()
    runs = [f"{name}-seed{seed}" for name in ("late", "fresh") for seed in (0, 1, 2)]
    write_tables(**networks.arguments | {"networks": runs, "pruned": []})
    row = one(table(networks, "transfer"))
    cells(row, conclusion=word, unfrozen="all", parent_classes="1000", parent_accuracy="", ratio="", against="fresh")
    write_tables(**networks.arguments | {"networks": ["late-seed0", "fresh-seed0"], "pruned": []})
    row = one(table(networks, "transfer"))
    cells(row, conclusion="one seed: not tested", note="one seed: limits over test images only")
    assert float(row["low"]) * float(row["high"]) > 0


def test_transfer_without_a_rival_of_the_same_budget_says_so(networks):
    for seed in (0, 1):
        networks.network("four", seed, 4, network="mobilenet_v2", settings=[[1, 8, 1, 1]], classes=range(6, 10))
    write_tables(**networks.arguments)
    row = one(table(networks, "transfer"))
    cells(row, against="", difference="", conclusion="", note="no run from scratch of the same classes and epochs")


def test_what_else_differs_from_the_rival_is_named(networks):
    stages = [[1, 16, 1, 1], [6, 24, 2, 2]]
    for seed in (0, 1):
        settings = {"network": "mobilenet_v2", "settings": stages, "classes": range(6, 10), "learning_rate": 0.01}
        networks.network("four", seed, 4, **settings)
    write_tables(**networks.arguments)
    assert one(table(networks, "transfer"))["note"].endswith("; also differs: learning_rate")


def test_squeeze_and_excitation_over_seeds(networks):
    write_tables(**networks.arguments)
    frame = table(networks, "differences")
    row = one(frame, question="squeeze-and-excitation against none")
    expected = {"first": "plain-se", "second": "plain", "test_images": "20", "first_accuracy": "0.9000", "p": ""}
    expected |= {"second_accuracy": "0.7500", "difference": "0.1500", "only_first": "6", "only_second": "0"}
    # Each seed gains three images, one of them the same: variance of the mean over images 1.55 / 19 / 20, over seeds 0.
    cells(row, **expected, seeds="2", low="0.0163", high="0.2837", conclusion="two seeds: not tested")
    networks.network("plain", 2, 5)
    networks.network("plain-se", 2, 2, network="se_resnet18")
    networks.numbers()
    runs = [f"{name}-seed{seed}" for name in ("plain", "plain-se") for seed in (0, 1, 2)]
    write_tables(**networks.arguments | {"networks": runs, "pruned": []})
    row = one(table(networks, "differences"), question="squeeze-and-excitation against none")
    cells(row, seeds="3", conclusion="higher")
    # Runs that know six or four classes are compared with no baseline.
    names = {name.rsplit("-seed", 1)[0] for name in frame["first"]}
    assert {"plain", "plain-se"} <= names and not names & {"parent", "four", "child"}


def test_one_seed_shows_nothing_of_squeeze_and_excitation(networks):
    write_tables(**networks.arguments | {"networks": ["plain-seed0", "plain-se-seed0"], "pruned": []})
    row = one(table(networks, "differences"), question="squeeze-and-excitation against none")
    cells(row, seeds="1", low="", high="", conclusion="one seed: not tested", difference="0.1500")


def test_only_what_differs_in_squeeze_and_excitation_alone_is_compared(networks):
    for seed in (0, 1):
        networks.network("plain-se", seed, 1, network="se_resnet18", reduction=4)
    write_tables(**networks.arguments)
    assert "squeeze-and-excitation against none" in set(table(networks, "differences")["question"])
    for seed in (0, 1):
        networks.network("plain-se", seed, 1, network="se_resnet18", learning_rate=0.01)
    write_tables(**networks.arguments)
    assert "squeeze-and-excitation against none" not in set(table(networks, "differences")["question"])


def test_published_numbers_stand_beside_cifar10_alone(cifar10):
    write_tables(**cifar10.given)
    row = one(table(cifar10, "networks"), name="plain")
    cells(row, setting_published="default", accuracy_published="0.5026", f_score_published="0.5011")
    frame = table(cifar10, "efficiency")
    printed = {"params_millions_published": "11.7", "gflops_published": "1.81", "accuracy_percent_published": "93.2"}
    cells(one(frame, name="plain", pruning=""), **printed)
    cells(one(frame, name="plain", pruning="zeros"), params_millions_published="8.2", accuracy_percent_published="92.8")
    cells(one(frame, name="plain-se"), params_millions_published="12.3")
    times = table(cifar10, "latency")
    assert set(times[times["pruning"] == "zeros"]["inference_ms_per_batch_published"]) == {"12.1"}
    cpu, cuda = table(cifar10, "epoch_seconds").to_dict("records")
    assert (cpu["device_published"], cpu["seconds_published"]) == ("cpu i5-8400", "16.22")
    assert (cuda["device_published"], cuda["seconds_published"]) == ("gpu A100", "1.07")


def test_nothing_published_stands_beside_a_part_of_the_classes(cifar10):
    cifar10.network("four", 0, 2, classes=range(6, 10))
    cifar10.numbers()
    write_tables(**cifar10.given | {"networks": ["four-seed0"], "pruned": []})
    cells(one(table(cifar10, "networks")), setting_published="", accuracy_published="")
    cells(one(table(cifar10, "efficiency")), params_millions_published="")


METADATA = ClassificationSamples(source={"kind": "cifar10", "seed": 0}, classes=["a"] * 10, size=[32, 32, 3], parts={})
PLAIN = {"network": "resnet18", "width": 1.0, "settings": None, "weights": None, "optimizer": "sgd", "epochs": 20}
PLAIN |= {"learning_rate": 0.1, "schedule": "constant"}


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({}, "default"),
        ({"schedule": "step"}, "StepLR"),
        ({"schedule": "cosine"}, ""),
        ({"width": 0.5}, ""),
        ({"weights": "x"}, ""),
        ({"network": "vgg16", "learning_rate": 0.0001}, "20 epochs lr 0.0001"),
        ({"network": "vgg16", "learning_rate": 0.0001, "epochs": 10}, ""),
        ({"network": "vgg16"}, ""),
        ({"network": "mobilenet_v2"}, "default"),
        ({"network": "mobilenet_v2", "settings": [[1, 16, 1, 1]]}, "SGD lr 0.1"),
        ({"network": "mobilenet_v2", "settings": [[1, 16, 1, 1]], "optimizer": "adadelta"}, "Adadelta lr 0.1"),
        ({"network": "mobilenet_v2", "settings": [[1, 16, 1, 1]], "learning_rate": 0.05}, ""),
        ({"network": "resnet34"}, "SGD lr 0.1"),
        ({"network": "resnet34", "optimizer": "adam"}, ""),
        ({"network": "lenet", "optimizer": "adam", "learning_rate": 0.001}, "Adam lr 0.001"),
    ],
)
def test_settings_are_matched_as_the_papers_state_them(changes, setting):
    published = Published(PUBLISHED, METADATA)
    assert published.trained(PLAIN | changes, True)["setting"] == setting
    assert published.trained(PLAIN | changes, False)["setting"] == ""


def test_networks_in_pytorch_are_none_in_numpy_and_the_other_way_round():
    published = Published(PUBLISHED, METADATA)
    assert published.network({"network": "fc3", "learning_rate": 0.001})["accuracy"] == "0.0908"
    assert published.network(PLAIN)["setting"] == ""


@pytest.mark.parametrize(
    ("changes", "method", "params"),
    [
        ({}, "", "11.7"),
        ({}, "unstructured", "8.2"),
        ({}, "structured", ""),
        ({"network": "se_resnet18"}, "unstructured", "8.5"),
        ({"network": "efficientnet_b0"}, "", "5.3"),
        ({"network": "efficientnet_b0"}, "unstructured", ""),
        ({"network": "mobilenet_v2", "settings": [[1, 16, 1, 1]]}, "", ""),
        ({"width": 0.5}, "", ""),
    ],
)
def test_costs_are_matched_by_network_and_pruning(changes, method, params):
    published = Published(PUBLISHED, METADATA)
    assert published.efficiency(PLAIN | changes, True, method)["params_millions"] == params
    assert published.efficiency(PLAIN | changes, False, method)["params_millions"] == ""


def test_bad_runs_name_file_field_and_remedy(networks, says):
    run = {"networks": ["plain-seed0"], "pruned": []}
    again = "boardbench classification train"

    def bad(path, *words, content=None, **changes):
        file = networks.images.root / path
        kept = file.read_text()
        file.write_text(json.dumps(json.loads(kept) | changes) if content is None else content)
        says(lambda: write_tables(**networks.arguments | run), file.name, *words)
        file.write_text(kept)

    metrics = "runs/plain-seed0/metrics.json"
    bad(metrics, "field kind: ", again, kind="numpy_network")
    bad(metrics, "dataset is 'other'", again, dataset="other")
    bad(metrics, "field settings is missing", again, settings=None)
    bad(metrics, "the run in it is other-seed0, not plain-seed0", again, name="other")
    bad(metrics, "classes has zebra, which", again, classes=["zebra", *map(str, range(1, 10))])
    bad(metrics, "confusion is no 9 x 9 matrix", again, classes=[str(digit) for digit in range(9)])
    bad("runs/plain-seed0/predictions.csv", "line 2", again, content="sample,label,predicted\n20,5,5\n")
    half = networks.images.root / "runs/plain-seed0/predictions.csv"
    lines = half.read_text().splitlines()[:11]
    half.write_text("\n".join(lines) + "\n")
    confusion = [[0] * 10 for _ in range(10)]
    for label in range(10):
        confusion[label][(label + (label < 4)) % 10] += 1
    scores = {"accuracy": 0.6, "low": 0, "high": 1, "precision": 0, "recall": 0, "f_score": 0, "confusion": confusion}
    bad(metrics, "test_images is 10, but", "has 20 of its classes", again, test_images=10, scores=scores)


def test_seeds_of_other_settings_are_refused(networks, says):
    networks.network("plain", 1, 6, learning_rate=0.2)
    says(
        lambda: write_tables(**networks.arguments),
        "plain-seed1/metrics.json",
        "settings are others than those of plain-seed0",
    )


def test_bad_pruned_runs_name_file_field_and_remedy(networks, says):
    given = networks.arguments
    says(
        lambda: write_tables(**given | {"pruned": ["plain-seed0"]}),
        "plain-seed0: not <pruning>/<name>-seed<k>",
    )
    says(
        lambda: write_tables(**given | {"networks": ["plain-seed0"]}),
        "half/plain-seed1/metrics.json",
        "plain-seed1, is not there",
    )
    file = networks.images.root / "pruned/half/plain-seed0/metrics.json"
    kept = json.loads(file.read_text())
    again = "boardbench classification prune"
    for metadata in (kept["pruning"] | {"name": "zeros"}, kept["pruning"] | {"ratio": None}, "half"):
        file.write_text(json.dumps(kept | {"pruning": metadata}))
        says(lambda: write_tables(**given), "half/plain-seed0/metrics.json: ", "pruning", again)
    file.write_text(json.dumps(kept | {"pruning": None}))
    says(lambda: write_tables(**given), "half/plain-seed0/metrics.json: field pruning is missing", again)


def test_bad_costs_name_file_line_and_remedy(networks, says):
    given = networks.arguments
    lines = networks.costs
    for changed, *words in (
        (lines[:-1], "no row of name, pruning, seed plain, zeros, 0"),
        ([*lines, lines[-1]], "a row twice"),
        ([line.replace("11170000", "many") for line in lines], "line 2: parameters is 'many', not a number"),
        ([line.replace("gmacs_effective", "other") for line in lines], "column gmacs_effective is missing"),
    ):
        networks.images.write("complexity.csv", "\n".join(changed) + "\n")
        says(lambda: write_tables(**given), "complexity.csv", *words, "boardbench classification complexity")
    networks.numbers()
    networks.images.write("latency.csv", "\n".join(networks.times).replace("20.0", "fast") + "\n")
    says(lambda: write_tables(**given), "latency.csv, line 2: p50_ms is 'fast'", "boardbench classification latency")
    networks.numbers()
    networks.images.write("epochs.csv", "network,device\n")
    says(lambda: write_tables(**given), "epochs.csv: column images", "boardbench bench epoch")
