"""Tables of the classification study, from hand-made runs; every number by hand."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from boardbench.classification.artifacts import ClassificationSamples
from boardbench.report.classification.differences import mcnemar
from boardbench.report.classification.published import Published, is_cifar10
from boardbench.report.classification.tables import write_tables

CIFAR10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
PUBLISHED = Path(__file__).parents[3] / "reports" / "published"


@pytest.fixture
def cifar10(images):
    """The hand-made data as CIFAR-10 from parquet files of JPEG images, with paper 2's tables."""
    images.cifar10()
    shutil.copytree(PUBLISHED, images.root / "published")
    images.arguments |= {"source": "parquet"}
    return images


def table(images, name="baselines"):
    return pd.read_csv(images.root / f"tables/classification_{name}.csv", dtype=str, keep_default_na=False)


def one(frame, **wanted):
    for key, value in wanted.items():
        frame = frame[frame[key] == value]
    assert len(frame) == 1, wanted
    return frame.iloc[0]


def test_baselines_one_row_a_run_and_k(images):
    write_tables(**images.arguments)
    frame = table(images)
    assert list(zip(frame["method"], frame["distance"], frame["k"], strict=True)) == [
        ("knn", "l1", "1"),
        ("knn", "l1", "3"),
        ("knn", "l2", "1"),
        ("knn", "l2", "3"),
        ("knn", "cosine", "1"),
        ("knn", "cosine", "3"),
        ("nearest_centroid", "l2", ""),
    ]
    # 8 of 20 wrong.
    expected = {"dataset": "toy-digits", "normalization": "standardize", "train_images": "20", "test_images": "20"}
    expected |= {"accuracy": "0.6000", "low": "0.4750", "high": "0.6625", "precision": "0.5000", "recall": "0.6000"}
    expected |= {"f_score": "0.2500", "accuracy_published": "", "f_score_published": ""}
    row = one(frame, distance="l1", k="1")
    assert {key: row[key] for key in expected} == expected and next(iter(frame)) == "dataset"
    assert one(frame, method="nearest_centroid")["accuracy"] == "0.3000"
    assert (images.root / "tables/classification_baselines.md").read_text().startswith("| dataset")


def test_networks_one_row_a_name(images):
    images.network("good", 0, range(1), folds=(0.5, 0.7))
    write_tables(**images.arguments)
    row = one(table(images, "numpy_networks"), name="good")
    expected = {"network": "fc3", "pool": "false", "initialization": "he", "optimizer": "adam", "dropout": "0"}
    expected |= {"learning_rate": "0.001", "schedule": "cosine", "folds": "", "epochs": "2", "seeds": "1"}
    expected |= {"parameters_millions": "0.7250", "mmacs": "0.7244", "test_images": "20", "accuracy": "0.9500"}
    expected |= {"accuracy_sd": "", "low": "0.8250", "high": "1.0125", "accuracy_folds": "0.6000"}
    expected |= {"accuracy_folds_sd": "0.1414", "setting_published": "", "accuracy_published": ""}
    assert {key: row[key] for key in expected} == expected
    assert one(table(images, "numpy_networks"), name="weak")["accuracy_folds"] == ""


def test_several_seeds_have_a_spread_and_no_limits(images):
    write_tables(**images.arguments | {"seeds": [0, 1]})
    row = one(table(images, "numpy_networks"), name="good")
    # 0.95 and 0.90: mean 0.925, standard deviation 0.05 / sqrt 2.
    assert (row["accuracy"], row["accuracy_sd"], row["seeds"]) == ("0.9250", "0.0354", "2")
    assert (row["low"], row["high"], row["recall"]) == ("", "", "0.9250")
    metrics = json.loads((images.root / "tables/classification_metrics.json").read_text())
    assert metrics["numpy_networks"]["good"]["accuracy"] == 0.925
    assert metrics["baselines"]["knn-l1-standardize-k3"]["accuracy"] == 0.5


def test_mcnemar_by_hand():
    # Two-sided binomial of one half: 2 / 2^7, 2 x (1 + 6) / 2^6, and 1 where the counts are equal or there are none.
    assert mcnemar(7, 0) == pytest.approx(2 / 128) and mcnemar(0, 7) == pytest.approx(2 / 128)
    assert mcnemar(5, 1) == pytest.approx(2 * 7 / 64)
    assert mcnemar(3, 3) == 1 and mcnemar(0, 0) == 1


