"""Paper 1's tables 3, 4 and 6 and its sentences on scores, from the tables as printed and from the logs.

Each sentence is computed twice, from the printed tables and from the logs at full precision; where they disagree, the
logs decide, by the rule in :mod:`boardbench.reproduction.verdicts`.
"""

from collections.abc import Callable

import numpy as np

from boardbench.reproduction.checks import Check, Told
from boardbench.reproduction.evidence import BACKBONES, CLASSES, Evidence
from boardbench.reproduction.paper1.consistency import copies
from boardbench.reproduction.paper1.costs import NAMES, By, Cell, each
from boardbench.reproduction.verdicts import (
    CONTRADICTED,
    EXPLAINED,
    MATCHES,
    NOT_RUN,
    RECORD,
    Claim,
    Finding,
    about,
    by_reading,
    reading,
    rounded,
    table_and_logs,
    truncated,
    worst,
)

CELLS = (*CLASSES, "mean")
CUT = 0.02  # a mean of cells cut to two decimals, cut again, is up to this much too low
_SMALL = ("capacitor", "connectors")

Quantity = Callable[[Cell], By]  # from cells (backbone, strategy, metric, class or mean), printed or logged


def printed_rows(evidence: Evidence) -> dict[tuple[str, str, str], dict[str, str]]:
    """Return the cells of the score tables, as printed."""
    return {key: {name: row[name] for name in CELLS} for key, row in evidence.scores.items()}


def _as_printed(evidence: Evidence, backbone: str, strategy: str, metric: str) -> dict[str, str]:
    """Return a log's score row in the paper's way: cells truncated, and their mean truncated again."""
    cells = {name: truncated(evidence.logged(backbone, strategy, metric, name)) for name in CLASSES}
    return cells | {"mean": truncated(sum(map(float, cells.values())) / len(cells))}


def _source(evidence: Evidence, backbone: str, strategy: str, metric: str) -> str | None:
    """Return the backbone whose log of that strategy gives the printed row cell by cell; its own first, or None."""
    row = printed_rows(evidence)[backbone, strategy, metric]
    logged = [name for name, logged_strategy in evidence.logs if logged_strategy == strategy]
    fits = [name for name in logged if _as_printed(evidence, name, strategy, metric) == row]
    return backbone if backbone in fits else next(iter(fits), None)


def _ours(evidence: Evidence, backbone: str, strategy: str, cell: str) -> str:
    """Return our own score; PCA fitted cube by cube comes first, as the code behind the paper fits it."""
    cubes = evidence.ours.get((backbone, "pca3_cube"), {}) if strategy == "pca3" else {}
    return f"{cubes[cell]} (pca3_cube)" if cell in cubes else evidence.ours.get((backbone, strategy), {}).get(cell, "")


def score(evidence: Evidence, backbone: str, strategy: str, metric: str, name: str) -> Finding:
    """Judge one cell of the score tables (``name`` is a class or ``mean``)."""
    text = evidence.scores[backbone, strategy, metric][name]
    ours = _ours(evidence, backbone, strategy, f"{metric} {name}")
    if (backbone, strategy) not in evidence.logs:
        return Finding(NOT_RUN, "", "No confusion matrix of this run is published.", ours, reason=RECORD)
    source = _source(evidence, backbone, strategy, metric)
    exact = evidence.logged(backbone, strategy, metric, name)
    own = _as_printed(evidence, backbone, strategy, metric)[name]
    if source not in (None, backbone):
        other, itself = NAMES.get(source, source), NAMES.get(backbone, backbone)
        why = f"The row is {other}'s ({evidence.logged(source, strategy, metric, name):.4f}), rows being exchanged; "
        why += f"{itself}'s own log gives {exact:.4f}."
        return Finding(EXPLAINED, _as_printed(evidence, source, strategy, metric)[name], why, ours)
    if source is None and own != text:
        copy = metric == "iou" and (backbone, strategy) in copies(printed_rows(evidence))
        reason = "the row repeats the F1 row, which only 0 and 1 may" if copy else "no log of this strategy gives it"
        return Finding(CONTRADICTED, own, f"The log gives {exact:.4f}; {reason}.", ours)
    if reading(text, exact) == "rounded":
        return Finding(MATCHES, own, f"The log gives {exact:.4f}.", ours)
    cut = "a truncated mean of truncated cells" if name == "mean" else "truncated"
    return Finding(
        EXPLAINED, own, f"The log gives {exact:.4f}, which rounds to {rounded(exact)}; printed is {cut}.", ours
    )


def kappa(evidence: Evidence, backbone: str, strategy: str) -> Finding:
    """Compute Cohen's kappa of a log, which the paper does not print; beside it what the data set's code gives."""
    counts = evidence.logs[backbone, strategy].astype(np.float64)
    total, hits = counts.sum(), np.trace(counts)
    # The data set's code takes all hits for one margin: a vector, one "kappa" a true class.
    chance = hits * counts.sum(axis=1) / total**2
    wrong = (hits / total - chance) / (1 - chance)
    why = "Not printed; chance is the product of both margins, where the data set's code multiplies all hits with one "
    why += f"margin and gets {', '.join(f'{value:.3f}' for value in wrong)}."
    return Finding(EXPLAINED, f"{evidence.from_logs[backbone, strategy]['kappa']:.4f}", why)


