"""The claims of all papers: every one has a function that checks it, or says what run or source it takes.

A check is one small function ``(evidence, claim) -> Finding`` under the claim's id in a ``CHECKS`` dict of a
claims_*.py file. A claim without one names, in its derivation, the run ("run: ...") or the source outside the papers
("source: ...") that would settle it; a command in backticks there repeats it.
"""

import re

from boardbench.reproduction import (
    claims_baselines,
    claims_costs,
    claims_data,
    claims_efficiency,
    claims_networks,
    claims_placement,
    claims_scores,
    claims_training,
)
from boardbench.reproduction.claims_data import Check
from boardbench.reproduction.evidence import Evidence, damaged
from boardbench.reproduction.verdicts import NOT_RUN, Claim, Finding

CHECKS: dict[str, Check] = (
    claims_data.CHECKS
    | claims_training.CHECKS
    | claims_costs.CHECKS
    | claims_scores.CHECKS
    | claims_baselines.CHECKS
    | claims_efficiency.CHECKS
    | claims_networks.CHECKS
    | claims_placement.CHECKS
)
_WITHOUT = {"run": "Takes a run: ", "source": "Takes a source outside the papers: "}


def judge(evidence: Evidence, claim: Claim) -> tuple[Finding, str]:
    """Judge one claim.

    Returns:
        The finding, and the command that the check or the derivation names (empty where none does).

    Raises:
        BoardbenchError: the claim has neither a check nor a stated run or source, or its value has not the numbers
            that its check compares; names the file, the id and the remedy.
    """
    path = evidence.published / "claims.csv"
    command = re.search(r"`([^`]+)`", claim.derivation)
    named = command.group(1) if command else ""
    if claim.id in CHECKS:
        try:
            found = CHECKS[claim.id](evidence, claim)
            return found, found.command or named
        except (IndexError, ValueError, ZeroDivisionError):
            raise damaged(
                path, f"value {claim.value!r} of claim {claim.id} lacks numbers that its check needs"
            ) from None
    kind, _, rest = (part.strip() for part in claim.derivation.partition(":"))
    if kind not in _WITHOUT or not rest:
        raise damaged(
            path,
            f"claim {claim.id} has no check in boardbench.report and its derivation, {claim.derivation!r}, begins "
            "neither with 'run: ' nor with 'source: '",
        )
    return Finding(NOT_RUN, "", _WITHOUT[kind] + rest.rstrip(".") + "."), named
