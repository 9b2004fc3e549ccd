"""Verdicts on what papers 2, 3 and 5 print of ready networks: scores, costs, times; by arithmetic, with ours beside."""

from collections.abc import Callable
from statistics import mean

from boardbench.report.classification.network_charts import BATCH, RUNTIME
from boardbench.reproduction.claims_baselines import EFFICIENCY, Row, rows
from boardbench.reproduction.claims_efficiency import resnet18, resnet18_small_images, squeeze_excitation
from boardbench.reproduction.evidence import Evidence
from boardbench.reproduction.ours.networks import Trained
from boardbench.reproduction.verdicts import CONTRADICTED, EXPLAINED, MATCHES, NOT_RUN, Finding, reading

# Parameters with 1000 classes, values that the last layer sees, and GMACs at 224 x 224 as each network's own paper
# gives them: Sandler et al. 2018, Ma et al. 2018, Tan and Le 2019.
RIVALS = {
    "mobilenet_v2": (3_504_872, 1280, 0.30),
    "shufflenet_v2": (2_278_604, 1024, 0.146),
    "efficientnet_b0": (5_288_548, 1280, 0.39),
}
SHARE = 0.3  # of the weights, paper 3's example of what pruning removes
_UNRUN = "Takes training on all images of CIFAR-10; no run of this network at that length is published here."
_SHORT = "a part of the images"
_COLUMNS = {"params_millions": (0, 1e6), "gflops": (1, 1e9)}


def _beside(evidence: Evidence, of: Callable[[Trained], list[str]]) -> tuple[str, str]:
    """Return what our data sets have, and the command of the first that has any."""
    texts, command = [], ""
    for trained in evidence.trained:
        found = of(trained)
        if found:
            texts.append(f"{'; '.join(found)} ({trained.data})")
            command = command or trained.command
    return "; ".join(texts), command


def _called(one: Row) -> str:
    """Return our row's name, and its pruning where it has one."""
    return " ".join(filter(None, (one["name"], one["pruning"])))


def _milliseconds(given: list[Row]) -> str:
    """Return the time of a network, the mean over its seeds."""
    first = given[0]
    text = f"{mean(float(one['p50_ms']) for one in given):.3g} ms (one image, ONNX Runtime, {first['threads']} thread"
    text += "s" if first["threads"] != "1" else ""
    faster = [float(one["speedup"]) for one in given if one["speedup"]]
    return text + (f", {mean(faster):.2f} times as fast as before)" if faster else ")")


def _over(one: Row) -> str:
    return f"{one['epochs']} epochs, n = {one['seeds']}"


def network(evidence: Evidence, row: Row, column: str) -> Finding:
    """Put our scores at a published setting beside it; a training of unknown recipe settles nothing."""

    def of(trained: Trained) -> list[str]:
        wanted = row["network"].removesuffix("_slim")
        return [
            f"{one['name']} {one[column]} ({_over(one)})"
            for one in trained.networks
            if (one["network"], one["setting_published"]) == (wanted, row["setting"])
        ]

    ours, command = _beside(evidence, of)
    if not ours:
        return Finding(NOT_RUN, "", _UNRUN)
    why = "The paper gives neither batch size nor augmentation, so ours is another recipe and settles nothing"
    if any(not trained.about["complete"] and of(trained) for trained in evidence.trained):
        why += f"; ours saw {_SHORT}"
    return Finding(NOT_RUN, "", f"{why}.", ours, command)


def epoch(evidence: Evidence, row: Row, column: str) -> Finding:
    """Put our seconds beside those of table 7; another machine settles nothing."""

    def of(trained: Trained) -> list[str]:
        return [
            f"{one['seconds_per_epoch']} s on {one['device']}, {one['threads']} threads, batch {one['batch_size']}"
            if one["seconds_per_epoch"]
            else one["hardware"]
            for one in trained.epoch_seconds
            if (one["network"], one["device_published"]) == (row["network"], row["device"])
        ]

    ours, command = _beside(evidence, of)
    why = "A time on its author's machine; batch size and optimizer are not named."
    if row["network"] == "resnet18" and row["device"].startswith("cpu"):
        passes = 3 * 2 * resnet18(10, 32)[1] * 50_000  # forward, and twice as much backward
        rate = passes / float(row["seconds_per_epoch"]) / 1e12
        why += f" Suspect: 50,000 images need {rate:.2f} TFLOP/s for it, about all that six such cores can do at most."
    if row["device"].startswith("gpu") and not ours:
        why += " No GPU ran it here."
    return Finding(NOT_RUN, "", why, ours, command)


