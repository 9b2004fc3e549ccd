"""Checks of paper 1's sentences on data, camera and training settings: one function a claim id."""

import re
from collections.abc import Callable
from typing import Any

from boardbench.reproduction.evidence import CLASSES, Evidence, damaged
from boardbench.reproduction.verdicts import (
    CONTRADICTED,
    EXPLAINED,
    MATCHES,
    Claim,
    Finding,
    about,
    by_reading,
)

Check = Callable[[Evidence, Claim], Finding]

FX10 = (400, 1000, 224)  # nm, nm, bands: Specim's data sheet
MASK_CLASSES = 4  # General and Monoseg alike: readme of github.com/Elias-Arbash/PCBVision
CUBES_A_BOARD = 1  # same readme: 53 boards, 53 cubes
TURN = 15  # degrees, to either side: data_augmentation in dataset_functions.py of the same repository
E_WASTE = ((2022, 62), (2030, 82))  # year, million tonnes: Global E-waste Monitor 2024, the source that is cited


def entry(evidence: Evidence, *path: str) -> Any:
    """Return an entry of the data set's file."""
    found: Any = evidence.scenes
    for name in path:
        if not isinstance(found, dict) or name not in found:
            raise damaged(evidence.published / "pcbvision_scenes.yaml", f"{'.'.join(path)} is missing")
        found = found[name]
    return found


def _boards(evidence: Evidence) -> list[int]:
    return [len(entry(evidence, part)) for part in ("train", "validation", "test", "unused")]


def working(evidence: Evidence) -> tuple[int, int, int, int]:
    """Return dropped bands, raw bands, lines and samples of the data set's preprocessing."""
    text = entry(evidence, "preprocessing")
    found = re.search(r"FIRST (\d+) of (\d+) bands; resize to (\d+) x (\d+)", text)
    if not found:
        raise damaged(evidence.published / "pcbvision_scenes.yaml", f"preprocessing is {text!r}: bands or size missing")
    return tuple(map(int, found.groups()))


def equal(claim: Claim, values: list[float], why: str, shown: str = "") -> Finding:
    """Compare the numbers of a claim one by one."""
    shown = shown or " x ".join(f"{value:g}" for value in values)
    return Finding(MATCHES if claim.numbers == values else CONTRADICTED, shown, why)


def _e_waste_mass(evidence: Evidence, claim: Claim) -> Finding:
    year, mass = E_WASTE[0]
    return equal(
        claim,
        [mass, year],
        "The cited Global E-waste Monitor 2024 gives this mass for an earlier year.",
        f"{mass} million tonnes in {year}",
    )


def _e_waste_growth(evidence: Evidence, claim: Claim) -> Finding:
    (start, first), (end, last) = E_WASTE
    percent = 100 * ((last / first) ** (1 / (end - start)) - 1)
    verdict = MATCHES if about(claim.numbers[0], percent) else CONTRADICTED
    return Finding(verdict, f"{percent:.1f} % a year", f"The cited Monitor projects {first} to {last} million tonnes.")


def _cube_size(evidence: Evidence, claim: Claim) -> Finding:
    dropped, raw, lines, samples = working(evidence)
    sizes = entry(evidence, "cube_sizes_seen")
    return equal(claim, [lines, samples, raw - dropped], f"This is the size after resizing; recorded are {sizes}.")


def _band_range(evidence: Evidence, claim: Claim) -> Finding:
    dropped, raw, *_ = working(evidence)
    low, high, bands = FX10
    kept = low + dropped * (high - low) / bands
    if claim.numbers != [raw - dropped, low, high]:
        return Finding(CONTRADICTED, f"{raw - dropped} bands over {kept:.0f}-{high} nm", "The camera gives other ends.")
    why = f"The range is that of all {raw} bands; without the first {dropped} it begins at about {kept:.0f} nm."
    return Finding(EXPLAINED, f"{raw - dropped} bands over {kept:.0f}-{high} nm", why)


def _scenes_conditions(evidence: Evidence, claim: Claim) -> Finding:
    boards = sum(_boards(evidence))
    why = "The data set has one cube a board; 53 x 3 only happens to equal 126 + 3 + 30."
    return equal(claim, [boards, CUBES_A_BOARD], why)


def _scene_count(evidence: Evidence, claim: Claim) -> Finding:
    return equal(claim, [sum(_boards(evidence))], "The scene lists, with the unused boards, hold this many.")


def _copies(evidence: Evidence, images: float) -> float:
    return images / _boards(evidence)[0]


def _split_counts(evidence: Evidence, claim: Claim) -> Finding:
    train, validation, test, _ = _boards(evidence)
    copies = round(_copies(evidence, claim.numbers[0]))
    why = f"The training images are {train} boards x {copies}: the original and {copies - 1} augmented copies."
    return equal(claim, [train * copies, validation, test], why, f"{train * copies} / {validation} / {test}")


