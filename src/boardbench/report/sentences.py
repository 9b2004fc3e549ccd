"""What the page says about scores: each sentence is decided by a table, none is written by hand."""

from typing import Any

import pandas as pd

from boardbench.report.charts import pretty

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
_TURNED = {"higher": "lower", "lower": "higher"}
_WHY_PCA_LOSES = {
    ("pca3", "pca3_cube"): {
        "higher": "Fitted cube by cube, PCA-3 scores lower than fitted once on the training part",
        "lower": "Fitted cube by cube, PCA-3 scores higher than fitted once on the training part",
        "no difference shown": "No difference is shown between PCA-3 fitted cube by cube and fitted once",
    },
    ("linear3", "pca3"): {
        "higher": "A learned linear projection beats PCA-3: what PCA lacks is the task, not non-linearity",
        "lower": "A learned linear projection scores below PCA-3, so being linear is not what limits PCA-3",
        "no difference shown": "No difference is shown between a learned linear projection and PCA-3",
    },
    ("scrb", "linear3"): {
        "higher": "SCRB's hidden layer and non-linearity gain over a learned linear projection",
        "lower": "SCRB's hidden layer and non-linearity cost against a learned linear projection",
        "no difference shown": "No difference is shown between SCRB and a learned linear projection, so nothing here "
        "says that being linear is the fault",
    },
}


def signed(text: str) -> str:
    """Return a difference with its sign and three decimals; an empty cell is a dash."""
    return f"{float(text):+.3f}".replace("-", "\N{MINUS SIGN}") if text else "\N{EN DASH}"


def against_floors(mean: pd.DataFrame) -> str:
    """Return the sentence that names each trained network whose mean IoU does not beat every floor.

    Args:
        mean: the mean table as text (columns backbone, strategy, miou); floors have strategy ``none``.
            An empty score beats nothing.
    """
    scores = pd.to_numeric(mean["miou"], errors="coerce")
    floor = mean["strategy"] == "none"
    if not floor.any():
        return "No floor was run on this data, so nothing says what these scores are worth."
    if scores[floor].isna().any():
        return "A floor has no score on this data, so nothing says what these scores are worth."
    best = scores[floor].max()
    name = pretty(str(mean["backbone"][scores[floor].idxmax()]))
    measure = f"the highest floor ({name}, mean IoU {best:.3f})"
    losers = [
        f"{pretty(row.backbone)} with {pretty(row.strategy)} ({'no score' if pd.isna(score) else f'{score:.3f}'})"
        for row, score in zip(mean[~floor].itertuples(), scores[~floor], strict=True)
        if not score > best
    ]
    count = int((~floor).sum())
    if not losers:
        return f"Every trained network ({count}) beats {measure} on this data."
    if len(losers) == count:
        return f"None of the {count} trained networks beats {measure} on this data."
    return f"{len(losers)} of {count} trained networks do not beat {measure} on this data: {'; '.join(losers)}."


def _turned(row: dict[str, Any]) -> dict[str, Any]:
    """Return a comparison the other way round."""
    swapped = {"strategy": row["against"], "against": row["strategy"], "shown": _TURNED.get(row["shown"], row["shown"])}
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
    sentences = []
    for pair, words in _WHY_PCA_LOSES.items():
        row = found[pair]
        difference, low, high = (signed(row[key]) for key in ("difference", "low", "high"))
        sentences.append(f"{words[row['shown']]} ({difference} mean IoU, 95 % interval {low} to {high}).")
    return sentences