def test_differences_image_by_image(images):
    images.network("good", 2, [0])
    for seed in (1, 2):
        images.network("weak", seed, range(17))
    write_tables(**images.arguments)
    assert set(table(images, "differences").query("first.str.contains('seed')")["conclusion"]) == {
        "one seed: not tested"
    }
    write_tables(**images.arguments | {"seeds": [0, 1, 2]})
    frame = table(images, "differences")
    row = one(frame, question="network against the best baseline", first="good-seed0")
    # Best: L1, k = 1, wrong at 0 to 7; the network is wrong at 0 too: seven images to none, p = 2 / 128.
    expected = {"second": "knn-l1-standardize-k1", "test_images": "20", "first_accuracy": "0.9500"}
    expected |= {"second_accuracy": "0.6000", "difference": "0.3500", "only_first": "7", "only_second": "0"}
    expected |= {"p": "0.0156", "conclusion": "higher"}
    assert {key: row[key] for key in expected} == expected
    assert one(frame, question="network against the best baseline", first="weak-seed0")["conclusion"] == "lower"
    # The class 0 for all is right at 0 and 10; weak at 17, 18, 19: three to two.
    row = one(frame, question="network against the largest class", first="weak-seed0")
    assert (row["only_first"], row["only_second"], row["p"], row["conclusion"]) == (
        "3",
        "2",
        "1.0000",
        "no difference shown",
    )
    assert one(frame, question="network against the largest class", first="good-seed0")["conclusion"] == "higher"
    row = one(frame, question="k = 1 against k = 3", first="knn-l2-standardize-k1")
    # Wrong at 0 to 8 against 2 to 9: one image to two.
    assert (row["second"], row["only_first"], row["only_second"]) == ("knn-l2-standardize-k3", "1", "2")
    row = one(frame, question="L1 against L2", first="knn-l1-standardize-k1")
    assert (row["second"], row["only_first"], row["only_second"]) == ("knn-l2-standardize-k1", "1", "0")
    row = one(frame, question="cosine against L2", first="knn-cosine-standardize-k1")
    # Wrong at 8 to 17 against 0 to 8: eight to nine.
    assert (row["only_first"], row["only_second"]) == ("8", "9")
    assert "standardize against minmax" not in set(frame["question"])


def test_a_distance_scored_on_some_images_is_compared_on_those(images):
    images.baseline("knn-ssim-standardize", {1: [9]}, images=10)
    write_tables(**images.arguments | {"baselines": [*images.wrong, "knn-ssim-standardize"]})
    row = one(table(images, "differences"), question="network against the best baseline", first="good-seed0")
    # 0.9 on ten images is the best; the network is wrong at image 0, the baseline at 9.
    assert (row["second"], row["test_images"], row["only_first"], row["only_second"]) == (
        "knn-ssim-standardize-k1",
        "10",
        "1",
        "1",
    )
    assert one(table(images), distance="ssim")["test_images"] == "10"


def test_scalings_are_compared(images):
    images.baseline("knn-l1-minmax", {1: range(8), 3: range(9)})
    write_tables(**images.arguments | {"baselines": ["knn-l1-standardize", "knn-l1-minmax"]})
    frame = table(images, "differences")
    rows = frame[frame["question"] == "standardize against minmax"]
    assert list(rows["second"]) == ["knn-l1-minmax-k1", "knn-l1-minmax-k3"]
    assert list(rows["only_second"]) == ["0", "1"]


def test_seconds_stand_apart(images):
    write_tables(**images.arguments)
    frame = table(images, "seconds")
    assert list(frame["name"]) == [*images.wrong, "good-seed0", "weak-seed0"]
    row = one(frame, name="good-seed0")
    assert (row["kind"], row["seconds"], row["seconds_per_epoch"]) == ("numpy_network", "30.00", "15.00")
    assert (row["threads"], row["hardware"], row["seconds_published"]) == ("1", "a machine", "")
    assert one(frame, name="knn-l1-standardize")["seconds_per_epoch"] == ""
    assert not any("seconds" in column for name in ("baselines", "numpy_networks") for column in table(images, name))


def test_about_says_what_the_data_are(images):
    write_tables(**images.arguments)
    about = json.loads((images.root / "tables/about.json").read_text())
    assert about["label"].startswith("scikit-learn's handwritten digits") and about["cifar10"] is False
    assert about["parts"] == {"train": 20, "test": 20} and about["size"] == [8, 8, 1]
    assert about["largest_class"] == 0.1 and about["study"] == "classification"


