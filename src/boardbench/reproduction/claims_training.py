"""Checks of paper 1's sentences on networks, training settings and countings: one function a claim id."""

from itertools import pairwise

import numpy as np

from boardbench.reproduction.cells import KEPT, PROJECTION, SIZE
from boardbench.reproduction.claims_costs import each, show
from boardbench.reproduction.claims_data import Check, entry, equal, working
from boardbench.reproduction.evidence import BACKBONES, COSTS, Evidence, damaged
from boardbench.reproduction.verdicts import (
    CONTRADICTED,
    EXPLAINED,
    MATCHES,
    NOT_RUN,
    Claim,
    Finding,
    about,
    reading,
)

AUTHOR_BATCH = 4  # head of the author's run logs on full cubes
PATCH = 128  # pixels
_NOT_COUNTED = Finding(NOT_RUN, "", "No published dataset of ours counts all nine networks of paper 1 at its input.")


def _block(bands: int, middle: int, kept: int) -> int:
    """Return the parameters of an SCRB: two 1x1 convolutions without biases, each normalized."""
    return bands * middle + 2 * middle + middle * kept + 2 * kept


def _scrb_channels(evidence: Evidence, claim: Claim) -> Finding:
    bands, middle, kept = map(int, claim.numbers)
    block = _block(bands, middle, kept)
    # Each backbone's first level has 64 channels behind one 3x3 convolution; ResU-Net's has a second, the shortcut's.
    first = 64 * 9 * (bands - kept)
    saved = {name: (first * (2 if name == "resunet" else 1) - block) / 1e6 for name in BACKBONES}
    # A difference of two numbers of two decimals is good to 0.01.
    off = [
        abs(evidence.cost(name, "full", COSTS[1]) - evidence.cost(name, "scrb", COSTS[1]) - value)
        for name, value in saved.items()
    ]
    verdict = MATCHES if max(off) <= 0.01 else CONTRADICTED
    why = "The parameters that table 5 saves against the full cube are those of this block, without biases."
    return Finding(verdict, f"{block} parameters; saves {', '.join(f'{v:.2f}' for v in saved.values())} million", why)


def _training(key: str) -> Check:
    def check(evidence: Evidence, claim: Claim) -> Finding:
        value = entry(evidence, "published_training", "pca3", key)
        values = value if isinstance(value, list) else [value]
        return equal(claim, values, "As the data set's own training on PCA-3.", ", ".join(map(str, values)))

    return check


def _batch(evidence: Evidence, claim: Claim) -> Finding:
    published = entry(evidence, "published_training", "pca3", "batch")
    why = f"The data set trains PCA-3 with {published}, but the author's runs on cubes used {AUTHOR_BATCH}."
    return equal(claim, sorted({published, AUTHOR_BATCH}), why, f"{published} and {AUTHOR_BATCH}")


def _median_frequency(evidence: Evidence, claim: Claim) -> Finding:
    truth = next(iter(evidence.logs.values())).sum(axis=1)
    share = truth / truth.sum()
    weights = np.median(share) / share
    fixed = np.array(entry(evidence, "published_training", "pca3", "class_weights"))
    same = all(about(*pair) for pair in zip(fixed / fixed[0], weights / weights[0], strict=True))
    why = f"Table 2 has fixed weights {fixed.tolist()}; areas of the test truth would give the recomputed ones."
    return Finding(MATCHES if same else CONTRADICTED, ", ".join(f"{weight:.3g}" for weight in weights), why)


def _normalization(evidence: Evidence, claim: Claim) -> Finding:
    code = entry(evidence, "preprocessing").split(";")[0]
    why = "The code takes the data set's reflectance, where white is 1 and dark is 0, and scales it no further. "
    why += "paper.yaml follows the sentence (minmax), pcbvision.yaml the code (none)."
    return Finding(MATCHES if claim.value in code else EXPLAINED, code, why)


def _stopping(other: str) -> Check:
    def check(evidence: Evidence, claim: Claim) -> Finding:
        values = [row.value for row in evidence.claims if row.id == other]
        if not values:
            raise damaged(evidence.published / "claims.csv", f"claim {other} is missing, but {claim.id} needs it")
        why = "The abstract and table 2 name different quantities; which one ruled the runs is not published."
        return Finding(MATCHES if values[0] == claim.value else CONTRADICTED, values[0], why)

    return check


def _pca_fit(evidence: Evidence, claim: Claim) -> Finding:
    by_cube = "every cube" in entry(evidence, "pca").lower()
    why = "The published code fits each cube by itself, augmented copies too, so axes differ from board to board."
    return Finding(CONTRADICTED if by_cube else MATCHES, "every cube by itself" if by_cube else "training set", why)


def _pca_variance(evidence: Evidence, claim: Claim) -> Finding:
    if "pca3" not in evidence.variance:
        return Finding(NOT_RUN, "", "PCA on the boards themselves takes the data set.")
    value = evidence.variance["pca3"]
    verdict = MATCHES if reading(claim.texts[0], value) else CONTRADICTED
    return Finding(verdict, "", "Our PCA of the same boards, fitted on the training part.", f"{value:.2f}")


