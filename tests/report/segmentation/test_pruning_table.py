"""The table of pruned segmentation runs, and where they show: page, Pareto table and chart."""

import json

import numpy as np
import pandas as pd
import pytest

from boardbench.params.segmentation import Complexity
from boardbench.publish import publish
from boardbench.report.page import render
from boardbench.report.segmentation.charts import pareto_figure
from boardbench.report.segmentation.figures import write_figures
from boardbench.report.segmentation.pareto import pareto_table
from boardbench.report.segmentation.pruning import read_pruning
from boardbench.report.segmentation.tables import write_tables
from boardbench.segmentation.scores import write_confusions

CLASSES = ["others", "ic", "capacitor", "connectors"]
METADATA = {"name": "half", "method": "structured", "ratio": 0.5, "parameters": 250_000, "parameters_before": 1_000_000}
METADATA |= {"macs": 2_000_000_000, "macs_before": 4_000_000_000}
PARETO = (
    "backbone,strategy,seed,width,precision,bands_read,bytes,same_class,miou,mf1,gmacs,lines,samples,threads,n,"
    "p50_ms,p99_ms,encoder_p50_ms,lines_per_s,hardware"
)
ROWS = (  # pruning, seed, precision, miou, p50_ms
    ("", 0, "float32", 0.50, 100),
    ("", 1, "float32", 0.52, 110),
    ("", 0, "int8", 0.49, 70),
    ("half", 0, "float32", 0.48, 50),
)


def exported(*rows, column=True):
    """Return pareto.csv as text."""
    lines = [PARETO + (",pruning" if column else "")]
    for word, seed, precision, miou, ms in rows:
        line = (
            f"unet,pca3,{seed},8,{precision},214,1000,0.999,{miou},0.6,{5 if word else 9},128,1024,2,15,{ms},200,9,0,pc"
        )
        lines.append(line + (f",{word}" if column else ""))
    return "\n".join(lines) + "\n"


class Pruned:
    """The hand-made world with a pruned U-Net: one pixel more wrong in each scene."""

    def __init__(self, world):
        self.world = world
        self.root = self.add(0, [0.6, 0.5, 0.1, None], METADATA)
        world.write("pareto.csv", exported(*ROWS))
        self.arguments = world.arguments | {
            "pruned": ["half/unet-pca3-seed0"],
            "pruned_runs": world.root / "pruned",
            "pareto": world.root / "pareto.csv",
            "budget_ms": 105.0,
            "counted": Complexity(),
        }

    def add(self, seed, iou, metadata):
        folder = self.world.root / f"pruned/half/unet-pca3-seed{seed}"
        made = self.world.run("unet", "scrap", seed, iou, [0.7, 0.6, 0.2, None], pictures=0)
        folder.parent.mkdir(parents=True, exist_ok=True)
        made.rename(folder)
        metrics = json.loads((folder / "metrics.json").read_text()) | {"strategy": "pca3"}
        (folder / "metrics.json").write_text(json.dumps(metrics))
        right = np.diag([10] * 4)
        worse, worst = right.copy(), right.copy()
        worse[0, :2], worst[0, :2] = (9, 1), (8, 2)
        write_confusions(folder / "confusions.csv", {"b2_1": worst, "b3_1": worse}, CLASSES)
        training = {"dataset": "toy", "backbone": "unet", "strategy": "pca3", "seed": seed, "pruning": metadata}
        training |= {"data": "0", "fingerprint": "0", "epochs": 2, "kept_epoch": 1, "parameters": 9, "settings": {}}
        (folder / "training.json").write_text(json.dumps(training))
        return folder

    def change(self, name, **changes):
        path = self.root / name
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    def table(self, name="pruning"):
        path = self.world.root / f"tables/segmentation_{name}.csv"
        return pd.read_csv(path, dtype=str, keep_default_na=False)


@pytest.fixture
def pruned(world):
    return Pruned(world)


