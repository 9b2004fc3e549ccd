"""What the page says of the classification study: each sentence is decided by a table, none is written by hand."""

from typing import Any

import pandas as pd

from boardbench.report.classification.charts import called, run_called
from boardbench.report.classification.differences import (
    BASELINE,
    COSINE,
    LARGEST,
    LEARNED,
    NEIGHBOURS,
    NORMS,
    SCALES,
)
from boardbench.report.sentences import signed
from boardbench.report.uncertainty import HIGHER, LOWER, NOTHING, is_untested

Row = dict[str, str]


def _p(text: str) -> str:
    return "p < 0.0001" if float(text) == 0 else f"p = {float(text):.4f}"


def _limits(row: Row) -> str:
    return f"{float(row['accuracy']):.4f} (95 % limits {float(row['low']):.4f} to {float(row['high']):.4f})"


def _classifier(row: Row) -> str:
    name = f"{called(row['method'])}, {called(row['distance'])}"
    return name + (f", k = {row['k']}" if row["k"] else "") + f", {row['normalization']}"


def _asked(differences: pd.DataFrame, question: str) -> list[Row]:
    return differences[differences["question"] == question].to_dict("records")


def best_baseline(baselines: pd.DataFrame, test: int) -> str:
    """Name the baseline of highest accuracy with its limits, and say where it saw a part of the test images alone."""
    if baselines.empty:
        return "No baseline was run on this data, so nothing says what the networks' scores are worth."
    row = baselines.loc[pd.to_numeric(baselines["accuracy"]).idxmax()].to_dict()
    said = f"The best baseline is {_classifier(row)}: accuracy {_limits(row)} over {row['test_images']} test images"
    if int(row["test_images"]) < test:
        said += f" of {test}, a draw that the other distances were not scored on alone"
    return said + "."


def against_baseline(differences: pd.DataFrame, networks: pd.DataFrame, test: int) -> list[str]:
    """Say which networks beat the best baseline on the same images, by name; a name counts where every seed does.

    Of networks with too few seeds the differences alone.
    """
    if networks.empty:
        return ["No network was trained on this data; these are the baselines alone."]
    asked = _asked(differences, BASELINE)
    if not asked:
        return ["There is no baseline to compare the networks with."]
    rival, images = run_called(asked[0]["second"]), asked[0]["test_images"]
    rows = {name: [row for row in asked if row["first"].rsplit("-seed", 1)[0] == name] for name in networks["name"]}
    where = f"the same {images} test images"
    if int(images) < test:
        where += f" (of {test}: the baseline was scored on no others)"
    few = {name: found for name, found in rows.items() if is_untested(found[0]["conclusion"])}
    rows = {name: found for name, found in rows.items() if name not in few}
    told = []
    if few:
        details = "; ".join(f"{name} {_margin(found)} ({found[0]['conclusion']})" for name, found in few.items())
        told = [f"On {where}, accuracy minus that of the best baseline ({rival}): {details}."]
    if not rows:
        return told
    short = {name: found for name, found in rows.items() if any(row["conclusion"] != HIGHER for row in found)}
    if not short:
        details = "; ".join(f"{name} {_margin(found)}" for name, found in rows.items())
        who = f"every network ({len(rows)}) beats" if len(rows) > 1 else "the network beats"
        return [f"On {where}, {who} the best baseline ({rival}): {details}.", *told]
    said = []
    for name, found in short.items():
        lost = all(row["conclusion"] == LOWER for row in found)
        verb = "is below it" if lost else "is not shown to be above it"
        said.append(f"{name} {verb} ({_margin(found)})")
    won = "; ".join(f"{name} {_margin(found)}" for name, found in rows.items() if name not in short)
    count = f"{len(rows) - len(short)} of {len(rows)} networks" if len(short) < len(rows) else "no network"
    verb = "beat" if len(rows) - len(short) > 1 else "beats" if len(short) < len(rows) else "is shown to beat"
    text = f"On {where}, {count} {verb} the best baseline ({rival})"
    return [text + (f": {won}; " if won else ": ") + "; ".join(said) + ".", *told]


def _margin(rows: list[Row]) -> str:
    """Return the differences of a network's seeds with their p."""
    found = [f"{signed(row['difference'])}, {_p(row['p'])}" for row in rows]
    return " / ".join(found)


def learned(differences: pd.DataFrame, networks: pd.DataFrame) -> list[str]:
    """Say which networks are above the class that most images have, given to all."""
    asked = _asked(differences, LEARNED)
    if not asked:
        return []
    chance = float(asked[0]["second_accuracy"])
    names = {row["first"].rsplit("-seed", 1)[0] for row in asked if row["conclusion"] != HIGHER}
    shown = []
    for row in networks.to_dict("records"):
        spread = f" ± {float(row['accuracy_sd']):.4f} over {row['seeds']} seeds" if row["accuracy_sd"] else ""
        limits = _limits(row) if row["low"] else f"{float(row['accuracy']):.4f}{spread}"
        shown.append(f"{row['name']} {limits}")
    base = f"{LARGEST} for all gives {chance:.4f}: {'; '.join(shown)}"
    if any(is_untested(row["conclusion"]) for row in asked):
        return [f"Whether a network learns more than the largest class takes three seeds. The {base}."]
    if not names:
        return [f"The networks learn. The {base}."]
    verb = "learns" if len(names) == 1 else "learn"
    return [f"Not shown that {', '.join(sorted(names))} {verb} anything. The {base}."]


