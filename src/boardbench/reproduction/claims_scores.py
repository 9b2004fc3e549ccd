"""Checks of paper 1's sentences on scores: one function a claim id.

Each is computed twice, from the tables as printed and from the logs at full precision; where they disagree, the logs
decide.
"""

from collections.abc import Callable

from boardbench.reproduction.cells import score
from boardbench.reproduction.claims_costs import each, show, verdict
from boardbench.reproduction.claims_data import Check
from boardbench.reproduction.evidence import BACKBONES, CLASSES, NAMES, Evidence
from boardbench.reproduction.verdicts import (
    CONTRADICTED,
    CUT,
    EXPLAINED,
    MATCHES,
    Claim,
    Finding,
    about,
    by_reading,
    reading,
    worst,
)

Score = Callable[..., float]  # (backbone, strategy, metric, class or mean) -> printed or logged
_SMALL = ("capacitor", "connectors")


def _both(evidence: Evidence, of: Callable[[Score], dict[str, float]]) -> list[dict[str, float]]:
    """Return the values from the tables and from the logs."""
    return [of(evidence.printed), of(evidence.logged)]


def _ratio(over: str, metric: str) -> Callable[[Score], dict[str, float]]:
    return lambda cell: each(lambda name: cell(name, "scrb", metric) / cell(name, over, metric))


def _gain(over: str, metric: str = "iou", name: str = "mean") -> Callable[[Score], dict[str, float]]:
    return lambda cell: each(lambda backbone: cell(backbone, "scrb", metric, name) - cell(backbone, over, metric, name))


def _network(key: tuple[str, str]) -> str:
    return f"{NAMES.get(key[0], key[0])} {key[1]}"


def _times(over: str, metric: str, *, percent: bool = False, above: bool = False) -> Check:
    """SCRB is at least (or above) so many times another strategy, for every backbone."""

    def check(evidence: Evidence, claim: Claim) -> Finding:
        limit = claim.numbers[0] / (100 if percent else 1)
        tables, logs = _both(evidence, _ratio(over, metric))
        holds = all(low > limit or (low == limit and not above) for low in (*tables.values(), *logs.values()))
        return Finding(
            verdict(holds), f"{min(tables.values()):.2f} at least", f"Tables: {show(tables)}; logs: {show(logs)}."
        )

    return check


def _others(evidence: Evidence, claim: Claim) -> Finding:
    keys = [key[:2] for key in evidence.scores if key[2] == "iou" and key[:2] in evidence.logs]
    lows = [min((cell(*key, "iou", "others"), key) for key in keys) for cell in (evidence.printed, evidence.logged)]
    why = f"Lowest in table 4: {_network(lows[0][1])}; in the logs: {_network(lows[1][1])}, {lows[1][0]:.4f}."
    return Finding(verdict(min(lows)[0] >= claim.numbers[0]), f"{lows[0][0]:.2f} at least", why)


def _ic_drop(evidence: Evidence, claim: Claim) -> Finding:
    tables, logs = _both(evidence, lambda cell: {k: -100 * v for k, v in _gain("full", name="ic")(cell).items()})
    found = by_reading(zip(claim.texts, (min(tables.values()), max(tables.values())), strict=True))
    return Finding(found, f"{show(tables, '.0f')} points", f"From table 4 as printed; the logs: {show(logs, '.1f')}.")


def _ic_behind(evidence: Evidence, claim: Claim) -> Finding:
    drops = _both(evidence, _gain("full", name="ic"))
    tables, logs = (-100 * sum(values.values()) / len(values) for values in drops)
    stated = claim.numbers[0]
    found = verdict(about(stated, tables))
    if found == MATCHES and not about(stated, logs):
        found = EXPLAINED if abs(logs - stated) <= 100 * CUT else CONTRADICTED
    why = f"Mean over the backbones, of cells as printed; truncation aside, the logs give {logs:.1f}."
    return Finding(found, f"{tables:.1f} points", why)


def _class_gain(name: str) -> Check:
    """The gain of some backbone in one class; a number that one printed row gives must stand in its log too."""

    def check(evidence: Evidence, claim: Claim) -> Finding:
        tables, logs = _both(evidence, _gain("pca3", name=name))
        fits = [backbone for backbone in BACKBONES if reading(claim.texts[0], tables[backbone])]
        holds = any(reading(claim.texts[0], logs[backbone]) for backbone in fits)
        rows = f"{', '.join(NAMES[backbone] for backbone in fits) or 'No backbone'} by table 4"
        return Finding(verdict(holds), show(tables), f"{rows}; the logs: {show(logs)}.")

    return check


def _small_parts(evidence: Evidence, claim: Claim) -> Finding:
    tables, logs = (
        sum(value > 0 for name in _SMALL for value in _gain("full", name=name)(cell).values())
        for cell in (evidence.printed, evidence.logged)
    )
    cells = len(_SMALL) * len(BACKBONES)
    why = f"Cells of the two classes in which SCRB is above the full cube; {logs} of {cells} by the logs."
    return Finding(verdict(tables == logs == cells), f"{tables} of {cells}", why)


