"""Paper 1's table 5 and its sentences on cost, beside our count in the paper's convention."""

from collections.abc import Callable
from math import isnan

from boardbench.reproduction.checks import Check, Told
from boardbench.reproduction.evidence import BACKBONES, COSTS, Evidence
from boardbench.reproduction.verdicts import (
    CONTRADICTED,
    EXPLAINED,
    MATCHES,
    NOT_RUN,
    Claim,
    Finding,
    about,
    by_reading,
    reading,
)

NAMES = {"unet": "U-Net", "attention_unet": "Attention U-Net", "resunet": "ResU-Net"}
SIZE, BANDS, KEPT = 640, 214, 3
# GMACs of projecting one cube on three components, one MAC a band and component.
PROJECTION = KEPT * BANDS * SIZE * SIZE / 1e9
# GMACs: what may remain beside the projection. Attention U-Net's row is 0.010 off, the others less than a digit.
REMAINDER = 0.02
GMACS, WEIGHTS = COSTS
_UNITS = {GMACS: (4, "GMACs"), WEIGHTS: (3, "million parameters")}

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
        return Finding(NOT_RUN, "", "No published dataset of ours counts paper 1's input.")
    digits, unit = _UNITS[column]
    ours = f"{value:.{digits}f}"
    excess = float(text) - value
    if reading(text, value) == "rounded":
        convention = "; MACs, transposed convolutions at output size" if column == GMACS else ""
        return Finding(MATCHES, "", f"Our count agrees to the last digit{convention}.", ours)
    rest = excess - 2 * PROJECTION
    if strategy == "pca3" and column == GMACS and abs(rest) <= REMAINDER:
        why = f"Ours plus the PCA projection at 2 per MAC ({2 * PROJECTION:.3f} G); {rest:+.4f} G remain."
        return Finding(EXPLAINED, f"{value + 2 * PROJECTION:.4f}", why, ours)
    note = f"; a projection has {KEPT * BANDS} weights" if strategy == "pca3" and column == WEIGHTS else ""
    why = f"Unexplained: the paper prints {excess:+.{digits}f} {unit} against our count{note}."
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
