"""Checks of sentences of papers 2, 3 and 5 on ready networks that our runs may stand beside: one text a claim id."""

from collections.abc import Callable
from dataclasses import replace

from boardbench.reproduction.claims_data import Check
from boardbench.reproduction.evidence import Evidence
from boardbench.reproduction.ours.networks import Rows, Trained
from boardbench.reproduction.verdicts import CONTRADICTED, EXPLAINED, NOT_RUN, Claim, Finding

Ours = Callable[[Trained], list[str]]
_SETTING = "A setting: the author's runs are not published with the paper, so nothing here shows it"
_NO_CIFAR100 = "Takes CIFAR-100, which was not at hand"
_RANGE = 0.25, 0.5  # 1/4 to 1/2


def beside(check: Check, of: Ours) -> Check:
    """Return the check with what our networks have put beside its finding."""

    def judged(evidence: Evidence, claim: Claim) -> Finding:
        found, command = check(evidence, claim), ""
        texts = []
        for trained in evidence.trained:
            if listed := list(dict.fromkeys(of(trained))):
                texts.append(f"{'; '.join(listed)} ({trained.data})")
                command = command or trained.command
        return replace(found, ours="; ".join(texts), command=command) if texts else found

    return judged


def setting(of: Ours, why: str = _SETTING) -> Check:
    """Return a check that stays 'not run', with ours beside."""
    return beside(lambda evidence, claim: Finding(NOT_RUN, "", f"{why}."), of)


def _nothing(trained: Trained) -> list[str]:
    return []


def _named(rows: Rows, *columns: str) -> list[str]:
    return [f"{row['name']} {' '.join(row[name] for name in columns)}" for row in rows]


def _slim(trained: Trained) -> Rows:
    return [row for row in trained.networks if row["network"] == "mobilenet_v2" and row["blocks"] not in ("", "19")]


def _shares(trained: Trained) -> list[str]:
    rows = [row for row in trained.efficiency if row["method"] == "unstructured"]
    return [f"{row['name']} {100 * float(row['ratio']):.3g} %" for row in rows]


def _slim_blocks(evidence: Evidence, claim: Claim) -> Finding:
    why = "The paper prints its table of stages as a figure alone, so ours is a table of its own"
    counts = [int(row["blocks"]) for trained in evidence.trained for row in _slim(trained)]
    if not counts:
        return Finding(NOT_RUN, "", "Takes a run of a slim MobileNetV2; none is published here yet.")
    low, high = map(int, claim.texts)
    if all(low <= count <= high for count in counts):
        return Finding(EXPLAINED, "", f"{why}, with as many blocks.")
    return Finding(NOT_RUN, "", f"{why}, with other numbers of blocks.")


def _law(evidence: Evidence, claim: Claim) -> Finding:
    """Judge the range that paper 5 takes for a law of transfer.

    At chance a child of 10 classes whose parent has 100 is at 0.10 over 0.01, ten times its parent; where both learn
    everything they are equal. So no range below 1 follows from transfer.
    """
    arithmetic = "At chance the ratio is 0.10 / 0.01 = 10, where both are right it is 1: the range follows from nothing"
    found = [float(row["ratio"]) for trained in evidence.trained for row in trained.transfer if row["ratio"]]
    if not found:
        return Finding(NOT_RUN, "", f"{_NO_CIFAR100}. {arithmetic}.")
    text = f"{min(found):.2f} to {max(found):.2f}"
    if all(_RANGE[0] <= ratio <= _RANGE[1] for ratio in found):
        return Finding(NOT_RUN, text, f"{_NO_CIFAR100}; our stand-in is within. {arithmetic}.")
    return Finding(CONTRADICTED, text, f"{arithmetic}, and our stand-in from some classes to others is outside.")


def _head(trained: Trained) -> list[str]:
    return [f"{row['name']} {row['classes']}" for row in trained.networks if row["network"] == "mobilenet_v2"]


def _children(trained: Trained) -> list[str]:
    return [f"{row['child']} over {row['parent']} {row['ratio']}" for row in trained.transfer if row["ratio"]]


def _of(network: str, *columns: str) -> Ours:
    return lambda trained: _named([row for row in trained.networks if row["network"] == network], *columns)


def _passes(trained: Trained) -> list[str]:
    return sorted({row["n"] for row in trained.latency}, key=int)


def _rates(trained: Trained) -> list[str]:
    return sorted({row["learning_rate"] for row in _slim(trained)}, key=float)


CHECKS: dict[str, Check] = {
    "p2-vgg-setting": setting(_of("vgg16", "epochs", "learning_rate")),
    "p3-prune-ratio": setting(_shares, "An example in the text; which share the tables are of is not said"),
    "p3-fine-tuning": setting(_nothing),
    "p3-passes": setting(_passes),
    "p5-slim-blocks": beside(_slim_blocks, lambda trained: _named(_slim(trained), "blocks")),
    "p5-head": setting(_head),
    "p5-rates": setting(_rates),
    "p5-parent-epochs": setting(_nothing, _NO_CIFAR100),
    "p5-child-epochs": setting(_nothing, _NO_CIFAR100),
    "p5-transfer-ratio": beside(_law, _children),
}