def neighbours(differences: pd.DataFrame) -> str:
    """Say whether one neighbour beats three, pair by pair."""
    rows = _asked(differences, NEIGHBOURS)
    if not rows:
        return ""
    found = {word: [row for row in rows if row["conclusion"] == word] for word in (HIGHER, LOWER, NOTHING)}
    words = {HIGHER: "k = 1 is better", LOWER: "k = 3 is better", NOTHING: NOTHING}
    parts = []
    for word, chosen in found.items():
        if chosen:
            names = "; ".join(
                f"{run_called(row['first'].removesuffix('-k1')).removeprefix('k-NN, ')} {signed(row['difference'])}, "
                f"{_p(row['p'])}"
                for row in chosen
            )
            parts.append(f"{words[word]} in {len(chosen)} of {len(rows)} ({names})")
    return f"One neighbour or three (tied votes go to the nearest): {'; '.join(parts)}."


def distances(differences: pd.DataFrame) -> list[str]:
    """Say how L1 and L2, and standardize and minmax, differ, image by image."""
    said = []
    rows = _asked(differences, NORMS)
    if rows:
        apart = [row for row in rows if row["only_first"] != "0" or row["only_second"] != "0"]
        pairs = "; ".join(
            f"{run_called(row['first'])} {signed(row['difference'])}, {_p(row['p'])} ({row['conclusion']})"
            for row in rows
        )
        same = "they are two distances, not one" if apart else "no test image tells them apart"
        said.append(f"L1 against L2, {same}: {pairs}.")
    rows = _asked(differences, SCALES)
    if rows:
        same = [row for row in rows if row["only_first"] == row["only_second"] == "0"]
        said.append(
            f"By standardize and by minmax the same images are right in {len(same)} of {len(rows)} pairs. With L1 and "
            "L2 they must be: one global shift and scale changes no order of distances."
        )
    return said


def cosine(baselines: pd.DataFrame, variants: pd.DataFrame, differences: pd.DataFrame) -> list[str]:
    """Say where cosine stands among the distances of k-NN with one neighbour, and what the largest distance gives."""
    rows = baselines[(baselines["method"] == "knn") & (baselines["k"] == "1")]
    if "cosine" not in set(rows["distance"]) or rows["distance"].nunique() < 2:
        return []
    first = rows["normalization"].iloc[0]
    chosen = rows[rows["normalization"] == first]
    order = chosen.assign(value=pd.to_numeric(chosen["accuracy"])).sort_values("value", kind="stable")
    listed = ", ".join(f"{called(row.distance)} {row.accuracy}" for row in order.itertuples())
    worst = order["distance"].iloc[0] == "cosine"
    said = f"Cosine {'is' if worst else 'is not'} the worst distance of 1-NN ({first}): {listed}"
    pair = [row for row in _asked(differences, COSINE) if row["first"] == f"knn-cosine-{first}-k1"]
    if pair:
        words = {HIGHER: "better than L2", LOWER: "worse than L2", NOTHING: "not told apart from L2"}
        said += f"; on the same images it is {words[pair[0]['conclusion']]} ({signed(pair[0]['difference'])}, "
        said += f"{_p(pair[0]['p'])})"
    far = variants[
        (variants["variant"] == "largest distance") & (variants["distance"] == "cosine") & (variants["k"] == "1")
    ]
    if not far.empty:
        row = far.iloc[0]
        said += f". Taking the LARGEST cosine distance gives {row['accuracy']}"
        if row["accuracy_published"]:
            said += f"; paper 2 prints {row['accuracy_published']} for cosine"
    return [said + "."]


def ties(variants: pd.DataFrame) -> list[str]:
    """Say what k-NN gives where a tied vote goes to the class of lowest number, as some libraries have it."""
    rows = variants[variants["variant"] == "ties to the lowest class"]
    found = [
        f"{called(row.distance)}, {row.normalization}, k = {row.k}: {row.accuracy}"
        + (f" (paper 2: {row.accuracy_published})" if row.accuracy_published else "")
        for row in rows.itertuples()
    ]
    if not found:
        return []
    return [f"Where a tied vote goes to the class of lowest number instead: {'; '.join(found)}."]


def why_published(about: dict[str, Any]) -> str:
    """Say why paper 2's numbers stand beside, or do not."""
    if not about["cifar10"]:
        return "These data are real, but they are not CIFAR-10, so no published number stands beside."
    said = "Paper 2's numbers are for CIFAR-10 and stand beside"
    if about["recoded"]:
        said += ", but these images were recoded as JPEG, which moves scores a little: they need not agree to the digit"
    elif not about["original"]:
        said += ", though it is not known how these files were made"
    if not about["complete"]:
        said += "; only a part of the images is used here, so the numbers are not of the same task"
    return said + "."
