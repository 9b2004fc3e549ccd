"""Paper 2's sentences: what follows from its own tables, with what our baselines and networks say beside it."""

from collections.abc import Callable

from boardbench.report.classification.published import DISTANCES, NORMALIZATIONS
from boardbench.reproduction.checks import (
    BASELINES,
    METRICS,
    NETWORKS,
    SECONDS,
    Beside,
    Check,
    Told,
    as_text,
    beside,
    classified,
    known_reason,
    named,
    repeated,
    total,
)
from boardbench.reproduction.evidence import Evidence
from boardbench.reproduction.ours import Ours, Row, Rows
from boardbench.reproduction.paper2 import runs
from boardbench.reproduction.paper2.runs import CPU, GPU
from boardbench.reproduction.paper2.tables import KEY, numpy_networks, row_key
from boardbench.reproduction.verdicts import BUILT, EXPLAINED, MATCHES, NOT_RUN, Claim, by_reading, reading


def _accuracy(row: Row) -> float:
    return float(row["accuracy"])


def _distance(row: Row) -> str:
    """Return the distance of a row of ours as the paper has it."""
    return DISTANCES.get(row["distance"], row["distance"])


def _named(row: Row) -> str:
    words = (row["method"], row["k"], _distance(row), NORMALIZATIONS.get(row["normalization"], row["normalization"]))
    return " ".join(filter(None, (*words, row["accuracy"])))


def _from_data(of: Callable[[Ours], list[int]]) -> Check:
    """Return a check of the claim's numbers by the data set's own files, which takes them."""

    def check(evidence: Evidence, claim: Claim) -> Told:
        ours = evidence.classified
        if not ours:
            why = "Takes the data set, which is not published here with our study yet."
            return NOT_RUN, {"why": why, "reason": BUILT}
        text = f"{' x '.join(map(str, of(ours)))} ({ours.dataset})"
        return claim.numbers == of(ours), {"ours": text, "command": ours.command}

    return check


def _quotient(evidence: Evidence, claim: Claim) -> Told:
    share, whole, parts = claim.numbers
    return share == whole / parts, {"share": whole / parts}


def _none_above(evidence: Evidence, claim: Claim) -> Told:
    best = 100 * max(map(_accuracy, evidence.rows(BASELINES)))
    return best <= claim.numbers[0], {"best": best}


def _best_ours(ours: Ours) -> str:
    return _named(max(ours["baselines"], key=_accuracy)) if ours["baselines"] else ""


def _one_above_three(evidence: Evidence, claim: Claim) -> Told:
    pairs = [
        (_accuracy(row), evidence.cell(BASELINES, "accuracy", **row_key(row) | {"k": "3"}))
        for row in evidence.rows(BASELINES, method="knn", k="1")
    ]
    above = sum(one > three for one, three in pairs)
    return above == len(pairs), {"above": above, "pairs": len(pairs)}


def _pairs(rows: Rows, others: Rows, **changes: tuple[str, str]) -> list[tuple[Row, Row]]:
    """Return rows with those of ``others`` that differ in the named columns alone, as (one, other) of each says."""
    found = {tuple(row[key] for key in KEY): row for row in others}
    pairs = []
    for row in rows:
        partner = found.get(tuple(changes[key][1] if key in changes else row[key] for key in KEY))
        if partner and all(row[key] == one for key, (one, _) in changes.items()):
            pairs.append((row, partner))
    return pairs


def _ours_above_three(ours: Ours) -> str:
    """Return in how many pairs k = 1 is above k = 3, by our rule for tied votes and by the other one."""
    tied = [row for row in ours["variants"] if row["variant"] == "ties to the lowest class"]
    texts = []
    for others, words in (
        (ours["baselines"], " pairs, ties to the nearest"),
        (tied, ", ties to the class of lowest number"),
    ):
        pairs = _pairs(ours["baselines"], others, k=("1", "3"))
        above = sum(_accuracy(one) > _accuracy(three) for one, three in pairs)
        texts += [f"{above} of {len(pairs)}{words}"] if pairs else []
    return "; ".join(texts)


def _cosine_lowest(evidence: Evidence, claim: Claim) -> Told:
    row = min(evidence.rows(BASELINES), key=_accuracy)
    return row["distance"] == "cosine", row


