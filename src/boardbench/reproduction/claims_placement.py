"""Checks of paper 4's sentences: what arithmetic settles, and where our own study stands beside them.

Paper 4 prints curves, no score, and publishes neither photos nor code. So its settings and results can be neither
matched nor contradicted by a run of ours, which is on other boards: what we used or measured stands beside them, and
the verdict stays "not run".
"""

from collections.abc import Callable

import numpy as np

from boardbench.reproduction.claims_costs import verdict
from boardbench.reproduction.claims_data import Check
from boardbench.reproduction.evidence import Evidence, damaged
from boardbench.reproduction.ours.placement import Placed, Rows
from boardbench.reproduction.verdicts import EXPLAINED, MATCHES, NOT_RUN, Claim, Finding

# Columns e1 to e4: the matrix of equation 5, and the differences of corners of equation 4.
MATRIX = np.array([[-1, 0, 0, -1], [0, 0, 1, 1], [1, 1, 0, 0], [0, -1, -1, 0]])
EDGES = {"e1": (3, 1), "e2": (4, 3), "e3": (2, 4), "e4": (2, 1)}
_SETTING = "A setting: neither photos nor code are published, so nothing shows it"


def _differences() -> np.ndarray:
    """Return equation 4 as a matrix (4, 4) like that of equation 5."""
    matrix = np.zeros((4, 4), dtype=int)
    for column, (plus, minus) in enumerate(EDGES.values()):
        matrix[plus - 1, column], matrix[minus - 1, column] = 1, -1
    return matrix