def _cells(*cells: tuple[str, str, str]) -> Check:
    """Means of the text that repeat table 6 share the worst verdict of their cells."""

    def check(evidence: Evidence, claim: Claim) -> Finding:
        found = [score(evidence, *cell, "mean") for cell in cells]
        same = by_reading(zip(claim.texts, (evidence.printed(*cell) for cell in cells), strict=True))
        logs = " / ".join(f"{evidence.logged(*cell):.4f}" for cell in cells)
        why = "; ".join(
            f"{metric} of {strategy}: {each.why.rstrip('.')}"
            for (_, strategy, metric), each in zip(cells, found, strict=True)
        )
        return Finding(worst([same, *(each.verdict for each in found)]), logs, f"{why}.")

    return check


def _surpass(evidence: Evidence, claim: Claim) -> Finding:
    lists = []
    for cell in (evidence.printed, evidence.logged):
        gains = [_gain("full", metric)(cell) for metric in ("iou", "f1")]
        lists.append([name for name in BACKBONES if all(gain[name] > 0 for gain in gains)])
    tables, logs = (", ".join(NAMES[name] for name in names) or "none" for names in lists)
    holds = all(len(names) == claim.numbers[0] for names in lists)
    why = f"Above the full cube in mIoU and mF1: {tables} by table 6, {logs} by the logs."
    return Finding(verdict(holds), f"{len(lists[0])} by the table, {len(lists[1])} by the logs", why)


def _difference(backbone: str, metric: str) -> Check:
    """SCRB minus the full cube for one backbone."""

    def check(evidence: Evidence, claim: Claim) -> Finding:
        tables, logs = (values[backbone] for values in _both(evidence, _gain("full", metric)))
        found = verdict(reading(claim.texts[0], logs) == "rounded")
        if found != MATCHES and reading(claim.texts[0], tables) and abs(logs - claim.numbers[0]) <= CUT:
            found = EXPLAINED
        reason = "a difference of truncated means" if found == EXPLAINED else "the logs decide"
        return Finding(found, f"{logs:+.4f}", f"Table 6 gives {tables:+.2f}, the logs {logs:+.4f}: {reason}.")

    return check


def _top(evidence: Evidence, claim: Claim) -> Finding:
    cells = (evidence.printed, evidence.logged)
    tables, logs = (max(evidence.logs, key=lambda key: cell(*key, "iou")) for cell in cells)
    best = f"{_network(tables)}: {evidence.printed(*tables, 'iou'):.2f} / {evidence.printed(*tables, 'f1'):.2f}"
    why = f"Highest mIoU in table 6: {_network(tables)}; by the logs: {_network(logs)}."
    return Finding(verdict(tables == logs == ("resunet", "scrb")), best, why)


def _attention_doubles(evidence: Evidence, claim: Claim) -> Finding:
    found = [_both(evidence, _ratio("pca3", metric)) for metric in ("iou", "f1")]
    tables, logs = ([values[side]["attention_unet"] for values in found] for side in (0, 1))
    holds = all(about(claim.numbers[0], value) for value in tables)
    why = f"'Almost' allows a tenth; the logs give {logs[0]:.2f} and {logs[1]:.2f}."
    return Finding(verdict(holds), f"mIoU {tables[0]:.2f}, mF1 {tables[1]:.2f} times", why)


def _gain_range(evidence: Evidence, claim: Claim) -> Finding:
    tables, logs = _both(evidence, _gain("pca3"))
    found = by_reading(zip(claim.texts, (min(tables.values()), max(tables.values())), strict=True))
    return Finding(found, show(tables), f"From table 6 as printed; the logs: {show(logs)}.")


def _false_connectors(evidence: Evidence, claim: Claim) -> Finding:
    index = CLASSES.index("connectors")

    def wrong(backbone: str, strategy: str) -> int:
        counts = evidence.confusion(backbone, strategy)
        return int(counts[:, index].sum() - counts[index, index])

    change = each(lambda name: 100 * (wrong(name, "scrb") / wrong(name, "pca3") - 1))
    why = "Change, from PCA-3 to SCRB, of the pixels that the logs count as wrongly called connectors."
    return Finding(verdict(max(change.values()) < 0), f"{show(change, '+.0f')} %", why)


def _mean_of_classes(evidence: Evidence, claim: Claim) -> Finding:
    rows = [key for key in evidence.scores if key[:2] in evidence.logs]
    right = sum(reading(evidence.scores[key]["mean"], evidence.logged(*key)) == "rounded" for key in rows)
    why = f"The other {len(rows) - right} printed means differ: truncated means of truncated cells, or wrong rows."
    found = MATCHES if right == len(rows) else EXPLAINED
    return Finding(found, f"{right} of {len(rows)} are the log's mean, rounded", why)


CHECKS: dict[str, Check] = {
    "p1-iou-doubled": _times("pca3", "iou"),
    "p1-f1-doubled": _times("pca3", "f1"),
    "p1-iou-recovered": _times("full", "iou", percent=True),
    "p1-iou-over-pca": _times("pca3", "iou", above=True),
    "p1-others": _others,
    "p1-ic-drop": _ic_drop,
    "p1-ic-behind": _ic_behind,
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
    "p1-gain-over-pca": _gain_range,
    "p1-false-connectors": _false_connectors,
    "p1-mean-of-classes": _mean_of_classes,
}
