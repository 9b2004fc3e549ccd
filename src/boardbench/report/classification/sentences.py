"""What the page says of the classification study: each sentence is decided by a table, none is written by hand."""

import pandas as pd

from boardbench.report.classification.artifacts import ClassificationAbout
from boardbench.report.classification.charts import run_called
from boardbench.report.classification.differences import BASELINE, LEARNED, QUESTIONS, SQUEEZE
from boardbench.report.sentences import answer, tally


def best_baseline(baselines: pd.DataFrame) -> str:
    """Name the baseline of highest accuracy with its limits and the test images that it saw."""
    if baselines.empty:
        return "No baseline was run on this data, so nothing says what the networks' scores are worth."
    row = baselines.loc[pd.to_numeric(baselines["accuracy"]).idxmax()]
    folder = f"{row['method']}-{row['distance']}-{row['normalization']}" + (f"-k{row['k']}" if row["k"] else "")
    limits = f"[{row['low']}, {row['high']}]"
    return (
        f"Best baseline: {run_called(folder)}, accuracy {row['accuracy']} {limits} ({row['test_images']} test images)."
    )


def headline(found: dict[str, pd.DataFrame], answered: list[str]) -> list[tuple[str, str]]:
    """Return topic and sentence of what the first page says: best network and best baseline, then what was asked.

    Args:
        found: table -> its rows as text.
        answered: what :func:`answers` says of networks.
    """
    trained = pd.concat([found["networks"], found["numpy_networks"]], ignore_index=True)
    if trained.empty:
        return [("Baselines", best_baseline(found["baselines"]))]
    # A network that knows fewer classes has an easier task.
    classes = pd.to_numeric(trained["classes"], errors="coerce")
    whole = trained[classes.isna() | (classes == classes.max())]
    best = whole.loc[pd.to_numeric(whole["accuracy"]).idxmax()]
    limits = f"95 % limits {best['low']} to {best['high']}; {best['seeds']} seed{'s' * (best['seeds'] != '1')}"
    said = f"accuracy of {best['name']} {best['accuracy']} ({limits}). {best_baseline(found['baselines'])}"
    asked = [tuple(one.removeprefix("Accuracy, ").split(": ", 1)) for one in answered]
    return [("Best network and best baseline", said), *((f"{topic}, accuracy", rest) for topic, rest in asked)]


def answers(differences: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Answer the questions of the table of differences, in two lists: those about networks and those about baselines.

    A network counts once a seed.
    """
    said: tuple[list[str], list[str]] = [], []
    for question in QUESTIONS:
        rows = differences[differences["question"] == question].to_dict("records")
        if question == SQUEEZE:
            said[0].extend(answer(f"Accuracy, {row['first']} against {row['second']}:", row) for row in rows)
        elif rows:
            second = f" ({run_called(rows[0]['second'])})" if question == BASELINE else ""
            found = [(run_called(row["first"].rsplit("-seed", 1)[0]), row["conclusion"]) for row in rows]
            said[question not in (LEARNED, BASELINE)].append(tally(f"Accuracy, {question}{second}", found))
    return said


def stand_in(transfer: pd.DataFrame, about: ClassificationAbout) -> str:
    """Return the label of transfer that is not from CIFAR-100 to CIFAR-10, or ''."""
    pairs = dict.fromkeys(zip(transfer["parent_classes"], transfer["classes"], strict=True))
    pairs = [pair for pair in pairs if pair[0] not in ("100", "1000")]
    count = ", ".join(f"from {old} classes of these same data to {new}" for old, new in pairs)
    if not count:
        return ""
    missing = "no CIFAR-100 was at hand" + ("" if about.cifar10 else ", nor CIFAR-10")
    return f"STAND-IN for paper 5's transfer: {count}. From CIFAR-100 to CIFAR-10: not run, {missing}."


def why_published(about: ClassificationAbout) -> str:
    """Say why paper 2's numbers stand beside, or do not."""
    if not about.cifar10:
        return "These data are real, but they are not CIFAR-10, so no published number stands beside."
    said = "Paper 2's numbers are for CIFAR-10 and stand small beside"
    if about.recoded:
        said += "; these images were recoded as JPEG, which moves scores a little"
    elif not about.original:
        said += "; it is not known how these files were made"
    if not about.complete:
        said += "; only a part of the images is used here, so the numbers are not of the same task"
    return said + "."
