"""The verb that says what is in each capture and what is wrong with it, before any work."""

import json as text
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from tabulate import tabulate

from boardbench.captures.bands import trim
from boardbench.captures.blocks import references
from boardbench.captures.envi import Cube, open_cube
from boardbench.captures.grid import Grid
from boardbench.captures.masks import IGNORED, read_mask
from boardbench.captures.shares import shares
from boardbench.captures.sheet import Capture, scan_sheet, sheet_rows
from boardbench.errors import BoardbenchError
from boardbench.params.segmentation import Reflectance

_ODD_SHARE = 0.01
"""Of saturated or invalid values: more is said to be odd."""


@dataclass
class Checked:
    """One capture.

    Attributes:
        name: scene and condition.
        kind: raw or reflectance.
        lines: of the capture.
        samples: of a line.
        bands: of the file.
        kept_bands: those left after trimming.
        first_nm: shortest wavelength of those kept, nm.
        last_nm: longest.
        tint_ms: integration times by kind of file.
        dark: mean counts of the dark reference.
        white: mean counts of the white reference.
        saturated: share of the values.
        invalid: share of the values.
        classes: share of the pixels by class name (or id).
        odd: what is allowed but not usual.
        problems: why the pipeline would refuse it.
    """

    name: str
    kind: str = ""
    lines: int | None = None
    samples: int | None = None
    bands: int | None = None
    kept_bands: int | None = None
    first_nm: float | None = None
    last_nm: float | None = None
    tint_ms: dict[str, float | None] = field(default_factory=dict)
    dark: float | None = None
    white: float | None = None
    saturated: float | None = None
    invalid: float | None = None
    classes: dict[str, float] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def check(
    *, path: Path, classes: list[str] | None = None, pattern: str | None = None, json: bool = False, params: Reflectance
) -> None:
    """Say of each capture what is in it: one line each, then everything that is wrong.

    Reads every value once. Exit code 1: the pipeline would refuse something.

    Args:
        path: capture sheet, or a folder of capture folders.
        classes: names in the order of their ids, to check the masks against.
        pattern: for a folder: names of capture folders, as 'boardbench sheet' takes it.
        json: print JSON instead.
        params: how the pipeline makes reflectance of them.

    Raises:
        BoardbenchError: no captures there.
    """
    captures, problems = _captures(path, pattern)
    grids: dict[str, Grid] = {}
    rows = [_checked(capture, classes or [], params, grids) for capture in captures]
    _compare(rows, grids, params)
    problems += [f"{row.name}: {problem}" for row in rows for problem in row.problems]
    totals = {"captures": len(rows), "scenes": len({capture.scene for capture in captures}), "problems": len(problems)}
    if json:
        print(text.dumps({"captures": [asdict(row) for row in rows], "totals": totals, "problems": problems}, indent=2))
    else:
        print(_table(rows))
        print(", ".join(f"{number} {word}" for word, number in totals.items()))
        for problem in problems:
            print(f"- {problem}")
    if problems:
        raise SystemExit(1)


def _captures(path: Path, pattern: str | None) -> tuple[list[Capture], list[str]]:
    """Return the captures that can be looked into, and what is wrong with the others."""
    if not path.is_dir():
        return scan_sheet(path)
    rows, problems = sheet_rows(path, path, pattern)
    captures = []
    for row in rows:
        if "cube" in row:
            words = {key: row[key] for key in ("scene", "condition", "kind")}
            kinds = ("cube", "white", "dark", "white_dark", "mask")
            captures.append(Capture(**words, **{key: path / row[key] if row[key] else None for key in kinds}))
    return captures, problems


