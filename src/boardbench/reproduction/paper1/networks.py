"""Paper 1's sentences on its networks, on PCA and on how operations are counted."""

from collections.abc import Callable
from itertools import pairwise

from boardbench.reproduction.checks import Check, Told
from boardbench.reproduction.evidence import BACKBONES, Evidence
from boardbench.reproduction.paper1.costs import GMACS, KEPT, PROJECTION, SIZE, WEIGHTS, each
from boardbench.reproduction.verdicts import BUILT, CONTRADICTED, DATA, EXPLAINED, MATCHES, NOT_RUN, Claim, reading


def _block(bands: int, middle: int, kept: int) -> int:
    """Return the parameters of an SCRB: two 1x1 convolutions without biases, each normalized."""
    return bands * middle + 2 * middle + middle * kept + 2 * kept


def _scrb_channels(evidence: Evidence, claim: Claim) -> Told:
    bands, middle, kept = map(int, claim.numbers)
    block = _block(bands, middle, kept)
    # Each backbone's first level has 64 channels behind one 3x3 convolution; ResU-Net's has a second, the shortcut's.
    first = 64 * 9 * (bands - kept)
    saved = {name: (first * (2 if name == "resunet" else 1) - block) / 1e6 for name in BACKBONES}
    printed = {name: evidence.cost(name, "full", WEIGHTS) - evidence.cost(name, "scrb", WEIGHTS) for name in BACKBONES}
    # A difference of two numbers of two decimals is good to 0.01.
    same = all(abs(printed[name] - value) <= 0.01 for name, value in saved.items())
    return same, {"block": block, "saved": ", ".join(f"{value:.2f}" for value in saved.values())}


def _pca_variance(evidence: Evidence, claim: Claim) -> Told:
    if "pca3" not in evidence.variance:
        return NOT_RUN, {"why": "PCA on the boards themselves takes the data set.", "reason": DATA}
    value = evidence.variance["pca3"]
    return reading(claim.texts[0], value) is not None, {"ours": f"{value:.2f}"}


def unet_weights(widths: list[int]) -> int:
    """Return a U-Net's parameters behind 3 channels: double 3x3 convolutions, transposed 2x2 ones, 1x1 head."""
    double = sum(9 * (i * o + o * o) + 4 * o for i, o in zip([3, *widths[:-1]], widths, strict=True))
    up = sum(4 * 2 * w * w + w + 9 * (2 * w * w + w * w) + 4 * w for w in widths[:-1])
    return double + up + 4 * widths[0] + 4


def resunet_weights(widths: list[int]) -> int:
    """Return a ResU-Net's parameters behind 3 channels: three 3x3 convolutions a block, biased, and norms."""

    def block(i: int, o: int) -> int:
        return 2 * i + 9 * (2 * i * o + o * o) + 3 * o + 4 * o

    first = widths[0]
    stem = 9 * (2 * 3 * first + first * first) + 3 * first + 2 * first
    down = sum(block(i, o) for i, o in pairwise(widths))
    up = sum(4 * (2 * w) ** 2 + 2 * w + block(3 * w, w) for w in widths[:-1])
    return stem + down + up + 4 * first + 4


def stages(evidence: Evidence) -> dict[str, int]:
    """Return the number of stages at which a network has the parameters of table 5's SCRB row; 0 where none does."""
    block = _block(214, 128, 3)
    found = {}
    for name, weights in (("unet", unet_weights), ("resunet", resunet_weights)):
        text = evidence.costs[name, "scrb"][WEIGHTS]
        fits = [n for n in range(1, 7) if reading(text, (weights([64 * 2**i for i in range(n + 1)]) + block) / 1e6)]
        found[name] = fits[0] if len(fits) == 1 else 0
    return found


def _stages(evidence: Evidence, claim: Claim) -> Told:
    found = stages(evidence)
    return all(number == claim.numbers[0] for number in found.values()), found


def _counted(check: Callable[[Evidence, Claim, int], Told]) -> Check:
    """Return the check of what takes our count of all nine networks, and how many printed GMACs it meets exactly."""

    def counted(evidence: Evidence, claim: Claim) -> Told:
        if not evidence.counted:
            why = "No published dataset of ours counts all nine networks of paper 1 at its input."
            return NOT_RUN, {"why": why, "reason": BUILT}
        met = [reading(row[GMACS], evidence.count(*key)) == "rounded" for key, row in evidence.costs.items()]
        told, known = check(evidence, claim, sum(met))
        return told, {"exact": sum(met), "rows": len(met)} | known

    return counted


def _components(evidence: Evidence, claim: Claim, exact: int) -> Told:
    one = 2 * PROJECTION / KEPT
    found = each(lambda name: (evidence.cost(name, "pca3") - evidence.count(name, "pca3")) / one)
    return {round(value) for value in found.values()} == {round(claim.numbers[0])}, {"found": found}


def _cost_input(evidence: Evidence, claim: Claim, exact: int) -> Told:
    return exact > 0 and claim.numbers == [SIZE, SIZE], {"ours": f"{SIZE} x {SIZE}"}


def _unit(evidence: Evidence, claim: Claim, exact: int) -> Told:
    return MATCHES if claim.value == "GMACs" else EXPLAINED if exact else CONTRADICTED, {"ours": "GMACs"}


CHECKS: dict[str, Check] = {
    "p1-scrb-channels": _scrb_channels,
    "p1-pca-components": _counted(_components),
    "p1-pca-variance": _pca_variance,
    "p1-stages": _stages,
    "p1-cost-input": _counted(_cost_input),
    "p1-cost-unit": _counted(_unit),
}
