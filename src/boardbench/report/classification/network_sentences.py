"""What the page says of networks in PyTorch: each sentence is decided by a table, none is written by hand."""

from statistics import mean
from typing import Any

import pandas as pd

from boardbench.report.classification.differences import SQUEEZE
from boardbench.report.classification.network_charts import BATCH, RUNTIME
from boardbench.report.classification.networks import HARMS, HELPS
from boardbench.report.sentences import seeds_of, signed
from boardbench.report.uncertainty import HIGHER, LOWER, is_untested

Row = dict[str, str]
_RUNTIMES = {"onnxruntime": "ONNX Runtime", "torch": "torch"}


def _short(text: str) -> str:
    """Return a number with three significant digits."""
    return f"{float(text):.3g}"


def _limits(row: Row) -> str:
    return f"{signed(row['difference'])}, 95 % limits {signed(row['low'])} to {signed(row['high'])}"


def squeeze(differences: pd.DataFrame) -> list[str]:
    """Say what squeeze-and-excitation adds; a gain only where the limits over seeds and images leave out 0."""
    said = []
    for row in differences[differences["question"] == SQUEEZE].to_dict("records"):
        pair = f"Squeeze-and-excitation, {row['first']} against {row['second']}"
        over = f"{seeds_of(row)}, {row['test_images']} test images"
        if is_untested(row["conclusion"]):
            said.append(f"{pair}: {signed(row['difference'])} ({over}; {row['conclusion']}).")
            continue
        word = {HIGHER: "a gain is shown", LOWER: "a loss is shown"}.get(row["conclusion"], "no gain is shown")
        said.append(f"{pair}: {word} ({_limits(row)}, {over}).")
    return said


def speedups(latency: pd.DataFrame, name: str, pruning: str) -> dict[tuple[str, str], float]:
    """Return (runtime, batch) -> how many times faster than before pruning, mean over seeds."""
    rows = latency[(latency["name"] == name) & (latency["pruning"] == pruning) & (latency["speedup"] != "")]
    found: dict[tuple[str, str], list[float]] = {}
    for row in rows.to_dict("records"):
        found.setdefault((row["runtime"], row["batch"]), []).append(float(row["speedup"]))
    return {key: mean(values) for key, values in found.items()}


def _measured(latency: pd.DataFrame, row: Row) -> str:
    found = speedups(latency, row["name"], row["pruning"])
    if not found:
        return "its time was not measured"
    order = sorted(found, key=lambda key: (key != (RUNTIME, BATCH), key[0] != RUNTIME, int(key[1])))
    times = ", ".join(f"{found[key]:.2f} ({_RUNTIMES.get(key[0], key[0])}, batch {key[1]})" for key in order)
    return f"measured, it is this many times as fast: {times}"


def _accuracy(row: Row) -> str:
    over = f"{seeds_of(row)}, {row['test_images']} test images"
    limits = "no interval"
    if row["difference_low"]:
        limits = f"95 % limits {signed(row['difference_low'])} to {signed(row['difference_high'])}"
    return f"accuracy {signed(row['difference'])}, {row['conclusion']} ({limits}, {over})"


def pruning(efficiency: pd.DataFrame, latency: pd.DataFrame) -> list[str]:
    """Say what each pruning buys, and what zeroing alone does not."""
    rows = efficiency.to_dict("records")
    before = {row["name"]: row for row in rows if not row["pruning"]}
    said = []
    for row in rows:
        if not row["pruning"] or row["name"] not in before:
            continue
        dense, share = before[row["name"]], 100 * float(row["ratio"])
        if row["method"] == "unstructured":
            text = f"{row['name']}, {row['pruning']}: {share:.3g} % of the weights are zero, and "
            same = all(row[key] == dense[key] for key in ("gmacs", "parameters_millions"))
            text += (
                f"neither GMACs ({_short(row['gmacs'])}) nor stored parameters ({row['parameters_millions']} million) "
                "change: a dense network keeps and multiplies zeros"
                if same
                else f"GMACs go from {_short(dense['gmacs'])} to {_short(row['gmacs'])}"
            )
            text += f"; only compressed is the file smaller ({dense['megabytes_compressed']} to "
            text += f"{row['megabytes_compressed']} MB)"
        else:
            text = f"{row['name']}, {row['pruning']}: without whole channels GMACs go from {_short(dense['gmacs'])} to "
            text += f"{_short(row['gmacs'])} and parameters from {dense['parameters_millions']} to "
            text += f"{row['parameters_millions']} million"
        said.append(f"{text}; {_measured(latency, row)}; {_accuracy(row)}.")
    return said


def transfer(table: pd.DataFrame) -> list[str]:
    """Say where weights of another network help, child by child."""
    said = []
    for row in table.to_dict("records"):
        trains = {"all": "all of it trains", "0": "the head alone trains"}.get(
            row["unfrozen"], f"the head and the last {row['unfrozen']} blocks train".replace(" 1 blocks", " block")
        )
        text = f"{row['child']} (from {row['parent']}, {trains}, {row['epochs']} epochs)"
        if not row["difference"]:
            said.append(f"{text}: {row['accuracy']}; {row['note']}, so nothing says whether the start helps.")
            continue
        over = f"{seeds_of(row)}, {row['test_images']} test images; {row['note']}"
        if is_untested(row["conclusion"]):
            difference = f"{signed(row['difference'])} against {row['against']} from scratch"
            said.append(f"{text}: {difference} ({over}; {row['conclusion']}).")
            continue
        word = {HELPS: "the start helps", HARMS: "the start harms"}.get(
            row["conclusion"], "not shown that the start helps"
        )
        limits = _limits(row) if row["low"] else signed(row["difference"])
        said.append(f"{text}: {word} against {row['against']} from scratch ({limits}, {over}).")
    return said


def stand_in(table: pd.DataFrame, about: dict[str, Any]) -> str:
    """Return the label of transfer that is not from CIFAR-100 to CIFAR-10, or ''."""
    pairs = [(row["parent_classes"], row["classes"]) for row in table.to_dict("records")]
    pairs = [pair for pair in dict.fromkeys(pairs) if pair[0] not in ("100", "1000")]
    if not pairs:
        return ""
    count = ", ".join(f"from {parent} classes of these same data to {child}" for parent, child in pairs)
    return (
        f"STAND-IN for paper 5's transfer: {count}. "
        f"From CIFAR-100 to CIFAR-10: not run, no CIFAR-100 was at hand{'' if about['cifar10'] else ', nor CIFAR-10'}."
    )


def ratios(table: pd.DataFrame) -> str:
    """Put children's accuracy over their parents' beside paper 5's range; '' where no parent has a score."""
    rows = [row for row in table.to_dict("records") if row["ratio"]]
    if not rows:
        return ""
    listed = ", ".join(f"{row['child']} {row['ratio']}" for row in rows)
    inside = sum(0.25 <= float(row["ratio"]) <= 0.5 for row in rows)
    return (
        f"Accuracy of the child over its parent's: {listed}. Paper 5 takes 1/2 to 1/4 for a law; {inside} of "
        f"{len(rows)} are within it. The ratio of two tasks of unlike difficulty says nothing of transfer."
    )
