"""Verdicts on the numbers of papers 2, 3 and 5: what arithmetic settles before any run, and what looks wrong."""

from boardbench.report.classification.published import NORMALIZATIONS
from boardbench.reproduction.cifar10_networks import efficiency, epoch, network
from boardbench.reproduction.claims_baselines import (
    BASELINES,
    EFFICIENCY,
    METRICS,
    NETWORKS,
    SECONDS,
    Row,
    row_key,
    rows,
)
from boardbench.reproduction.evidence import Evidence, number
from boardbench.reproduction.ours.classification import Classified
from boardbench.reproduction.verdicts import CONTRADICTED, EXPLAINED, MATCHES, NOT_RUN, Finding, reading

LABELS = ("method", "k", "distance", "normalization", "network", "setting", "device")
_UNKNOWN = "Takes a run; no check of this table is written yet."
_NOT_PUBLISHED = "The classification study on CIFAR-10 is not published here yet."
_DATA = "on the images as recoded to JPEG"
_READINGS = {
    "largest distance": "the LARGEST distance, a sign error",
    "ties to the lowest class": "a rule that gives a tied vote to the class of lowest number",
}
CLASSES = 10  # of equal size in CIFAR-10's test part
# Paper 2's MSE and cosine numbers are up to 0.005 from ours on CIFAR-10 recoded as JPEG of quality 75. Twice that is
# put down to recoding, ten times that no longer; in between nothing is settled.
RECODED, BEYOND = 0.01, 0.05


def numbers(row: Row) -> list[str]:
    """Return the columns of a row that hold a published number."""
    return [name for name in row if name not in (*LABELS, "source") and row[name] != ""]


def _one_class(metric: str) -> float:
    """Return what a network scores that calls every image one class, averaged over ten equal classes."""
    share = 1 / CLASSES
    f_score = 2 * share / (share + 1)
    return {"accuracy": share, "precision": share / CLASSES, "recall": share, "f_score": f_score / CLASSES}[metric]


def _twin(evidence: Evidence, row: Row) -> bool:
    """Return whether another distance, pairwise or MSE, has the same four numbers."""
    return any(
        row_key(other) | {"distance": ""} == row_key(row) | {"distance": ""}
        and {other["distance"], row["distance"]} == {"pairwise", "mse"}
        and all(other[name] == row[name] for name in METRICS)
        for other in rows(evidence, BASELINES)
    )


def _suspect(evidence: Evidence, row: Row) -> str:
    """Say what looks wrong with a baseline before any run."""
    if _twin(evidence, row):
        return "Suspect: pairwise and MSE are equal to four digits; both seem to be the squared distance."
    if row["distance"] == "cosine" and row["method"] == "knn" and float(row["accuracy"]) < 1 / CLASSES:
        return "Suspect: below chance, as when the largest distance wins; a sign error is likely."
    return _NOT_PUBLISHED


def agreement(classified: Classified, text: str, value: float) -> str | None:
    """Return how our value agrees with a printed one: 'matches', 'explained' (truncated, recoded) or None."""
    read = reading(text, value)
    if read:
        return MATCHES if read == "rounded" else EXPLAINED
    return EXPLAINED if not classified.about["original"] and abs(value - float(text)) < RECODED else None


