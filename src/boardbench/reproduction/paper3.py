"""Paper 3 (a pruned SE-ResNet-18 on CIFAR-10): its tables I and II, and the sentences that follow from them."""

from statistics import mean

from boardbench.report.classification.network_charts import BATCH, RUNTIME
from boardbench.reproduction.checks import EFFICIENCY, UNRUN, Check, Told, beside, repeated, total, trained
from boardbench.reproduction.evidence import Evidence
from boardbench.reproduction.ours import Ours, Row, Rows
from boardbench.reproduction.resnet18 import resnet18, resnet18_small_images, squeeze_excitation
from boardbench.reproduction.verdicts import (
    CONTRADICTED,
    EXPLAINED,
    LONG,
    MATCHES,
    NOT_RUN,
    VAGUE,
    Claim,
    Finding,
    by_reading,
    reading,
)

# Parameters with 1000 classes, values that the last layer sees, and GMACs at 224 x 224 as each network's own paper
# gives them: Sandler et al. 2018, Ma et al. 2018, Tan and Le 2019.
RIVALS = {
    "mobilenet_v2": (3_504_872, 1280, 0.30),
    "shufflenet_v2": (2_278_604, 1024, 0.146),
    "efficientnet_b0": (5_288_548, 1280, 0.39),
}
SHARE = 0.3  # of the weights, the paper's example of what pruning removes
TIME, ACCURACY = "inference_ms_per_batch", "accuracy_percent"
OWN = "se_resnet18_pruned"  # the network that the paper proposes
_COLUMNS = {"params_millions": (0, 1e6), "gflops": (1, 1e9)}


def _called(one: Row) -> str:
    """Return our row's name, and its pruning where it has one."""
    return " ".join(filter(None, (one["name"], one["pruning"])))


def _same(ours: Ours, row: Row) -> Rows:
    """Return our rows of the paper's network, pruned as it is said to be."""
    wanted = (row["network"].removesuffix("_pruned"), "unstructured" if row["network"].endswith("_pruned") else "")
    rows = [one for one in ours["efficiency"] if one["params_millions_published"]]
    return [one for one in rows if (one["network"], one["method"]) == wanted]


def _counted(one: Row, column: str) -> str:
    """Return what we counted, for CIFAR-10 at 32 x 32; of pruned networks what is not zero besides."""
    if column == "gflops":
        return f"{_called(one)} {float(one['gmacs']):.3g} GMACs"
    rest = f", not zero {one['parameters_nonzero_millions']}" if one["method"] else ""
    return f"{_called(one)} {one['parameters_millions']}{rest}"


def _resnet(row: Row, column: str) -> Finding:
    index, unit = _COLUMNS[column]
    whole, small = (resnet18(*network)[index] / unit for network in ((1000, 224), (10, 32)))
    text, unpruned = row[column], row["network"].removesuffix("_pruned")
    if row["network"] == "resnet18" and reading(text, whole) == "rounded":
        why = f"ResNet-18 for 1000 classes at 224 x 224; for CIFAR-10 at 32 x 32 it is {small:.3g}"
        why += f", with a 3 x 3 stem {resnet18_small_images(10)[index] / unit:.3g}." if index else "."
        return Finding(EXPLAINED, f"{whole:.2f}", why)
    by_ratio = {ratio: whole + squeeze_excitation(ratio)[index] / unit for ratio in range(1, 65)}
    if row["network"] == "se_resnet18":
        if any(reading(text, value) == "rounded" for value in by_ratio.values()):
            why = "The paper gives no r; r = 16 gives the number beside."
            return Finding(NOT_RUN, f"{by_ratio[16]:.2f}", why, reason=VAGUE)
        why = "With r = 16; no whole r up to 64 gives the printed number."
        return Finding(CONTRADICTED, f"{by_ratio[16]:.2f}", why)
    dense = whole if unpruned == "resnet18" else by_ratio[16]
    kept = (1 - SHARE) * dense
    if column == "params_millions" and reading(text, kept) == "rounded":
        why = f"The weights that are not zero after {SHARE:.0%} were set to zero; stored, a dense network keeps all "
        return Finding(EXPLAINED, f"{kept:.2f}", f"{why}{dense:.2f} million.")
    what = "stored" if column == "params_millions" else "multiplied"
    why = f"Setting single weights to zero, which the paper says it does, leaves as many {what}: {dense:.2f}"
    return Finding(CONTRADICTED, f"{dense:.2f}", f"{why} (not zero at its example of {SHARE:.0%}: {kept:.2f}).")


