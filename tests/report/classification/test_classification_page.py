"""What the page says of the classification study: decided by its tables alone."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from boardbench.params.classification import Exploration
from boardbench.publish import publish
from boardbench.report.classification.figures import write_figures
from boardbench.report.classification.sentences import (
    against_baseline,
    best_baseline,
    cosine,
    distances,
    learned,
    neighbours,
    ties,
    why_published,
)
from boardbench.report.classification.tables import write_tables
from boardbench.report.page import render

PUBLISHED = Path(__file__).parents[3] / "reports" / "published"
EXPLORATION = Exploration(grid=4, scatter_images=12, perplexity=3)


@pytest.fixture
def page(images):
    """Return a function that publishes the hand-made images and gives the page's HTML."""
    images.reports = images.root / "reports"

    def make(draw=False, **changes):
        write_tables(**images.arguments | changes)
        images.write("figures/classification_figures.json", "[]")
        if draw:
            write_figures(**images.members, out=images.root / "figures", params=EXPLORATION)
        folders = {"tables": [images.root / "tables"], "figures": [images.root / "figures"]}
        publish(datasets=["toy-digits"], **folders, reports=images.reports, out=images.root / "published.json")
        return (images.reports / "index.html").read_text()

    make.reports, make.images = images.reports, images
    return make


def test_the_page_renders_with_classification_alone(page):
    html = page(draw=True)
    assert 'id="study-classification"' in html and 'id="study-placement"' not in html
    for words in ("The images", "Classifiers without training", "Networks in NumPy alone", "Time"):
        assert f"<h4>{words}</h4>" in html
    assert "not CIFAR-10, so no published number stands beside" in html and "paper 2" not in html.lower()
    assert html.count("<img") == 5 and "http" not in html and "<script" not in html
    assert "<h3>toy-digits</h3>" in html
    assert all((page.reports / source).is_file() for source in re.findall('<img[^>]* src="([^"]*)"', html))


def test_tables_of_the_page_hold_the_numbers(page):
    html = page()
    found = html[html.index("Classifiers without") : html.index("Networks in NumPy")]
    rows = [row.split("</tr>")[0] for row in found[found.index("<tbody>") :].split("<tr")[1:]]
    assert len(rows) == 7 and 'class="first"' in rows[6] and "nearest centroid" in rows[6]
    assert "<td>0.6000</td><td>0.4750 to 0.6625</td><td>0.5000</td>" in rows[0]
    found = html[html.index("Networks in NumPy") : html.index("<h4>Time")]
    assert "<td>0.9500</td><td>0.8250 to 1.0125</td>" in found and "dense, 1024-512-256" in found
    assert "<small>Adam 0.001, cosine, He</small></td>" in found and "<th>folds</th>" not in found
    times = html[html.index("<h4>Time") :]
    assert "<td>30.0</td><td>15.0</td><td>1.20</td><td>1</td>" in times and "paper 2,<br>" not in times


def test_seeds_and_folds_are_shown(page):
    for seed in (0, 1):
        page.images.network("good", seed, range(seed + 1), folds=(0.5, 0.7), dropout=0.5)
    html = page(seeds=[0, 1])
    assert "0.9250<small>± 0.0354</small>" in html and "<th>folds</th>" in html
    assert "<td>0.6000<small>± 0.1155</small></td>" in html and ", dropout 0.5</small></td>" in html


def test_published_numbers_stand_small_beside_cifar10(page):
    page.images.cifar10()
    shutil.copytree(PUBLISHED, page.images.root / "published")
    html = page(source="parquet")
    assert '<p class="label">CIFAR-10, recoded as JPEG' in html and "recoded as JPEG, which moves scores" in html
    assert "<td>0.6000<small>0.3548</small></td>" in html
    assert "<td>0.9500<small>0.0908</small></td>" in html and "no share of dropout" in html
    assert "number(s)" not in html


def test_broken_published_tables_name_file_and_field(page, says):
    page()
    about = page.reports / "tables/toy-digits/about.json"
    kept = about.read_text()
    about.write_text('{"study": "classification", "label": "x"}')
    says(lambda: render(page.reports), "about.json: field source", "Publish the dataset again")
    about.write_text(kept)
    (page.reports / "tables/toy-digits/classification_differences.csv").unlink()
    says(lambda: render(page.reports), "classification_differences.csv: no such file", "classification tables")


def test_without_figures_there_are_none(page):
    assert "<img" not in page()
    (page.reports / "figures/toy-digits/classification_figures.json").unlink()
    render(page.reports)
    assert "<img" not in (page.reports / "index.html").read_text()