def _baseline(evidence: Evidence, row: Row, column: str) -> Finding:
    """Judge a baseline by ours on the same data: nothing in it is drawn, so it can be repeated to the digit.

    In this order: the squared distance stands where the absolute one is said to; a part of the images settles nothing;
    our number agrees; another reading of the same neighbours does; what the paper leaves open; how far apart they are.
    """
    classified = evidence.classified
    own = classified.baseline(row) if classified else None
    if not classified or not own:
        return Finding(NOT_RUN, "", _suspect(evidence, row))
    whole = classified.about["complete"] and classified.whole(own)
    value, text = float(own[column]), row[column]
    where = classified.dataset + ("" if whole else f", {own['test_images']} test images")
    data = "on the same images" if classified.about["original"] else _DATA

    def found(verdict: str, why: str, recomputed: str = "") -> Finding:
        return Finding(verdict, recomputed, why, f"{own[column]} ({where})", classified.command)

    same = agreement(classified, text, value)
    squared = classified.baseline(row, distance="l2") if row["distance"] == "pairwise" else None
    if _twin(evidence, row) and squared and squared[column] != own[column] and same != MATCHES:
        why = f"Equal to the MSE row to four digits; computed, L1 gives {own[column]} and the squared distance "
        return found(CONTRADICTED, f"{why}{squared[column]}, so the printed row is not L1's.")
    apart = f"Ours is {value - float(text):+.4f} off"
    if not whole:
        within = f", {_inside(own, text)} whose 95 % limits the printed accuracy lies" if column == "accuracy" else ""
        return found(NOT_RUN, f"{apart}, on a part of the images{within}.")
    if same == MATCHES:
        return found(MATCHES, f"Ours, {data}.")
    if same:
        why = (
            "Ours, cut off instead of rounded." if reading(text, value) else f"{apart}, {data}; as small as recoding's."
        )
        return found(EXPLAINED, why)
    for other in classified.other_readings(row):
        if agreement(classified, text, float(other[column])):
            why = f"By {_READINGS[other['variant']]}, ours is {other[column]} ({data}); by the nearest, {own[column]}."
            return found(EXPLAINED, why, other[column])
    scaled = classified.baseline(row, normalization="standardize")
    if row["normalization"] == NORMALIZATIONS["minmax"] and row["distance"] == "pairwise" and scaled:
        standardized = row_key(row) | {"normalization": NORMALIZATIONS["standardize"]}
        printed = rows(evidence, BASELINES, **standardized)[0][column]
        if scaled[column] == own[column] and printed != text:
            why = "One global shift and scale changes no order of distances: computed, both scalings give "
            return found(CONTRADICTED, f"{why}{own[column]}, but printed are {printed} and {text}.")
    if row["distance"] == "ssim":
        return found(NOT_RUN, f"{apart}; the paper names neither window nor constants of SSIM, so ours may be another.")
    if row["k"] not in ("", "1"):
        return found(NOT_RUN, f"{apart}; the paper does not say to which class a tied vote goes.")
    if classified.about["original"] or abs(value - float(text)) >= BEYOND:
        return found(CONTRADICTED, f"{apart}, {data}; nothing in it is drawn at random.")
    return found(NOT_RUN, f"{apart}, {data}: more than recoding was seen to do, less than it may do.")


def _inside(own: Row, text: str) -> str:
    """Return where a printed number lies against the 95 % limits of our accuracy."""
    return "within" if float(own["low"]) <= float(text) <= float(own["high"]) else "outside"


def _network(evidence: Evidence, row: Row, column: str) -> Finding:
    classified = evidence.classified
    ours, command = "", ""
    if classified and row["network"].startswith("numpy_"):
        beside = classified.networks(row["setting"], row["network"].removeprefix("numpy_"))
        ours = "; ".join(f"{one['name']} {one[column]}" for one in beside)
        ours, command = (f"{ours} ({classified.dataset})", classified.command) if ours else ("", "")
    if "accuracy" in row and all(row[name] and reading(row[name], _one_class(name)) == "rounded" for name in METRICS):
        why = "Exactly what one class for every image gives: the network learned nothing."
        return Finding(EXPLAINED, f"{_one_class(column):.4f}", why, ours, command)
    if row["network"].startswith("numpy"):
        why = "At chance level (0.10); a correct network of this kind passes 0.5."
        if ours:
            why += " The paper gives no optimizer, batch or share of dropout, so ours is not its recipe."
        return Finding(NOT_RUN, "", why, ours, command)
    return network(evidence, row, column)


def _epoch(evidence: Evidence, row: Row, column: str) -> Finding:
    """Put our seconds beside those of a network in NumPy; another processor settles nothing."""
    if row["network"] != "numpy_cnn":
        return epoch(evidence, row, column)
    why = "A time on its author's processor; of how many images an epoch is, the paper does not say."
    classified = evidence.classified
    beside = [one for one in classified.seconds if one["setting_published"] == row["setting"]] if classified else []
    ours = "; ".join(f"{one['seconds_per_epoch']} s, {one['threads']} threads ({one['name']})" for one in beside)
    if not classified or not ours:
        return Finding(NOT_RUN, "", why)
    why += f" Ours: {classified.about['parts']['train']} training images, less those that validate."
    return Finding(NOT_RUN, "", why, f"{ours} ({classified.dataset})", classified.command)


_FILES = {BASELINES: _baseline, NETWORKS: _network, EFFICIENCY: efficiency, SECONDS: _epoch}


def judge(evidence: Evidence, file: str, row: Row, column: str) -> Finding:
    """Judge one number of a cifar10_*.csv file.

    Raises:
        BoardbenchError: it is not a number.
    """
    number(evidence.published / file, row, column)
    return _FILES.get(file, lambda *_: Finding(NOT_RUN, "", _UNKNOWN))(evidence, row, column)