def _split_conditions(evidence: Evidence, claim: Claim) -> Finding:
    boards = _boards(evidence)[:3]
    why = "A validation part of 3 images is 3 boards, not 3 conditions of one: the lists name each board once."
    return equal(claim, [CUBES_A_BOARD], why, f"{CUBES_A_BOARD} cube a board, {' / '.join(map(str, boards))} boards")


def _same_split(evidence: Evidence, claim: Claim) -> Finding:
    truths = {tuple(counts.sum(axis=1)) for counts in evidence.logs.values()}
    why = f"The {len(evidence.logs)} logs count the true classes of {len(truths)} test part(s)."
    return equal(claim, [len(truths)], why)


def _full_frames(evidence: Evidence, claim: Claim) -> Finding:
    frames = {counts.sum() / _boards(evidence)[2] for counts in evidence.logs.values()}
    size = sorted(frames)[-1] ** 0.5
    values = [size, size] if len(frames) == 1 else [0.0]
    return equal(claim, values, f"Every log holds {_boards(evidence)[2]} frames of this many pixels.")


def _strategies(evidence: Evidence, claim: Claim) -> Finding:
    return equal(claim, [len({key[1] for key in evidence.costs})], "As many stand in its tables.")


def _backbones(evidence: Evidence, claim: Claim) -> Finding:
    return equal(claim, [len({key[0] for key in evidence.costs})], "As many stand in its tables; the data set has 5.")


def _raw_bands(evidence: Evidence, claim: Claim) -> Finding:
    return equal(claim, [FX10[2], *FX10[:2]], "Specim's data sheet.", f"{FX10[2]} bands, {FX10[0]}-{FX10[1]} nm")


def _spacing(evidence: Evidence, claim: Claim) -> Finding:
    low, high, bands = FX10
    value = (high - low) / bands
    return Finding(
        by_reading([(claim.texts[0], value)]),
        f"{value:.1f} nm",
        f"({high} - {low}) nm over {bands} bands; about 5 nm is the width of a band, not the spacing.",
    )


def _dropped(evidence: Evidence, claim: Claim) -> Finding:
    dropped, raw, *_ = working(evidence)
    return equal(
        claim,
        [dropped, raw - dropped],
        "All of them at the blue end: the first bands.",
        f"{dropped} dropped, {raw - dropped} left",
    )


def _mask_classes(evidence: Evidence, claim: Claim) -> Finding:
    sizes = {len(counts) for counts in evidence.logs.values()}
    return equal(claim, sorted(sizes), f"The logs count {', '.join(CLASSES)}.")


def _monoseg(evidence: Evidence, claim: Claim) -> Finding:
    why = "The data set's readme gives Monoseg the same four classes; it labels only a component's main material."
    return equal(claim, [MASK_CLASSES], why, f"{MASK_CLASSES} classes")


def _experiments(evidence: Evidence, claim: Claim) -> Finding:
    names = list(entry(evidence, "published_training"))
    return equal(claim, [len(names)], f"The data set publishes a training for each: {', '.join(names)}.")


def _original(kind: str) -> Check:
    def check(evidence: Evidence, claim: Claim) -> Finding:
        text = entry(evidence, "published_training", kind, "input")
        numbers = [float(found) for found in re.findall(r"\d+", text)]
        return equal(claim, numbers, "The data set's own protocol.", text)

    return check


def _rotation(evidence: Evidence, claim: Claim) -> Finding:
    why = "The data set's pipeline turns by this much, shifts by 10 to 30 pixels and flips; it has no quarter turns."
    return equal(claim, [TURN], why, f"{TURN} degrees to either side")


def _probability(evidence: Evidence, claim: Claim) -> Finding:
    train = _boards(evidence)[0]
    images = next((row.numbers[0] for row in evidence.claims if row.id == "p1-split-counts"), float("nan"))
    copies = _copies(evidence, images)
    why = f"{images:g} images of {train} boards leave {copies - 1:g} fixed copies a board: nothing is drawn."
    return Finding(CONTRADICTED if copies > 1 else MATCHES, "1 each", why)


CHECKS: dict[str, Check] = {
    "p1-e-waste-mass": _e_waste_mass,
    "p1-e-waste-growth": _e_waste_growth,
    "p1-cube-size": _cube_size,
    "p1-band-range": _band_range,
    "p1-scenes-conditions": _scenes_conditions,
    "p1-scenes": _scene_count,
    "p1-split-counts": _split_counts,
    "p1-split-conditions": _split_conditions,
    "p1-same-split": _same_split,
    "p1-full-frames": _full_frames,
    "p1-strategies": _strategies,
    "p1-backbones": _backbones,
    "p1-camera": _raw_bands,
    "p1-band-spacing": _spacing,
    "p1-dropped-bands": _dropped,
    "p1-mask-classes": _mask_classes,
    "p1-monoseg": _monoseg,
    "p1-experiments": _experiments,
    "p1-original-patches": _original("patches"),
    "p1-original-pca": _original("pca3"),
    "p1-augmentation-turns": _rotation,
    "p1-augmentation-chance": _probability,
}