def _ours_lowest(ours: Ours) -> str:
    neighbours = [row for row in ours["baselines"] if row["method"] == "knn"]
    cosine = [_named(row) for row in neighbours if row["distance"] == "cosine"]
    return "; ".join([f"lowest of k-NN: {_named(min(neighbours, key=_accuracy))}", *cosine]) if neighbours else ""


def _centroid_below(evidence: Evidence, claim: Claim) -> Told:
    one = {"method": "knn", "k": "1", "normalization": NORMALIZATIONS["standardize"]}
    above = [
        row["distance"]
        for row in evidence.rows(BASELINES, method="nearest_centroid")
        if _accuracy(row) >= evidence.cell(BASELINES, "accuracy", **one, distance=row["distance"])
    ]
    return above == ["cosine"], {"above": ", ".join(above)}


def _ours_centroid(ours: Ours) -> str:
    changes = {"method": ("nearest_centroid", "knn"), "k": ("", "1")}
    pairs = _pairs(ours["baselines"], ours["baselines"], **changes)
    above = [_distance(row) for row, one in pairs if _accuracy(row) >= _accuracy(one)]
    return ", ".join(dict.fromkeys(above)) or (f"none of {len(pairs)}" if pairs else "")


def _similar(evidence: Evidence, claim: Claim) -> Told:
    pairs = [
        (row[metric], evidence.rows(BASELINES, **row_key(row) | {"distance": "pairwise"})[0][metric])
        for row in evidence.rows(BASELINES, distance="mse")
        for metric in METRICS
    ]
    equal = sum(one == other for one, other in pairs)
    return (MATCHES if equal < len(pairs) else EXPLAINED), {"equal": equal, "numbers": len(pairs)}


def _ours_similar(ours: Ours) -> str:
    pairs = _pairs(ours["baselines"], ours["baselines"], distance=("l1", "l2"))
    if not pairs:
        return ""
    equal = sum(one[metric] == other[metric] for one, other in pairs for metric in METRICS)
    apart = max(abs(_accuracy(one) - _accuracy(other)) for one, other in pairs)
    return f"identical in {equal} of {4 * len(pairs)} numbers; accuracies up to {apart:.4f} apart"


def _ssim_best(evidence: Evidence, claim: Claim) -> Told:
    methods = {method: evidence.rows(BASELINES, method=method) for method in ("knn", "nearest_centroid")}
    best = {method: max(rows, key=_accuracy)["distance"] for method, rows in methods.items()}
    worst = min(methods["nearest_centroid"], key=_accuracy)["distance"]
    known = {"best": ", ".join(f"{method}: {distance}" for method, distance in best.items()), "worst": worst}
    return set(best.values()) == {"ssim"}, known


def _ours_by_method(ours: Ours) -> str:
    methods = dict.fromkeys(row["method"] for row in ours["baselines"])
    best = [max((row for row in ours["baselines"] if row["method"] == name), key=_accuracy) for name in methods]
    return ", ".join(f"{row['method']}: {_distance(row)} {row['accuracy']}" for row in best)


def _best_baseline(evidence: Evidence, claim: Claim) -> Told:
    best = max(evidence.rows(BASELINES), key=_accuracy)
    name = " ".join(row_key(best).values())
    return name == claim.value, best | {"name": name}


def _conv_seconds(evidence: Evidence, claim: Claim) -> Told:
    value = max(float(row["seconds_per_epoch"]) for row in evidence.rows(SECONDS, network="numpy_cnn"))
    return round(claim.numbers[0]) == value, {"seconds": value}


def _ours_seconds(ours: Ours) -> str:
    rows = [row for row in ours["seconds"] if row["setting_published"].startswith("filters 32-32-64-64,")]
    return "; ".join(f"{row['seconds_per_epoch']} s ({row['name']}, {row['threads']} threads)" for row in rows)


def _dense(ours: Ours) -> Rows:
    return [row for row in ours["numpy_networks"] if row["network"].startswith("fc")]


def _ours_dense(ours: Ours) -> str:
    if not _dense(ours) or not ours["baselines"]:
        return ""
    best = max(_dense(ours), key=_accuracy)
    return f"{best['name']} {best['accuracy']}; lowest baseline {_named(min(ours['baselines'], key=_accuracy))}"


def _ours_precision(ours: Ours) -> str:
    found = {rate: numpy_networks(ours, f"lr {rate}", "fc3") for rate in ("0.001", "0.01")}
    return " to ".join(f"{rows[0]['precision']} (lr {rate})" for rate, rows in found.items() if rows)


