"""What the page says about scores and times: each sentence is decided by a table, none is written by hand."""

from typing import Any

import pandas as pd

from boardbench.report.charts import pretty
from boardbench.report.segmentation.pareto import YES
from boardbench.report.sentences import seeds_of, signed
from boardbench.report.uncertainty import HIGHER, LOWER, NOTHING, is_untested

# (strategy, against, what the comparison asks), in the order of the page.
COMPARISONS = (
    ("scrb", "full", "SCRB against all bands"),
    ("scrb", "pca3", "SCRB against PCA-3"),
    ("full", "pca3", "all bands against PCA-3"),
    ("pca3", "pca3_cube", "PCA-3: axes of the training part against axes of each cube"),
    ("linear3", "pca3", "linear projection: learned against PCA-3"),
    ("scrb", "linear3", "learned projection: SCRB against a linear one"),
    ("bands3", "pca3", "three chosen bands against PCA-3"),
    ("bands3", "bands3_even", "three bands: chosen against evenly spaced"),
)
_TURNED = {HIGHER: LOWER, LOWER: HIGHER}
_WHY_PCA_LOSES = {
    ("pca3", "pca3_cube"): {
        HIGHER: "Fitted cube by cube, PCA-3 scores lower than fitted once on the training part",
        LOWER: "Fitted cube by cube, PCA-3 scores higher than fitted once on the training part",
        NOTHING: "No difference is shown between PCA-3 fitted cube by cube and fitted once",
    },
    ("linear3", "pca3"): {
        HIGHER: "A learned linear projection beats PCA-3: what PCA lacks is the task, not non-linearity",
        LOWER: "A learned linear projection scores below PCA-3, so being linear is not what limits PCA-3",
        NOTHING: "No difference is shown between a learned linear projection and PCA-3",
    },
    ("scrb", "linear3"): {
        HIGHER: "SCRB's hidden layer and non-linearity gain over a learned linear projection",
        LOWER: "SCRB's hidden layer and non-linearity cost against a learned linear projection",
        NOTHING: "No difference is shown between SCRB and a learned linear projection, so nothing here "
        "says that being linear is the fault",
    },
}


def against_baselines(mean: pd.DataFrame) -> str:
    """Return the sentence that names each trained network whose mean IoU is not above that of every baseline.

    Args:
        mean: the mean table as text (columns backbone, strategy, miou); baselines have strategy ``none``.
            An empty score beats nothing.
    """
    scores = pd.to_numeric(mean["miou"], errors="coerce")
    baseline = mean["strategy"] == "none"
    if not baseline.any():
        return "No baseline was run on this data, so nothing says what these scores are worth."
    if scores[baseline].isna().any():
        return "A baseline has no score on this data, so nothing says what these scores are worth."
    best = scores[baseline].max()
    name = pretty(str(mean["backbone"][scores[baseline].idxmax()]))
    measure = f"the highest baseline ({name}, mean IoU {best:.3f})"
    losers = [
        f"{pretty(row.backbone)} with {pretty(row.strategy)} ({'no score' if pd.isna(score) else f'{score:.3f}'})"
        for row, score in zip(mean[~baseline].itertuples(), scores[~baseline], strict=True)
        if not score > best
    ]
    count = int((~baseline).sum())
    if not losers:
        return f"Every trained network ({count}) scores above {measure} on this data."
    if len(losers) == count:
        return f"None of the {count} trained networks scores above {measure} on this data."
    return f"{len(losers)} of {count} trained networks do not score above {measure} on this data: {'; '.join(losers)}."


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


def summary_backbone(differences: pd.DataFrame) -> str:
    """Return ``all`` where the table averages over backbones, else its only backbone."""
    names = list(dict.fromkeys(differences["backbone"]))
    return "all" if "all" in names or not names else names[0]