def efficiency(evidence: Evidence, row: Row, column: str) -> Finding:
    """Judge a cell of paper 3's tables I and II."""
    if column == "accuracy_percent":
        return _accuracy(evidence, row)
    if column == "inference_ms_per_batch":
        return _time(evidence, row)
    found = _rival(row, column) if row["network"] in RIVALS else _resnet(evidence, row, column)
    ours, command = _beside(evidence, lambda trained: _counted(trained, row, column))
    return Finding(found.verdict, found.recomputed, found.why, ours, command)


def _same(one: Row, row: Row) -> bool:
    """Return whether our row is of paper 3's network, pruned as it is said to be."""
    wanted = row["network"].removesuffix("_pruned")
    method = "unstructured" if row["network"].endswith("_pruned") else ""
    return bool(one["params_millions_published"]) and (one["network"], one["method"]) == (wanted, method)


def _counted(trained: Trained, row: Row, column: str) -> list[str]:
    """Return what we counted, for CIFAR-10 at 32 x 32; of pruned networks what is not zero besides."""
    found = []
    for one in trained.efficiency:
        if _same(one, row):
            text = one["parameters_millions"] if column == "params_millions" else f"{float(one['gmacs']):.3g} GMACs"
            if one["method"] and column == "params_millions":
                text += f", not zero {one['parameters_nonzero_millions']}"
            found.append(f"{_called(one)} {text}")
    return found


def _resnet(evidence: Evidence, row: Row, column: str) -> Finding:
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
            return Finding(NOT_RUN, f"{by_ratio[16]:.2f}", "The paper gives no r; r = 16 gives the number beside.")
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
        names = list(RIVALS)
        above = names[names.index(row["network"]) - 1] if row["network"] != names[0] else "the proposed network"
        of = f"{RIVALS[above][2]:g} is {above}'s" if above in RIVALS else f"{text} is {above}'s"
        why = f"The column is one row off: {of}. This network's own paper gives {macs:g} at 224 x 224."
        return Finding(EXPLAINED, f"{macs:g}", why)
    small = (weights - (features + 1) * 990) / 1e6
    if reading(text, small) == "rounded":
        return Finding(MATCHES, f"{small:.2f}", "With ten classes, though table I counts ResNet-18 with 1000.")
    how = {"rounded": "", "truncated": ", cut off instead of rounded"}.get(reading(text, weights / 1e6) or "")
    if how is None:
        why = f"With 1000 classes; with ten {small:.2f}."
        return Finding(CONTRADICTED, f"{weights / 1e6:.2f}", why)
    return Finding(EXPLAINED, f"{weights / 1e6:.2f}", f"With 1000 classes{how}; with CIFAR-10's ten {small:.2f}.")


def _accuracy(evidence: Evidence, row: Row) -> Finding:
    def of(trained: Trained) -> list[str]:
        return [
            f"{_called(one)} {100 * float(one['accuracy']):.2f} % (n = {one['seeds']})"
            for one in trained.efficiency
            if _same(one, row)
        ]

    ours, command = _beside(evidence, of)
    if not ours:
        return Finding(NOT_RUN, "", _UNRUN)
    why = "One run without a spread, of a recipe that the paper does not give; ours is another and settles nothing."
    return Finding(NOT_RUN, "", why, ours, command)


def _time(evidence: Evidence, row: Row) -> Finding:
    def of(trained: Trained) -> list[str]:
        found: dict[str, list[Row]] = {}
        for one in trained.latency:
            pruned = bool(one["pruning"]) == row["network"].endswith("_pruned")
            network = one["network"] == row["network"].removesuffix("_pruned")
            printed = one["inference_ms_per_batch_published"] == row["inference_ms_per_batch"]
            if pruned and network and printed and (one["runtime"], one["batch"]) == (RUNTIME, BATCH):
                found.setdefault(_called(one), []).append(one)
        return [f"{name} {_milliseconds(given)}" for name, given in found.items()]

    ours, command = _beside(evidence, of)
    why = "A time on its author's machine, of a batch whose size and device are not named."
    if row["network"].endswith("_pruned"):
        before = rows(evidence, EFFICIENCY, network=row["network"].removesuffix("_pruned"))[0]
        why += f" Suspect: zeros do not make a dense network faster, but printed is less than {before['network']}'s "
        why += f"{before['inference_ms_per_batch']} ms."
    return Finding(NOT_RUN, "", why, ours, command)
