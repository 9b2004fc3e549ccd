"""What the page says and draws of networks in PyTorch: decided by tables alone."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from boardbench.params.classification import Exploration
from boardbench.publish import publish
from boardbench.report.classification.figures import write_figures
from boardbench.report.classification.network_charts import latency_figure, points
from boardbench.report.classification.page import times
from boardbench.report.classification.sentences import stand_in
from boardbench.report.classification.tables import write_tables
from boardbench.report.columns import DASH
from boardbench.report.page import render

EXPLORATION = Exploration(grid=4, scatter_images=12, perplexity=3)


@pytest.fixture
def page(networks):
    """Return a function that publishes the hand-made networks and gives the page's HTML."""
    root = networks.images.root

    def make(draw=False, **changes):
        given = networks.arguments | changes
        write_tables(**given)
        networks.images.write("figures/classification_figures.json", "[]")
        if draw:
            drawn = {"networks": given["networks"], "tables": root / "tables"}
            write_figures(**networks.images.members, **drawn, out=root / "figures", params=EXPLORATION)
        folders = {"tables": [root / "tables"], "figures": [root / "figures"]}
        publish(datasets=["toy-digits"], **folders, reports=root / "reports", out=root / "published.json")
        return (root / "reports/data-toy-digits.html").read_text()

    make.root = root
    return make


def read(root, name):
    return pd.read_csv(root / f"tables/classification_{name}.csv", dtype=str, keep_default_na=False)


def test_the_page_has_a_section_for_each_table(page):
    html = page(draw=True)
    for words in (
        "Networks in PyTorch",
        "Cost, before and after pruning",
        "Transfer",
        "An epoch on CPU and GPU",
        "Networks in NumPy alone",
    ):
        assert f">{words}</h2>" in html
    assert html.count("<img") == 7 and 'src="http' not in html
    assert "classification_latency.svg" in html and "classification_curves.svg" in html
    found = html[html.index(">Networks in PyTorch</h2>") : html.index(">Cost, before and after pruning</h2>")]
    assert "<td>0.7500<small>± 0.0707</small></td><td>0.5211 to 0.9789</td>" in found
    assert "JPEG" not in found
    assert "Accuracy, plain-se against plain: +0.150 (95 % interval " in html
    assert "; 2 seeds, 20 test images), two seeds: not tested." in html
    assert "<td>10.0<small>15.0</small>" in html and "<small>2.00 \N{MULTIPLICATION SIGN}</small>" in html
    assert "not run: no CUDA device" in html and "not run, no CIFAR-100 was at hand" in html
    assert "number(s)" not in html and "  ," not in html


def test_without_networks_their_sections_are_not_there(page):
    html = page(networks=None, pruned=None, epochs=None)
    assert "PyTorch" not in html and ">Cost, before and after pruning</h2>" not in html and "An epoch on" not in html


def test_epochs_alone_and_networks_without_times_are_enough(page):
    html = page(networks=None, pruned=None)
    assert (
        ">An epoch on CPU and GPU</h2>" in html and "PyTorch" not in html and "classification_epoch_seconds.csv" in html
    )
    html = page(pruned=None, latency=None, epochs=None, networks=["plain-seed0"], draw=True)
    assert ">Networks in PyTorch</h2>" in html and "classification_latency" not in html


def test_a_table_that_goes_leaves_the_page(page):
    assert ">Transfer</h2>" in page()
    html = page(networks=["plain-seed0"], pruned=None)
    assert ">Transfer</h2>" not in html
    assert not (page.root / "reports/tables/toy-digits/classification_transfer.csv").exists()


def test_tables_of_before_there_were_networks_still_render(page):
    page(networks=None, pruned=None, epochs=None)
    file = page.root / "reports/tables/toy-digits/classification_differences.csv"
    old = pd.read_csv(file, dtype=str, keep_default_na=False).drop(columns=["seeds", "low", "high"])
    old.to_csv(file, index=False)
    render(page.root / "reports")
    assert "Networks in NumPy alone" in (page.root / "reports/data-toy-digits.html").read_text()


def test_a_broken_table_names_file_and_column(page, says):
    page()
    file = page.root / "reports/tables/toy-digits/classification_efficiency.csv"
    file.write_text("dataset,name\n")
    says(
        lambda: render(page.root / "reports"), "classification_efficiency.csv: column network", "classification tables"
    )


