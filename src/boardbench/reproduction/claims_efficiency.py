"""Checks of sentences of papers 3 to 5 that follow by arithmetic: one function a claim id."""

from boardbench.reproduction.claims_baselines import EFFICIENCY, NETWORKS, Row, cell, repeated, rows, total
from boardbench.reproduction.claims_costs import verdict
from boardbench.reproduction.claims_data import Check
from boardbench.reproduction.evidence import Evidence
from boardbench.reproduction.verdicts import CONTRADICTED, EXPLAINED, MATCHES, Claim, Finding, by_reading, reading

CIFAR10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
STAGES = ((64, 56), (128, 28), (256, 14), (512, 7))  # ResNet-18: channels and side of each stage's two blocks, at 224


def resnet18(classes: int, side: int = 224) -> tuple[int, int]:
    """Return parameters and MACs of ResNet-18 (7x7 stem, batch normalization, 1x1 shortcuts) by its formula."""
    scale = (side / 224) ** 2
    weights, macs = 9408 + 128, 9408 * 112**2
    inputs = 64
    for channels, size in STAGES:
        convolutions = [9 * inputs * channels, *[9 * channels**2] * 3]
        shortcut = inputs * channels if inputs != channels else 0
        weights += sum(convolutions) + shortcut + 2 * channels * (4 + bool(shortcut))
        macs += (sum(convolutions) + shortcut) * size**2
        inputs = channels
    return weights + 513 * classes, round(macs * scale) + 512 * classes


def resnet18_small_images(classes: int) -> tuple[int, int]:
    """Return parameters and MACs of ResNet-18 at 32 x 32 with the stem for small images: 3x3, stride 1, no pool."""
    weights, macs = resnet18(classes)
    stages = macs - 9408 * 112**2 - 512 * classes  # at sides of 56 and less; here of 32 and less
    return weights - 9408 + 1728, round(stages * (32 / 56) ** 2) + 1728 * 32**2 + 512 * classes


