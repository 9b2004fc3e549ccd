import json

import pandas as pd
import pytest

from boardbench.errors import BoardbenchError
from boardbench.report.headline import answer, headline

LOSSES = "epoch,train_loss,validation_loss\n0,2.0,1.5\n1,1.0,\n"


def write(folder, study, rows, runs=()):
    tables = folder / "tables"
    tables.mkdir(parents=True)
    lines = ["dataset,run,seed,metric,value", *(f"d,{row}" for row in rows)]
    (tables / f"{study}_runs.csv").write_text("\n".join(lines) + "\n")
    for run in runs:
        (folder / "runs" / run).mkdir(parents=True)
        (folder / "runs" / run / "history.csv").write_text(LOSSES)
    return {"study": study, "tables": tables, "runs": folder / "runs", "out": folder / "h.json", "plots": folder / "p"}


def test_segmentation_by_strategy_over_backbones_and_seeds_with_the_best_baseline(tmp_path):
    rows = ["unet-full,0,miou,0.5", "unet-full,1,miou,0.7", "resunet-full,0,miou,0.9", "resunet-full,1,miou,0.7"]
    rows += ["unet-scrb,0,miou,0.8", "unet-scrb,0,mf1,0.1", "lda-none,0,miou,0.4", "majority-none,0,miou,0.2"]
    rows += ["half/unet-scrb,0,miou,0.3"]
    runs = ["unet-full-seed0", "unet-full-seed1", "resunet-full-seed0", "resunet-full-seed1", "unet-scrb-seed0"]
    given = write(tmp_path, "segmentation", rows, runs)
    for run in runs:
        (tmp_path / "runs" / run / "confusion.csv").write_text("truth,a,b\na,3,1\nb,0,0\n")
    (given["tables"] / "segmentation_pareto.csv").write_text(
        "backbone,strategy,precision,pruning,p50_ms,miou\nunet,scrb,int8,,12.5,0.8\nunet,scrb,float32,half,20.0,0.7\n"
    )
    headline(**given)
    assert json.loads((tmp_path / "h.json").read_text()) == {"full": 0.7, "scrb": 0.8, "lda": 0.4}
    rows = (tmp_path / "p/pareto.csv").read_text().splitlines()
    assert rows[1:] == ["unet scrb int8,12.5,0.8", "unet scrb float32 half,20.0,0.7"]
    losses = pd.read_csv(tmp_path / "p/loss.csv")
    assert losses.columns.tolist() == ["run", "epoch", "train_loss", "validation_loss"]
    assert losses["run"].unique().tolist() == runs and len(losses) == 10
    shares = pd.read_csv(tmp_path / "p/confusion.csv")
    first = shares[shares["run"] == "unet-full-seed0"]
    assert first[["truth", "predicted", "share"]].values.tolist() == [["a", "a", 0.75], ["a", "b", 0.25]]


def test_placement_takes_the_baseline_of_the_least_error_and_drops_a_start_that_all_share(tmp_path):
    metric = "test_centre_mae_px"
    rows = [f"random-rectangle,0,{metric},0.9", f"random-corners,0,{metric},0.5"]
    rows += [f"mean-none,0,{metric},1.4", f"template-none,0,{metric},0.02"]
    headline(**write(tmp_path, "placement", rows, ["random-rectangle-seed0", "random-corners-seed0"]))
    assert json.loads((tmp_path / "h.json").read_text()) == {"rectangle": 0.9, "corners": 0.5, "template": 0.02}
    assert not (tmp_path / "p/confusion.csv").exists()


def test_classification_shows_four_networks_and_the_best_baseline_of_its_table(tmp_path):
    names = ["a", "b-se", "c", "d", "e"]
    given = write(
        tmp_path, "classification", [f"{name},0,accuracy,0.9" for name in names], [f"{n}-seed0" for n in names]
    )
    (given["tables"] / "classification_baselines.csv").write_text("method,accuracy\nknn,0.8\nknn,0.85\ncentroid,0.7\n")
    headline(**given)
    found = json.loads((tmp_path / "h.json").read_text())
    assert found == {"a": 0.9, "b-se": 0.9, "c": 0.9, "d": 0.9, "knn": 0.85}


def test_an_unknown_study_and_a_missing_history_are_named(tmp_path):
    given = write(tmp_path, "placement", ["random-corners,0,test_centre_mae_px,0.5"])
    with pytest.raises(BoardbenchError, match="history"):
        headline(**given)
    with pytest.raises(BoardbenchError, match="Did you mean 'placement'"):
        headline(**given | {"study": "placment"})


def test_the_end_of_a_run_is_a_line_a_study_the_verdict_and_the_page(tmp_path):
    (tmp_path / "h.json").write_text('{"full": 0.7572, "lda": 0.5959}')
    (tmp_path / "verify.json").write_text('{"said": "repeated: 3 of 3 cells"}')
    lines = answer({"segmentation": tmp_path / "h.json"}, tmp_path).strip().splitlines()
    assert lines[0].split() == ["segmentation", "mean", "IoU", "full", "0.757,", "lda", "0.596"]
    assert lines[1].startswith("repeated: 3 of 3 cells")
    assert lines[2].endswith("index.html")
