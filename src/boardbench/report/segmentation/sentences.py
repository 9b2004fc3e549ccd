"""What the page says of the segmentation study: each sentence is decided by a table, none is written by hand."""

from typing import Any

import pandas as pd

from boardbench.report.charts import pretty
from boardbench.report.columns import Row
from boardbench.report.segmentation.pareto import YES, other_runtime
from boardbench.report.segmentation.sensor import WITHIN
from boardbench.report.segmentation.spread import POOLED
from boardbench.report.sentences import answer, tally
from boardbench.report.uncertainty import HIGHER, LOWER, untested, verdict

# (strategy, against, what the comparison asks), in the order of the page; the first three are the study's question.
COMPARISONS = (
    ("scrb", "full", "SCRB against all bands"),
    ("scrb", "pca3", "SCRB against PCA-3"),
    ("full", "pca3", "all bands against PCA-3"),
    ("pca3", "pca3_cube", "PCA-3: axes of the training part against axes of each cube"),
    ("linear3", "pca3", "linear projection: learned against PCA-3"),
    ("scrb", "linear3", "learned projection: SCRB against a linear one"),
    ("bands3", "pca3", "three chosen bands against PCA-3"),
    ("bands3", "bands3_even", "three bands: chosen against evenly spaced"),
    ("full", "rgb", "all bands against an RGB camera"),
    ("scrb", "rgb", "SCRB against an RGB camera"),
    ("bands3", "rgb", "three chosen bands against an RGB camera"),
    ("pca3", "rgb", "PCA-3 against an RGB camera"),
)
_TURNED = {HIGHER: LOWER, LOWER: HIGHER}


def against_baselines(mean: pd.DataFrame) -> str:
    """Say of how many networks the interval lies above, below or around the highest baseline.

    Args:
        mean: the mean table as text; baselines have strategy ``none``.
    """
    baselines, networks = mean[mean["strategy"] == "none"], mean[mean["strategy"] != "none"]
    scores = pd.to_numeric(baselines["miou"], errors="coerce")
    if scores.empty or scores.isna().any():
        return "No baseline has a score on this data, so nothing says what these scores are worth."
    best, found = float(scores.max()), []
    for row in networks.to_dict("records"):
        ends = [f"{float(row[end]) - best:.4f}" if row[end] else "" for end in ("miou_low", "miou_high")]
        found.append((_network(row), verdict(*ends, int(row["seeds"]))))
    highest = pretty(str(baselines["backbone"][scores.idxmax()]))
    return tally(f"Mean IoU against the highest baseline ({highest}, {best:.3f})", found)


def headline(
    answered: list[dict[str, Any]], mean: pd.DataFrame, exported: pd.DataFrame, pruned: list[Row]
) -> list[tuple[str, str]]:
    """Return topic and sentence of what the first page says: strategies, baselines, the line, pruning last.

    Args:
        answered: of :func:`comparisons`.
        mean: the mean table as text.
        exported: the Pareto table as text.
        pruned: rows of the pruning table as text.
    """
    said = [(row["question"], answer("mean IoU", row)) for row in answered[:3]]
    scores = pd.to_numeric(mean["miou"], errors="coerce")
    networks, baselines = scores[mean["strategy"] != "none"], scores[mean["strategy"] == "none"]
    if networks.notna().any() and baselines.notna().any():
        best, base = mean.loc[networks.idxmax()], mean.loc[baselines.idxmax()]
        limits = " to ".join(f"{float(best[end]):.3f}" for end in ("miou_low", "miou_high") if best[end])
        limits = f" (95 % interval {limits})" if limits else ""
        scored = f"{_network(best)} {networks.max():.3f}{limits}, {pretty(base['backbone'])} {baselines.max():.3f}"
        said.append(("Best network and best baseline", f"mean IoU {scored}."))
    if len(exported):
        said.append(("On the line", best_in_budget(exported)))
    for row in pruned:
        gone = 1 - float(row["gmacs"]) / float(row["gmacs_before"])
        said.append((f"{_network(row)}, {100 * gone:.0f} % of its GMACs pruned", answer("mean IoU", row)))
    return said


def _network(row: dict[str, str]) -> str:
    return f"{pretty(row['backbone'])} with {pretty(row['strategy'])}"


def _turned(row: dict[str, Any]) -> dict[str, Any]:
    """Return a comparison the other way round."""
    swapped = {
        "strategy": row["against"],
        "against": row["strategy"],
        "conclusion": _TURNED.get(row["conclusion"], row["conclusion"]),
    }
    for key, source in {"difference": "difference", "low": "high", "high": "low"}.items():
        swapped[key] = f"{-float(row[source]) + 0.0:.4f}" if row[source] else ""
    return row | swapped


