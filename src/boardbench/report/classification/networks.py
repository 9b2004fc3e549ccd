"""The tables of networks in PyTorch: what they score, and what weights of another network give to a start."""

from statistics import mean, median, stdev
from typing import Any

import pandas as pd

from boardbench.report.classification.published import METRICS, Published
from boardbench.report.classification.runs import Run, Truth
from boardbench.report.classification.trained import (
    Groups,
    Trained,
    accuracy_limits,
    knows_all,
    right,
    settings_of,
)
from boardbench.report.uncertainty import image_interval, verdict
from boardbench.report.writing import cell, decimals, text_table

SETTINGS = ("width", "stem", "optimizer", "learning_rate", "schedule", "label_smoothing")
NETWORKS = ("dataset", "name", "network", "blocks", *SETTINGS, "epochs", "seeds", "classes", "train_images")
NETWORKS += ("parameters_millions", "gmacs", "test_images", "accuracy", "accuracy_sd", "low", "high")
NETWORKS += ("precision", "recall", "f_score", "setting_published", *(f"{name}_published" for name in METRICS))
TRANSFER = ("dataset", "child", "parent", "network", "unfrozen", "classes", "parent_classes", "epochs", "seeds")
TRANSFER += ("test_images", "accuracy", "accuracy_sd", "parent_accuracy", "ratio", "ratio_published", "against")
TRANSFER += ("against_accuracy", "difference", "low", "high", "conclusion", "note")
HELPS, HARMS = "helps", "harms"
LAW = "1/2 to 1/4"  # paper 5: accuracy of a child over its parent's
# What makes a run from scratch one of the same network, task and budget as a child.
BUDGET = ("network", "width", "stem", "reduction", "settings", "validation", "batch_size", "epochs")
_START = ("weights", "checksum", "unfrozen", "classes")


def shown_settings(run: Run) -> dict[str, str]:
    """Return the settings of a run that its table has, as cells."""
    return {name: cell(settings_of(run).get(name)) for name in SETTINGS}


def blocks(settings: dict[str, Any]) -> str:
    """Return how many blocks a MobileNetV2 has as paper 5 counts them: bottlenecks and the two convolutions around."""
    if settings["network"] != "mobilenet_v2":
        return ""
    return str(sum(n for _, _, n, _ in settings["settings"]) + 2) if settings.get("settings") else "19"


def spread(values: list[float]) -> str:
    """Return the standard deviation as a cell; empty for one value."""
    return decimals(stdev(values), 4) if len(values) > 1 else ""


def accuracies(runs: list[Run]) -> list[float]:
    """Return the accuracy of each run."""
    return [run.scores["accuracy"] for run in runs]


def networks_table(dataset: str, trained: Trained, truth: Truth, published: Published) -> pd.DataFrame:
    """Return classification_networks: a row a network, means over its seeds.

    low and high are 95 % limits of the accuracy: of one seed over test images (Wilson), else over test images and
    seeds. Published numbers stand beside runs of the same network and setting on CIFAR-10.
    """
    rows = []
    for name, runs in trained.groups.items():
        first = runs[0]
        row = {"dataset": dataset, "name": name, "network": first.content.network, **shown_settings(first)}
        row["blocks"] = blocks(settings_of(first))
        row |= {"epochs": f"{median(run.content.epochs for run in runs):g}", "seeds": str(len(runs))}
        row |= {"classes": str(len(first.content.classes)), "train_images": cell(first.content.train_images)}
        row["parameters_millions"] = f"{trained.cost(first, 'parameters') / 1e6:.4f}"
        row["gmacs"] = f"{trained.cost(first, 'gmacs'):.6f}"
        row |= {"test_images": str(len(first.predicted)), "accuracy_sd": spread(accuracies(runs))}
        row |= {score: decimals(mean(run.scores[score] for run in runs), 4) for score in METRICS}
        row |= dict(zip(("low", "high"), (decimals(end, 4) for end in accuracy_limits(runs, truth)), strict=True))
        printed = published.trained(settings_of(first), knows_all(first, truth))
        row["setting_published"] = printed["setting"]
        rows.append(row | {f"{score}_published": printed[score] for score in METRICS})
    return pd.DataFrame(rows, columns=NETWORKS)


