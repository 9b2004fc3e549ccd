"""Paper 1's statements without a number: what its tables, its logs and our measurements say of them."""

from boardbench.reproduction.checks import Check, Told
from boardbench.reproduction.evidence import BACKBONES, Evidence
from boardbench.reproduction.ours import RUN
from boardbench.reproduction.paper1.costs import NAMES, By, Cell, each
from boardbench.reproduction.paper1.networks import stages
from boardbench.reproduction.verdicts import MATCHES, NOT_RUN, RECORD, Claim, table_and_logs


def _latency(evidence: Evidence, claim: Claim) -> Told:
    """SCRB against the full cube, as we measured it; the author printed no time."""
    dataset, times = evidence.latency
    if any((name, strategy) not in times for name in BACKBONES for strategy in ("full", "scrb")):
        return NOT_RUN, {"why": "The paper prints no time, and no such networks of ours were timed.", "reason": RECORD}
    saved = each(lambda name: 100 * (1 - times[name, "scrb"] / times[name, "full"]))
    known = {"ours": f"{saved:.0f} % ({dataset})", "command": RUN}
    return (MATCHES if saved.ends[0] > 0 else NOT_RUN), known


def _bound(evidence: Evidence, claim: Claim) -> Told:
    above = [
        [NAMES[name] for name in BACKBONES if cell(name, "scrb", "iou") > cell(name, "full", "iou")]
        for cell in (evidence.printed, evidence.logged)
    ]
    known = dict(zip(("tables", "logs"), (", ".join(names) or "none" for names in above), strict=True))
    return table_and_logs(*(not names for names in above)), known


def _strongest(evidence: Evidence, claim: Claim) -> Told:
    def gain(cell: Cell) -> By:
        return each(lambda name: cell(name, "scrb", "iou") - cell(name, "full", "iou"))

    tables, logs = gain(evidence.printed), gain(evidence.logged)
    told = table_and_logs(*(side["resunet"] == side.ends[1] for side in (tables, logs)))
    return told, {"tables": tables, "logs": logs}


def _gates(evidence: Evidence, claim: Claim) -> Told:
    """Attention U-Net over U-Net: more than nothing with the full cube and SCRB, not with PCA-3."""
    sides = []
    for cell in (evidence.printed, evidence.logged):
        sides.append({s: cell("attention_unet", s, "iou") - cell("unet", s, "iou") for s in ("full", "pca3", "scrb")})
    told = table_and_logs(*(side["full"] > 0 and side["scrb"] > 0 and side["pca3"] <= 0 for side in sides))
    return told, dict(zip(("tables", "logs"), sides, strict=True))


def _deeper(evidence: Evidence, claim: Claim) -> Told:
    found = stages(evidence)
    return found["resunet"] > found["unet"], found


CHECKS: dict[str, Check] = {
    "p1-latency": _latency,
    "p1-upper-bound": _bound,
    "p1-strongest-gain": _strongest,
    "p1-attention-gates": _gates,
    "p1-deeper": _deeper,
}
