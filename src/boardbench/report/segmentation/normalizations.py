"""Does the answer hang on the normalization? Scores and differences of the strategies under each, and what they say."""

from itertools import combinations, pairwise
from pathlib import Path

import pandas as pd

from boardbench.report.charts import pretty
from boardbench.report.runs import read_csv, run_name
from boardbench.report.segmentation.differences import Resamples
from boardbench.report.segmentation.runs import grid, mean_and_sd, read_scores
from boardbench.report.sentences import signed
from boardbench.report.uncertainty import is_untested
from boardbench.report.writing import text_table

SCORES = ("dataset", "normalization", "backbone", "strategy", "seeds", "scenes", "miou", "miou_sd", "low", "high")
SCORES += ("covers", "rank", "note")
ORDER = ("dataset", "normalization", "strategy", "against_normalization", "against", "seeds", "scenes", "difference")
ORDER += ("low", "high", "covers", "conclusion", "note")
TABLES = ("segmentation_normalizations", "segmentation_normalization_order")


def normalization_tables(
    dataset: str,
    runs: Path,
    method: str,
    folder: Path | None,
    methods: list[str],
    backbones: list[str],
    strategies: list[str],
    seeds: list[int],
    classes: list[str],
    resamples: int,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Return segmentation_normalizations and segmentation_normalization_order.

    Args:
        dataset: first column.
        runs: folder of the study's own runs.
        method: normalization of these; the others are held against it.
        folder: of the runs with other normalizations, ``<method>/<backbone>-<strategy>-seed<k>/``.
        methods: normalizations that are compared, in table order; ``method`` comes first where it is not among them.
        backbones, strategies, seeds, classes, resamples, seed: as
            :func:`boardbench.report.segmentation.differences.differences`.

    Returns:
        Text. The first, columns SCORES: a row a normalization, backbone and strategy; rank is the strategy's by mean
        IoU under this normalization and backbone, equal ones sharing the better. The second, columns ORDER, of mean IoU
        averaged over the backbones: for each normalization a row a pair of strategies, those against ``full`` (against
        the first where there is no ``full``) before the others; then a row a strategy and other normalization, against
        ``method``. ``shown`` is :func:`boardbench.report.uncertainty.verdict`.

    Raises:
        BoardbenchError: a run that is missing, of another grid or normalization, or scored
            on other captures or masks.
    """
    methods = list(dict.fromkeys([*([] if method in methods else [method]), *methods]))
    folders = {name: runs if name == method else folder / name for name in methods}
    cells = grid(backbones, strategies, seeds, [])
    scores = {
        name: {cell: read_scores(root, *cell, classes=classes, normalization=name)["miou"] for cell in cells}
        for name, root in folders.items()
    }
    like = runs / run_name(*cells[0]) / "confusions.csv"
    drawn = {name: Resamples(root, cells, classes, resamples, seed, like) for name, root in folders.items()}

    rows = []
    for name in methods:
        for backbone in backbones:
            group = []
            for strategy in strategies:
                row = {"dataset": dataset, "normalization": name, "backbone": backbone, "strategy": strategy}
                row |= drawn[name].score((backbone, strategy))
                group.append(row | mean_and_sd([scores[name][backbone, strategy, k] for k in seeds], "miou"))
            ranks = pd.to_numeric(pd.Series([row["miou"] for row in group])).rank(method="min", ascending=False)
            rows += [row | {"rank": f"{rank:.0f}"} for row, rank in zip(group, ranks, strict=True)]

    def compared(first: tuple[str, str], second: tuple[str, str]) -> dict[str, str]:
        """Return a row of the difference of two (normalization, strategy)."""
        pairs = [tuple(drawn[name].scores[network, word] for name, word in (first, second)) for network in backbones]
        row = dict(zip(("normalization", "strategy", "against_normalization", "against"), first + second, strict=True))
        return row | {"dataset": dataset} | drawn[method].difference(pairs)

    reference = "full" if "full" in strategies else strategies[0]
    others = [strategy for strategy in strategies if strategy != reference]
    pairs = [(strategy, reference) for strategy in others] + list(combinations(others, 2))
    order = [compared((name, one), (name, other)) for name in methods for one, other in pairs]
    order += [
        compared((name, strategy), (method, strategy)) for name in methods if name != method for strategy in strategies
    ]
    frames = (text_table(rows, SCORES), text_table(order, ORDER))
    return dict(zip(TABLES, frames, strict=True))


def read_normalizations(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Read both published tables; None where there are none."""
    if not (folder / f"{TABLES[0]}.csv").is_file():
        return None
    return tuple(
        read_csv(folder / f"{name}.csv", "segmentation tables", columns)
        for name, columns in zip(TABLES, (SCORES, ORDER), strict=True)
    )


def hangs(scores: pd.DataFrame, order: pd.DataFrame) -> list[str]:
    """Say which order each normalization gives, whether it hangs on it, and what each does to the scores.

    Only what the intervals show is said: an order turns round where two strategies are told apart under two
    normalizations, one way and the other.
    """
    backbones = list(dict.fromkeys(scores["backbone"]))
    who = "mean over the networks" if len(backbones) > 1 else pretty(backbones[0])
    first = order.iloc[0]
    if is_untested(first["conclusion"]):
        what = first["conclusion"].partition(":")[0]
        return [
            f"{what[0].upper()}{what[1:]}: whether the order of the inputs hangs on the normalization is not tested."
        ]
    within = order[order["normalization"] == order["against_normalization"]]
    said = []
    if len(within):
        orders = "; ".join(f"{_under(name)} {_chain(within, name)}" for name in dict.fromkeys(within["normalization"]))
        seen = f"{who}, {first['seeds']} seeds, {first['scenes']} test scenes"
        said.append(f"{orders[0].upper()}{orders[1:]} ({seen}; \N{ALMOST EQUAL TO}: no difference shown).")
        said.append(_verdict(within))
    return said + _against(order[order["normalization"] != order["against_normalization"]])


def _under(name: str) -> str:
    return "without normalization" if name == "none" else f"with {name}"


def _chain(within: pd.DataFrame, name: str) -> str:
    """Return the strategies under a normalization from the highest to the lowest, joined by what the intervals show.

    A chain says that two are told apart where a > lies between them; pairs of which that is not so are named after it.
    """
    rows = within[within["normalization"] == name].to_dict("records")
    reference = rows[0]["against"]
    above = {reference: 0.0} | {
        row["strategy"]: float(row["difference"]) for row in rows if row["against"] == reference
    }
    told = {frozenset((row["strategy"], row["against"])) for row in rows if row["conclusion"] in ("higher", "lower")}
    names = sorted(above, key=above.get, reverse=True)

    def joined(upper: str, lower: str) -> str:
        return f"{pretty(upper)} {_sign(frozenset((upper, lower)) in told)} {pretty(lower)}"

    steps = [frozenset(pair) in told for pair in pairwise(names)]
    chain = pretty(names[0]) + "".join(
        f" {_sign(step)} {pretty(name)}" for step, name in zip(steps, names[1:], strict=True)
    )
    places = combinations(range(len(names)), 2)
    odd = [
        joined(names[i], names[j]) for i, j in places if any(steps[i:j]) != (frozenset((names[i], names[j])) in told)
    ]
    return f"{chain}, but {', '.join(odd)}" if odd else chain


def _sign(told: bool) -> str:
    return ">" if told else "\N{ALMOST EQUAL TO}"


def _verdict(within: pd.DataFrame) -> str:
    turned, undecided, alike, never = [], [], 0, 0
    for (strategy, against), group in within.groupby(["strategy", "against"], sort=False):
        shown: dict[str, list[str]] = {}
        for row in group.itertuples():
            shown.setdefault(row.conclusion, []).append(_under(row.normalization))
        if {"higher", "lower"} <= shown.keys():
            above, below = (" and ".join(shown[verdict]) for verdict in ("higher", "lower"))
            turned.append(f"{pretty(strategy)} is above {pretty(against)} {above} and below {below}")
        elif len(shown) > 1:
            undecided.append(f"{pretty(strategy)} against {pretty(against)}")
        elif shown.keys() & {"higher", "lower"}:
            alike += 1
        else:
            never += 1
    if turned:
        return f"The order hangs on the normalization: {'; '.join(turned)}."
    if undecided:
        return (
            f"No two inputs are shown to change places, but a difference is shown under some normalizations only "
            f"({'; '.join(undecided)}): whether the order hangs on the normalization stays open."
        )
    if not alike:
        return (
            "No two inputs are shown to differ under any normalization, so whether their order hangs on it stays open."
        )
    rest = "; the others under no normalization" if never else ""
    return (
        f"As far as the intervals show, the order does not hang on the normalization: {alike} of {alike + never} pairs "
        f"of inputs differ, alike under all normalizations{rest}."
    )


def _against(rows: pd.DataFrame) -> list[str]:
    """Return a sentence a normalization: what it does to each strategy's score."""
    said = []
    for (name, against), group in rows.groupby(["normalization", "against_normalization"], sort=False):
        parts = []
        for verdict in dict.fromkeys(group["conclusion"]):
            among = group[group["conclusion"] == verdict].to_dict("records")
            if verdict in ("higher", "lower"):
                cells = [f"{pretty(row['strategy'])} ({_limits(row)})" for row in among]
                parts.append(f"{verdict} for {', '.join(cells)}")
            else:
                parts.append(f"not shown to differ for {', '.join(pretty(row['strategy']) for row in among)}")
        what = _under(name)
        said.append(f"{what[0].upper()}{what[1:]}, mean IoU against that {_under(against)} is {'; '.join(parts)}.")
    return said


def _limits(row: dict[str, str]) -> str:
    difference, low, high = (signed(row[key]) for key in ("difference", "low", "high"))
    return f"{difference}, 95 % interval {low} to {high}"
