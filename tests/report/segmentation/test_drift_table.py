import pandas as pd

from boardbench.report.segmentation.drift import COLUMNS, drift_table


def test_the_verbs_table_gets_its_data_set(tmp_path):
    pd.DataFrame([("none", 36, 144, "0.0278", 1, 64, "clipped")], columns=COLUMNS).to_csv(tmp_path / "drift.csv")
    table = drift_table("toy", tmp_path / "drift.csv")
    assert table["dataset"].tolist() == ["toy"] and {"dataset", *COLUMNS} <= set(table.columns)