def _rival(row: Row, column: str) -> Finding:
    weights, features, macs = RIVALS[row["network"]]
    text = row[column]
    if column == "gflops":
        if reading(text, macs):
            return Finding(MATCHES, f"{macs:g}", "GMACs at 224 x 224 for 1000 classes, as its own paper gives them.")
        index = list(RIVALS).index(row["network"]) - 1
        above = list(RIVALS)[index] if index >= 0 else ""
        of = f"{RIVALS[above][2]:g} is {above}'s" if above else f"{text} is the proposed network's"
        why = f"The column is one row off: {of}. This network's own paper gives {macs:g} at 224 x 224."
        return Finding(EXPLAINED, f"{macs:g}", why)
    small, whole = (weights - (features + 1) * 990) / 1e6, weights / 1e6
    if reading(text, small) == "rounded":
        return Finding(MATCHES, f"{small:.2f}", "With ten classes, though table I counts ResNet-18 with 1000.")
    how = reading(text, whole)
    if how is None:
        return Finding(CONTRADICTED, f"{whole:.2f}", f"With 1000 classes; with ten {small:.2f}.")
    cut = ", cut off instead of rounded" if how == "truncated" else ""
    return Finding(EXPLAINED, f"{whole:.2f}", f"With 1000 classes{cut}; with CIFAR-10's ten {small:.2f}.")


def _milliseconds(given: Rows) -> str:
    """Return the time of a network, the mean over its seeds."""
    first = given[0]
    text = f"{mean(float(one['p50_ms']) for one in given):.3g} ms (one image, ONNX Runtime, {first['threads']} thread"
    text += "s" if first["threads"] != "1" else ""
    faster = [float(one["speedup"]) for one in given if one["speedup"]]
    return text + (f", {mean(faster):.2f} times as fast as before)" if faster else ")")


def _times(ours: Ours, row: Row) -> list[str]:
    found: dict[str, Rows] = {}
    wanted = (row["network"].removesuffix("_pruned"), row["network"].endswith("_pruned"), row[TIME], RUNTIME, BATCH)
    for one in ours["latency"]:
        printed = one["inference_ms_per_batch_published"]
        if (one["network"], bool(one["pruning"]), printed, one["runtime"], one["batch"]) == wanted:
            found.setdefault(_called(one), []).append(one)
    return [f"{name} {_milliseconds(given)}" for name, given in found.items()]


def efficiency(evidence: Evidence, row: Row, column: str) -> Finding:
    """Judge a cell of tables I and II: counts by arithmetic; scores and times of unknown recipes settle nothing."""
    if column == TIME:
        why = "A time on its author's machine, of a batch whose size and device are not named."
        if row["network"].endswith("_pruned"):
            before = evidence.rows(EFFICIENCY, network=row["network"].removesuffix("_pruned"))[0]
            why += " Suspect: zeros do not make a dense network faster, but printed is less than "
            why += f"{before['network']}'s {before[TIME]} ms."
        return Finding(NOT_RUN, "", why, *trained(lambda ours: _times(ours, row))(evidence), reason=VAGUE)
    if column == ACCURACY:
        form = "{} {:.2f} % (n = {})"
        text, command = trained(
            lambda ours: [
                form.format(_called(one), 100 * float(one["accuracy"]), one["seeds"]) for one in _same(ours, row)
            ]
        )(evidence)
        why = "One run without a spread, of a recipe that the paper does not give; ours is another and settles nothing."
        return Finding(NOT_RUN, "", why if text else UNRUN, text, command, VAGUE if text else LONG)
    found = _rival(row, column) if row["network"] in RIVALS else _resnet(row, column)
    ours = trained(lambda ours: [_counted(one, column) for one in _same(ours, row)])(evidence)
    return Finding(found.verdict, found.recomputed, found.why, *ours, reason=found.reason)


def _less(column: str) -> Check:
    """Percentage by which the proposed network is below the original ResNet-18."""

    def check(evidence: Evidence, claim: Claim) -> Told:
        before, after = (evidence.cell(EFFICIENCY, column, network=name) for name in ("resnet18", OWN))
        less = 100 * (1 - after / before)
        known = {"before": before, "after": after, "less": less, "times": before / after}
        return by_reading(claim.texts[:1], [less]), known | {"faster": 100 * (before / after - 1)}

    return check


def _above_pruned(evidence: Evidence, claim: Claim) -> Told:
    own, pruned = (evidence.cell(EFFICIENCY, ACCURACY, network=name) for name in (OWN, "resnet18_pruned"))
    return by_reading(claim.texts[:1], [own - pruned]), {"points": own - pruned}


