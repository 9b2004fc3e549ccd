"""Tables as data: which columns of a CSV the page shows, under which label, and how their cells are written."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from string import ascii_uppercase
from typing import Any

from boardbench.report.charts import pretty

Row = dict[str, str]
DASH = "\N{EN DASH}"


@dataclass(frozen=True)
class Column:
    """A column of a table as the page shows it.

    Attributes:
        key: column of the CSV.
        label: its heading; None: the key's words.
        digits: decimals; None: as the CSV has it, of a difference three.
        kind: number, signed (a difference), significant (three digits), name, pretty (a reader's name of it), prose
            (text that may wrap), published (a paper's number, quiet), footnote (a letter, told below the table; no
            column where all rows have the same).
        to: key of the upper end where ``key`` is the lower end of an interval.
        between: what stands between the two.
        spread: the standard deviation over seeds, ``<key>_sd``, stands small beside it.
        beside: keys whose cells stand small beside it as they are, such as published numbers.
        scale: a number is multiplied by it.
        select: the rows of a long table can be chosen by its values.
    """

    key: str
    label: str | None = None
    digits: int | None = None
    kind: str = "number"
    to: str = ""
    between: str = " to "
    spread: bool = False
    beside: tuple[str, ...] = ()
    scale: float = 1.0
    select: bool = False

    @property
    def heading(self) -> str:
        """The label, in which a unit of percent does not part from its word."""
        text = self.key.replace("_", " ") if self.label is None else self.label
        return text.replace(" %", "\N{NO-BREAK SPACE}%")

    @property
    def css(self) -> str:
        """Class of the column's cells."""
        css = {"pretty": "name", "name": "name", "footnote": "name", "prose": "name prose", "published": "published"}
        return css.get(self.kind, "")

    def text(self, row: Row) -> str:
        """Return a row's cell as the page shows it."""
        ends = [row.get(key, "") for key in (self.key, self.to) if key]
        return self.between.join(self._written(end) for end in ends) if all(ends) else DASH

    def _written(self, text: str) -> str:
        if self.kind == "pretty":
            return pretty(text)
        if self.kind in ("signed", "significant") or self.digits is not None:
            value = self.scale * float(text)
            if self.kind == "significant":
                return significant(value)
            return signed(value, self.digits) if self.kind == "signed" else f"{value:.{self.digits}f}"
        return text

    def small(self, row: Row) -> list[str]:
        """Return what stands small beside a row's cell."""
        spread = row.get(f"{self.key}_sd", "") if self.spread else ""
        return ([f"± {self._written(spread)}"] if spread else []) + [row.get(key) or DASH for key in self.beside]


def numbers(*keys: str) -> tuple[Column, ...]:
    """Return columns of numbers as they are, under their own names."""
    return tuple(Column(key) for key in keys)


def names(*keys: str) -> tuple[Column, ...]:
    """Return columns of words as they are, under their own names."""
    return tuple(Column(key, kind="name") for key in keys)


NOTE = Column("note", kind="footnote")


@dataclass(frozen=True)
class Table:
    """A table ready to be drawn by the macro ``table`` of parts.html.j2.

    Attributes:
        head: (class, label) a column.
        rows: class of the row, and (class, text, what stands small beside it) a cell.
        first: the first row as read, for captions.
        footnotes: (letter, text); where all rows have the same text, the column's heading instead of a letter.
    """

    head: list[tuple[str, str]]
    rows: list[tuple[str, list[tuple[str, str, list[str]]]]] = field(repr=False)
    first: Row
    footnotes: list[tuple[str, str]] = field(default_factory=list)


def table(
    rows: Iterable[Row],
    columns: Iterable[Column],
    by: Callable[[Row], Any] | None = None,
    mark: Callable[[Row], str] | None = None,
) -> Table | None:
    """Draw rows in columns; a column without a value in any row is left out, and without rows there is no table.

    Args:
        rows: cells of a CSV as text.
        columns: in the order of the page.
        by: a line is drawn where this of a row is another than of the row before.
        mark: class of a row, such as baseline or best.
    """
    rows, columns = list(rows), tuple(columns)
    if not rows:
        return None
    first, footnotes = rows[0], []
    for column in (column for column in columns if column.kind == "footnote"):
        texts = dict.fromkeys(row.get(column.key, "") for row in rows)
        letters = {text: ascii_uppercase[(len(footnotes) + at) % 26] for at, text in enumerate(filter(None, texts))}
        letters |= {text: "" for text in texts if len(texts) == 1}
        footnotes += [(letter or column.heading, text) for text, letter in letters.items() if text]
        rows = [row | {column.key: letters.get(row.get(column.key, ""), "")} for row in rows]
    filled = {key for row in rows for key, text in row.items() if text}
    kept = [
        replace(column, beside=tuple(key for key in column.beside if key in filled))
        for column in columns
        if filled & {column.key, *column.beside}
    ]
    drawn = []
    for before, row in zip([None, *rows], rows, strict=False):
        new = by is not None and before is not None and by(row) != by(before)
        css = " ".join(filter(None, (mark(row) if mark else "", "first" if new else "")))
        drawn.append((css, [(column.css, column.text(row), column.small(row)) for column in kept]))
    head = [(f"{column.css} select".strip() if column.select else column.css, column.heading) for column in kept]
    return Table(head, drawn, first, footnotes)


def signed(value: float, digits: int | None = 3) -> str:
    """Return a difference with its sign."""
    return f"{value:+.{3 if digits is None else digits}f}".replace("-", "\N{MINUS SIGN}")


def significant(value: float) -> str:
    """Return a number with three significant digits and no exponent."""
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}" if value else "0"
