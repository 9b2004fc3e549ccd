"""The table of exported networks: seeds together, the Pareto front, the budget and the best within it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from boardbench.report.pareto import on_front
from boardbench.report.segmentation import plots
from boardbench.report.segmentation.pareto import COLUMNS, pareto_table, read_exported
from boardbench.report.segmentation.sentences import best_in_budget


def write(path, *rows, **changed):
    """Write a pareto.csv of rows (backbone, strategy, seed, precision, miou, p50_ms)."""
    common = {
        "width": 8,
        "bands_read": 214,
        "bytes": 1000,
        "same_class": 0.9995,
        "mf1": 0.7,
        "gmacs": 1.5,
        "lines": 128,
        "samples": 1024,
        "threads": 2,
        "n": 15,
        "p99_ms": 300.0,
        "encoder_p50_ms": 40.0,
        "lines_per_s": 0,
        "hardware": "a machine",
    }
    names = ["backbone", "strategy", "seed", "precision", "miou", "p50_ms"]
    pd.DataFrame([dict(zip(names, row, strict=True)) | common | changed for row in rows]).to_csv(path, index=False)
    return path


def table(tmp_path, *rows, budget=195.0, **changed):
    return pareto_table("toy", write(tmp_path / "pareto.csv", *rows, **changed), budget)


ROWS = (
    ("unet", "scrb", 0, "float32", 0.60, 100.0),
    ("unet", "scrb", 1, "float32", 0.70, 120.0),
    ("unet", "full", 0, "float32", 0.80, 200.0),  # the best, but over the budget
    ("unet@4", "full", 0, "float32", 0.60, 150.0),  # beaten by the first two together (0.65, 110)
    ("unet", "scrb", 0, "int8", "", 90.0),  # no score
    ("mobile_unet", "scrb12", 0, "int8", 0.50, 50.0),
)


def test_seeds_are_put_together_and_the_rest_follows(tmp_path):
    rows = table(tmp_path, *ROWS)
    assert list(rows.columns) == COLUMNS and set(rows.dataset) == {"toy"}
    first = rows.iloc[0]
    assert first[["backbone", "strategy", "width", "precision", "seeds"]].tolist() == [
        "unet",
        "scrb",
        "8",
        "float32",
        "2",
    ]
    # 0.65 and its standard deviation, 0.1 / sqrt 2; 128 lines in 110 ms
    assert first[["miou", "miou_sd", "p50_ms", "p99_ms", "lines_per_s", "n"]].tolist() == [
        "0.6500",
        "0.0707",
        "110.0",
        "300.0",
        "1164",
        "30",
    ]
    assert rows.seeds.tolist() == ["2", "1", "1", "1", "1"]
    assert rows.miou_sd.tolist()[1:] == [""] * 4 and rows.miou[3] == ""
    assert rows.front.tolist() == ["yes", "yes", "", "", "yes"]
    assert rows.within_budget.tolist() == ["yes", "", "yes", "yes", "yes"]
    assert rows.best.tolist() == ["yes", "", "", "", ""]
    assert set(rows.budget_ms) == {"195"} and set(rows.hardware) == {"a machine"}


def test_none_is_best_where_none_is_within_the_budget_or_none_there_has_a_score(tmp_path):
    assert table(tmp_path, *ROWS, budget=49.9).best.tolist() == [""] * 5
    assert table(tmp_path, ROWS[2], ROWS[4]).best.tolist() == ["", ""]


def test_of_equal_scores_the_fastest_is_the_best_and_the_budget_counts_itself(tmp_path):
    rows = [("unet", "full", 0, "float32", 0.5, 195.0), ("unet", "scrb", 0, "float32", 0.5, 194.9)]
    assert table(tmp_path, *rows).best.tolist() == ["", "yes"]
    assert table(tmp_path, rows[0]).best.tolist() == ["yes"]


def test_the_slowest_percentile_of_the_seeds_is_kept(tmp_path):
    path = write(tmp_path / "pareto.csv", *ROWS[:2])
    frame = pd.read_csv(path)
    frame["p99_ms"] = [130.0, 250.0]
    frame.to_csv(path, index=False)
    assert pareto_table("toy", path, 195).p99_ms.tolist() == ["250.0"]


def test_a_runtime_is_another_model_and_older_tables_are_of_onnx_runtime(tmp_path):
    assert set(table(tmp_path, *ROWS).runtime) == {"onnxruntime"}
    path = write(tmp_path / "pareto.csv", *ROWS[:2], ROWS[0])
    frame = pd.read_csv(path).assign(runtime=["onnxruntime", "onnxruntime", "openvino"])
    frame.loc[2, "p50_ms"] = 50.0
    frame.to_csv(path, index=False)
    rows = pareto_table("toy", path, 195)
    assert rows[["runtime", "seeds", "p50_ms", "lines_per_s"]].values.tolist() == [
        ["onnxruntime", "2", "110.0", "1164"],
        ["openvino", "1", "50.0", "2560"],
    ]
    assert rows.best.tolist() == ["yes", ""] and best_in_budget(rows).count("openvino") == 0
    frame["miou"] = [0.1, 0.1, 0.5]
    frame.to_csv(path, index=False)
    rows = pareto_table("toy", path, 195)
    assert "U-Net with SCRB in float32, by openvino" in best_in_budget(rows)
    names = [drawn["name"] for drawn in plots.pareto(rows, ["scrb"])[0]["series"] if drawn["name"]]
    assert names == ["U-Net, SCRB, float32", "U-Net, SCRB, float32, openvino"]


def test_published_tables_of_before_there_was_a_runtime_are_read():
    folder = Path(__file__).parents[3] / "reports/tables"
    for path in folder.glob("*/segmentation_pareto.csv"):
        assert "onnxruntime" in set(read_exported(path, "segmentation tables").runtime)


@given(
    st.integers(0, 12).flatmap(
        lambda n: st.tuples(
            arrays.arrays(float, n, elements=st.integers(1, 6).map(float)),
            arrays.arrays(float, n, elements=st.sampled_from([0.1, 0.2, 0.3, 0.4, np.nan])),
        )
    )
)
def test_no_model_on_the_front_is_beaten_and_every_other_is_by_one_on_it(drawn):
    cost, score = drawn
    front = on_front(cost, score)

    def beats(one, other):
        no_worse = cost[one] <= cost[other] and score[one] >= score[other]
        return no_worse and (cost[one] < cost[other] or score[one] > score[other])

    for model in range(len(cost)):
        beaten = any(beats(other, model) for other in np.flatnonzero(front))
        if np.isnan(score[model]):
            assert not front[model]
        else:
            assert front[model] == (not any(beats(other, model) for other in range(len(cost))))
            assert front[model] != beaten


def test_bad_input_names_file_row_and_remedy(tmp_path, says):
    again = "boardbench segmentation pareto"
    says(lambda: pareto_table("toy", tmp_path / "pareto.csv", 195), "pareto.csv: no such file", again)
    says(lambda: table(tmp_path, *ROWS, p99_ms="fast"), "line 2: p99_ms is 'fast'", again)
    says(lambda: table(tmp_path, *ROWS, gmacs=""), "line 2: gmacs is ''", again)
    says(lambda: table(tmp_path, ROWS[0], ROWS[0]), "a run twice", again)
    path = write(tmp_path / "pareto.csv", *ROWS)
    frame = pd.read_csv(path)
    frame.loc[2, "hardware"] = "another machine"
    frame.to_csv(path, index=False)
    says(lambda: pareto_table("toy", path, 195), "more than one of lines, samples, threads, hardware", again)
    frame.iloc[:0].to_csv(path, index=False)
    says(lambda: pareto_table("toy", path, 195), "no rows", again)
    frame.drop(columns="gmacs").to_csv(path, index=False)
    says(lambda: pareto_table("toy", path, 195), "column gmacs is missing", again)


@pytest.mark.parametrize("budget", [195.0, 80.5])
def test_the_budget_stands_in_the_table(tmp_path, budget):
    assert set(table(tmp_path, *ROWS, budget=budget).budget_ms) == {f"{budget:g}"}
