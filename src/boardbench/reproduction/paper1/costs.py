"""Paper 1's table 5 and its sentences on cost, beside our count in the paper's convention."""

from collections.abc import Callable
from math import isnan

from boardbench.reproduction.checks import AUTHORS, Check, Told
from boardbench.reproduction.evidence import BACKBONES, COSTS, Evidence
from boardbench.reproduction.verdicts import (
    BUILT,
    CONTRADICTED,
    EXPLAINED,
    MATCHES,
    NOT_RUN,
    Claim,
    Finding,
    about,
    by_reading,
    reading,
    rounded,
    truncated,
)

NAMES = {"unet": "U-Net", "attention_unet": "Attention U-Net", "resunet": "ResU-Net"}
SIZE, BANDS, KEPT = 640, 214, 3
# GMACs of projecting one cube on three components, one MAC a band and component.
PROJECTION = KEPT * BANDS * SIZE * SIZE / 1e9
GMACS, WEIGHTS = COSTS
_UNITS = {GMACS: (4, "GMACs"), WEIGHTS: (3, "million parameters")}
# What the printed PCA-3 rows have beside the network: the projection at two operations per MAC; and, in the column of
# parameters, its GMACs a second time.
_ADDED = {GMACS: 2 * PROJECTION, WEIGHTS: PROJECTION}
_WHY_ADDED = {
    GMACS: f"the PCA projection at 2 per MAC ({2 * PROJECTION:.3f} G)",
    WEIGHTS: f"the GMACs of the PCA projection ({PROJECTION:.3f}), as if they were millions of parameters; it has "
    f"{KEPT * BANDS} weights",
}
_POSTER = f"the poster of its author ({AUTHORS['1']})"

Cell = Callable[..., float]  # (backbone, strategy, ...) -> printed, logged or counted


