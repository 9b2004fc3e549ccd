"""Checks of sentences of paper 2 that follow by arithmetic from its own tables: one function a claim id."""

from boardbench.report.classification.published import NORMALIZATIONS
from boardbench.reproduction import claims_classified as ours
from boardbench.reproduction.claims_classified import beside, from_data, setting
from boardbench.reproduction.claims_costs import verdict
from boardbench.reproduction.claims_data import Check
from boardbench.reproduction.evidence import Evidence, damaged
from boardbench.reproduction.verdicts import CONTRADICTED, MATCHES, Claim, Finding, by_reading, reading

Row = dict[str, str]
METRICS = ("accuracy", "precision", "recall", "f_score")
BASELINES, EFFICIENCY, SECONDS, NETWORKS = (
    f"cifar10_{name}.csv" for name in ("baselines", "efficiency", "epoch_seconds", "networks")
)


def rows(evidence: Evidence, file: str, **wanted: str) -> list[Row]:
    """Return the rows of a published table whose cells are the wanted ones.

    Raises:
        BoardbenchError: there is none.
    """
    found = [row for row in evidence.tables[file] if all(row.get(key) == value for key, value in wanted.items())]
    if not found:
        raise damaged(evidence.published / file, f"no row with {wanted or 'anything'}, on which claims rest")
    return found


def cell(evidence: Evidence, file: str, column: str, **wanted: str) -> float:
    """Return one number of the first such row."""
    text = rows(evidence, file, **wanted)[0].get(column, "")
    try:
        return float(text)
    except ValueError:
        raise damaged(evidence.published / file, f"{column} of {wanted} is {text!r}, not a number") from None


def row_key(row: Row) -> Row:
    """Return what tells a baseline from the others."""
    return {name: row[name] for name in ("method", "k", "distance", "normalization")}


def _values(evidence: Evidence, file: str, column: str, **wanted: str) -> list[float]:
    return [float(row[column]) for row in rows(evidence, file, **wanted)]


def total(evidence: Evidence, claim: Claim) -> Finding:
    """Check that a whole is the sum of its parts (the numbers that follow it)."""
    whole, *parts = claim.numbers
    return Finding(verdict(whole == sum(parts)), f"{sum(parts):g}", "The parts add up to the whole.")


def _quotient(evidence: Evidence, claim: Claim) -> Finding:
    share, total, parts = claim.numbers
    return Finding(verdict(share == total / parts), f"{total / parts:g}", "The whole, shared equally.")


def _no_baseline_above(evidence: Evidence, claim: Claim) -> Finding:
    best = 100 * max(_values(evidence, BASELINES, "accuracy"))
    return Finding(verdict(best <= claim.numbers[0]), f"{best:.2f} % at most", "Best accuracy of tables 1 to 3.")


def _k1_above_k3(evidence: Evidence, claim: Claim) -> Finding:
    pairs = [
        (float(row["accuracy"]), cell(evidence, BASELINES, "accuracy", **row_key(row) | {"k": "3"}))
        for row in rows(evidence, BASELINES, method="knn", k="1")
    ]
    above = sum(one > three for one, three in pairs)
    return Finding(verdict(above == len(pairs)), f"{above} of {len(pairs)} pairs", "Accuracies of tables 1 and 3.")


def _cosine_lowest(evidence: Evidence, claim: Claim) -> Finding:
    row = min(rows(evidence, BASELINES), key=lambda row: float(row["accuracy"]))
    why = "It is below chance (0.10), as when the most distant neighbour wins; a sign error is likely."
    return Finding(verdict(row["distance"] == "cosine"), f"{row['distance']} {row['accuracy']}", why)


def _centroid_below(evidence: Evidence, claim: Claim) -> Finding:
    one = {"method": "knn", "k": "1", "normalization": NORMALIZATIONS["standardize"]}
    above = [
        row["distance"]
        for row in rows(evidence, BASELINES, method="nearest_centroid")
        if float(row["accuracy"]) >= cell(evidence, BASELINES, "accuracy", **one, distance=row["distance"])
    ]
    why = "Distances at which the centroid is not below 1-NN in table 2; the 1-NN number there is itself suspect."
    return Finding(verdict(above == ["cosine"]), ", ".join(above), why)


