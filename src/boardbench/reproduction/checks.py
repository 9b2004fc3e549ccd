"""What the checks of several papers share: ours beside a finding, sums, and numbers that repeat a table's.

A check returns whether a sentence holds, or another verdict, and what fills the texts of its record in claims.csv
(``recomputed`` and ``why``); a ``why`` of its own stands in their place, ``ours`` and ``command`` beside them.
"""

from collections.abc import Callable
from typing import Any

from boardbench.reproduction.evidence import Evidence
from boardbench.reproduction.ours import Ours, Row
from boardbench.reproduction.verdicts import (
    EXPLAINED,
    LONG,
    MATCHES,
    NOT_RUN,
    VAGUE,
    Claim,
    Finding,
    by_reading,
    numbers_in,
)

Told = tuple[bool | str, dict[str, Any]]
Check = Callable[[Evidence, Claim], Told]
Cell = Callable[[Evidence, Row, str], Finding]  # (evidence, row of a published table, column)
Beside = Callable[[Evidence], tuple[str, str]]  # what we measured or counted, and the command that makes it

COMMAND = "boardbench reproduction --reports reports"
BASELINES, EFFICIENCY, SECONDS, NETWORKS = (
    f"cifar10_{name}.csv" for name in ("baselines", "efficiency", "epoch_seconds", "networks")
)
# Repositories on GitHub as they were read, owner/name@commit: of the papers' authors (code, logs, JSON files, poster)
# and of paper 1's data set.
AUTHORS = {"1": "lcg0070/HGU-MCE-Capstone@d9f99a7", "2": "emily-palaska/cifar10-nn@0485c69"}
PCBVISION = "hifexplo/PCBVision@2935b5c"
METRICS = ("accuracy", "precision", "recall", "f_score")
UNRUN = "Takes training on all images of CIFAR-10; no run of this network at that length is published here."


def classified(of: Callable[[Ours], str]) -> Beside:
    """Return what our baselines on CIFAR-10 say; nothing where there are none."""

    def found(evidence: Evidence) -> tuple[str, str]:
        ours = evidence.classified
        text = of(ours) if ours else ""
        return (f"{text} ({ours.dataset})", ours.command) if ours and text else ("", "")

    return found


def trained(of: Callable[[Ours], list[str]]) -> Beside:
    """Return what our networks say, data set by data set, and the command of the first that says anything."""

    def found(evidence: Evidence) -> tuple[str, str]:
        told = [(ours, list(dict.fromkeys(of(ours)))) for ours in evidence.trained]
        texts = [f"{'; '.join(texts)} ({ours.data})" for ours, texts in told if texts]
        return "; ".join(texts), next((ours.command for ours, texts in told if texts), "")

    return found


def named(network: str, *columns: str) -> Beside:
    """Return columns of every run of ours of a network, behind its name."""
    return trained(
        lambda ours: [
            " ".join(row[name] for name in ("name", *columns)) for row in ours["networks"] if row["network"] == network
        ]
    )


def beside(of: Beside, check: Check = lambda evidence, claim: (NOT_RUN, {})) -> Check:
    """Return the check, or 'not run', with what we measured or counted beside it."""

    def judged(evidence: Evidence, claim: Claim) -> Told:
        told, known = check(evidence, claim)
        return told, known | dict(zip(("ours", "command"), of(evidence), strict=True))

    return judged


def total(evidence: Evidence, claim: Claim) -> Told:
    """Check that a whole is the sum of its parts (the numbers that follow it)."""
    whole, *parts = claim.numbers
    return whole == sum(parts), {"sum": sum(parts)}


def as_text(evidence: Evidence, claim: Claim) -> Told:
    """Numbers of a text against those that its record was given, from a source that it names."""
    return list(map(float, numbers_in(claim.recomputed))) == claim.numbers, {}


def known_reason(evidence: Evidence, claim: Claim) -> Told:
    """A text that differs from what the author's code has, for the reason that its record gives."""
    return (MATCHES if claim.recomputed == claim.value else EXPLAINED), {}


def repeated(file: str, *cells: tuple[str, str], factor: float = 1) -> Check:
    """Numbers of the text that repeat cells (network, column) of a table."""

    def check(evidence: Evidence, claim: Claim) -> Told:
        values = [factor * evidence.cell(file, column, network=network) for network, column in cells]
        return by_reading(claim.texts, values), {"values": " / ".join(f"{value:g}" for value in values)}

    return check


def network_score(evidence: Evidence, row: Row, column: str) -> Finding:
    """Put our score at a published setting beside it; a training of unknown recipe settles nothing."""

    def of(ours: Ours) -> list[str]:
        wanted = (row["network"].removesuffix("_slim"), row["setting"])
        rows = [one for one in ours["networks"] if (one["network"], one["setting_published"]) == wanted]
        return [f"{one['name']} {one[column]} ({one['epochs']} epochs, n = {one['seeds']})" for one in rows]

    text, command = trained(of)(evidence)
    part = any(not ours.about["complete"] and of(ours) for ours in evidence.trained)
    why = "The paper gives neither batch size nor augmentation, so ours is another recipe and settles nothing"
    why += "; ours saw a part of the images." if part else "."
    return Finding(NOT_RUN, "", why if text else UNRUN, text, command, VAGUE if text else LONG)