def _cosines(corners: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return the cosines of equation 2, e1e2, e2e3, e3e4 and e4e1, of corners (2, 4)."""
    edges = corners @ matrix
    edges = edges / np.linalg.norm(edges, axis=0)
    return (edges * np.roll(edges, -1, axis=1)).sum(axis=0)


def _edges(evidence: Evidence, claim: Claim) -> Finding:
    wrong = []
    for name, edge, column in zip(EDGES, _differences().T, MATRIX.T, strict=True):
        if (edge != column).any():
            wrong.append(f"{name} with {'the opposite sign' if (edge == -column).all() else 'other corners'}")
    why = "The penalty takes absolute cosines, so a sign does not change it."
    return Finding(verdict(not wrong), ", ".join(wrong) or "all four edges", why)


def _same_penalty(evidence: Evidence, claim: Claim) -> Finding:
    corners = np.random.default_rng(0).uniform(0, 256, (100, 2, 4))
    pairs = [(np.abs(_cosines(one, _differences())), np.abs(_cosines(one, MATRIX))) for one in corners]
    same = int(np.isclose(*np.moveaxis(np.array(pairs), 1, 0)).all(axis=0).sum())
    why = "Absolute cosines of 100 random quadrilaterals by both equations: the sign of e2 is harmless."
    return Finding(verdict(claim.numbers[0] == same), f"{same} of 4 cosines are equal", why)


def _least(evidence: Evidence, claim: Claim) -> Finding:
    angles = np.arange(10, 171)
    penalties = []
    for angle in np.radians(angles):
        across, down = np.array([3.0, 0.0]), 2 * np.array([np.cos(angle), np.sin(angle)])
        corners = np.array([[0, 0], across, down, across + down]).T
        penalties.append(np.abs(_cosines(corners, MATRIX)).sum())
    best = int(np.argmin(penalties))
    sixty = penalties[60 - 10]
    why = (
        f"Of parallelograms of 10 to 170 degrees; at 60 degrees it is {sixty:.2f}. Every rectangle has 0, so the term "
    )
    why += "says nothing of place, size or turn."
    return Finding(verdict(claim.numbers == [angles[best]]), f"{angles[best]} degrees: {penalties[best]:.2f}", why)


def _product(evidence: Evidence, claim: Claim) -> Finding:
    whole, *parts = claim.numbers
    return Finding(verdict(whole == np.prod(parts)), f"{np.prod(parts):g}", "Corners times coordinates.")


def _share(evidence: Evidence, claim: Claim) -> Finding:
    percent, images = claim.numbers
    train = percent * images / 100
    why = "A whole number of images, as it must be; the rest, of the same photos, validates and is called test dataset."
    if evidence.placed is None:
        ours, command = "", ""
    else:
        parts, command = evidence.placed.about["parts"], evidence.placed.command
        ours = f"{parts['train']['images']} and {parts['validation']['images']} ({evidence.placed.dataset})"
    found = f"{train:g} and {images - train:g}"
    return Finding(verdict(train.is_integer()), found, why, ours, command)


def _ours(evidence: Evidence, of: Callable[[Placed], str], why: str) -> Finding:
    """Return 'not run' with what our study has beside it."""
    placed = evidence.placed
    text = of(placed) if placed else ""
    if not placed or not text:
        return Finding(NOT_RUN, "", f"{why}. The placement study is not published here yet.")
    kind = "rendered boards" if placed.about["source"] == "simulate" else "photos of our own"
    why = f"{why}. Ours is on {kind}, not paper 4's, and settles nothing about them."
    return Finding(NOT_RUN, "", why, f"{text} ({placed.dataset})", placed.command)


def _setting(of: Callable[[Placed], str]) -> Check:
    return lambda evidence, _: _ours(evidence, of, _SETTING)


def _part(part: str) -> Callable[[Placed], str]:
    def of(placed: Placed) -> str:
        found = placed.about["parts"][part]
        return f"{found['images']} from {found['photos']} photos"

    return of


def _photos(placed: Placed) -> str:
    return "{} photos, images of {} x {}".format(placed.about["parts"]["train"]["photos"], *placed.about["size"])


def _images(placed: Placed) -> str:
    return str(sum(placed.about["parts"][part]["images"] for part in ("train", "validation")))


def _init(placed: Placed) -> str:
    return ", ".join(dict.fromkeys(row["init"] for row in _trained(placed.scores)))


def _training(key: str) -> Callable[[Placed], str]:
    return lambda placed: f"{placed.about['training'][key]:g}" if key in placed.about["training"] else ""


def _trained(rows: Rows) -> Rows:
    return [row for row in rows if row["loss"] != "none"]


def _centres(placed: Placed) -> str:
    """Return the centre's error of our first network on validation images and on test images."""
    rows = _trained(placed.scores)
    first = [row for row in rows if (row["init"], row["loss"]) == (rows[0]["init"], rows[0]["loss"])]
    found = {row["part"]: row for row in first}
    if not {"validation", "test"} <= found.keys():
        return ""
    name = f"{first[0]['init']}, loss {first[0]['loss']}, n = {first[0]['seeds']}"
    validation, test = (found[part]["centre_mae_px"] for part in ("validation", "test"))
    return f"centre {validation} px on validation, {test} on test; {name}"


def _term(placed: Placed) -> str:
    wanted = ("rectangle term", "test", "centre_mae_px")
    rows = [row for row in placed.differences if (row["question"], row["part"], row["metric"]) == wanted]
    return "; ".join(
        f"{row['init']}: centre {row['difference']} px"
        + (f" ({row['low']} to {row['high']}, n = {row['seeds']})" if row["low"] else "")
        + f": {row['conclusion']}"
        for row in rows
    )


def _count(placed: Placed) -> str:
    rows = [row for row in placed.complexity if row["network"] == "paper"]
    return f"{rows[0]['gmacs']} GMACs, {rows[0]['params_millions']} million parameters at its size" if rows else ""


def _claimed(evidence: Evidence, name: str) -> list[float]:
    values = [claim.numbers for claim in evidence.claims if claim.id == name]
    if not values:
        raise damaged(evidence.published / "claims.csv", f"claim {name} is missing, but p4-unseen needs it")
    return values[0]


def _unseen(evidence: Evidence, claim: Claim) -> Finding:
    percent, images = _claimed(evidence, "p4-training-share")
    more = _claimed(evidence, "p4-extra-test")[0]
    of_training = images - percent * images / 100
    found = f"{of_training:g} of {of_training + more:g} test images show the training photos"
    why = "True of the images, not of the boards: a leak. Figures 7 and 8 do not part these images from the others."
    beside = _ours(evidence, _centres, "")
    return Finding(EXPLAINED if of_training else MATCHES, found, why, beside.ours, beside.command)


_NO_RUN = "The paper prints no run without it"
_CURVE = "Read off figures 7 and 8, which print no number"
CHECKS: dict[str, Check] = {
    "p4-photos": _setting(_photos),
    "p4-images": _setting(_images),
    "p4-outputs": _product,
    "p4-edges": _edges,
    "p4-same-penalty": _same_penalty,
    "p4-perpendicular": _least,
    "p4-loss-sum": lambda evidence, _: _ours(
        evidence,
        lambda placed: placed.setting("rectangle_weight"),
        "Whether coordinates are pixels or shares of the image, on which the balance of the sum rests, is not said",
    ),
    "p4-term": lambda evidence, _: _ours(evidence, _term, _NO_RUN),
    "p4-frozen": _setting(_init),
    "p4-separable": _setting(lambda placed: "8 of 5 x 5"),
    "p4-dense": _setting(lambda placed: "512"),
    "p4-dropout": _setting(lambda placed: "0.1"),
    "p4-relu": lambda evidence, _: _ours(
        evidence,
        lambda placed: "ReLU, the output's bias beginning at 0.5",
        "A setting; an output that is below 0 for every image has no gradient and stays 0",
    ),
    "p4-training-share": _share,
    "p4-extra-test": _setting(_part("test")),
    "p4-epochs": _setting(_training("epochs")),
    "p4-optimizer": _setting(lambda placed: "Adam"),
    "p4-batch": _setting(lambda placed: placed.setting("batch_size")),
    "p4-settles": lambda evidence, _: _ours(evidence, _training("convergence_epoch"), _CURVE),
    "p4-similar": lambda evidence, _: _ours(evidence, _centres, _CURVE),
    "p4-unseen": _unseen,
    "p4-low-power": lambda evidence, _: _ours(
        evidence, _count, "The paper prints no time, no count of operations and no such machine"
    ),
}