def _against(runs: list[Run], groups: Groups) -> str:
    """Return the name of the network from scratch with the same budget, the nearest in its other settings, or ''."""

    def budget(run: Run) -> list[Any]:
        return [run.content.classes, *(settings_of(run).get(key) for key in BUDGET)]

    wanted = budget(runs[0])
    found = [name for name, other in groups.items() if not other[0].content.parent and budget(other[0]) == wanted]
    return min(found, key=lambda name: len(_differing(runs[0], groups[name][0])), default="")


def _differing(run: Run, other: Run) -> list[str]:
    """Return the settings that differ, but for the weights to start from and what they freeze."""
    ours, theirs = settings_of(run), settings_of(other)
    keys = [key for key in ours if key not in (*_START, *BUDGET)]
    return [key for key in keys if ours[key] != theirs.get(key)]


def _compared(runs: list[Run], others: list[Run], truth: Truth) -> dict[str, str]:
    """Return the cells of a difference of accuracies, paired over seeds and test images."""
    pairs = [(run, other) for run in runs for other in others if run.content.seed == other.content.seed]
    if not pairs:
        return {"note": "no seed in common"}
    paired = right([run for run, _ in pairs], truth) * 1.0 - right([other for _, other in pairs], truth)
    low, high = (decimals(end, 4) for end in image_interval(paired))
    word = verdict(low, high, len(pairs), HARMS, HELPS)
    note = "one seed: limits over test images only" if len(pairs) == 1 else f"limits over test images and {len(pairs)} "
    note += "" if len(pairs) == 1 else "seeds"
    found = {"against_accuracy": decimals(mean(accuracies([other for _, other in pairs])), 4), "note": note}
    return found | {"difference": decimals(float(paired.mean()), 4), "low": low, "high": high, "conclusion": word}


def transfer_table(dataset: str, groups: Groups, truth: Truth, published: Published) -> pd.DataFrame:
    """Return classification_transfer: a row a network that started from another's weights.

    Each is compared with the network from scratch of the same kind, classes, images and epochs: the difference of
    accuracies, paired image by image and seed by seed, with 95 % limits over both. ``ratio`` is the accuracy over the
    parent's on the parent's own classes.
    """
    rows = []
    for name, runs in groups.items():
        first, parent = runs[0], runs[0].content.parent
        if not parent:
            continue
        elders = groups.get(parent["source"], [])
        classes = parent["classes"]
        row = {"dataset": dataset, "child": name, "parent": parent["source"], "network": first.content.network}
        row["unfrozen"] = "all" if settings_of(first)["unfrozen"] is None else cell(settings_of(first)["unfrozen"])
        row["classes"] = str(len(first.content.classes))
        row["parent_classes"] = str(classes if isinstance(classes, int) else len(classes))
        row |= {"epochs": f"{median(run.content.epochs for run in runs):g}", "seeds": str(len(runs))}
        row |= {"test_images": str(len(first.predicted)), "accuracy": decimals(mean(accuracies(runs)), 4)}
        row |= {"accuracy_sd": spread(accuracies(runs)), "ratio_published": LAW if published.cifar10 else ""}
        if elders:
            high = mean(accuracies(elders))
            row |= {"parent_accuracy": decimals(high, 4), "ratio": f"{mean(accuracies(runs)) / high:.2f}"}
        against = _against(runs, groups)
        if against:
            row |= {"against": against} | _compared(runs, groups[against], truth)
            differing = _differing(first, groups[against][0])
            row["note"] += f"; also differs: {', '.join(differing)}" if differing else ""
        else:
            row["note"] = "no run from scratch of the same classes and epochs"
        rows.append(row)
    return text_table(rows, TRANSFER)
