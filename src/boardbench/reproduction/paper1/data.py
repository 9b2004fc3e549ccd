"""Paper 1's sentences on data, camera and training: what the data set's files and the logs say of them."""

import re
from typing import Any

import numpy as np

from boardbench.reproduction.checks import Check, Told
from boardbench.reproduction.evidence import Evidence, damaged
from boardbench.reproduction.verdicts import EXPLAINED, MATCHES, Claim, about, by_reading

LOW, HIGH, RAW = 400, 1000, 224  # nm, nm, bands of the FX10: Specim's data sheet
E_WASTE = ((2022, 62), (2030, 82))  # year, million tonnes: Global E-waste Monitor 2024, the source that is cited
PATCH = 128  # pixels: of the full-band experiment of the data set's authors


def facts(evidence: Evidence) -> dict[str, Any]:
    """Return what the texts of paper 1's claims may name: all that follows from its evidence without the claim."""
    preprocessing = evidence.scene("preprocessing")
    found = re.search(r"FIRST (\d+) of (\d+) bands; resize to (\d+) x (\d+)", preprocessing)
    if not found:
        path = evidence.published / "pcbvision_scenes.yaml"
        raise damaged(path, f"preprocessing is {preprocessing!r}: bands or size missing")
    dropped, raw, lines, samples = map(int, found.groups())
    train, validation, test, unused = (len(evidence.scene(part)) for part in ("train", "validation", "test", "unused"))
    images = evidence.claim("p1-split-counts").numbers[0]
    copies = round(images / train)
    trainings = evidence.scene("published_training")
    logs = evidence.logs.values()
    frames = {counts.sum() / test for counts in logs}
    known = {"dropped": dropped, "raw": raw, "kept": raw - dropped, "lines": lines, "samples": samples}
    known |= {"first": LOW + dropped * (HIGH - LOW) / RAW, "sizes": evidence.scene("cube_sizes_seen")}
    known |= {"code": preprocessing.split(";")[0]}
    known |= {"train": train, "validation": validation, "test": test, "boards": train + validation + test + unused}
    known |= {"images": images, "copies": copies, "made": train * copies, "augmented": copies - 1}
    known |= {"patch_count": images * (lines // PATCH) * (samples // PATCH)}
    known |= {"experiments": len(trainings), "trainings": ", ".join(trainings), **trainings}
    known |= {"weights": ", ".join(map(str, evidence.scene("published_training", "pca3", "class_weights")))}
    by_cube = "every cube" in evidence.scene("pca").lower()
    known |= {"pca_fit": "every cube by itself" if by_cube else "training set"}
    known |= {"logs": len(logs), "truths": len({tuple(counts.sum(axis=1)) for counts in logs})}
    known |= {"frame": frames.pop() ** 0.5 if len(frames) == 1 else 0.0}
    known |= {"classes": ", ".join(map(str, sorted({len(counts) for counts in logs})))}
    backbones, strategies = (len(set(names)) for names in zip(*evidence.costs, strict=True))
    known |= {"backbones": backbones, "strategies": strategies}
    return known | {"values": {claim.id: claim.value for claim in evidence.claims}}


def _e_waste_growth(evidence: Evidence, claim: Claim) -> Told:
    (start, first), (end, last) = E_WASTE
    percent = 100 * ((last / first) ** (1 / (end - start)) - 1)
    return about(claim.numbers[0], percent), {"percent": percent, "first": first, "last": last}


def _band_range(evidence: Evidence, claim: Claim) -> Told:
    known = facts(evidence)
    return EXPLAINED if claim.numbers == [known["kept"], LOW, HIGH] else False, known


def _spacing(evidence: Evidence, claim: Claim) -> Told:
    spacing = (HIGH - LOW) / RAW
    return by_reading(claim.texts[:1], [spacing]), {"spacing": spacing}


def _normalization(evidence: Evidence, claim: Claim) -> Told:
    known = facts(evidence)
    return MATCHES if claim.value in known["code"] else EXPLAINED, known


def _median_frequency(evidence: Evidence, claim: Claim) -> Told:
    truth = next(iter(evidence.logs.values())).sum(axis=1)
    share = truth / truth.sum()
    weights = np.median(share) / share
    fixed = np.array(evidence.scene("published_training", "pca3", "class_weights"))
    same = all(about(*pair) for pair in zip(fixed / fixed[0], weights / weights[0], strict=True))
    return same, {"weights": ", ".join(f"{weight:.3g}" for weight in weights), "fixed": fixed.tolist()}


CHECKS: dict[str, Check] = {
    "p1-e-waste-growth": _e_waste_growth,
    "p1-band-range": _band_range,
    "p1-band-spacing": _spacing,
    "p1-normalization": _normalization,
    "p1-loss-weights": _median_frequency,
}
