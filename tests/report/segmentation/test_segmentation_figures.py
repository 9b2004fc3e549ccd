import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from boardbench.errors import BoardbenchError
from boardbench.params.segmentation import Complexity
from boardbench.report.charts import pretty
from boardbench.report.pictures import shrink
from boardbench.report.segmentation.charts import pareto_figure, scores_figure
from boardbench.report.segmentation.costs import COUNTED
from boardbench.report.segmentation.figures import write_figures
from boardbench.report.segmentation.pareto import COLUMNS as PARETO
from boardbench.report.segmentation.tables import write_tables

GRID = {"dataset": "toy", "backbones": ["unet"], "strategies": ["pca3"], "seeds": [0, 1]}


@pytest.fixture
def made(world):
    write_tables(**world.arguments, counted=Complexity())
    world.made = GRID | {
        "runs": world.root / "runs",
        "tables": world.root / "tables",
        "out": world.root / "figures",
    }
    return world


def test_first_test_captures_and_captions(made):
    out = made.root / "figures"
    out.mkdir()
    for name in ("segmentation_prediction_old.png", "placement_scores.svg"):
        (out / name).write_text("old")
    write_figures(**made.made)
    entries = json.loads((out / "segmentation_figures.json").read_text())
    names = [f"segmentation_prediction_unet-pca3_board{number}_1.png" for number in range(3)]
    assert [entry["file"] for entry in entries] == [
        "segmentation_scores.svg",
        "segmentation_training.svg",
        *names,
    ]
    assert all(entry["alt"] and entry["caption"] for entry in entries)
    expected = {*names, "segmentation_scores.svg", "segmentation_training.svg", "segmentation_figures.json"}
    expected.add("segmentation_training.json")
    assert {path.name for path in out.glob("[!.]*")} == expected | {"placement_scores.svg"}


def test_same_bytes_twice_and_no_date(made):
    write_figures(**made.made)
    write_figures(**made.made | {"out": made.root / "again"})
    for path in (made.root / "figures").glob("[!.]*"):
        assert path.read_bytes() == (made.root / "again" / path.name).read_bytes(), path.name
        assert b"dc:date" not in path.read_bytes()


def test_pictures_of_the_best_backbone(made):
    for backbone, score in (("attention_unet", 0.9), ("resunet", 0.2)):
        for seed in (0, 1):
            made.run(backbone, "pca3", seed, [score] * 4, [score] * 4)
    more = {"backbones": ["unet", "attention_unet", "resunet"], "seeds": [0, 1]}
    rows = "\n".join(f"{name},pca3{',1' * len(COUNTED)}" for name in more["backbones"])
    made.write("complexity.csv", f"backbone,strategy,{','.join(COUNTED)}\n{rows}\n")
    write_tables(**made.arguments | more, counted=Complexity())
    write_figures(**made.made | more | {"pictures": 1})
    shown = [path.name for path in (made.root / "figures").glob("*.png")]
    assert shown == ["segmentation_prediction_attention_unet-pca3_board0_1.png"]


def test_shrink_keeps_the_limit_even_for_noise(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (200, 800, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    shrink(tmp_path / "noise.png", tmp_path / "small.png", 20_000, "draw")
    assert (tmp_path / "small.png").stat().st_size <= 20_000
    with Image.open(tmp_path / "small.png") as picture:
        assert picture.width / picture.height == pytest.approx(4, rel=0.05)


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        ("runs/unet-pca3-seed1/history.csv", ["history.csv", "no such file", "segmentation train"]),
        ("tables/about.json", ["about.json", "no such file", "segmentation tables"]),
        ("runs/unet-pca3-seed0/predictions", ["predictions", "segmentation evaluate"]),
    ],
)
def test_missing_input_names_file_and_remedy(made, lost, words):
    path = made.root / lost
    path.rename(path.with_name("elsewhere"))
    with pytest.raises(BoardbenchError) as error:
        write_figures(**made.made)
    for word in words:
        assert word in str(error.value)


def test_broken_picture_names_file_and_remedy(made):
    (made.root / "runs/unet-pca3-seed0/predictions/board0_1.png").write_text("no picture")
    with pytest.raises(BoardbenchError, match=r"board0_1.png: not a picture .*segmentation evaluate"):
        write_figures(**made.made)