def test_a_row_a_pruned_run(pruned):
    write_tables(**pruned.arguments)
    (row,) = pruned.table().to_dict("records")
    expected = {"dataset": "toy", "backbone": "unet", "strategy": "pca3", "seeds": "1", "pruning": "half"}
    expected |= {"method": "structured", "ratio": "0.5", "parameters_before": "1000000", "parameters": "250000"}
    expected |= {"gmacs_before": "4.0000", "gmacs": "2.0000", "miou_before": "0.5000", "miou": "0.4000"}
    expected |= {"scenes": "2", "note": "rough: fewer than 8 test scenes"}
    assert {key: row[key] for key in expected} == expected
    (times,) = pruned.table("pruning_latency").to_dict("records")
    expected = {"dataset": "toy", "backbone": "unet", "strategy": "pca3", "pruning": "half", "seeds": "1"}
    assert times == expected | {"p50_ms_before": "100.0", "p50_ms": "50.0", "times_faster": "2.00"}
    # Of the confusions, 77 of 80 pixels right against 79: others 17/20 and 19/20, ic 20/23 and 20/21.
    value = (17 / 20 - 19 / 20 + 20 / 23 - 20 / 21) / 4
    assert float(row["difference"]) == pytest.approx(value, abs=5e-5)
    assert float(row["low"]) < value < float(row["high"]) and row["conclusion"] == "one seed: not tested"


def test_seeds_of_a_pruning_are_one_row(pruned):
    pruned.add(1, [0.8, 0.5, 0.1, 0.2], METADATA | {"parameters": 350_000, "macs": 1_000_000_000, "ratio": 0.7})
    write_tables(**pruned.arguments | {"pruned": ["half/unet-pca3-seed0", "half/unet-pca3-seed1"]})
    (row,) = pruned.table().to_dict("records")
    # Before .5 and .4, after .4 and .4.
    expected = {"seeds": "2", "ratio": "0.6", "parameters": "300000", "gmacs": "1.5000", "miou_before": "0.4500"}
    expected |= {"miou": "0.4000", "conclusion": "two seeds: not tested"}
    assert {key: row[key] for key in expected} == expected
    # Seed 1 was not timed when pruned, so its time before is left out too.
    (times,) = pruned.table("pruning_latency").to_dict("records")
    assert (times["seeds"], times["p50_ms_before"], times["p50_ms"]) == ("1", "100.0", "50.0")


def test_without_pruned_runs_there_is_no_table(pruned):
    write_tables(**pruned.arguments)
    write_tables(**pruned.arguments | {"pruned": None, "pruned_runs": None})
    assert not list((pruned.world.root / "tables").glob("segmentation_pruning*"))


def test_times_are_empty_where_none_were_measured(pruned):
    write_tables(**pruned.arguments | {"pareto": None})
    assert not (pruned.world.root / "tables/segmentation_pruning_latency.csv").exists()
    (row,) = read_pruning(pruned.world.root / "tables")
    assert (row["p50_ms_before"], row["p50_ms"], row["times_faster"]) == ("", "", "")


def test_pruned_models_join_the_pareto_table(pruned, tmp_path):
    frame = pareto_table("toy", pruned.world.root / "pareto.csv", 105)
    assert list(zip(frame["precision"], frame["pruning"], frame["seeds"], strict=True)) == [
        ("float32", "", "2"),
        ("int8", "", "1"),
        ("float32", "half", "1"),
    ]
    assert frame["front"].tolist() == ["yes", "yes", "yes"]


def test_a_table_of_before_there_was_pruning_still_reads(pruned):
    old = exported(*[row for row in ROWS if not row[0]], column=False)
    frame = pareto_table("toy", pruned.world.write("pareto.csv", old), 105)
    assert set(frame["pruning"]) == {""} and len(frame) == 2


