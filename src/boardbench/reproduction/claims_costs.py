"""Checks of paper 1's sentences on cost: one function a claim id, from table 5 as printed and from our count."""

from collections.abc import Callable

from boardbench.reproduction.claims_data import Check
from boardbench.reproduction.evidence import BACKBONES, COSTS, NAMES, Evidence
from boardbench.reproduction.verdicts import CONTRADICTED, EXPLAINED, MATCHES, Claim, Finding, about, by_reading

Cost = Callable[..., float]  # (backbone, strategy, column) -> printed or counted
_PRINTED = "From table 5 as printed"


def each(of: Callable[[str], float]) -> dict[str, float]:
    """Return backbone -> value."""
    return {name: of(name) for name in BACKBONES}


def show(values: dict[str, float], form: str = ".2f") -> str:
    """Return 'U-Net 1.43, Attention U-Net 1.70, ResU-Net 2.35'."""
    return ", ".join(f"{NAMES[name]} {value:{form}}" for name, value in values.items())


def verdict(holds: bool) -> str:
    """Return matches or contradicted."""
    return MATCHES if holds else CONTRADICTED


def _drop(cost: Cost, column: str = "gmacs") -> dict[str, float]:
    """Return the percentage that SCRB saves against the full cube."""
    return each(lambda name: 100 * (1 - cost(name, "scrb", column) / cost(name, "full", column)))


def _saved(cost: Cost) -> dict[str, float]:
    """Return the GMACs that SCRB saves against the full cube."""
    return each(lambda name: cost(name, "full") - cost(name, "scrb"))


def _excess(cost: Cost) -> dict[str, float]:
    """Return the percentage by which SCRB costs more than PCA-3."""
    return each(lambda name: 100 * (cost(name, "scrb") / cost(name, "pca3") - 1))


def _ours(evidence: Evidence, of: Callable[[Cost], dict[str, float]], form: str = ".2f") -> str:
    """Return the same numbers from our count; empty where nothing was counted."""
    return show(of(evidence.count), form) if evidence.counted else ""


def _range(evidence: Evidence, claim: Claim) -> Finding:
    values = _drop(evidence.cost)
    found = by_reading(zip(claim.texts, (min(values.values()), max(values.values())), strict=True))
    why = f"{_PRINTED}; {'an end is truncated, not rounded' if found == EXPLAINED else 'smallest and largest'}."
    return Finding(found, f"{show(values)} %", why, _ours(evidence, _drop))


def _on_average(evidence: Evidence, claim: Claim) -> Finding:
    values = _drop(evidence.cost)
    mean = sum(values.values()) / len(values)
    why = f"{_PRINTED} ({show(values, '.1f')}), taken as a mean; 'about' allows a tenth."
    return Finding(verdict(about(claim.numbers[0], mean)), f"{mean:.1f} %", why, _ours(evidence, _drop))


def _one(backbone: str, column: str = "gmacs", *, roughly: bool = False) -> Check:
    """The percentage that one backbone saves; roughly, or to the printed digit."""

    def check(evidence: Evidence, claim: Claim) -> Finding:
        value = _drop(evidence.cost, column)[backbone]
        text = claim.texts[0].removeprefix("-")
        found = verdict(about(float(text), value)) if roughly else by_reading([(text, value)])
        why = f"{_PRINTED}{'; truncated, not rounded' if found == EXPLAINED else ''}."
        ours = f"{_drop(evidence.count, column)[backbone]:.2f} %" if evidence.counted else ""
        return Finding(found, f"{value:.2f} %", why, ours)

    return check


def _pair(column: str, *cells: tuple[str, str]) -> Check:
    """Numbers of the text that repeat cells of the table, perhaps with fewer decimals."""

    def check(evidence: Evidence, claim: Claim) -> Finding:
        values = [evidence.cost(*cell, column) for cell in cells]
        counts = [f"{evidence.count(*cell, column):.2f}" for cell in cells] if evidence.counted else []
        found = by_reading(zip(claim.texts, values, strict=True))
        why = "As table 5 prints them; whether our count agrees stands in the rows of the table."
        return Finding(found, " vs ".join(f"{value:g}" for value in values), why, " vs ".join(counts))

    return check


def _largest(evidence: Evidence, claim: Claim) -> Finding:
    values = _saved(evidence.cost)
    largest = max(values, key=values.__getitem__) == "resunet"
    found = by_reading([(claim.texts[0], values["resunet"])]) if largest else CONTRADICTED
    why = f"{_PRINTED}: {show(values)}; the unit is GMACs, not GFLOPs."
    return Finding(found, f"{values['resunet']:.2f}", why, _ours(evidence, _saved))


def _over_pca(evidence: Evidence, claim: Claim) -> Finding:
    values = _excess(evidence.cost)
    largest = max(values.values())
    why = f"{_PRINTED}: {show(values)}; our count leaves the PCA projection out."
    return Finding(verdict(largest <= claim.numbers[0]), f"{largest:.2f} %", why, _ours(evidence, _excess))


def _weights(evidence: Evidence, claim: Claim) -> Finding:
    values = _drop(evidence.cost, COSTS[1])
    largest = max(map(abs, values.values()))
    ours = _ours(evidence, lambda cost: _drop(cost, COSTS[1]))
    return Finding(verdict(largest < claim.numbers[0]), f"{largest:.2f} %", f"{_PRINTED}: {show(values)}.", ours)


CHECKS: dict[str, Check] = {
    "p1-ops-saved": _range,
    "p1-ops-about": _on_average,
    "p1-unet-ops": _one("unet", roughly=True),
    "p1-unet-ops-pair": _pair("gmacs", ("unet", "scrb"), ("unet", "full")),
    "p1-unet-weights-pair": _pair(COSTS[1], ("unet", "scrb"), ("unet", "full")),
    "p1-attention-ops": _one("attention_unet"),
    "p1-attention-ops-pair": _pair("gmacs", ("attention_unet", "scrb"), ("attention_unet", "full")),
    "p1-attention-weights": _one("attention_unet", COSTS[1]),
    "p1-resunet-ops": _largest,
    "p1-resunet-ops-percent": _one("resunet"),
    "p1-ops-over-pca": _over_pca,
    "p1-ops-over-pca-pair": _pair("gmacs", ("attention_unet", "scrb"), ("attention_unet", "pca3")),
    "p1-weights-stable": _weights,
}
