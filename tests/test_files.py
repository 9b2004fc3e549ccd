"""Files that appear whole or not at all."""

import pytest

from boardbench.files import write_csv


def test_a_table_quotes_what_it_must_and_leaves_none_empty(tmp_path):
    write_csv(tmp_path / "a.csv", ("name", "n"), [["one, two", 3], [None, 0.5]])
    assert (tmp_path / "a.csv").read_bytes() == b'name,n\n"one, two",3\n,0.5\n'


def test_a_row_of_another_length_leaves_the_former_table(tmp_path):
    (tmp_path / "a.csv").write_text("before")
    with pytest.raises(ValueError):
        write_csv(tmp_path / "a.csv", ("name", "n"), [["one"]])
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"] and (tmp_path / "a.csv").read_text() == "before"