def described(kind, **changes):
    given = {"classes": CIFAR10, "size": [32, 32, 3], "parts": {}} | changes
    return ClassificationSamples(**given, source={"kind": kind, "seed": 0})


def test_cifar10_is_told_by_its_classes_and_size():
    assert is_cifar10(described("parquet"))
    assert not is_cifar10(described("parquet", classes=[*CIFAR10[:9], "lorry"]))
    assert not is_cifar10(described("parquet", size=[64, 64, 3]))
    assert not is_cifar10(described("cifar100"))
    assert is_cifar10(described("cifar10"))


def test_published_numbers_stand_beside_cifar10_alone(cifar10):
    write_tables(**cifar10.arguments)
    frame = table(cifar10)
    # Paper 2, tables 2 and 3: pairwise is L1, MSE is L2.
    row = one(frame, distance="l1", k="3")
    assert (row["accuracy_published"], row["precision_published"]) == ("0.3287", "0.4283")
    assert one(frame, distance="cosine", k="1")["accuracy_published"] == "0.0992"
    assert one(frame, method="nearest_centroid")["f_score_published"] == "0.2551"
    about = json.loads((cifar10.root / "tables/about.json").read_text())
    assert about["label"].startswith("CIFAR-10, recoded as JPEG") and "only 20 + 20" in about["label"]
    assert (about["cifar10"], about["original"], about["recoded"], about["complete"]) == (True, False, True, False)
    row = one(table(cifar10, "numpy_networks"), name="good")
    assert (row["setting_published"], row["accuracy_published"]) == ("lr 0.001", "0.0908")
    cifar10.cifar10("cifar10", "uncompressed, the original pixels")
    write_tables(**cifar10.arguments | {"source": "cifar10"})
    about = json.loads((cifar10.root / "tables/about.json").read_text())
    assert about["label"].startswith("CIFAR-10, the authors' archive") and about["original"] is True
    # One image recoded is enough.
    cifar10.cifar10("cifar10", "PNG and JPEG", form="parquet")
    write_tables(**cifar10.arguments | {"source": "cifar10"})
    assert json.loads((cifar10.root / "tables/about.json").read_text())["original"] is False
    # Parquet files whose user calls them cifar10 are not the archive.
    cifar10.cifar10("cifar10", form="parquet")
    write_tables(**cifar10.arguments | {"source": "cifar10"})
    about = json.loads((cifar10.root / "tables/about.json").read_text())
    assert about["label"].startswith("CIFAR-10, recoded as JPEG") and about["original"] is False


@pytest.mark.parametrize(
    ("settings", "setting"),
    [
        ({"network": "fc3", "learning_rate": 0.001, "dropout": 0.0, "epochs": 7}, "lr 0.001"),
        ({"network": "fc3", "learning_rate": 0.01, "dropout": 0.0, "epochs": 7}, "lr 0.01"),
        ({"network": "fc3", "learning_rate": 0.1, "dropout": 0.0, "epochs": 7}, ""),
        ({"network": "fc3", "learning_rate": 0.001, "dropout": 0.5, "epochs": 30}, "dropout 30 epochs"),
        ({"network": "fc3", "learning_rate": 0.001, "dropout": 0.2, "epochs": 100}, "dropout 100 epochs"),
        ({"network": "fc3", "learning_rate": 0.001, "dropout": 0.2, "epochs": 99}, ""),
        (
            {"network": "fc3", "learning_rate": 0.001, "dropout": 0.2, "epochs": 30, "folds": 5},
            "dropout 30 epochs 5 folds",
        ),
        ({"network": "fc3", "learning_rate": 0.001, "dropout": 0.2, "epochs": 30, "folds": 4}, ""),
        ({"network": "fc5", "learning_rate": 0.001, "dropout": 0.0, "epochs": 7}, "lr 0.001"),
        ({"network": "fc5", "learning_rate": 0.01, "dropout": 0.0, "epochs": 7}, ""),
        ({"network": "cnn16_16", "learning_rate": 0.001, "dropout": 0.0, "epochs": 7}, ""),
    ],
)
def test_settings_are_matched_as_the_paper_states_them(settings, setting):
    assert Published(PUBLISHED, described("cifar10")).network(settings)["setting"] == setting


def test_distances_have_other_names_in_the_paper():
    published = Published(PUBLISHED, described("cifar10"))
    # Table 1 has min-max for the pairwise distance alone.
    assert published.baseline("knn", 1, "l1", "minmax")["accuracy"] == "0.3539"
    assert published.baseline("knn", 1, "l2", "minmax")["accuracy"] == ""
    assert published.baseline("knn", 3, "l2", "standardize")["f_score"] == "0.3180"
    assert published.baseline("knn", 5, "l2", "standardize")["f_score"] == ""


