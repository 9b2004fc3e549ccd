"""What the page says of the classification study: decided by its tables alone."""

import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from boardbench.params.classification import Exploration
from boardbench.publish import publish
from boardbench.report.classification.figures import write_figures
from boardbench.report.classification.sentences import answers, best_baseline, why_published
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
        return (images.reports / "data-toy-digits.html").read_text()

    make.reports, make.images = images.reports, images
    return make


def test_the_page_renders_with_classification_alone(page):
    html = page(draw=True)
    assert "placement" not in (page.reports / "index.html").read_text()
    for words in ("The images", "Classifiers without training", "Networks in NumPy alone", "Time"):
        assert f">{words}</h2>" in html
    assert "not CIFAR-10, so no published number stands beside" in html and "paper 2" not in html.lower()
    assert html.count("<img") == 5 and 'src="http' not in html
    assert "<h1>toy-digits</h1>" in html
    assert all((page.reports / source).is_file() for source in re.findall('<img[^>]* src="([^"]*)"', html))


def test_tables_of_the_page_hold_the_numbers(page):
    html = page()
    found = html[html.index(">Classifiers without training</h2>") : html.index(">Time</h2>")]
    rows = [row.split("</tr>")[0] for row in found[found.index("<tbody>") :].split("<tr")[1:8]]
    assert len(rows) == 7 and 'class="first"' in rows[6] and "nearest centroid" in rows[6]
    assert "<td>0.6000</td><td>0.4750 to 0.6625</td><td>0.5000</td>" in rows[0]
    found = html[html.index(">Networks in NumPy alone</h2>") : html.index(">Time</h2>")]
    assert "<td>0.9500</td><td>0.8250 to 1.0125</td>" in found and "dense, 1024-512-256" in found
    assert "<small>Adam 0.001, cosine, He</small></td>" in found and ">folds</th>" not in found
    times = html[html.index(">Time</h2>") :]
    assert "<td>30.0</td><td>15.0</td><td>1.20</td><td>1</td>" in times and "paper 2,<br>" not in times


def test_seeds_and_folds_are_shown(page):
    for seed in (0, 1):
        page.images.network("good", seed, range(seed + 1), folds=(0.5, 0.7), dropout=0.5)
    html = page(seeds=[0, 1])
    assert "0.9250<small>± 0.0354</small>" in html and ">folds</th>" in html
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
    says(
        lambda: render(page.reports),
        "about.json: field dataset is missing; field source is missing",
        "boardbench publish",
    )
    about.write_text(kept)
    (page.reports / "tables/toy-digits/classification_differences.csv").unlink()
    says(lambda: render(page.reports), "classification_differences.csv: no such file", "classification tables")


def read(images, *names):
    folder = images.root / "tables"
    return [pd.read_csv(folder / f"classification_{name}.csv", dtype=str, keep_default_na=False) for name in names]


def test_the_best_baseline_is_said_with_its_limits(images):
    write_tables(**images.arguments)
    (frame,) = read(images, "baselines")
    assert best_baseline(frame) == (
        "Best baseline: k-NN, L1, k = 1, standardize, accuracy 0.6000 [0.4750, 0.6625] (20 test images)."
    )
    assert best_baseline(frame.iloc[:0]).startswith("No baseline was run")


def test_questions_are_answered_by_the_table_of_differences(images):
    images.network("good", 2, [0])
    for seed in (1, 2):
        images.network("weak", seed, range(17))
    write_tables(**images.arguments | {"seeds": [0, 1, 2]})
    networks, baselines = answers(*read(images, "differences"))
    assert networks == [
        "Accuracy, network against the largest class: higher in 3 of 6, no difference shown in 3 of 6 (weak).",
        "Accuracy, network against the best baseline (k-NN, L1, k = 1, standardize): higher in 3 of 6, lower in 3 of 6 "
        "(weak).",
    ]
    assert baselines[1] == "Accuracy, L1 against L2: no difference shown in 2 of 2."
    write_tables(**images.arguments)
    assert answers(*read(images, "differences"))[0][0].endswith("one seed: not tested in 2 of 2.")


def test_one_neighbour_or_three(images):
    images.baseline("knn-cosine-standardize", {1: range(2), 3: range(12)})
    images.baseline("knn-l2-standardize", {1: range(12), 3: range(2)})
    write_tables(**images.arguments)
    assert answers(*read(images, "differences"))[1][0] == (
        "Accuracy, k = 1 against k = 3: no difference shown in 1 of 3, lower in 1 of 3 (k-NN, L2, k = 1, standardize), "
        "higher in 1 of 3 (k-NN, cosine, k = 1, standardize)."
    )


def test_why_published_numbers_stand_beside_or_not():
    about = SimpleNamespace(cifar10=True, original=True, recoded=False, complete=True)

    def but(**changes):
        return SimpleNamespace(**vars(about) | changes)

    assert why_published(about) == "Paper 2's numbers are for CIFAR-10 and stand small beside."
    assert "recoded as JPEG" in why_published(but(recoded=True, original=False))
    assert "not known how" in why_published(but(original=False))
    assert "only a part of the images" in why_published(but(complete=False))
    assert "not CIFAR-10" in why_published(but(cifar10=False))


def test_json_of_the_tables_is_nested_for_dvc(page):
    page()
    found = json.loads((page.reports / "tables/toy-digits/classification_metrics.json").read_text())
    assert found["numpy_networks"]["good"] == {"accuracy": 0.95, "precision": 0.5, "recall": 0.95, "f_score": 0.25}