def read(images, *names):
    folder = images.root / "tables"
    return [pd.read_csv(folder / f"classification_{name}.csv", dtype=str, keep_default_na=False) for name in names]


def test_the_best_baseline_is_said_with_its_limits(images):
    write_tables(**images.arguments)
    (frame,) = read(images, "baselines")
    assert best_baseline(frame, 20) == (
        "The best baseline is k-NN, L1, k = 1, standardize: accuracy 0.6000 (95 % limits 0.4750 to 0.6625) over 20 "
        "test images."
    )
    assert "over 20 test images of 30, a draw" in best_baseline(frame, 30)
    assert best_baseline(frame.iloc[:0], 20).startswith("No baseline was run")


def test_networks_that_beat_the_best_baseline_and_those_that_do_not(images):
    images.network("good", 2, [0])
    for seed in (1, 2):
        images.network("weak", seed, range(17))
    write_tables(**images.arguments | {"seeds": [0, 1, 2]})
    good, weak = "+0.350, p = 0.0156", "\N{MINUS SIGN}0.450, p = 0.0039"
    assert against_baseline(*read(images, "differences", "numpy_networks"), 20) == [
        "On the same 20 test images, 1 of 2 networks beats the best baseline (k-NN, L1, k = 1, standardize): good "
        f"{good} / +0.300, p = 0.0312 / {good}; weak is below it ({weak} / {weak} / {weak})."
    ]
    write_tables(**images.arguments | {"names": ["good"], "seeds": [0, 1, 2]})
    assert against_baseline(*read(images, "differences", "numpy_networks"), 20) == [
        "On the same 20 test images, the network beats the best baseline (k-NN, L1, k = 1, standardize): good "
        f"{good} / +0.300, p = 0.0312 / {good}."
    ]
    write_tables(**images.arguments | {"names": ["weak"], "seeds": [0, 1, 2]})
    (said,) = against_baseline(*read(images, "differences", "numpy_networks"), 20)
    assert "no network is shown to beat the best baseline" in said and "weak is below it" in said
    write_tables(**images.arguments)
    assert against_baseline(*read(images, "differences", "numpy_networks"), 20) == [
        "On the same 20 test images, accuracy minus that of the best baseline (k-NN, L1, k = 1, standardize): good "
        f"{good} (one seed: not tested); weak {weak} (one seed: not tested)."
    ]


def test_a_network_beats_only_where_every_seed_does(images):
    images.network("good", 1, range(3, 8))  # five images to none: p = 0.0625
    images.network("good", 2, [0])
    write_tables(**images.arguments | {"names": ["good"], "seeds": [0, 1, 2]})
    (said,) = against_baseline(*read(images, "differences", "numpy_networks"), 20)
    assert "no network is shown to beat" in said and "good is not shown to be above it" in said
    images.network("weak", 1, range(8))  # as the baseline; the other seeds are below it
    images.network("weak", 2, range(17))
    write_tables(**images.arguments | {"names": ["weak"], "seeds": [0, 1, 2]})
    assert "weak is not shown to be above it" in against_baseline(*read(images, "differences", "numpy_networks"), 20)[0]
    images.baseline("knn-ssim-standardize", {1: [9]}, images=10)
    write_tables(**images.arguments | {"baselines": [*images.wrong, "knn-ssim-standardize"], "seeds": [0, 1, 2]})
    (said,) = against_baseline(*read(images, "differences", "numpy_networks"), 20)
    assert said.startswith("On the same 10 test images (of 20: the baseline was scored on no others), no network")


def test_without_rivals_or_networks_nothing_is_claimed(images):
    write_tables(**images.arguments | {"baselines": None})
    assert against_baseline(*read(images, "differences", "numpy_networks"), 20)[0].startswith("There is no baseline")
    write_tables(**images.arguments | {"names": None})
    frames = read(images, "differences", "numpy_networks")
    assert against_baseline(*frames, 20)[0].startswith("No network was trained") and learned(*frames) == []