def _unet_weights(widths: list[int]) -> int:
    """Return a U-Net's parameters behind 3 channels: double 3x3 convolutions, transposed 2x2 ones, 1x1 head."""
    double = sum(9 * (i * o + o * o) + 4 * o for i, o in zip([3, *widths[:-1]], widths, strict=True))
    up = sum(4 * 2 * w * w + w + 9 * (2 * w * w + w * w) + 4 * w for w in widths[:-1])
    return double + up + 4 * widths[0] + 4


def _resunet_weights(widths: list[int]) -> int:
    """Return a ResU-Net's parameters behind 3 channels: three 3x3 convolutions a block, biased, and norms."""

    def block(i: int, o: int) -> int:
        return 2 * i + 9 * (2 * i * o + o * o) + 3 * o + 4 * o

    first = widths[0]
    stem = 9 * (2 * 3 * first + first * first) + 3 * first + 2 * first
    down = sum(block(i, o) for i, o in pairwise(widths))
    up = sum(4 * (2 * w) ** 2 + 2 * w + block(3 * w, w) for w in widths[:-1])
    return stem + down + up + 4 * first + 4


def _stages(evidence: Evidence, claim: Claim) -> Finding:
    block = _block(214, 128, 3)
    found = []
    for name, weights in (("unet", _unet_weights), ("resunet", _resunet_weights)):
        text = evidence.cost_text(name, "scrb", COSTS[1])
        fits = [n for n in range(1, 7) if reading(text, (weights([64 * 2**i for i in range(n + 1)]) + block) / 1e6)]
        found.append(fits[0] if len(fits) == 1 else 0)
    why = "The number of stages at which the parameters are those of table 5; the data set's ResU-Net has three."
    same = all(stages == claim.numbers[0] for stages in found)
    return Finding(MATCHES if same else CONTRADICTED, f"U-Net {found[0]}, ResU-Net {found[1]}", why)


def _exact(evidence: Evidence) -> int:
    """Return how many printed GMACs our count meets to the last digit."""
    counted = [key for key in evidence.costs if key in evidence.counted]
    return sum(reading(evidence.costs[key]["gmacs"], evidence.count(*key)) == "rounded" for key in counted)


def _cost_input(evidence: Evidence, claim: Claim) -> Finding:
    if not evidence.counted:
        return _NOT_COUNTED
    exact = _exact(evidence)
    why = f"Counted at this size, {exact} of {len(evidence.costs)} rows of table 5 come out to the last digit."
    same = exact and claim.numbers == [SIZE, SIZE]
    return Finding(MATCHES if same else CONTRADICTED, "", why, f"{SIZE} x {SIZE}")


def _unit(evidence: Evidence, claim: Claim) -> Finding:
    if not evidence.counted:
        return _NOT_COUNTED
    why = f"{_exact(evidence)} of {len(evidence.costs)} rows are our count of MACs to the digit; a MAC is two FLOPs."
    if claim.value == "GMACs":
        return Finding(MATCHES, "", why, "GMACs")
    return Finding(EXPLAINED if _exact(evidence) else CONTRADICTED, "", why, "GMACs")


def _components(evidence: Evidence, claim: Claim) -> Finding:
    if not evidence.counted:
        return _NOT_COUNTED
    one = 2 * PROJECTION / KEPT
    found = each(lambda name: (evidence.cost(name, "pca3") - evidence.count(name, "pca3")) / one)
    same = {round(value) for value in found.values()} == {round(claim.numbers[0])}
    why = "GMACs that table 5 has above our count, over those of projecting on one component at 2 per MAC."
    return Finding(MATCHES if same else CONTRADICTED, show(found), why)


def _patch_count(evidence: Evidence, claim: Claim) -> Finding:
    _, _, lines, samples = working(evidence)
    images = claim.numbers[0]
    patches = images * (lines // PATCH) * (samples // PATCH)
    why = "Baseline 1 takes whole frames by the paper's own method; cut up, the same images are more, not fewer."
    return Finding(CONTRADICTED if patches > images else MATCHES, f"{patches:.0f} patches", why)


CHECKS: dict[str, Check] = {
    "p1-normalization": _normalization,
    "p1-scrb-channels": _scrb_channels,
    "p1-epochs": _training("epochs"),
    "p1-batch": _batch,
    "p1-loss-weights": _median_frequency,
    "p1-class-weights": _training("class_weights"),
    "p1-stopping-abstract": _stopping("p1-stopping-table"),
    "p1-stopping-table": _stopping("p1-stopping-abstract"),
    "p1-patience": _training("patience"),
    "p1-pca-fit": _pca_fit,
    "p1-pca-components": _components,
    "p1-pca-variance": _pca_variance,
    "p1-stages": _stages,
    "p1-cost-input": _cost_input,
    "p1-cost-unit": _unit,
    "p1-patch-count": _patch_count,
}
