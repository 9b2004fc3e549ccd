"""Reading what runs left behind: a wrong cell, field or run is named with its file and the verb that makes it."""

import pandas as pd

from boardbench.artifacts import Artifact
from boardbench.report.runs import numbers, read_content, read_history, read_optional, read_printed


def test_cells_are_numbers_or_named_by_line_and_column(tmp_path, says):
    frame = pd.DataFrame({"a": ["1", "2.5"], "b": ["", "3"], "c": ["x", "y"]})
    path = tmp_path / "t.csv"
    assert numbers(path, frame, ["a"], "v")["a"].tolist() == [1, 2.5]
    assert numbers(path, frame, ["a", "b"], "v", empty=["b"])["b"].isna().tolist() == [True, False]
    says(lambda: numbers(path, frame, ["a", "b"], "v"), "t.csv, line 2: b is ''", "boardbench v")
    says(lambda: numbers(path, frame, ["a"], "v", whole=True), "line 3: a is '2.5'", "whole")
    says(lambda: numbers(path, frame, ["c"], "v", empty=["c"]), "line 2: c is 'x'")
    says(lambda: numbers(path, frame.assign(a="inf"), ["a"], "v"), "line 2: a is 'inf'")


def test_a_run_of_another_grid_is_refused(tmp_path, says):
    path = tmp_path / "metrics.json"
    path.write_text('{"seed": 1}')
    assert read_content(path, Artifact, "v", seed=1).seed == 1
    says(lambda: read_content(path, Artifact, "v", seed=2), "metrics.json: seed is 1, expected 2", "boardbench v")


def test_epochs_of_folds_are_left_out_and_none_is_refused(tmp_path, says):
    path = tmp_path / "history.csv"
    path.write_text("fold,epoch,loss\n0,0,9\n,0,2\n,1,\n")
    assert read_history(path, "v", ("epoch", "loss"))["loss"].fillna(-1).tolist() == [2, -1]
    path.write_text("epoch,loss\n")
    says(lambda: read_history(path, "v", ("epoch", "loss")), "history.csv: no epoch")


def test_tables_that_may_be_missing_and_those_of_the_repository(tmp_path, says):
    assert read_optional(tmp_path / "none.csv", "v", ("a",)).to_dict("list") == {"a": []}
    says(lambda: read_printed(tmp_path / "none.csv", ("a",)), "none.csv", "git checkout")