def test_whether_networks_learn(images):
    write_tables(**images.arguments)
    assert learned(*read(images, "differences", "numpy_networks")) == [
        "Whether a network learns more than the largest class takes three seeds. The largest class for all gives "
        "0.1000: good 0.9500 (95 % limits 0.8250 to 1.0125); weak 0.1500 (95 % limits 0.0250 to 0.2125)."
    ]
    images.network("good", 2, [0])
    for seed in (1, 2):
        images.network("weak", seed, range(17))
    write_tables(**images.arguments | {"seeds": [0, 1, 2]})
    (said,) = learned(*read(images, "differences", "numpy_networks"))
    assert said.startswith("Not shown that weak learns anything. The largest class for all gives 0.1000: good 0.9333 ±")
    write_tables(**images.arguments | {"names": ["good"], "seeds": [0, 1, 2]})
    (said,) = learned(*read(images, "differences", "numpy_networks"))
    assert said == "The networks learn. The largest class for all gives 0.1000: good 0.9333 ± 0.0289 over 3 seeds."


def test_one_neighbour_or_three(images):
    images.baseline("knn-cosine-standardize", {1: range(2), 3: range(12)})
    images.baseline("knn-l2-standardize", {1: range(12), 3: range(2)})
    write_tables(**images.arguments)
    said = neighbours(*read(images, "differences"))
    assert said == (
        "One neighbour or three (tied votes go to the nearest): k = 1 is better in 1 of 3 (cosine, standardize +0.500, "
        "p = 0.0020); k = 3 is better in 1 of 3 (L2, standardize \N{MINUS SIGN}0.500, p = 0.0020); no difference shown "
        "in 1 of 3 (L1, standardize +0.100, p = 0.5000)."
    )
    assert neighbours(pd.DataFrame({"question": []})) == ""


def test_distances_and_scalings(images):
    images.baseline("knn-l1-minmax", {1: range(8), 3: range(9)})
    write_tables(**images.arguments | {"baselines": [*images.wrong, "knn-l1-minmax"]})
    norms, scales = distances(*read(images, "differences"))
    assert norms.startswith("L1 against L2, they are two distances, not one: k-NN, L1, k = 1, standardize +0.050")
    assert scales.startswith("By standardize and by minmax the same images are right in 1 of 2 pairs.")
    images.baseline("knn-l2-standardize", {1: range(8), 3: range(10)})
    write_tables(**images.arguments)
    assert "no test image tells them apart" in distances(*read(images, "differences"))[0]


def test_cosine_and_the_largest_distance(images):
    write_tables(**images.arguments)
    names = ("baselines", "variants", "differences")
    (said,) = cosine(*read(images, *names))
    assert said == (
        "Cosine is the worst distance of 1-NN (standardize): cosine 0.5000, L2 0.5500, L1 0.6000; on the same images "
        "it is not told apart from L2 (\N{MINUS SIGN}0.050, p = 1.0000)."
    )
    far = {"k": 1, "accuracy": 0.1, "precision": 0.1, "recall": 0.1, "f_score": 0.1}
    images.baseline("knn-cosine-standardize", {1: range(1), 3: range(1)}, largest=[far])
    write_tables(**images.arguments)
    (said,) = cosine(*read(images, *names))
    assert said.startswith("Cosine is not the worst") and "better than L2 (+0.400, p = 0.0078)" in said
    assert said.endswith("Taking the LARGEST cosine distance gives 0.1000.")
    write_tables(**images.arguments | {"baselines": ["knn-l1-standardize"]})
    assert cosine(*read(images, *names)) == []


def test_ties_to_the_lowest_class():
    row = {"variant": "ties to the lowest class", "distance": "l2", "normalization": "standardize", "k": "3"}
    frame = pd.DataFrame([row | {"accuracy": "0.3290", "accuracy_published": "0.3287"}])
    assert ties(frame) == [
        "Where a tied vote goes to the class of lowest number instead: L2, standardize, k = 3: 0.3290 "
        "(paper 2: 0.3287)."
    ]
    assert ties(frame.iloc[:0]) == []


def test_why_published_numbers_stand_beside_or_not():
    about = {"cifar10": True, "original": True, "recoded": False, "complete": True}
    assert why_published(about) == "Paper 2's numbers are for CIFAR-10 and stand beside."
    assert "recoded as JPEG" in why_published(about | {"recoded": True, "original": False})
    assert "not known how" in why_published(about | {"original": False})
    assert "only a part of the images" in why_published(about | {"complete": False})
    assert "not CIFAR-10" in why_published(about | {"cifar10": False})


def test_json_of_the_tables_is_nested_for_dvc(page):
    page()
    found = json.loads((page.reports / "tables/toy-digits/classification_metrics.json").read_text())
    assert found["numpy_networks"]["good"] == {"accuracy": 0.95, "precision": 0.5, "recall": 0.95, "f_score": 0.25}