def _similar_distances(evidence: Evidence, claim: Claim) -> Finding:
    pairs = [
        (row[metric], rows(evidence, BASELINES, **row_key(row) | {"distance": "pairwise"})[0][metric])
        for row in rows(evidence, BASELINES, distance="mse")
        for metric in METRICS
    ]
    equal = sum(one == other for one, other in pairs)
    why = "Absolute and squared differences rank neighbours differently: equal to four digits, they are one distance."
    found = CONTRADICTED if equal == len(pairs) else MATCHES
    return Finding(found, f"identical in {equal} of {len(pairs)} numbers", why)


def _ssim_best(evidence: Evidence, claim: Claim) -> Finding:
    best = {
        method: max(rows(evidence, BASELINES, method=method), key=lambda row: float(row["accuracy"]))["distance"]
        for method in ("knn", "nearest_centroid")
    }
    lowest = min(rows(evidence, BASELINES, method="nearest_centroid"), key=lambda row: float(row["accuracy"]))
    why = f"Best by method in table 2; for the nearest centroid {lowest['distance']} is the worst."
    return Finding(verdict(set(best.values()) == {"ssim"}), ", ".join(f"{k}: {v}" for k, v in best.items()), why)


def _best_baseline(evidence: Evidence, claim: Claim) -> Finding:
    best = max(rows(evidence, BASELINES), key=lambda row: float(row["accuracy"]))
    named = " ".join(row_key(best).values())
    return Finding(verdict(named == claim.value), named, f"Highest accuracy of tables 1 to 3: {best['accuracy']}.")


def repeated(file: str, *cells: tuple[str, str], factor: float = 1) -> Check:
    """Numbers of the text that repeat cells (network or method, column)."""

    def check(evidence: Evidence, claim: Claim) -> Finding:
        values = [factor * cell(evidence, file, column, network=network) for network, column in cells]
        found = by_reading(zip(claim.texts, values, strict=True))
        return Finding(found, " / ".join(f"{value:g}" for value in values), "As its table prints them.")

    return check


def _conv_seconds(evidence: Evidence, claim: Claim) -> Finding:
    value = max(_values(evidence, SECONDS, "seconds_per_epoch", network="numpy_cnn"))
    same = round(claim.numbers[0]) == value
    return Finding(verdict(same), f"{value:g} s", "Table 5 has it rounded to seconds.")


def _fc_below(evidence: Evidence, claim: Claim) -> Finding:
    networks = [row for row in rows(evidence, NETWORKS) if row["network"].startswith("numpy_fc")]
    best = max(float(row["accuracy"]) for row in networks)
    lowest = min(rows(evidence, BASELINES), key=lambda row: float(row["accuracy"]))
    why = f"Best network {best}; the lowest baseline ({lowest['distance']} k-NN) has {lowest['accuracy']}."
    return Finding(verdict(best < float(lowest["accuracy"])), f"{best}", why)


def _precision_falls(evidence: Evidence, claim: Claim) -> Finding:
    low, high = (
        cell(evidence, NETWORKS, "precision", network="numpy_fc3", setting=f"lr {r}") for r in ("0.001", "0.01")
    )
    why = "Precision 0.01 at accuracy 0.10 is a network that calls every image one class."
    return Finding(verdict(high < low), f"{low:.4f} to {high:.4f}", why)


def _step_gain(evidence: Evidence, claim: Claim) -> Finding:
    before, after = (cell(evidence, NETWORKS, "f_score", network="resnet18", setting=s) for s in ("default", "StepLR"))
    return Finding(verdict(after > before), f"{before} to {after}", "Table 6; one run each.")