def test_the_chart_joins_a_pruned_model_with_what_it_was(pruned, tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    seen, save = [], Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda figure, *given, **how: (seen.append(figure), save(figure, *given, **how))
    )
    frame = pareto_table("toy", pruned.world.root / "pareto.csv", 105)
    pareto_figure(frame, tmp_path / "a.svg", 105, "toy", ["pca3"])
    axes = seen[0].axes[0]
    assert [[105.0, 0.51], [50.0, 0.48]] in [line.get_xydata().tolist() for line in axes.lines]
    texts = [text.get_text() for text in axes.texts]
    assert any("float32; half" in text for text in texts)
    pareto_figure(frame[frame["pruning"] == ""], tmp_path / "b.svg", 105, "toy", ["pca3"])
    assert not any("half" in text.get_text() for text in seen[1].axes[0].texts)


def test_the_page_shows_pruning_and_an_older_page_does_not_break(pruned):
    root = pruned.world.root
    write_tables(**pruned.arguments)
    grid = {"dataset": "toy", "backbones": ["unet"], "strategies": ["pca3"], "seeds": [0, 1], "pictures": 1}
    write_figures(**grid, runs=root / "runs", tables=root / "tables", out=root / "figures")
    published = {"tables": [root / "tables"], "figures": [root / "figures"], "datasets": ["toy"]}
    publish(**published, reports=root / "reports", out=root / "published.json")
    html = (root / "reports/data-toy.html").read_text()
    assert html.count(">Pruning</h2>") == 1
    section = html[html.index(">Pruning</h2>") : html.index(">Training</h2>")]
    arrow = "\N{RIGHTWARDS ARROW}"
    assert f"<td>1.000 {arrow} 0.250</td><td>4.00 {arrow} 2.00</td>" in section
    assert f" {arrow} 50.0</td><td>2.00</td>" in section
    assert "segmentation_pruning.csv" in html and "A line joins a pruned model" in html
    folder = root / "reports/tables/toy"
    for path in folder.glob("segmentation_pruning*.csv"):
        path.unlink()
    old = pd.read_csv(folder / "segmentation_pareto.csv", dtype=str, keep_default_na=False)
    old[old["pruning"] == ""].drop(columns="pruning").to_csv(folder / "segmentation_pareto.csv", index=False)
    render(root / "reports")
    html = (root / "reports/data-toy.html").read_text()
    assert ">Pruning</h2>" not in html and "On the line" in html and "segmentation_pruning" not in html


def test_bad_input_names_file_field_and_remedy(pruned, says):
    given = pruned.arguments
    again = "boardbench segmentation prune"
    says(
        lambda: write_tables(**given | {"pruned": ["unet-pca3-seed0"]}),
        "unet-pca3-seed0: not <pruning>/<backbone>",
    )
    says(
        lambda: write_tables(**given | {"pruned": ["half/unet-pca3"]}),
        "half/unet-pca3: not <pruning>/<backbone>",
    )
    pruned.change("training.json", pruning=METADATA | {"name": "third"})
    says(lambda: write_tables(**given), "training.json: pruning.name is 'third', expected 'half'", again)
    pruned.change("training.json", pruning=METADATA | {"macs": None})
    says(lambda: write_tables(**given), "training.json: field pruning.macs is missing", again)
    pruned.change("training.json", pruning="half")
    says(lambda: write_tables(**given), "training.json: field pruning: ", again)
    pruned.change("training.json", pruning=METADATA, seed=1)
    says(lambda: write_tables(**given), "training.json: seed is 1, expected 0", again)
    pruned.change("training.json", seed=0)
    write_confusions(pruned.root / "confusions.csv", {"b9_1": np.diag([10] * 4)}, CLASSES)
    says(lambda: write_tables(**given), "half/unet-pca3-seed0/confusions.csv: scored on other captures")
    (pruned.root / "training.json").unlink()
    says(lambda: write_tables(**given), "training.json: no such file", again)
