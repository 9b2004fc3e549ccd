"""Paper 4 (corners of a misplaced chip): what arithmetic settles, and where our own study stands beside the rest.

The paper prints curves, no score, and publishes neither photos nor code. So its settings and results can be neither
matched nor contradicted by a run of ours, which is on other boards: what we used or measured stands beside them, and
the verdict stays "not run".
"""

from collections.abc import Callable

import numpy as np

from boardbench.reproduction.checks import Check, Told
from boardbench.reproduction.evidence import Evidence
from boardbench.reproduction.ours import Ours, Rows
from boardbench.reproduction.verdicts import EXPLAINED, MATCHES, NOT_RUN, Claim

# Columns e1 to e4: the matrix of equation 5, and the corners whose difference equation 4 takes.
MATRIX = np.array([[-1, 0, 0, -1], [0, 0, 1, 1], [1, 1, 0, 0], [0, -1, -1, 0]])
EDGES = {"e1": (3, 1), "e2": (4, 3), "e3": (2, 4), "e4": (2, 1)}
_CORNERS = np.eye(4, dtype=int)
DIFFERENCES = np.array([_CORNERS[plus - 1] - _CORNERS[minus - 1] for plus, minus in EDGES.values()]).T


def _cosines(corners: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return the absolute cosines of equation 2, e1e2, e2e3, e3e4 and e4e1, of corners (2, 4)."""
    edges = corners @ matrix
    edges = edges / np.linalg.norm(edges, axis=0)
    return np.abs((edges * np.roll(edges, -1, axis=1)).sum(axis=0))


def _edges(evidence: Evidence, claim: Claim) -> Told:
    wrong = [
        f"{name} with {'the opposite sign' if (edge == -column).all() else 'other corners'}"
        for name, edge, column in zip(EDGES, DIFFERENCES.T, MATRIX.T, strict=True)
        if (edge != column).any()
    ]
    return not wrong, {"wrong": ", ".join(wrong) or "all four edges"}


def _same_penalty(evidence: Evidence, claim: Claim) -> Told:
    corners = np.random.default_rng(0).uniform(0, 256, (100, 2, 4))
    pairs = [np.isclose(_cosines(one, DIFFERENCES), _cosines(one, MATRIX)) for one in corners]
    same = int(np.all(pairs, axis=0).sum())
    return claim.numbers[0] == same, {"same": same}


def _least(evidence: Evidence, claim: Claim) -> Told:
    penalties = {}
    for angle in range(10, 171):
        across, down = np.array([3.0, 0.0]), 2 * np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        penalties[angle] = _cosines(np.array([[0, 0], across, down, across + down]).T, MATRIX).sum()
    best = min(penalties, key=penalties.__getitem__)
    return claim.numbers == [best], {"best": best, "least": penalties[best], "sixty": penalties[60]}


def _product(evidence: Evidence, claim: Claim) -> Told:
    whole, *parts = claim.numbers
    return whole == np.prod(parts), {"product": np.prod(parts)}


def _share(evidence: Evidence, claim: Claim) -> Told:
    percent, images = claim.numbers
    train = percent * images / 100
    return train.is_integer(), {"train": train, "rest": images - train}


def _unseen(evidence: Evidence, claim: Claim) -> Told:
    percent, images = evidence.claim("p4-training-share").numbers
    of_training = images - percent * images / 100
    more = evidence.claim("p4-extra-test").numbers[0]
    return EXPLAINED if of_training else MATCHES, {"of_training": of_training, "all": of_training + more}


def _beside(of: Callable[[Ours], object], check: Check | None = None) -> Check:
    """Return the check, or 'not run', with what our study has beside it; the texts may say whose boards ours are."""

    def judged(evidence: Evidence, claim: Claim) -> Told:
        placed = evidence.placed
        text = of(placed) if placed else ""
        told, known = check(evidence, claim) if check else (NOT_RUN, {})
        if not placed or text in ("", None):
            return told, known | {"placed": "The placement study is not published here yet."}
        kind = "rendered boards" if placed.about["source"] == "simulate" else "photos of our own"
        known["placed"] = f"Ours is on {kind}, not paper 4's, and settles nothing about them."
        return told, known | {"ours": f"{text} ({placed.dataset})", "command": placed.command}

    return judged


def _counts(placed: Ours) -> str:
    return " and ".join(str(placed.about["parts"][part]["images"]) for part in ("train", "validation"))


def _photos(placed: Ours) -> str:
    return "{} photos, images of {} x {}".format(placed.about["parts"]["train"]["photos"], *placed.about["size"])


def _extra(placed: Ours) -> str:
    return "{images} from {photos} photos".format(**placed.about["parts"]["test"])


def _images(placed: Ours) -> int:
    return sum(placed.about["parts"][part]["images"] for part in ("train", "validation"))


def _trained(placed: Ours) -> Rows:
    return [row for row in placed["placement"] if row["loss"] != "none"]


def _init(placed: Ours) -> str:
    return ", ".join(dict.fromkeys(row["init"] for row in _trained(placed)))


def _of_settings(key: str) -> Callable[[Ours], object]:
    return lambda placed: placed.about.get("training", {}).get("settings", {}).get(key)


def _of_training(key: str) -> Callable[[Ours], str]:
    return lambda placed: f"{placed.about['training'][key]:g}" if key in placed.about["training"] else ""


def _centres(placed: Ours) -> str:
    """Return the centre's error of our first network on validation images and on test images."""
    rows = _trained(placed)
    first = [row for row in rows if (row["init"], row["loss"]) == (rows[0]["init"], rows[0]["loss"])]
    found = {row["part"]: row["centre_mae_px"] for row in first}
    if not {"validation", "test"} <= found.keys():
        return ""
    name = f"{first[0]['init']}, loss {first[0]['loss']}, n = {first[0]['seeds']}"
    return f"centre {found['validation']} px on validation, {found['test']} on test; {name}"


def _term(placed: Ours) -> str:
    wanted = ("rectangle term", "test", "centre_mae_px")
    rows = [row for row in placed["differences"] if (row["question"], row["part"], row["metric"]) == wanted]
    return "; ".join(
        f"{row['init']}: centre {row['difference']} px"
        + (f" ({row['low']} to {row['high']}, n = {row['seeds']})" if row["low"] else "")
        + f": {row['conclusion']}"
        for row in rows
    )


def _count(placed: Ours) -> str:
    rows = [row for row in placed["complexity"] if row["network"] == "paper"]
    return f"{rows[0]['gmacs']} GMACs, {rows[0]['params_millions']} million parameters at its size" if rows else ""


CHECKS: dict[str, Check] = {
    "p4-photos": _beside(_photos),
    "p4-images": _beside(_images),
    "p4-outputs": _product,
    "p4-edges": _edges,
    "p4-same-penalty": _same_penalty,
    "p4-perpendicular": _least,
    "p4-loss-sum": _beside(_of_settings("rectangle_weight")),
    "p4-term": _beside(_term),
    "p4-frozen": _beside(_init),
    "p4-separable": _beside(lambda placed: "8 of 5 x 5"),
    "p4-dense": _beside(lambda placed: "512"),
    "p4-dropout": _beside(lambda placed: "0.1"),
    "p4-relu": _beside(lambda placed: "ReLU, the output's bias beginning at 0.5"),
    "p4-training-share": _beside(_counts, _share),
    "p4-extra-test": _beside(_extra),
    "p4-epochs": _beside(_of_training("epochs")),
    "p4-optimizer": _beside(lambda placed: "Adam"),
    "p4-batch": _beside(_of_settings("batch_size")),
    "p4-settles": _beside(_of_training("convergence_epoch")),
    "p4-similar": _beside(_centres),
    "p4-unseen": _beside(_centres, _unseen),
    "p4-low-power": _beside(_count),
    "p4-metric": _beside(lambda placed: "centre MAE" if placed["placement"] else ""),
}