def test_jpeg_and_published_numbers_are_labelled(page, networks):
    networks.images.cifar10()
    for seed in (0, 1):
        networks.network("plain", seed, 4)
    shutil.copytree(Path(__file__).parents[3] / "reports" / "published", page.root / "published")
    given = {"source": "parquet", "networks": ["plain-seed0"], "pruned": None}
    html = page(**given)
    found = html[html.index(">Networks in PyTorch</h2>") :]
    assert "recoded as JPEG: scores are not those of the original pixels" in found
    assert "<small>0.5026</small>" in found and "<small>93.2 %</small>" in found
    assert "size and device it does not name: plain 15.2 ms." in found and '<td class="published">16.22</td>' in found


def test_a_stand_in_is_labelled_and_the_real_transfer_is_not(page):
    page()
    table = read(page.root, "transfer")
    label = stand_in(table, SimpleNamespace(cifar10=True))
    assert label.startswith("STAND-IN") and "from 6 classes of these same data to 4" in label
    assert label.endswith("not run, no CIFAR-100 was at hand.")
    assert stand_in(table.assign(parent_classes="100"), SimpleNamespace(cifar10=True)) == ""


def test_times_are_put_together_over_seeds(page):
    page()
    latency = read(page.root, "latency")
    latency.loc[(latency["name"] == "plain") & (latency["seed"] == "1"), ["p50_ms", "p99_ms"]] = ["30.0", "45.0"]
    found = times(latency)
    assert [label for _, label in found.head[:4]] == ["run", "pruning", "torch, batch 1", "torch, batch 128"]
    _, cells = found.rows[0]
    assert cells[:3] == [("name", "plain", []), ("name", DASH, []), ("", "25.0", ["45.0", DASH])]
    gone = times(latency[~((latency["pruning"] == "half") & (latency["batch"] == "1"))])
    half = next(cells for _, cells in gone.rows if cells[1][1] == "half")
    assert half[2][1] == DASH and half[3][2][1] == "2.00 \N{MULTIPLICATION SIGN}"


def test_the_chart_holds_networks_of_all_classes_with_one_image_a_pass(page, tmp_path):
    page()
    models = points(read(page.root, "efficiency"), read(page.root, "latency"))
    assert list(zip(models["name"], models["pruning"], models["p50_ms"], strict=True)) == [
        ("plain", "", 10.0),
        ("plain", "half", 5.0),
        ("plain", "zeros", 10.0),
        ("plain-se", "", 10.0),
    ]
    for name in ("a", "b"):
        latency_figure(models, tmp_path / name, "toy")
    latency_figure(models.assign(accuracy=0.5), tmp_path / "c", "toy")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() != (tmp_path / "c").read_bytes()


def test_the_chart_joins_pruned_networks_and_names_all(page, tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    seen = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, out, **how: (seen.append(figure), Path(out).touch()))
    page()
    latency_figure(points(read(page.root, "efficiency"), read(page.root, "latency")), tmp_path / "a", "toy")
    axes = seen[0].axes[0]
    assert [text.get_text() for text in axes.texts] == ["plain", "half", "zeros", "plain-se"]
    dotted = [line.get_xydata().tolist() for line in axes.lines if line.get_linestyle() == ":"]
    assert dotted == [[[10.0, 0.75], [5.0, 0.725]], [[10.0, 0.75], [10.0, 0.8]]]


def test_the_best_network_that_knows_all_classes_has_a_confusion_matrix(page):
    page(draw=True)
    entries = json.loads((page.root / "figures/classification_figures.json").read_text())
    alt = next(entry["alt"] for entry in entries if entry["file"] == "classification_confusion.svg")
    assert "best network in PyTorch: plain-se, 2 seeds added up" in alt and "best network in NumPy: good" in alt


def test_a_history_without_a_column_names_the_verb(page, networks, says):
    networks.images.write("runs/plain-seed0/history.csv", "epoch,train_loss\n1,2\n")
    words = ("plain-seed0/history.csv: column validation_loss", "boardbench classification train")
    says(lambda: page(draw=True), *words)
