"""Markdown of the parts that generated pages are made of."""

import re
from collections.abc import Iterable
from html import escape
from typing import Any

from boardbench.report.columns import Column, Row, Table, table

ROLE = re.compile(r":[a-z]+:`~?(?:[\w.]+\.)?([\w]+)`")


def html(drawn: Table | None) -> str:
    """Return a table of the report as HTML, which Markdown takes as it is; '' for none."""
    if drawn is None:
        return ""
    head = "".join(f"<th{_css(css)} scope=col>{escape(label)}</th>" for css, label in drawn.head)
    rows = [f"<tr{_css(css)}>" + "".join(_cell(*cell) for cell in cells) + "</tr>" for css, cells in drawn.rows]
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n" + "\n".join(rows) + "\n</tbody></table>"


def _cell(css: str, text: str, small: list[str]) -> str:
    beside = "".join(f" <small>{escape(words)}</small>" for words in small)
    return f"<td{_css(css)}>{escape(text)}{beside}</td>"


def _css(css: str) -> str:
    # A number stands at the right; what a report's class calls a name, at the left.
    kept = " ".join(
        dict.fromkeys(word for word in css.split() if word in ("name", "prose", "baseline", "missed", "best"))
    )
    return f' class="{kept}"' if kept else ""


def rows_table(rows: Iterable[Row], columns: Iterable[Column]) -> str:
    """Return rows of text as a table."""
    return html(table(rows, columns))


def words_table(head: list[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table of cells that are Markdown themselves."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def items(sentences: Iterable[str]) -> str:
    """Return sentences as a list."""
    return "\n".join(f"- {plain(sentence)}" for sentence in sentences)


def plain(text: str) -> str:
    """Return text in which Markdown reads no sign as its own."""
    return _angles(re.sub(r"([\\`*_\[\]{}#|])", r"\\\1", text))


def code(text: str) -> str:
    """Return a docstring's text as Markdown: its literals and names of code as code."""
    text = ROLE.sub(r"`\1`", text)
    parts = re.split(r"(``.+?``|`.+?`)", text, flags=re.DOTALL)
    return "".join(
        f"`{part.strip('`')}`" if at % 2 else _angles(re.sub(r"([*_])", r"\\\1", part)) for at, part in enumerate(parts)
    )


def _angles(text: str) -> str:
    return text.replace("<", "&lt;").replace(">", "&gt;")


def folded(title: str, body: str) -> str:
    """Return a part that opens by a click; '' where there is nothing in it."""
    if not body.strip():
        return ""
    return f'??? note "{title}"\n\n' + "\n".join(f"    {line}" if line else "" for line in body.splitlines()) + "\n"


def joined(*parts: Any) -> str:
    """Return parts of a page, those without content left out."""
    return "\n\n".join(str(part).strip("\n") for part in parts if part) + "\n"