def _checked(capture: Capture, classes: list[str], params: Reflectance, grids: dict[str, Grid]) -> Checked:
    """Look into one capture; a problem does not hide the next."""
    row = Checked(capture.name, capture.kind)

    def attempt(step):
        try:
            return step()
        except BoardbenchError as error:
            row.problems.append(str(error))
            return None

    source = attempt(lambda: open_cube(capture.cube))
    if source is None:
        return row
    row.lines, row.samples, row.bands = source.shape
    cuts = (params.drop_first, params.drop_last, params.min_nm, params.max_nm)
    keep = attempt(lambda: trim(source.bands, source.wavelengths, *cuts, str(source.header), source.good))
    if capture.mask:
        attempt(lambda: _look_at_mask(row, capture.mask, source, classes))
    found = attempt(lambda: (references(source, **capture.references, full_scale=params.full_scale),))
    if keep is None:
        return row
    grids[row.name] = Grid(source.bands, source.wavelengths).chosen(keep.tolist())
    row.kept_bands = len(keep)
    if source.wavelengths is not None:
        row.first_nm, row.last_nm = (round(float(end(source.wavelengths[keep])), 2) for end in (np.min, np.max))
    if found is None:
        return row
    (known,) = found
    row.tint_ms = known.tints if known else {"cube": attempt(lambda: source.tint)}
    saturated, invalid = shares(source, known, keep)
    row.saturated, row.invalid = saturated, invalid
    if known:
        row.dark, row.white = (round(float(np.nanmean(one.mean[:, keep])), 1) for one in (known.dark, known.white))
        clipped = float((known.white.highest[:, keep] >= known.full_scale).mean())
        if clipped:
            row.odd.append(f"{clipped:.2%} of the white reference is saturated in some line")
    for share, word in ((saturated, "saturated"), (invalid, "invalid")):
        if share and share > _ODD_SHARE:
            row.odd.append(f"{share:.1%} of the values are {word}")
    if source.shutter_lines:
        row.odd.append(f"{source.shutter_lines} frames with the shutter closed are no lines of it")
    if source.good is not None:
        row.odd.append(f"{int((~source.good).sum())} bad bands by the header")
    return row


def _look_at_mask(row: Checked, mask: Path, source: Cube, classes: list[str]) -> None:
    values = read_mask(mask, source.shape[:2], len(classes) or IGNORED, source.shutter_lines)
    names = dict(enumerate(classes)) | {IGNORED: "unlabelled"}
    ids, counts = np.unique(values, return_counts=True)
    row.classes = {
        names.get(number, str(number)): round(int(count) / values.size, 4)
        for number, count in zip(ids.tolist(), counts, strict=True)
    }
    if list(row.classes) == ["unlabelled"]:
        row.odd.append("no pixel is labelled")


def _compare(rows: list[Checked], grids: dict[str, Grid], params: Reflectance) -> None:
    """Add what is wrong or odd with a capture beside the others."""
    readable = [row for row in rows if row.name in grids]
    if not readable:
        return
    first = _most({row.name: str(grids[row.name]) for row in readable})
    usual = next(grids[row.name] for row in readable if str(grids[row.name]) == first)
    kind = _most({row.name: row.kind for row in readable})
    size = _most({row.name: (row.lines, row.samples) for row in readable})
    tints = _most({row.name: str(row.tint_ms) for row in readable})
    darks = [row.dark for row in readable if row.dark]
    level = float(np.median(darks)) if darks else None
    for row in readable:
        if not grids[row.name].same(usual):
            row.problems.append(f"its bands are {grids[row.name]}, those of most captures {usual}")
        if row.kind != kind:
            row.problems.append(f"{row.kind}, while most captures are {kind}")
        if params.size is None and (row.lines, row.samples) != size:
            row.problems.append(
                f"{row.lines} x {row.samples} pixels, most captures {size[0]} x {size[1]}: give reflectance.size"
            )
        if str(row.tint_ms) != tints:
            row.odd.append("other integration times than most captures")
        if row.dark and level and not 0.5 <= row.dark / level <= 2:
            row.odd.append(f"dark level {row.dark:g} counts, {level:g} in most captures")


def _most(values: dict[str, object]) -> object:
    return Counter(values.values()).most_common(1)[0][0]


def _table(rows: list[Checked]) -> str:
    def percent(share: float | None) -> str:
        return "" if share is None else f"{100 * share:.2f}"

    cells = [
        {
            "capture": row.name,
            "kind": row.kind,
            "lines": row.lines,
            "samples": row.samples,
            "bands": f"{row.kept_bands} of {row.bands}" if row.kept_bands else row.bands,
            "nm": "" if row.first_nm is None else f"{row.first_nm:.0f}-{row.last_nm:.0f}",
            "ms": " / ".join(f"{time:g}" for time in row.tint_ms.values() if time),
            "dark": row.dark,
            "white": row.white,
            "saturated %": percent(row.saturated),
            "invalid %": percent(row.invalid),
            "classes": ", ".join(f"{name} {share:.1%}" for name, share in row.classes.items()),
            "odd": "; ".join([*row.odd, *(["REFUSED"] if row.problems else [])]),
        }
        for row in rows
    ]
    return tabulate(cells, headers="keys", disable_numparse=True)