def test_scores_figure_takes_empty_cells(tmp_path):
    rows = [("unet", "full", "", "", "", "0.52"), ("unet", "scrb", "0.5", "0.4", "0.6", ""), ("lda", "none", *[""] * 4)]
    frame = pd.DataFrame(rows, columns=["backbone", "strategy", "miou", "miou_low", "miou_high", "miou_published"])
    scores_figure(frame, tmp_path / "scores.svg", "toy")
    assert (tmp_path / "scores.svg").read_text().startswith("<?xml")


def exported(*rows):
    """Return a Pareto table of rows (backbone, strategy, precision, miou, miou_sd, p50_ms, gmacs)."""
    names = ["backbone", "strategy", "precision", "miou", "miou_sd", "p50_ms", "gmacs"]
    common = dict.fromkeys(PARETO, "") | {"lines": "128", "samples": "1024", "budget_ms": "195"}
    return pd.DataFrame([common | dict(zip(names, row, strict=True)) for row in rows], columns=PARETO)


MODELS = (
    ("unet", "scrb", "float32", "0.7", "0.02", "150", "5"),
    ("unet@4", "pca3", "int8", "0.6", "", "80", "1"),
    ("mobile_unet", "scrb", "int8", "0.5", "", "90", "0.5"),  # beaten in time, not in GMACs
    ("mobile_unet", "scrb", "float32", "", "", "70", "0.4"),
)


@pytest.fixture
def words(monkeypatch):
    """Return every text of the figures that are drawn; the SVG holds outlines only."""
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    seen, save = [], Figure.savefig

    def watched(figure, *given, **how):
        seen.append([text.get_text() for text in figure.findobj(Text) if text.get_text()])
        save(figure, *given, **how)

    monkeypatch.setattr(Figure, "savefig", watched)
    return seen


def test_pareto_figure_names_the_front_of_each_panel_and_the_budget(tmp_path, words):
    pareto_figure(exported(*MODELS), tmp_path / "pareto.svg", 195, "toy (label)", ["pca3", "scrb"])
    assert (tmp_path / "pareto.svg").read_text().startswith("<?xml")
    (said,) = words
    assert "1  U-Net, width 4; PCA, 3 axes; int8\n2  U-Net; SCRB; float32" in said  # time
    assert (
        "1  Mobile U-Net; SCRB; int8\n2  U-Net, width 4; PCA, 3 axes; int8\n3  U-Net; SCRB; float32" in said  # GMACs
    )
    assert {"budget 195 ms", "toy (label)", "hollow: int8", "Mobile U-Net"} <= set(said)


def test_pareto_figure_of_equal_tables_has_equal_bytes(tmp_path):
    for name in "ab":
        pareto_figure(exported(*MODELS), tmp_path / name, 195, "toy", ["scrb", "pca3"])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    pareto_figure(exported(*MODELS), tmp_path / "b", 120, "toy", ["scrb", "pca3"])
    assert (tmp_path / "a").read_bytes() != (tmp_path / "b").read_bytes()


def test_the_pareto_figure_is_drawn_only_where_its_table_holds_a_score(made):
    out, table = made.root / "figures", made.root / "tables/segmentation_pareto.csv"

    def files():
        write_figures(**made.made)
        names = [entry["file"] for entry in json.loads((out / "segmentation_figures.json").read_text())]
        assert ("segmentation_pareto.svg" in names) == (out / "segmentation_pareto.svg").exists()
        return names

    assert "segmentation_pareto.svg" not in files()
    exported(*MODELS[:2]).replace("scrb", "pca3").to_csv(table, index=False)
    assert "segmentation_pareto.svg" in files()
    exported(MODELS[3]).to_csv(table, index=False)
    assert "segmentation_pareto.svg" not in files()
    table.write_text("backbone\nunet\n")
    with pytest.raises(BoardbenchError, match=r"segmentation_pareto\.csv: column .*miou.* is missing"):
        write_figures(**made.made)


@pytest.mark.parametrize(
    ("word", "name"), [("unet@4", "U-Net, width 4"), ("scrb12", "SCRB, 12 bands"), ("mine@2", "mine, width 2")]
)
def test_readers_names(word, name):
    assert pretty(word) == name
