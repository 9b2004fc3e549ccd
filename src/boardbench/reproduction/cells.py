"""Verdicts on single numbers of paper 1's tables: scores from the logs, costs from our count, kappa from the logs."""

import numpy as np

from boardbench.reproduction.consistency import copies
from boardbench.reproduction.evidence import CLASSES, NAMES, Evidence
from boardbench.reproduction.verdicts import (
    CONTRADICTED,
    EXPLAINED,
    MATCHES,
    NOT_RUN,
    Finding,
    reading,
    rounded,
    truncated,
)

SIZE, BANDS, KEPT = 640, 214, 3
# GMACs of projecting one cube on three components, one MAC a band and component.
PROJECTION = KEPT * BANDS * SIZE * SIZE / 1e9
# GMACs: what may remain beside the projection. Attention U-Net's row is 0.010 off, the others less than a digit.
REMAINDER = 0.02
CELLS = (*CLASSES, "mean")
_UNITS = {"gmacs": (4, "GMACs"), "params_millions": (3, "million parameters")}


def as_printed(evidence: Evidence, backbone: str, strategy: str, metric: str) -> dict[str, str]:
    """Return a log's score row in the paper's way: cells truncated, and their mean truncated again."""
    cells = {name: truncated(evidence.logged(backbone, strategy, metric, name)) for name in CLASSES}
    return cells | {"mean": truncated(sum(map(float, cells.values())) / len(cells))}


def source_of(evidence: Evidence, backbone: str, strategy: str, metric: str) -> str | None:
    """Return the backbone whose log of that strategy gives the printed row cell by cell; its own first, or None."""
    row = {name: evidence.scores[backbone, strategy, metric][name] for name in CELLS}
    logged = [name for name, logged_strategy in evidence.logs if logged_strategy == strategy]
    for name in sorted(logged, key=lambda name: name != backbone):
        if as_printed(evidence, name, strategy, metric) == row:
            return name
    return None


def _cut(name: str) -> str:
    return "a truncated mean of truncated cells" if name == "mean" else "truncated"


def score(evidence: Evidence, backbone: str, strategy: str, metric: str, name: str) -> Finding:
    """Judge one cell of the score tables (``name`` is a class or ``mean``)."""
    text = evidence.scores[backbone, strategy, metric][name]
    ours = _ours(evidence, backbone, strategy, f"{metric} {name}")
    if (backbone, strategy) not in evidence.logs:
        return Finding(NOT_RUN, "", "No confusion matrix of this run is published.", ours)
    source = source_of(evidence, backbone, strategy, metric)
    exact = evidence.logged(backbone, strategy, metric, name)
    own = as_printed(evidence, backbone, strategy, metric)[name]
    if source not in (None, backbone):
        names, value = (
            [NAMES.get(each, each) for each in (source, backbone)],
            evidence.logged(source, strategy, metric, name),
        )
        why = f"The row is {names[0]}'s ({value:.4f}), rows being exchanged; {names[1]}'s own log gives {exact:.4f}."
        return Finding(EXPLAINED, as_printed(evidence, source, strategy, metric)[name], why, ours)
    if source is None and own != text:
        copy = (backbone, strategy) in copies(_rows(evidence)) and metric == "iou"
        reason = "the row repeats the F1 row, which only 0 and 1 may" if copy else "no log of this strategy gives it"
        return Finding(CONTRADICTED, own, f"The log gives {exact:.4f}; {reason}.", ours)
    if reading(text, exact) == "rounded":
        return Finding(MATCHES, own, f"The log gives {exact:.4f}.", ours)
    why = f"The log gives {exact:.4f}, which rounds to {rounded(exact)}; printed is {_cut(name)}."
    return Finding(EXPLAINED, own, why, ours)


def _rows(evidence: Evidence) -> dict[tuple[str, str, str], dict[str, str]]:
    return {key: {name: row[name] for name in CELLS} for key, row in evidence.scores.items()}


def _ours(evidence: Evidence, backbone: str, strategy: str, cell: str) -> str:
    """Return our own score; PCA fitted cube by cube comes first, as the code behind the paper fits it."""
    names = ("pca3_cube", "pca3") if strategy == "pca3" else (strategy,)
    for name in names:
        if cell in evidence.ours.get((backbone, name), {}):
            return evidence.ours[backbone, name][cell] + (" (pca3_cube)" if name == "pca3_cube" else "")
    return ""


def cost(evidence: Evidence, backbone: str, strategy: str, column: str) -> Finding:
    """Judge one cell of the cost table against our count in the paper's convention."""
    text = evidence.costs[backbone, strategy][column]
    value = evidence.count(backbone, strategy, column)
    if np.isnan(value):
        return Finding(NOT_RUN, "", "No published dataset of ours counts paper 1's input.")
    digits, unit = _UNITS[column]
    ours = f"{value:.{digits}f}"
    excess = float(text) - value
    if reading(text, value) == "rounded":
        convention = "; MACs, transposed convolutions at output size" if column == "gmacs" else ""
        return Finding(MATCHES, "", f"Our count agrees to the last digit{convention}.", ours)
    rest = excess - 2 * PROJECTION
    if strategy == "pca3" and column == "gmacs" and abs(rest) <= REMAINDER:
        why = f"Ours plus the PCA projection at 2 per MAC ({2 * PROJECTION:.3f} G); {rest:+.4f} G remain."
        return Finding(EXPLAINED, f"{value + 2 * PROJECTION:.4f}", why, ours)
    why = f"Unexplained: the paper prints {excess:+.{digits}f} {unit} against our count."
    if strategy == "pca3" and column == "params_millions":
        why = why[:-1] + f"; a projection has {KEPT * BANDS} weights."
    return Finding(CONTRADICTED, "", why, ours)


def kappa(evidence: Evidence, backbone: str, strategy: str) -> Finding:
    """Compute Cohen's kappa of a log, which the paper does not print; beside it what the data set's code gives."""
    counts = evidence.logs[backbone, strategy].astype(np.float64)
    total, hits = counts.sum(), np.trace(counts)
    # The data set's code takes all hits for one margin: a vector, one "kappa" a true class.
    chance = hits * counts.sum(axis=1) / total**2
    wrong = (hits / total - chance) / (1 - chance)
    why = (
        "Not printed; chance is the product of both margins, where the data set's code multiplies all hits with one "
        f"margin and gets {', '.join(f'{value:.3f}' for value in wrong)}."
    )
    return Finding(EXPLAINED, f"{evidence.from_logs[backbone, strategy]['kappa']:.4f}", why)
