"""A confusion matrix as a picture that MLflow, and any browser, shows: SVG, which needs no library."""

from collections.abc import Sequence
from html import escape

_CELL, _LEFT, _TOP = 64, 130, 60


def confusion_svg(counts: Sequence[Sequence[int]], classes: list[str]) -> str:
    """Return an SVG: rows are true classes, columns predicted ones, a cell the share of its row.

    Args:
        counts: [truth][prediction].
        classes: names in the order of both.
    """
    width, height = _LEFT + _CELL * len(classes) + 10, _TOP + _CELL * len(classes) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{_LEFT}" y="18">predicted (share of the true class)</text>',
        f'<text x="8" y="{_TOP - 8}">true</text>',
    ]
    for at, name in enumerate(classes):
        short = escape(name if len(name) <= 14 else f"{name[:13]}…")
        middle = _CELL * at + _CELL // 2
        parts.append(f'<text x="{_LEFT - 8}" y="{_TOP + middle + 4}" text-anchor="end">{short}</text>')
        columns = escape(name if len(name) <= 9 else f"{name[:8]}…")
        parts.append(f'<text x="{_LEFT + middle}" y="{_TOP - 8}" text-anchor="middle" font-size="11">{columns}</text>')
    for line, row in enumerate(counts):
        total = sum(row)
        for column, count in enumerate(row):
            share = count / total if total else 0.0
            grey = round(255 - 190 * share)
            ink = "white" if share > 0.6 else "black"
            x, y = _LEFT + _CELL * column, _TOP + _CELL * line
            told = f"{share:.3f}" if total else "none"
            middle = x + _CELL // 2
            parts.append(
                f'<rect x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" fill="rgb({grey},{grey},255)" stroke="#ccc"/>'
                f'<text x="{middle}" y="{y + _CELL // 2}" text-anchor="middle" fill="{ink}">{told}</text>'
                f'<text x="{middle}" y="{y + _CELL // 2 + 16}" text-anchor="middle" font-size="10" fill="{ink}">'
                f"{count}</text>"
            )
    return "\n".join([*parts, "</svg>\n"])
