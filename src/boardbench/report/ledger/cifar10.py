"""Verdicts on the numbers of papers 2, 3 and 5: what arithmetic settles before any run, and what looks wrong."""

from boardbench.report.ledger.claims_baselines import BASELINES, EFFICIENCY, METRICS, NETWORKS, Row, row_key, rows
from boardbench.report.ledger.claims_efficiency import resnet18, squeeze_excitation
from boardbench.report.ledger.evidence import Evidence, number
from boardbench.report.ledger.verdicts import CONTRADICTED, EXPLAINED, NOT_RUN, Finding, reading

LABELS = ("method", "k", "distance", "normalization", "network", "setting", "device")
_WAITING = "The classification study is not built yet."
CLASSES = 10  # of equal size in CIFAR-10's test part


def numbers(row: Row) -> list[str]:
    """Return the columns of a row that hold a published number."""
    return [name for name in row if name not in (*LABELS, "source") and row[name] != ""]


def _one_class(metric: str) -> float:
    """Return what a network scores that calls every image one class, averaged over ten equal classes."""
    share = 1 / CLASSES
    f_score = 2 * share / (share + 1)
    return {"accuracy": share, "precision": share / CLASSES, "recall": share, "f_score": f_score / CLASSES}[metric]


def _baseline(evidence: Evidence, row: Row, column: str) -> Finding:
    twin = [
        other
        for other in rows(evidence, BASELINES)
        if row_key(other) | {"distance": ""} == row_key(row) | {"distance": ""}
        and {other["distance"], row["distance"]} == {"pairwise", "mse"}
        and all(other[name] == row[name] for name in METRICS)
    ]
    if twin:
        why = "Suspect: pairwise and MSE are equal to four digits; both seem to be the squared distance."
    elif row["distance"] == "cosine" and row["method"] == "knn" and float(row["accuracy"]) < 1 / CLASSES:
        why = "Suspect: below chance, as when the largest distance wins; a sign error is likely."
    else:
        why = _WAITING
    return Finding(NOT_RUN, "", why)


def _network(evidence: Evidence, row: Row, column: str) -> Finding:
    if "accuracy" in row and all(row[name] and reading(row[name], _one_class(name)) == "rounded" for name in METRICS):
        why = "Exactly what one class for every image gives: the network learned nothing."
        return Finding(EXPLAINED, f"{_one_class(column):.4f}", why)
    if row["network"].startswith("numpy"):
        return Finding(NOT_RUN, "", "At chance level (0.10); a correct network of this kind passes 0.5.")
    return Finding(NOT_RUN, "", _WAITING)


def _efficiency(evidence: Evidence, row: Row, column: str) -> Finding:
    column_index = {"params_millions": (0, 1e6), "gflops": (1, 1e9)}
    if column not in column_index:
        return Finding(NOT_RUN, "", _WAITING)
    index, unit = column_index[column]
    whole, small = (resnet18(*network)[index] / unit for network in ((1000, 224), (10, 32)))
    if row["network"] == "resnet18" and reading(row[column], whole) == "rounded":
        why = f"ResNet-18 for 1000 classes at 224 x 224; for CIFAR-10 at 32 x 32 it is {small:.3g}."
        return Finding(EXPLAINED, f"{whole:.2f}", why)
    if row["network"] == "se_resnet18":
        by_ratio = {ratio: whole + squeeze_excitation(ratio)[index] / unit for ratio in range(1, 65)}
        if not any(reading(row[column], value) == "rounded" for value in by_ratio.values()):
            return Finding(
                CONTRADICTED, f"{by_ratio[16]:.2f}", "With r = 16; no whole r up to 64 gives the printed number."
            )
    if row["network"].endswith("_pruned"):
        why = "Suspect: setting single weights to zero makes a dense network neither smaller nor cheaper."
        return Finding(NOT_RUN, "", why)
    same = [
        other["network"]
        for other in rows(evidence, EFFICIENCY)
        if "resnet18" in other["network"] and other[column] == row[column] and other is not row
    ]
    if same and row["network"] not in same and column == "gflops":
        return Finding(NOT_RUN, "", f"Suspect: equals the row of {same[0]}; the column looks one row off.")
    return Finding(NOT_RUN, "", _WAITING)


_FILES = {BASELINES: _baseline, NETWORKS: _network, EFFICIENCY: _efficiency}


def judge(evidence: Evidence, file: str, row: Row, column: str) -> Finding:
    """Judge one number of a cifar10_*.csv file.

    Raises:
        BoardbenchError: it is not a number.
    """
    number(evidence.published / file, row, column)
    return _FILES.get(file, lambda *_: Finding(NOT_RUN, "", _WAITING))(evidence, row, column)