def why_pca_loses(rows: list[dict[str, Any]]) -> list[str]:
    """Answer, from :func:`comparisons`, whether PCA-3 loses by its linearity or by being fitted cube by cube.

    Returns:
        Sentences, none where the strategies that answer were not run.
    """
    found = {(row["strategy"], row["against"]): row for row in rows}
    if any(pair not in found for pair in _WHY_PCA_LOSES):
        return []
    if is_untested(found["scrb", "linear3"]["conclusion"]):
        return ["Fewer than three seeds: why PCA-3 loses is not tested."]
    sentences = []
    for pair, words in _WHY_PCA_LOSES.items():
        row = found[pair]
        difference, low, high = (signed(row[key]) for key in ("difference", "low", "high"))
        sentences.append(f"{words[row['conclusion']]} ({difference} mean IoU, 95 % interval {low} to {high}).")
    return sentences


def model_name(row: dict[str, Any]) -> str:
    """Return a reader's name of an exported model (backbone, strategy, precision, pruning)."""
    pruned = f", pruned ({row['pruning']})" if row["pruning"] else ""
    return f"{pretty(row['backbone'])} with {pretty(row['strategy'])} in {row['precision']}{pruned}"


def under_budget(table: pd.DataFrame) -> list[str]:
    """Say which exported model scores highest within the time budget, and how sure that is.

    No difference between models is claimed: with one seed the ranking is called uncertain, with several the models
    that are nearer than one standard deviation are named.

    Args:
        table: the Pareto table as text, of one row at least.
    """
    rows = table.to_dict("records")
    first = rows[0]
    what = f"{first['budget_ms']} ms for {first['lines']} lines \N{MULTIPLICATION SIGN} {first['samples']} samples"
    best = next((row for row in rows if row["best"] == YES), None)
    if best is None:
        fastest = min(rows, key=lambda row: float(row["p50_ms"]))
        if fastest["within_budget"] == YES:
            return [f"No model that takes at most {what} has a score, so none is named."]
        return [f"No model takes at most {what}; the fastest is {model_name(fastest)} ({fastest['p50_ms']} ms)."]
    said = [
        f"Within {what} the best model is {model_name(best)} (mean IoU {float(best['miou']):.3f}, {best['p50_ms']} ms, "
        f"{best['lines_per_s']} lines/s)."
    ]
    if best["seeds"] == "1":
        said.append("That is one training run a model: the ranking is uncertain, and another seed may turn it round.")
    else:
        said.append(f"Its score is the mean of {best['seeds']} seeds, standard deviation {_spread(best):.3f}.")
        near = [
            model_name(row)
            for row in rows
            if row is not best
            and row["within_budget"] == YES
            and row["miou"]
            and float(best["miou"]) - float(row["miou"]) <= max(_spread(best), _spread(row))
        ]
        if near:
            said.append(f"Nearer to it than one standard deviation, so not told apart: {'; '.join(near)}.")
    if float(best["p99_ms"]) > float(best["budget_ms"]):
        said.append(f"Its slowest passes took {best['p99_ms']} ms, more than the budget: a line needs a buffer.")
    return said


def _spread(row: dict[str, Any]) -> float:
    return float(row["miou_sd"] or 0)


def pruning(rows: list[dict[str, str]]) -> list[str]:
    """Say what pruning does to each run: operations, measured time and score, with its interval."""
    said = []
    for row in rows:
        what = f"{pretty(row['backbone'])} with {pretty(row['strategy'])}, {row['pruning']}"
        cost = f"GMACs from {row['gmacs_before']} to {row['gmacs']}"
        if row["gmacs"] == row["gmacs_before"]:
            share = 100 * float(row["ratio"])
            cost = f"{share:.3g} % of the weights are zero, which leaves GMACs ({row['gmacs']}) as they were"
        time = f"measured {row['times_faster']} times as fast ({row['p50_ms_before']} to {row['p50_ms']} ms)"
        time = time if row["times_faster"] else "its time was not measured"
        score = f"mean IoU {signed(row['difference'])}, {row['conclusion']} ("
        score += f"95 % interval {signed(row['low'])} to {signed(row['high'])}, " if row["low"] else "no interval, "
        score += f"{seeds_of(row)}, {row['scenes']} test scenes{'; ' + row['note'] if row['note'] else ''})"
        said.append(f"{what}: {cost}; {time}; {score}.")
    return said
