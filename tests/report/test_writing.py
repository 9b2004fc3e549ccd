"""Names of classes are a user's: every sign of them comes through."""

import pandas as pd
import pytest
from matplotlib import rc_context
from matplotlib.figure import Figure

from boardbench.integrity import recorded
from boardbench.report.charts import STYLE, save
from boardbench.report.writing import drop_tables, write_table


def test_a_cell_of_a_markdown_table_cannot_end_it(tmp_path):
    write_table(pd.DataFrame({"class": ["a|b", "<b>R&D</b>"], "iou": ["0.5", ""]}), tmp_path, "table")
    lines = (tmp_path / "table.md").read_text(encoding="utf-8").splitlines()
    assert [line.replace("\\|", "").count("|") for line in lines] == [3] * 4
    assert "a\\|b" in lines[2] and "&lt;b>R&D&lt;/b>" in lines[3]
    assert pd.read_csv(tmp_path / "table.csv")["class"].tolist() == ["a|b", "<b>R&D</b>"]


def test_what_publish_copies_has_a_record_and_a_dropped_table_leaves_none(tmp_path):
    write_table(pd.DataFrame({"a": ["1"]}), tmp_path, "table")
    save(Figure(), tmp_path / "figure.svg")
    made = sorted(path.name for path in recorded(tmp_path))
    assert made == ["figure.svg", "table.csv", "table.md"]
    drop_tables(tmp_path, ["table"])
    assert [path.name for path in recorded(tmp_path)] == ["figure.svg"]


@pytest.mark.parametrize("name", ["$\\frac{$", "$y^2$", "R&D <b>", "100 %", "\\frac"])
def test_a_figure_bears_any_name(tmp_path, name):
    with rc_context(STYLE | {"svg.fonttype": "none"}):
        figure = Figure()
        figure.subplots().set_title(name)
        save(figure, tmp_path / "figure.svg")
    text = (tmp_path / "figure.svg").read_text(encoding="utf-8")
    assert name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in text