def _vgg_cost(evidence: Evidence, claim: Claim) -> Finding:
    parts = [
        cell(evidence, SECONDS, "seconds_per_epoch", network="resnet18", device=device)
        / cell(evidence, SECONDS, "seconds_per_epoch", network="vgg16", device=device)
        for device in ("cpu i5-8400", "gpu A100")
    ]
    holds = all(reading("0.1", part) for part in parts)
    return Finding(
        verdict(holds), f"1/{1 / parts[0]:.0f} (CPU), 1/{1 / parts[1]:.0f} (GPU)", "From table 7 as printed."
    )


def _improvement(evidence: Evidence, claim: Claim) -> Finding:
    base = max(_values(evidence, BASELINES, "accuracy"))
    gains = {
        row["network"]: 100 * (float(row["accuracy"]) / base - 1)
        for row in rows(evidence, NETWORKS)
        if "paper 2" in row["source"] and not row["network"].startswith("numpy")
    }
    best = max(gains.values())
    worst = min(gains, key=gains.__getitem__)
    why = f"VGG-16 over the best baseline, relative; {worst} is at {gains[worst]:+.1f} %."
    return Finding(by_reading([(claim.texts[0], best)]), f"{best:.1f} %", why)


def _gpu(percent: bool) -> Check:
    def check(evidence: Evidence, claim: Claim) -> Finding:
        networks = rows(evidence, SECONDS, device="gpu A100")
        ratios = [
            cell(evidence, SECONDS, "seconds_per_epoch", network=row["network"], device="cpu i5-8400")
            / float(row["seconds_per_epoch"])
            for row in networks
        ]
        shown = [100 / ratio for ratio in ratios] if percent else ratios
        holds = all(abs(value - claim.numbers[0]) <= claim.numbers[0] / 10 for value in shown)
        text = ", ".join(f"{row['network']} {value:.1f}" for row, value in zip(networks, shown, strict=True))
        return Finding(verdict(holds), text + (" %" if percent else " times"), "From table 7 as printed.")

    return check


_FROM_FILES = "By the data set's own files."
_NOT_OURS = "The author's own networks are not published as weights, so what they score cannot be repeated"
CHECKS: dict[str, Check] = {
    "p2-images": beside(total, ours.images),
    "p2-classes": from_data(lambda data: [len(data.about["classes"])], _FROM_FILES),
    "p2-image-size": from_data(lambda data: data.about["size"][:2], _FROM_FILES),
    "p2-per-class": _quotient,
    "p2-baselines-below-half": beside(_no_baseline_above, ours.highest),
    "p2-one-above-three": beside(_k1_above_k3, ours.one_above_three),
    "p2-cosine-lowest": beside(_cosine_lowest, ours.lowest),
    "p2-centroid-below": beside(_centroid_below, ours.centroid),
    "p2-distances-similar": beside(_similar_distances, ours.similar),
    "p2-ssim-best": beside(_ssim_best, ours.by_method),
    "p2-best-baseline": beside(_best_baseline, ours.highest),
    "p2-dense-3": setting(ours.network("fc3")),
    "p2-dense-5": setting(ours.network("fc5")),
    "p2-dense-rates": setting(ours.learning_rates),
    "p2-conv-network": setting(ours.network("cnn32_32_64_64")),
    "p2-conv-seconds": beside(_conv_seconds, ours.seconds),
    "p2-dense-rate": setting(ours.learning_rates),
    "p2-dense-below-baselines": beside(_fc_below, ours.dense),
    "p2-rate-precision": beside(_precision_falls, ours.rates),
    "p2-conv-accuracy": setting(ours.network("cnn16_16", "cnn32_32", "cnn32_32_64_64"), _NOT_OURS),
    "p2-step-gain": _step_gain,
    "p2-vgg-scores": repeated(NETWORKS, ("vgg16", "accuracy"), ("vgg16", "f_score"), factor=100),
    "p2-resnet-cost": _vgg_cost,
    "p2-improvement": _improvement,
    "p2-gpu-share": _gpu(percent=True),
    "p2-gpu-times": _gpu(percent=False),
}