def _ratio(over: str, metric: str) -> Quantity:
    return lambda cell: each(lambda name: cell(name, "scrb", metric) / cell(name, over, metric))


def _gain(over: str, metric: str = "iou", name: str = "mean", factor: int = 1) -> Quantity:
    return lambda cell: each(
        lambda backbone: factor * (cell(backbone, "scrb", metric, name) - cell(backbone, over, metric, name))
    )


def _by(of: Quantity, test: Callable[[Claim, By, By], bool | str]) -> Check:
    """Return a check by a number a backbone, from the tables and from the logs."""

    def check(evidence: Evidence, claim: Claim) -> Told:
        tables, logs = of(evidence.printed), of(evidence.logged)
        return test(claim, tables, logs), {"tables": tables, "logs": logs}

    return check


def _times(over: str, metric: str, *, percent: bool = False, above: bool = False) -> Check:
    """SCRB is at least (or above) so many times another strategy, for every backbone."""

    def test(claim: Claim, *sides: By) -> str:
        limit = claim.numbers[0] / (100 if percent else 1)
        least = [side.ends[0] for side in sides]
        return table_and_logs(*(one > limit or (one == limit and not above) for one in least))

    return _by(_ratio(over, metric), test)


def _printed_ends(claim: Claim, tables: By, logs: By) -> str:
    return by_reading(claim.texts, tables.ends)


def _ic_behind(claim: Claim, tables: By, logs: By) -> bool | str:
    stated = claim.numbers[0]
    if about(stated, tables.mean) and not about(stated, logs.mean) and abs(logs.mean - stated) <= 100 * CUT:
        return EXPLAINED
    return table_and_logs(about(stated, tables.mean), about(stated, logs.mean))


def _class_gain(name: str) -> Check:
    """The gain of some backbone in one class: that of the log whose row is printed under its name.

    A gain of cells that are cut to two decimals is up to ``CUT`` from the log's, and then explained.
    """
    gain = _gain("pca3", name=name)

    def check(evidence: Evidence, claim: Claim) -> Told:
        tables, logs = gain(evidence.printed), gain(evidence.logged)
        fits = [backbone for backbone in BACKBONES if reading(claim.texts[0], tables[backbone])]
        rows = [_source(evidence, backbone, "scrb", "iou") or backbone for backbone in fits]
        same = all(reading(claim.texts[0], logs[row]) and row == of for row, of in zip(rows, fits, strict=True))
        near = any(abs(logs[row] - claim.numbers[0]) <= CUT for row in rows)
        of = ", ".join(NAMES[backbone] for backbone in fits) or "No backbone"
        exchanged = [
            f"; the row under {NAMES[of]}'s name is {NAMES[row]}'s, whose own gain is {logs[row]:+.3f}"
            for of, row in zip(fits, rows, strict=True)
            if of != row
        ]
        known = {"tables": tables, "logs": logs, "of": of, "exchanged": "".join(exchanged)}
        return MATCHES if fits and same else EXPLAINED if near else CONTRADICTED, known

    return check


def _difference(backbone: str, metric: str) -> Check:
    """SCRB minus the full cube for one backbone."""
    gain = _gain("full", metric)

    def check(evidence: Evidence, claim: Claim) -> Told:
        table, log = gain(evidence.printed)[backbone], gain(evidence.logged)[backbone]
        found = MATCHES if reading(claim.texts[0], log) == "rounded" else CONTRADICTED
        if found != MATCHES and reading(claim.texts[0], table) and abs(log - claim.numbers[0]) <= CUT:
            found = EXPLAINED
        reason = "a difference of truncated means" if found == EXPLAINED else "the logs decide"
        return found, {"table": table, "log": log, "reason": reason}

    return check


def _others(evidence: Evidence, claim: Claim) -> Told:
    keys = [key[:2] for key in evidence.scores if key[2] == "iou" and key[:2] in evidence.logs]
    sides = (evidence.printed, evidence.logged)
    (table, of_table), (log, of_log) = (min((cell(*key, "iou", "others"), key) for key in keys) for cell in sides)
    known = {"table": table, "of_table": _network(of_table), "log": log, "of_log": _network(of_log)}
    return table_and_logs(table >= claim.numbers[0], log >= claim.numbers[0]), known


def _network(key: tuple[str, str]) -> str:
    return f"{NAMES.get(key[0], key[0])} {key[1]}"


def _small_parts(evidence: Evidence, claim: Claim) -> Told:
    tables, logs = (
        sum(value > 0 for name in _SMALL for value in _gain("full", name=name)(cell).values())
        for cell in (evidence.printed, evidence.logged)
    )
    cells = len(_SMALL) * len(BACKBONES)
    return table_and_logs(tables == cells, logs == cells), {"tables": tables, "logs": logs, "cells": cells}