def test_seconds_beside_are_of_the_same_filters_without_pooling():
    published = Published(PUBLISHED, described("cifar10"))
    for network, expected in {"cnn16_16": "76", "cnn32_32": "1476", "cnn32_32_64_64": "50022", "fc3": ""}.items():
        assert published.epoch({"network": network, "pool": False})["seconds_per_epoch"] == expected
    assert published.epoch({"network": "cnn16_16", "pool": True})["seconds_per_epoch"] == ""


def test_other_readings_of_the_neighbours_have_a_table(cifar10):
    other = cifar10.scores([], 20) | {"accuracy": 0.0944, "precision": 0.11, "recall": 0.0944, "f_score": 0.09}
    wrong = cifar10.wrong["knn-cosine-standardize"]
    cifar10.baseline(
        "knn-cosine-standardize",
        wrong,
        largest=[{"k": 1, **other}],
        lowest_class=[{"k": 3, **other, "accuracy": 0.5}],
    )
    write_tables(**cifar10.arguments)
    frame = table(cifar10, "variants")
    row = one(frame, variant="largest distance")
    assert (row["distance"], row["k"], row["accuracy"], row["accuracy_published"]) == (
        "cosine",
        "1",
        "0.0944",
        "0.0992",
    )
    row = one(frame, variant="ties to the lowest class")
    assert (row["k"], row["accuracy"], row["accuracy_published"]) == ("3", "0.5000", "0.0900")


def test_same_runs_same_bytes(images):
    write_tables(**images.arguments)
    before = {path.name: path.read_bytes() for path in (images.root / "tables").glob("[!.]*")}
    write_tables(**images.arguments)
    assert {path.name: path.read_bytes() for path in (images.root / "tables").glob("[!.]*")} == before


def test_baselines_or_networks_alone_are_enough(images):
    write_tables(**images.arguments | {"names": None, "seeds": None})
    assert table(images, "numpy_networks").empty and not table(images).empty
    write_tables(**images.arguments | {"baselines": None})
    assert table(images).empty and set(table(images, "differences")["question"]) == {
        "network against the largest class"
    }
    assert (images.root / "tables/classification_baselines.md").read_text() == "No rows.\n"


def edit(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dataset": "other"}, "dataset is 'other', expected 'toy-digits'"),
        ({"distance": "l2"}, "distance is 'l2', expected 'l1'"),
        ({"normalization": "minmax"}, "normalization is 'minmax'"),
        ({"kind": "numpy_network"}, "field kind: "),
        ({"test_images": 19}, "test_images is 19, but predictions.csv has 20"),
        ({"scores": 3}, "field scores: "),
        ({"largest": [{"k": 1, "accuracy": 0.1}]}, "field largest.0.low is missing"),
    ],
)
def test_a_foreign_or_broken_baseline_names_file_field_and_verb(images, says, changes, words):
    path = images.root / "runs/knn-l1-standardize/metrics.json"
    edit(path, **changes)
    says(lambda: write_tables(**images.arguments), path, words, "boardbench classification baseline")
    assert not (images.root / "tables").exists()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("precision", None, "field scores.0.precision is missing"),
        ("f_score", float("nan"), "field scores.0.f_score: "),
        ("confusion", [[1]], "confusion is no 10 x 10 matrix of 20 images"),
        ("confusion", [[1] * 10] * 10, "confusion is no 10 x 10 matrix of 20 images"),
        ("accuracy", 0.55, "is right for 0.6000 of the images, but accuracy in metrics.json beside it is 0.5500"),
    ],
)
def test_scores_that_cannot_be_are_refused(images, says, field, value, words):
    path = images.root / "runs/knn-l1-standardize/metrics.json"
    content = json.loads(path.read_text())
    content["scores"][0][field] = value
    path.write_text(json.dumps(content))
    says(lambda: write_tables(**images.arguments), "knn-l1-standardize/", words, "boardbench classification baseline")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("\n39,9,9", "\n40,9,9", "line 21: sample 40 with label 9 is not a test image"),
        ("\n39,9,9", "\n19,9,9", "line 21: sample 19 with label 9 is not a test image"),
        ("\n39,9,9", "\n38,8,9", "line 21: sample 38 with label 8 is not a test image"),
        ("\n39,9,9", "\n39,8,9", "line 21: sample 39 with label 8 is not a test image"),
        ("\n39,9,9", "\n39,9,", "line 21: predicted is '', not a whole number"),
        ("sample,label,predicted", "sample,label,guess", "column predicted is missing"),
        ("\n39,9,9", "", "test_images is 20, but predictions.csv has 19"),
    ],
)
def test_predictions_of_other_images_are_refused(images, says, old, new, words):
    path = images.root / "runs/good-seed0/predictions.csv"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    says(lambda: write_tables(**images.arguments), "good-seed0/", words, "boardbench classification numpy-network")
    assert not (images.root / "tables").exists()