def _over_rivals(evidence: Evidence, column: str) -> list[tuple[float, float]]:
    """Return the proposed network's number and that of each rival in table II."""
    own = evidence.cell(EFFICIENCY, column, network=OWN)
    return [(own, float(row[column])) for row in evidence.rows(EFFICIENCY) if "resnet18" not in row["network"]]


def _outperforms(evidence: Evidence, claim: Claim) -> Told:
    least = min(own - rival for own, rival in _over_rivals(evidence, ACCURACY))
    return least > 0, {"least": least}


def _competitive(evidence: Evidence, claim: Claim) -> Told:
    worse = [own / rival for column in (TIME, "params_millions") for own, rival in _over_rivals(evidence, column)]
    return min(worse) <= 1, {"least": min(worse), "most": max(worse)}


def _resnet_weights(evidence: Evidence, claim: Claim) -> Told:
    large, small = (resnet18(classes)[0] / 1e6 for classes in (1000, 10))
    found = EXPLAINED if reading(claim.texts[0], large) else CONTRADICTED
    return MATCHES if reading(claim.texts[0], small) else found, {"large": large, "small": small}


def _se_weights(evidence: Evidence, claim: Claim) -> Told:
    text = evidence.rows(EFFICIENCY, network="se_resnet18")[0]["params_millions"]
    plain = resnet18(1000)[0]
    fits = [r for r in range(1, 65) if reading(text, (plain + squeeze_excitation(r)[0]) / 1e6) == "rounded"]
    found = (
        f"Table I has {text} million in all, which r = {fits} gives" if fits else f"No whole r gives table I's {text}"
    )
    return bool(fits), {"added": squeeze_excitation(16)[0] / 1e6, "found": found}


def _better(evidence: Evidence, claim: Claim) -> Told:
    """More accurate and faster than the original ResNet-18, by table I."""
    pairs = {
        column: [evidence.cell(EFFICIENCY, column, network=name) for name in ("resnet18", OWN)]
        for column in (ACCURACY, TIME)
    }
    (low, high), (slow, fast) = pairs[ACCURACY], pairs[TIME]
    return high > low and fast < slow, {"accuracy": pairs[ACCURACY], "time": pairs[TIME]}


def _shares(ours: Ours) -> list[str]:
    rows = [row for row in ours["efficiency"] if row["method"] == "unstructured"]
    return [f"{row['name']} {100 * float(row['ratio']):.3g} %" for row in rows]


def _speedups(ours: Ours) -> list[str]:
    """Return how much faster networks of ours became whose single weights were set to zero."""
    pruned = {(row["name"], row["pruning"]) for row in ours["efficiency"] if row["method"] == "unstructured"}
    return [
        f"{_called(row)} {float(row['speedup']):.2f} times as fast as before"
        for row in ours["latency"]
        if (row["name"], row["pruning"]) in pruned and (row["runtime"], row["batch"]) == (RUNTIME, BATCH)
        if row["speedup"]
    ]


TABLES = {EFFICIENCY: efficiency}
CHECKS: dict[str, Check] = {
    "p3-accuracy": repeated(EFFICIENCY, ("resnet18", ACCURACY), (OWN, ACCURACY)),
    "p3-flops": repeated(EFFICIENCY, ("resnet18", "gflops"), (OWN, "gflops")),
    "p3-time": repeated(EFFICIENCY, ("resnet18", TIME), (OWN, TIME)),
    "p3-weights": repeated(EFFICIENCY, ("resnet18", "params_millions"), (OWN, "params_millions")),
    "p3-se-accuracy": repeated(EFFICIENCY, ("se_resnet18", ACCURACY)),
    "p3-pruned-time": repeated(EFFICIENCY, ("resnet18_pruned", TIME)),
    "p3-pruned-accuracy": repeated(EFFICIENCY, ("resnet18_pruned", ACCURACY)),
    "p3-weights-abstract": _less("params_millions"),
    "p3-weights-less": _less("params_millions"),
    "p3-flops-less": _less("gflops"),
    "p3-time-less": _less(TIME),
    "p3-above-pruned": _above_pruned,
    "p3-outperforms": _outperforms,
    "p3-competitive": _competitive,
    "p3-better": beside(trained(_speedups), _better),
    "p3-resnet-weights": _resnet_weights,
    "p3-se-weights": _se_weights,
    "p3-images": total,
    "p3-prune-ratio": beside(trained(_shares)),
    "p3-passes": beside(trained(lambda ours: sorted({row["n"] for row in ours["latency"]}, key=int))),
}
