"""Paper 5 (slim MobileNetV2 and transfer on CIFAR): its table 1, and the sentences that arithmetic settles."""

from boardbench.reproduction.checks import (
    NETWORKS,
    Check,
    Told,
    beside,
    known_reason,
    named,
    network_score,
    total,
    trained,
)
from boardbench.reproduction.evidence import Evidence
from boardbench.reproduction.ours import Ours, Rows
from boardbench.reproduction.verdicts import BUILT, DATA, NOT_RUN, VAGUE, Claim, about, by_reading

CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
LENET = 3 * 6 * 25 + 6 + 6 * 16 * 25 + 16 + 400 * 120 + 120 + 120 * 84 + 84 + 84 * 10 + 10  # parameters, in colour
BLOCKS = sum((1, 2, 3, 4, 3, 3, 1)) + 2  # MobileNetV2's bottlenecks and the plain convolutions around them
_RANGE = 0.25, 0.5  # 1/4 to 1/2


def _class_names(evidence: Evidence, claim: Claim) -> Told:
    wrong = [name for name in claim.value.split(", ") if name not in CIFAR10]
    return not wrong, {"wrong": ", ".join(wrong), "names": ", ".join(CIFAR10)}


def _separable(evidence: Evidence, claim: Claim) -> Told:
    channels, kernel, _ = claim.numbers
    share = 1 / channels + 1 / kernel**2
    return by_reading(claim.texts[2:3], [share]), {"share": share}


def _blocks(evidence: Evidence, claim: Claim) -> Told:
    return BLOCKS in claim.numbers, {"blocks": BLOCKS, "bottlenecks": BLOCKS - 2}


def _difference(evidence: Evidence, claim: Claim) -> Told:
    more, less, stated = claim.numbers
    return more - less == stated, {"difference": more - less}


def _classes(evidence: Evidence, claim: Claim) -> Told:
    return claim.numbers == [len(CIFAR10)], {"classes": len(CIFAR10)}


def _best(evidence: Evidence, claim: Claim) -> Told:
    rows = [row for row in evidence.rows(NETWORKS) if "paper 5" in row["source"]]
    best = max(rows, key=lambda row: float(row["accuracy"]))
    return f"{best['network']} {best['setting']}" == claim.value, best


def _adam_rates(evidence: Evidence, claim: Claim) -> Told:
    of = {"network": "mobilenet_v2_slim"}
    high, low = (evidence.cell(NETWORKS, "accuracy", **of, setting=f"Adam lr {rate}") for rate in ("0.1", "0.01"))
    return high < low, {"high": high, "low": low}


def _slim(ours: Ours) -> Rows:
    return [row for row in ours["networks"] if row["network"] == "mobilenet_v2" and row["blocks"] not in ("", "19")]


def _slim_blocks(evidence: Evidence, claim: Claim) -> Told:
    counts = [int(row["blocks"]) for ours in evidence.trained for row in _slim(ours)]
    low, high = map(int, claim.texts)
    if not counts:
        return NOT_RUN, {"why": "Takes a run of a slim MobileNetV2; none is published here yet.", "reason": BUILT}
    same = all(low <= count <= high for count in counts)
    return NOT_RUN, {"with": "as many" if same else "other numbers of", "reason": VAGUE}


def _law(evidence: Evidence, claim: Claim) -> Told:
    """Put our stand-in beside the range that the paper takes for a law of transfer; it settles nothing.

    At chance a child of 10 classes whose parent has 100 is at 0.10 over 0.01, ten times its parent; where both learn
    everything they are equal. So no range below 1 follows from transfer.
    """
    arithmetic = "At chance the ratio is 0.10 / 0.01 = 10, where both are right it is 1: the range follows from nothing"
    missing = "Takes CIFAR-100, which was not at hand"
    found = [float(row["ratio"]) for ours in evidence.trained for row in ours["transfer"] if row["ratio"]]
    if not found:
        return NOT_RUN, {"why": f"{missing}. {arithmetic}.", "reason": DATA}
    side = "within" if all(_RANGE[0] <= ratio <= _RANGE[1] for ratio in found) else "outside"
    why = f"{missing}; our stand-in, from some classes to others, is {side}. {arithmetic}."
    return NOT_RUN, {"why": why, "reason": DATA}


def _children(ours: Ours) -> list[str]:
    return [f"{row['child']} over {row['parent']} {row['ratio']}" for row in ours["transfer"] if row["ratio"]]


TABLES = {NETWORKS: network_score}
CHECKS: dict[str, Check] = {
    "p5-images": total,
    "p5-cifar100-images": total,
    "p5-class-names": _class_names,
    "p5-lenet-weights": lambda evidence, claim: (about(claim.numbers[0], LENET), {"weights": LENET}),
    "p5-separable": _separable,
    "p5-blocks": _blocks,
    "p5-blocks-conclusion": _blocks,
    "p5-class-difference": _difference,
    "p5-classes": _classes,
    "p5-relu6": known_reason,
    "p5-best": _best,
    "p5-adam-rates": _adam_rates,
    "p5-slim-blocks": beside(
        trained(lambda ours: [f"{row['name']} {row['blocks']}" for row in _slim(ours)]), _slim_blocks
    ),
    "p5-head": beside(named("mobilenet_v2", "classes")),
    "p5-rates": beside(trained(lambda ours: sorted({row["learning_rate"] for row in _slim(ours)}, key=float))),
    "p5-transfer-ratio": beside(trained(_children), _law),
}