def test_runs_of_other_images_than_the_first_are_refused(images, says):
    images.baseline("knn-l1-minmax", {1: range(8)}, images=19)
    asked = {"baselines": ["knn-l1-standardize", "knn-l1-minmax"]}
    words = ("knn-l1-minmax/metrics.json: test_images are others than knn-l1-standardize", "(19 and 20)")
    says(lambda: write_tables(**images.arguments | asked), *words, "boardbench classification baseline")
    images.network("good", 0, range(1), changes={"test_images": 19})
    images.predictions("good-seed0", {"predicted": range(1)}, 19)
    path = images.root / "runs/good-seed0/metrics.json"
    edit(path, scores=images.scores(range(1), 19))
    says(
        lambda: write_tables(**images.arguments),
        "test_images is 19, but",
        "samples.csv has 20",
        "classification numpy-network",
    )


def test_missing_and_foreign_networks_name_file_field_and_verb(images, says):
    path = images.root / "runs/good-seed0/metrics.json"
    kept = path.read_text()
    for changes, words in (
        ({"dataset": "other"}, "dataset is 'other'"),
        ({"name": "other"}, "name is 'other', expected 'good'"),
        ({"seed": 3}, "seed is 3, expected 0"),
        ({"settings": {}}, "field settings: "),
        ({"scores": None}, "field scores is missing"),
        ({"folds": [{"fold": 1}]}, "field folds.0.accuracy is missing"),
    ):
        edit(path, **changes)
        says(
            lambda: write_tables(**images.arguments),
            "good-seed0/metrics.json",
            words,
            "boardbench classification numpy-network",
        )
        path.write_text(kept)
    images.network("good", 1, range(2), learning_rate=0.01)
    says(lambda: write_tables(**images.arguments | {"seeds": [0, 1]}), "settings are others than those of good-seed0")
    path.unlink()
    says(
        lambda: write_tables(**images.arguments),
        "metrics.json: no such file",
        "boardbench classification numpy-network",
    )
    assert not (images.root / "tables").exists()


def test_other_bad_input_names_file_field_and_verb(images, says):
    says(
        lambda: write_tables(**images.arguments | {"baselines": [], "names": []}),
        "no run is asked for",
        "classification.baselines",
    )
    says(
        lambda: write_tables(**images.arguments | {"source": "cifar10"}),
        "samples.json: source.kind is 'digits'",
        "classification.source",
    )
    says(lambda: write_tables(**images.arguments | {"baselines": ["knn"]}), "knn: not <method>-<distance>")
    seconds = images.root / "runs/good-seed0/seconds.json"
    kept = seconds.read_text()
    seconds.write_text("{}")
    says(
        lambda: write_tables(**images.arguments),
        "seconds.json: field seconds is missing",
        "classification numpy-network",
    )
    seconds.write_text(kept)
    path = images.root / "samples.json"
    kept = path.read_text()
    edit(path, classes=[])
    says(lambda: write_tables(**images.arguments), "samples.json: field classes: ", "classification samples")
    path.write_text(kept)
    edit(path, source={})
    says(
        lambda: write_tables(**images.arguments), "samples.json: field source.kind is missing", "classification samples"
    )
    path.write_text(kept)
    samples = images.root / "samples.csv"
    kept = samples.read_text()
    samples.write_text(kept.replace("test", "exam"))
    says(
        lambda: write_tables(**images.arguments), "samples.csv: column part has no test image", "classification samples"
    )
    samples.write_text(kept.replace("label", "class"))
    says(lambda: write_tables(**images.arguments), "samples.csv: column label is missing", "classification samples")


def test_published_tables_that_are_missing_are_named(cifar10, says):
    (cifar10.root / "published/cifar10_networks.csv").unlink()
    says(lambda: write_tables(**cifar10.arguments), "cifar10_networks.csv: no such file", "git checkout")
