"""The page's sentence on drift, from a table by hand."""

import pandas as pd

from boardbench.report.segmentation.drift import COLUMNS, drift_table, noticed, read_drift_table

ROWS = [
    ("none", 36, 144, "0.0278", 1, 64, "clipped"),
    ("lamp -5 % (old references)", 36, 144, "0.0000", 0, "", ""),
    ("lamp -5 % (new references)", 36, 144, "0.0278", 36, 0, "white_level"),
    ("aged lamp", 36, 144, "0.2000", 7, 80, "shifted"),
]


def test_what_is_not_noticed_on_every_capture_is_named(tmp_path):
    pd.DataFrame(ROWS, columns=COLUMNS).to_csv(tmp_path / "drift.csv", index=False)
    table = drift_table("toy", tmp_path / "drift.csv")
    assert table.columns.tolist() == ["dataset", *COLUMNS]
    assert noticed(table) == (
        "Of 36 test captures as they are, 1 are not trusted. 1 of 3 drifts are noticed on every capture; on some only: "
        "aged lamp; on none: lamp -5 % (old references)."
    )
    assert read_drift_table(tmp_path / "none.csv") is None