def _epoch(evidence: Evidence, network: str, device: str) -> float:
    return evidence.cell(SECONDS, "seconds_per_epoch", network=network, device=device)


def _vgg_cost(evidence: Evidence, claim: Claim) -> Told:
    times = [_epoch(evidence, "vgg16", device) / _epoch(evidence, "resnet18", device) for device in (CPU, GPU)]
    return all(reading("0.1", 1 / value) for value in times), {"times": times}


def _improvement(evidence: Evidence, claim: Claim) -> Told:
    base = max(map(_accuracy, evidence.rows(BASELINES)))
    gains = {
        row["network"]: 100 * (_accuracy(row) / base - 1)
        for row in evidence.rows(NETWORKS)
        if "paper 2" in row["source"] and not row["network"].startswith("numpy")
    }
    best, worst = max(gains.values()), min(gains, key=gains.__getitem__)
    return by_reading(claim.texts[:1], [best]), {"best": best, "worst": worst, "least": gains[worst]}


def _gpu(of: Callable[[float], float]) -> Check:
    """Return a check of what the GPU saves, ``of`` the times that the CPU takes."""

    def check(evidence: Evidence, claim: Claim) -> Told:
        names = [row["network"] for row in evidence.rows(SECONDS, device=GPU)]
        shown = {name: of(_epoch(evidence, name, CPU) / _epoch(evidence, name, GPU)) for name in names}
        same = all(abs(value - claim.numbers[0]) <= claim.numbers[0] / 10 for value in shown.values())
        return same, {"shown": ", ".join(f"{name} {value:.1f}" for name, value in shown.items())}

    return check


def _runs(*networks: str) -> Beside:
    """Return our runs of networks in NumPy with their accuracy."""
    return classified(
        lambda ours: "; ".join(
            f"{row['name']} {row['accuracy']}" for row in ours["numpy_networks"] if row["network"] in networks
        )
    )


_RATES = classified(lambda ours: ", ".join(dict.fromkeys(row["learning_rate"] for row in _dense(ours))))
CHECKS: dict[str, Check] = {
    "p2-images": beside(classified(lambda ours: "{train} + {test}".format(**ours.about["parts"])), total),
    "p2-classes": _from_data(lambda ours: [len(ours.about["classes"])]),
    "p2-image-size": _from_data(lambda ours: ours.about["size"][:2]),
    "p2-per-class": _quotient,
    "p2-baselines-below-half": beside(classified(_best_ours), _none_above),
    "p2-one-above-three": beside(classified(_ours_above_three), _one_above_three),
    "p2-cosine-lowest": beside(classified(_ours_lowest), _cosine_lowest),
    "p2-centroid-below": beside(classified(_ours_centroid), _centroid_below),
    "p2-distances-similar": beside(classified(_ours_similar), _similar),
    "p2-ssim-best": beside(classified(_ours_by_method), _ssim_best),
    "p2-best-baseline": beside(classified(_best_ours), _best_baseline),
    "p2-dense-3": beside(_runs("fc3"), known_reason),
    "p2-dense-5": beside(_runs("fc5"), as_text),
    "p2-dense-rates": beside(_RATES, runs.rates),
    "p2-conv-network": beside(_runs("cnn32_32_64_64"), as_text),
    "p2-conv-seconds": beside(classified(_ours_seconds), _conv_seconds),
    "p2-dense-rate": beside(_RATES, runs.default_rate),
    "p2-dense-below-baselines": beside(classified(_ours_dense), runs.dense_below),
    "p2-rate-precision": beside(classified(_ours_precision), runs.precision_falls),
    "p2-conv-accuracy": beside(_runs("cnn16_16", "cnn32_32", "cnn32_32_64_64"), runs.conv_accuracy),
    "p2-vgg-setting": beside(named("vgg16", "epochs", "learning_rate"), runs.vgg_setting),
    "p2-vgg-scores": repeated(NETWORKS, ("vgg16", "accuracy"), ("vgg16", "f_score"), factor=100),
    "p2-resnet-cost": _vgg_cost,
    "p2-improvement": _improvement,
    "p2-gpu-share": _gpu(lambda ratio: 100 / ratio),
    "p2-gpu-times": _gpu(lambda ratio: ratio),
} | runs.CHECKS