def squeeze_excitation(ratio: int) -> tuple[int, int]:
    """Return weights and MACs (upper bound, with pooling and scaling) that SE adds to ResNet-18's eight blocks."""
    weights = sum(2 * 2 * channels**2 // ratio for channels, _ in STAGES)
    return weights, weights + sum(2 * 2 * channels * size**2 for channels, size in STAGES)


def _less(column: str) -> Check:
    """Percentage by which paper 3's network is below the original ResNet-18."""

    def check(evidence: Evidence, claim: Claim) -> Finding:
        before, after = (cell(evidence, EFFICIENCY, column, network=n) for n in ("resnet18", "se_resnet18_pruned"))
        value = 100 * (1 - after / before)
        return Finding(
            by_reading([(claim.texts[0], value)]), f"{value:.2f} %", f"From {before:g} to {after:g}, table I."
        )

    return check


def _time_less(evidence: Evidence, claim: Claim) -> Finding:
    before, after = (
        cell(evidence, EFFICIENCY, "inference_ms_per_batch", network=n) for n in ("resnet18", "se_resnet18_pruned")
    )
    value = 100 * (1 - after / before)
    why = f"({before:g} - {after:g}) / {before:g} is time saved; that is {before / after:.2f} times as fast, "
    why += f"about {100 * (before / after - 1):.0f} % faster."
    return Finding(by_reading([(claim.texts[0], value)]), f"{value:.2f} %", why)


def _above_pruned(evidence: Evidence, claim: Claim) -> Finding:
    ours, pruned = (
        cell(evidence, EFFICIENCY, "accuracy_percent", network=n) for n in ("se_resnet18_pruned", "resnet18_pruned")
    )
    why = "Percentage points of table I; one run each."
    return Finding(by_reading([(claim.texts[0], ours - pruned)]), f"{ours - pruned:.1f} points", why)


def _rivals(evidence: Evidence) -> list[Row]:
    return [row for row in rows(evidence, EFFICIENCY) if "resnet18" not in row["network"]]


def _outperforms(evidence: Evidence, claim: Claim) -> Finding:
    ours = cell(evidence, EFFICIENCY, "accuracy_percent", network="se_resnet18_pruned")
    gains = [ours - float(row["accuracy_percent"]) for row in _rivals(evidence)]
    return Finding(verdict(min(gains) > 0), f"by {min(gains):.1f} points at least", "Table II; one run each.")


def _competitive(evidence: Evidence, claim: Claim) -> Finding:
    worse = [
        cell(evidence, EFFICIENCY, column, network="se_resnet18_pruned") / float(row[column])
        for column in ("inference_ms_per_batch", "params_millions")
        for row in _rivals(evidence)
    ]
    why = "Time and parameters over those of each rival in table II: it is the slowest and the largest of all."
    return Finding(verdict(min(worse) <= 1), f"{min(worse):.1f} to {max(worse):.1f} times", why)


def _blocks(evidence: Evidence, claim: Claim) -> Finding:
    blocks = (18 - 2) // 2
    why = "18 layers are a first convolution, two in each block and a last layer; four is the number of stages."
    return Finding(verdict(claim.numbers[0] == blocks), str(blocks), why)


def _resnet_weights(evidence: Evidence, claim: Claim) -> Finding:
    large, small = (resnet18(classes)[0] / 1e6 for classes in (1000, 10))
    found = EXPLAINED if reading(claim.texts[0], large) else CONTRADICTED
    why = f"That is the network for 1000 classes; with CIFAR-10's ten it has {small:.2f} million."
    return Finding(MATCHES if reading(claim.texts[0], small) else found, f"{large:.2f} million", why)


def _se_weights(evidence: Evidence, claim: Claim) -> Finding:
    text = rows(evidence, EFFICIENCY, network="se_resnet18")[0]["params_millions"]
    plain = resnet18(1000)[0]
    by_ratio = {ratio: (plain + squeeze_excitation(ratio)[0]) / 1e6 for ratio in range(1, 65)}
    fits = [ratio for ratio, value in by_ratio.items() if reading(text, value) == "rounded"]
    why = f"Table I has {text} million in all, which r = {fits} gives" if fits else f"No whole r gives table I's {text}"
    added = squeeze_excitation(16)[0] / 1e6
    return Finding(verdict(bool(fits)), f"{added:.2f} million at r = 16", f"{why}; C also differs from stage to stage.")


def _class_names(evidence: Evidence, claim: Claim) -> Finding:
    wrong = [name for name in claim.value.split(", ") if name not in CIFAR10]
    return Finding(verdict(not wrong), f"not among them: {', '.join(wrong)}", f"CIFAR-10 has {', '.join(CIFAR10)}.")


def _lenet(evidence: Evidence, claim: Claim) -> Finding:
    value = 3 * 6 * 25 + 6 + 6 * 16 * 25 + 16 + 400 * 120 + 120 + 120 * 84 + 84 + 84 * 10 + 10
    holds = abs(value - claim.numbers[0]) <= claim.numbers[0] / 10
    return Finding(
        verdict(holds), str(value), "LeNet-5 on 32 x 32 x 3: 5x5 convolutions of 6 and 16, then 120, 84, 10."
    )


def _depthwise(evidence: Evidence, claim: Claim) -> Finding:
    channels, kernel, _ = claim.numbers
    value = 1 / channels + 1 / kernel**2
    why = "1/N + 1/K^2, multiplications of a separable convolution over those of a full one."
    return Finding(by_reading([(claim.texts[2], value)]), f"{value:.4f}", why)


def _mobilenet_blocks(evidence: Evidence, claim: Claim) -> Finding:
    bottlenecks = sum((1, 2, 3, 4, 3, 3, 1))
    why = f"{bottlenecks} bottlenecks and the two plain convolutions around them (Sandler et al. 2018, table 2)."
    return Finding(verdict(bottlenecks + 2 in claim.numbers), str(bottlenecks + 2), why)


def _best_slim(evidence: Evidence, claim: Claim) -> Finding:
    best = max(
        (row for row in rows(evidence, NETWORKS) if "paper 5" in row["source"]), key=lambda r: float(r["accuracy"])
    )
    named = f"{best['network']} {best['setting']}"
    return Finding(verdict(named == claim.value), f"{named}: {best['accuracy']}", "Highest accuracy of table 1.")


def _adam_rates(evidence: Evidence, claim: Claim) -> Finding:
    high, low = (
        cell(evidence, NETWORKS, "accuracy", network="mobilenet_v2_slim", setting=f"Adam lr {r}")
        for r in ("0.1", "0.01")
    )
    return Finding(verdict(high < low), f"{high} at 0.1, {low} at 0.01", "Table 1; one run each.")


CHECKS: dict[str, Check] = {
    "p3-accuracy": repeated(EFFICIENCY, ("resnet18", "accuracy_percent"), ("se_resnet18_pruned", "accuracy_percent")),
    "p3-flops": repeated(EFFICIENCY, ("resnet18", "gflops"), ("se_resnet18_pruned", "gflops")),
    "p3-time": repeated(
        EFFICIENCY, ("resnet18", "inference_ms_per_batch"), ("se_resnet18_pruned", "inference_ms_per_batch")
    ),
    "p3-weights": repeated(EFFICIENCY, ("resnet18", "params_millions"), ("se_resnet18_pruned", "params_millions")),
    "p3-se-accuracy": repeated(EFFICIENCY, ("se_resnet18", "accuracy_percent")),
    "p3-pruned-time": repeated(EFFICIENCY, ("resnet18_pruned", "inference_ms_per_batch")),
    "p3-pruned-accuracy": repeated(EFFICIENCY, ("resnet18_pruned", "accuracy_percent")),
    "p3-weights-abstract": _less("params_millions"),
    "p3-weights-less": _less("params_millions"),
    "p3-flops-less": _less("gflops"),
    "p3-time-less": _time_less,
    "p3-above-pruned": _above_pruned,
    "p3-outperforms": _outperforms,
    "p3-competitive": _competitive,
    "p3-four-blocks": _blocks,
    "p3-eight-blocks": _blocks,
    "p3-resnet-weights": _resnet_weights,
    "p3-se-weights": _se_weights,
    "p3-images": total,
    "p5-images": total,
    "p5-cifar100-images": total,
    "p5-class-names": _class_names,
    "p5-lenet-weights": _lenet,
    "p5-separable": _depthwise,
    "p5-blocks": _mobilenet_blocks,
    "p5-blocks-conclusion": _mobilenet_blocks,
    "p5-class-difference": total,
    "p5-best": _best_slim,
    "p5-adam-rates": _adam_rates,
}