class By(dict[str, float]):
    """Backbone -> value; formatted, 'U-Net 1.43, Attention U-Net 1.70, ResU-Net 2.35'."""

    def __format__(self, form: str) -> str:
        return ", ".join(f"{NAMES[name]} {value:{form or '.2f'}}" for name, value in self.items())

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest value."""
        return min(self.values()), max(self.values())

    @property
    def mean(self) -> float:
        """The mean over the backbones."""
        return sum(self.values()) / len(self)


def each(of: Callable[[str], float]) -> By:
    """Return backbone -> value."""
    return By({name: of(name) for name in BACKBONES})


def cost(evidence: Evidence, backbone: str, strategy: str, column: str) -> Finding:
    """Judge one cell of the cost table against our count."""
    text = evidence.costs[backbone, strategy][column]
    value = evidence.count(backbone, strategy, column)
    if isnan(value):
        return Finding(NOT_RUN, "", "No published dataset of ours counts paper 1's input.", reason=BUILT)
    digits, unit = _UNITS[column]
    ours = f"{value:.{digits}f}"
    excess = float(text) - value
    if reading(text, value) == "rounded":
        convention = "; MACs, transposed convolutions at output size" if column == GMACS else ""
        return Finding(MATCHES, "", f"Our count agrees to the last digit{convention}.", ours)
    printed = evidence.poster.get((backbone, strategy), {}).get(column, "")
    agrees = bool(printed) and reading(printed, value) == "rounded"
    added = f"{float(rounded(value)) + float(truncated(_ADDED[column])):.2f}"
    if strategy == "pca3" and float(added) == float(text):
        why = f"Our count, rounded, plus {_WHY_ADDED[column]}, cut to {truncated(_ADDED[column])}"
        why += f"; {_POSTER} has {printed}, our count without it." if agrees else "."
        return Finding(EXPLAINED, added, why, ours)
    if agrees:
        return Finding(EXPLAINED, printed, f"A slip in copying: {_POSTER} has {printed}, which is our count.", ours)
    why = f"Unexplained: the paper prints {excess:+.{digits}f} {unit} against our count."
    return Finding(CONTRADICTED, "", why, ours)


def _saved(cell: Cell, column: str = GMACS) -> By:
    """Return the percentage that SCRB saves against the full cube."""
    return each(lambda name: 100 * (1 - cell(name, "scrb", column) / cell(name, "full", column)))


def _saved_weights(cell: Cell) -> By:
    return _saved(cell, WEIGHTS)


def _saved_gmacs(cell: Cell) -> By:
    return each(lambda name: cell(name, "full") - cell(name, "scrb"))


def _excess(cell: Cell) -> By:
    """Return the percentage by which SCRB costs more than PCA-3."""
    return each(lambda name: 100 * (cell(name, "scrb") / cell(name, "pca3") - 1))


def _by(of: Callable[[Cell], By], test: Callable[[Claim, By], bool | str]) -> Check:
    """Return a check by a number a backbone, from the table as printed; ours by the same."""

    def check(evidence: Evidence, claim: Claim) -> Told:
        table = of(evidence.cost)
        found = test(claim, table)
        end = "an end is truncated, not rounded" if found == EXPLAINED else "smallest and largest"
        ours = f"{of(evidence.count)}" if evidence.counted else ""
        return found, {"table": table, "end": end, "ours": ours}

    return check


def _one(backbone: str, column: str = GMACS, *, roughly: bool = False) -> Check:
    """The percentage that one backbone saves; roughly, or to the printed digit."""

    def check(evidence: Evidence, claim: Claim) -> Told:
        value = _saved(evidence.cost, column)[backbone]
        text = claim.texts[0].removeprefix("-")
        found = about(float(text), value) if roughly else by_reading([text], [value])
        ours = f"{_saved(evidence.count, column)[backbone]:.2f} %" if evidence.counted else ""
        return found, {"value": value, "cut": "; truncated, not rounded" if found == EXPLAINED else "", "ours": ours}

    return check


def _pair(column: str, *cells: tuple[str, str]) -> Check:
    """Numbers of the text that repeat cells of the table, perhaps with fewer decimals."""

    def check(evidence: Evidence, claim: Claim) -> Told:
        values = [evidence.cost(*cell, column) for cell in cells]
        ours = " vs ".join(f"{evidence.count(*cell, column):.2f}" for cell in cells) if evidence.counted else ""
        return by_reading(claim.texts, values), {"values": " vs ".join(f"{value:g}" for value in values), "ours": ours}

    return check


def _resunet_most(claim: Claim, table: By) -> str:
    most = table["resunet"] == table.ends[1]
    return by_reading(claim.texts[:1], [table["resunet"]]) if most else CONTRADICTED


CHECKS: dict[str, Check] = {
    "p1-ops-saved": _by(_saved, lambda claim, table: by_reading(claim.texts, table.ends)),
    "p1-ops-about": _by(_saved, lambda claim, table: about(claim.numbers[0], table.mean)),
    "p1-unet-ops": _one("unet", roughly=True),
    "p1-unet-ops-pair": _pair(GMACS, ("unet", "scrb"), ("unet", "full")),
    "p1-unet-weights-pair": _pair(WEIGHTS, ("unet", "scrb"), ("unet", "full")),
    "p1-attention-ops": _one("attention_unet"),
    "p1-attention-ops-pair": _pair(GMACS, ("attention_unet", "scrb"), ("attention_unet", "full")),
    "p1-attention-weights": _one("attention_unet", WEIGHTS),
    "p1-resunet-ops": _by(_saved_gmacs, _resunet_most),
    "p1-resunet-ops-percent": _one("resunet"),
    "p1-ops-over-pca": _by(_excess, lambda claim, table: table.ends[1] <= claim.numbers[0]),
    "p1-ops-over-pca-pair": _pair(GMACS, ("attention_unet", "scrb"), ("attention_unet", "pca3")),
    "p1-weights-stable": _by(_saved_weights, lambda claim, table: max(map(abs, table.ends)) < claim.numbers[0]),
}
