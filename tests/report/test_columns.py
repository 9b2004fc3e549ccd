"""Columns and tables by hand: what a cell, an interval, a small number and an empty column become."""

import pytest

from boardbench.report.columns import DASH, Column, names, numbers, table


@pytest.mark.parametrize(
    ("column", "row", "shown"),
    [
        (Column("a"), {"a": "0.1234"}, "0.1234"),
        (Column("a"), {"a": ""}, DASH),
        (Column("a"), {}, DASH),
        (Column("a", digits=2), {"a": "0.125"}, "0.12"),
        (Column("a", digits=0), {"a": "3.5"}, "4"),
        (Column("a", digits=1, scale=100), {"a": "0.4675"}, "46.8"),
        (Column("a", kind="signed"), {"a": "-0.0500"}, "\N{MINUS SIGN}0.050"),
        (Column("a", kind="signed", to="b"), {"a": "-0.1", "b": "0.2"}, "\N{MINUS SIGN}0.100 to +0.200"),
        (Column("a", digits=1, to="b"), {"a": "1", "b": ""}, DASH),
        (Column("a", to="b", between=" > "), {"a": "1", "b": "2"}, "1 > 2"),
        (Column("a", kind="pretty"), {"a": "unet@4"}, "U-Net, width 4"),
        (Column("a", kind="name"), {"a": "unet"}, "unet"),
        (Column("a", kind="significant"), {"a": "1640.832"}, "1641"),
        (Column("a", kind="significant"), {"a": "86.438"}, "86.4"),
        (Column("a", kind="significant"), {"a": "0.0480"}, "0.0480"),
        (Column("a", kind="significant"), {"a": "9.999"}, "10.00"),
        (Column("a", kind="significant"), {"a": "0"}, "0"),
    ],
)
def test_a_cell_is_written_as_its_column_says(column, row, shown):
    assert column.text(row) == shown


def test_spread_and_published_stand_small_beside():
    column = Column("a", digits=2, spread=True, beside=("a_published",))
    assert column.small({"a": "0.5", "a_sd": "0.0312", "a_published": "0.48"}) == ["± 0.03", "0.48"]
    assert column.small({"a": "0.5", "a_sd": "", "a_published": ""}) == [DASH]
    assert Column("a").small({"a": "0.5", "a_sd": "0.0312"}) == []


def test_headings_are_the_keys_words_unless_a_label_is_given():
    assert [column.heading for column in (*numbers("test_images"), Column("a", "share, %"), Column("a", ""))] == [
        "test images",
        "share,\N{NO-BREAK SPACE}%",
        "",
    ]


def test_a_table_leaves_out_what_no_row_has_and_marks_its_rows():
    rows = [
        {"name": "a", "kind": "x", "score": "0.5", "score_published": ""},
        {"name": "b", "kind": "x", "score": "", "score_published": ""},
        {"name": "c", "kind": "y", "score": "0.25", "score_published": ""},
    ]
    shown = (*names("name"), *numbers("seeds"), Column("score", digits=1, beside=("score_published",)))
    made = table(rows, shown, by=lambda row: row["kind"], mark=lambda row: "best" if row["name"] == "c" else "")
    assert made.head == [("name", "name"), ("", "score")] and made.first is rows[0]
    assert made.rows == [
        ("", [("name", "a", []), ("", "0.5", [])]),
        ("", [("name", "b", []), ("", DASH, [])]),
        ("best first", [("name", "c", []), ("", "0.2", [])]),
    ]
    assert table([], shown) is None


def test_footnotes_are_letters_below_the_table_or_said_once_of_all_rows():
    shown = (*names("name"), Column("hardware", "on", kind="footnote"), Column("note", kind="footnote"))
    rows = [{"name": "a", "hardware": "x", "note": ""}, {"name": "b", "hardware": "y", "note": "n"}]
    made = table(rows, shown)
    assert [[text for _, text, _ in cells] for _, cells in made.rows] == [["a", "A", DASH], ["b", "B", "C"]]
    assert made.footnotes == [("A", "x"), ("B", "y"), ("C", "n")] and made.first is rows[0]
    made = table([row | {"hardware": "x", "note": ""} for row in rows], shown)
    assert [label for _, label in made.head] == ["name"] and made.footnotes == [("on", "x")]


def test_a_column_to_choose_by_says_so_in_its_heading():
    assert table([{"paper": "1"}], [Column("paper", kind="name", select=True)]).head == [("name select", "paper")]