def _cells(*cells: tuple[str, str, str]) -> Check:
    """Means of the text that repeat table 6 share the worst verdict of their cells."""

    def check(evidence: Evidence, claim: Claim) -> Told:
        found = [score(evidence, *cell, "mean") for cell in cells]
        same = by_reading(claim.texts, [evidence.printed(*cell) for cell in cells])
        whys = [f"{cell[2]} of {cell[1]}: {one.why.rstrip('.')}" for cell, one in zip(cells, found, strict=True)]
        logs = " / ".join(f"{evidence.logged(*cell):.4f}" for cell in cells)
        return worst([same, *(one.verdict for one in found)]), {"logs": logs, "whys": "; ".join(whys)}

    return check


def _surpass(evidence: Evidence, claim: Claim) -> Told:
    names = []
    for cell in (evidence.printed, evidence.logged):
        gains = [_gain("full", metric)(cell) for metric in ("iou", "f1")]
        names.append([name for name in BACKBONES if all(gain[name] > 0 for gain in gains)])
    tables, logs = (", ".join(NAMES[name] for name in side) or "none" for side in names)
    known = {"counts": list(map(len, names)), "tables": tables, "logs": logs}
    return table_and_logs(*(len(side) == claim.numbers[0] for side in names)), known


def _top(evidence: Evidence, claim: Claim) -> Told:
    tables, logs = (
        max(evidence.logs, key=lambda key: cell(*key, "iou")) for cell in (evidence.printed, evidence.logged)
    )
    best = [evidence.printed(*tables, metric) for metric in ("iou", "f1")]
    known = {"tables": _network(tables), "logs": _network(logs), "best": best}
    return table_and_logs(*(side == ("resunet", "scrb") for side in (tables, logs))), known


def _attention_doubles(evidence: Evidence, claim: Claim) -> Told:
    tables, logs = (
        [_ratio("pca3", metric)(cell)["attention_unet"] for metric in ("iou", "f1")]
        for cell in (evidence.printed, evidence.logged)
    )
    sides = (all(about(claim.numbers[0], value) for value in side) for side in (tables, logs))
    return table_and_logs(*sides), {"tables": tables, "logs": logs}


def _false_connectors(evidence: Evidence, claim: Claim) -> Told:
    index = CLASSES.index("connectors")

    def wrong(backbone: str, strategy: str) -> int:
        counts = evidence.confusion(backbone, strategy)
        return int(counts[:, index].sum() - counts[index, index])

    change = each(lambda name: 100 * (wrong(name, "scrb") / wrong(name, "pca3") - 1))
    return change.ends[1] < 0, {"change": change}


def _mean_of_classes(evidence: Evidence, claim: Claim) -> Told:
    rows = [key for key in evidence.scores if key[:2] in evidence.logs]
    right = sum(reading(evidence.scores[key]["mean"], evidence.logged(*key)) == "rounded" for key in rows)
    known = {"right": right, "rows": len(rows), "wrong": len(rows) - right}
    return MATCHES if right == len(rows) else EXPLAINED, known


CHECKS: dict[str, Check] = {
    "p1-iou-doubled": _times("pca3", "iou"),
    "p1-f1-doubled": _times("pca3", "f1"),
    "p1-iou-recovered": _times("full", "iou", percent=True),
    "p1-iou-over-pca": _times("pca3", "iou", above=True),
    "p1-others": _others,
    "p1-ic-drop": _by(_gain("full", name="ic", factor=-100), _printed_ends),
    "p1-ic-behind": _by(_gain("full", name="ic", factor=-100), _ic_behind),
    "p1-capacitor-gain": _class_gain("capacitor"),
    "p1-connector-gain": _class_gain("connectors"),
    "p1-small-parts": _small_parts,
    "p1-unet-iou": _cells(("unet", "pca3", "iou"), ("unet", "scrb", "iou")),
    "p1-unet-f1": _cells(("unet", "pca3", "f1"), ("unet", "scrb", "f1")),
    "p1-unet-full": _cells(("unet", "full", "iou"), ("unet", "full", "f1")),
    "p1-resunet-scores": _cells(("resunet", "scrb", "iou"), ("resunet", "scrb", "f1")),
    "p1-surpass": _surpass,
    "p1-resunet-iou-gain": _difference("resunet", "iou"),
    "p1-resunet-f1-gain": _difference("resunet", "f1"),
    "p1-resunet-top": _top,
    "p1-attention-iou-drop": _difference("attention_unet", "iou"),
    "p1-attention-f1-drop": _difference("attention_unet", "f1"),
    "p1-attention-doubles": _attention_doubles,
    "p1-gain-over-pca": _by(_gain("pca3"), _printed_ends),
    "p1-false-connectors": _false_connectors,
    "p1-mean-of-classes": _mean_of_classes,
}