def comparisons(differences: pd.DataFrame, backbone: str, metric: str = "miou") -> list[dict[str, Any]]:
    """Return the rows of the difference table that answer :data:`COMPARISONS`, turned where need be.

    Args:
        differences: the difference table as text.
        backbone: the backbone, or ``all`` for the mean over them.
        metric: ``miou`` or ``mf1``.
    """
    rows = differences[(differences["backbone"] == backbone) & (differences["metric"] == metric)].to_dict("records")
    found = {(row["strategy"], row["against"]): row for row in rows}
    found |= {(row["against"], row["strategy"]): _turned(row) for row in rows}
    return [found[pair[:2]] | {"question": pair[2]} for pair in COMPARISONS if pair[:2] in found]


def best_in_budget(table: pd.DataFrame) -> str:
    """Name the exported model that scores highest within the time budget.

    Args:
        table: the Pareto table as text, of one row at least.
    """
    rows = table.to_dict("records")
    first = rows[0]
    size = f"{first['lines']} lines \N{MULTIPLICATION SIGN} {first['samples']} samples"
    what = f"Within {first['budget_ms']} ms for {size}"
    best = next((row for row in rows if row["best"] == YES), None)
    if best is None:
        fastest = min(rows, key=lambda row: float(row["p50_ms"]))
        return f"{what}: no model with a score; the fastest is {_model(fastest)} ({fastest['p50_ms']} ms)."
    spread = f" ± {float(best['miou_sd']):.3f}" if best["miou_sd"] else ""
    few = untested(int(best["seeds"]))
    return (
        f"{what}: {_model(best)}, mean IoU {float(best['miou']):.3f}{spread}, {best['p50_ms']} ms (99th percentile "
        f"{best['p99_ms']}), {best['lines_per_s']} lines/s; {few or best['seeds'] + ' seeds'}."
    )


def _model(row: dict[str, str]) -> str:
    said = f"{_network(row)} in {row['precision']}" + (f", pruned ({row['pruning']})" if row["pruning"] else "")
    return said + (f", by {by}" if (by := other_runtime(row["runtime"])) else "")


def moved(table: pd.DataFrame) -> str:
    """Say how far another seed moves a score."""
    pooled = table[table["backbone"] == POOLED].iloc[0]
    if not pooled["miou_sd"]:
        return "One seed: nothing here says how far training again would move a score."
    return (
        f"Another seed moves mean IoU by a standard deviation of {float(pooled['miou_sd']):.3f}, pooled over "
        f"{(table['miou_sd'] != '').sum() - 1} trained networks ({pooled['degrees_of_freedom']} degrees of freedom)."
    )


def by_normalization(order: pd.DataFrame) -> list[str]:
    """Say of each pair of inputs what is concluded under each normalization, then what each does to the inputs."""
    within = order[order["normalization"] == order["against_normalization"]]
    across = order[order["normalization"] != order["against_normalization"]]
    turned, said = 0, []
    for (strategy, against), group in within.groupby(["strategy", "against"], sort=False):
        turned += {HIGHER, LOWER} <= set(group["conclusion"])
        question = f"{pretty(strategy)} against {pretty(against)}"
        said.append(tally(question, zip(group["normalization"], group["conclusion"], strict=True)))
    for (name, against), group in across.groupby(["normalization", "against_normalization"], sort=False):
        question = f"Normalization {name} against {against}"
        said.append(tally(question, zip(map(pretty, group["strategy"]), group["conclusion"], strict=True)))
    pairs = len(within[["strategy", "against"]].drop_duplicates())
    return [f"Pairs of inputs that change places from one normalization to another: {turned} of {pairs}.", *said]


def leaked(table: pd.DataFrame) -> list[str]:
    """Say of each split that leaks how far it lifts the score of each network above that of the split by scenes."""
    rows = [row for row in table.to_dict("records") if row["against"]]
    return [
        answer(
            f"{_network(row)}, mean IoU by {row['protocol']} minus {row['against']}:",
            row | {end: row[f"difference_{end}"] for end in ("low", "high")},
        )
        for row in rows
    ]


def noticed(table: pd.DataFrame) -> str:
    """Say how many captures raise a false alarm, and which drifts are not noticed on every capture."""
    clean = table[table["drift"] == "none"].iloc[0]
    drifts = table[table["drift"] != "none"]
    share = drifts["not_trusted"].astype(int) / drifts["captures"].astype(int)
    words = share.map(lambda part: "on every capture" if part == 1 else "on none" if part == 0 else "on some only")
    return f"Of {clean['captures']} test captures as they are, {clean['not_trusted']} are not trusted. " + tally(
        "Drifts noticed", zip(drifts["drift"], words, strict=True)
    )


def alike(table: pd.DataFrame) -> str:
    """Say what of the simulated camera agrees with the real one, what does not, and what cannot be told."""
    judged = table[table["judged"] == "yes"]
    words = judged["agrees"].map({"yes": "yes"}).fillna("no")
    ratios = pd.to_numeric(judged["ratio"], errors="coerce").dropna()
    far = (ratios - 1).abs().idxmax()
    return (
        tally(f"Agrees within {100 * WITHIN:g} %", zip(judged["name"], words, strict=True))
        + f" Furthest apart: {judged['name'][far]}, ratio {ratios[far]:.3f}. "
        + f"Not to be told: {', '.join(table.loc[table['judged'] != 'yes', 'name'])}."
    )
