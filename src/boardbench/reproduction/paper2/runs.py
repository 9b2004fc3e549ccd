"""Paper 2's sentences on its own networks, by the JSON files and the code of its author's repository."""

import re
from itertools import pairwise
from math import log

from boardbench.reproduction.checks import BASELINES, METRICS, NETWORKS, SECONDS, Check, Told
from boardbench.reproduction.evidence import Evidence
from boardbench.reproduction.ours import Row, Rows
from boardbench.reproduction.verdicts import CONTRADICTED, EXPLAINED, MATCHES, Claim, about, table_and_logs

CPU, GPU = "cpu i5-8400", "gpu A100"
EQUAL = log(10)  # the loss of a network that gives ten classes the same probability


def _rate(run: Row) -> float:
    """Return a run's learning rate, which only the name of its file has."""
    return float(re.search(r"_lr([0-9.]*[0-9])_", run["run"]).group(1))


def _test(evidence: Evidence, **wanted: str) -> Row:
    return evidence.author_runs(part="test", **wanted)[0]


def _numbers(run: Row) -> dict[str, str | float]:
    """Return a run with its numbers as numbers, for the texts."""
    return {name: float(cell) if re.fullmatch(r"[0-9]+\.[0-9]+", cell) else cell for name, cell in run.items()}


def rates(evidence: Evidence, claim: Claim) -> Told:
    """Compare learning rates with those in the names of the dense networks' runs."""
    runs = evidence.author_runs(network="numpy_fc3") + evidence.author_runs(network="numpy_fc5")
    found = sorted({_rate(run) for run in runs}, reverse=True)
    return found == claim.numbers, {"rates": " and ".join(f"{rate:g}" for rate in found)}


def default_rate(evidence: Evidence, claim: Claim) -> Told:
    """Compare a learning rate with that of all runs of table 4 whose row names none."""
    runs = evidence.author_runs(network="numpy_fc3") + evidence.author_runs(network="numpy_fc5")
    found = {_rate(run) for run in runs if run["setting"] not in ("", "lr 0.01")}
    return found == set(claim.numbers), {"rates": ", ".join(f"{rate:g}" for rate in sorted(found))}


def vgg_setting(evidence: Evidence, claim: Claim) -> Told:
    """Compare epochs and learning rate with those of VGG-16's run."""
    run = evidence.author_runs(network="vgg16")[0]
    found = [float(run["epochs"]), _rate(run)]
    return found == claim.numbers, {"epochs": run["epochs"], "rate": f"{found[1]:g}", "run": run["run"]}


def conv_accuracy(evidence: Evidence, claim: Claim) -> Told:
    """Compare an accuracy in percent with the mean of the convolutional networks from scratch."""
    found = [100 * float(run["accuracy"]) for run in evidence.author_runs(network="numpy_cnn", part="test")]
    told = about(claim.numbers[0], sum(found) / len(found))
    return told, {"found": " and ".join(f"{value:.2f}" for value in found)}


def dense_below(evidence: Evidence, claim: Claim) -> Told:
    """Compare the best dense network with the lowest baseline, and with the lowest that is not reversed."""
    best = max(float(row["accuracy"]) for row in evidence.rows(NETWORKS) if row["network"].startswith("numpy_fc"))
    baselines = evidence.rows(BASELINES)
    reversed_ = [row for row in baselines if (row["method"], row["distance"]) == ("knn", "cosine")]
    lowest, right = (
        min((row for row in rows), key=lambda row: float(row["accuracy"]))
        for rows in (baselines, [row for row in baselines if row not in reversed_])
    )
    told = table_and_logs(best < float(lowest["accuracy"]), best < float(right["accuracy"]))
    return told, lowest | {"best": best, "right": f"{right['method']} {right['distance']} {right['accuracy']}"}


def precision_falls(evidence: Evidence, claim: Claim) -> Told:
    """The larger rate's run is initialized otherwise than the one it is compared with: the like of it decides."""
    high = _test(evidence, network="numpy_fc3", setting="lr 0.01")
    printed = _test(evidence, network="numpy_fc3", setting="lr 0.001")
    like = _test(evidence, network="numpy_fc3", run=high["run"].replace("lr0.01", "lr0.001"))
    table = printed["initialization"] == high["initialization"] and float(high["precision"]) < float(
        printed["precision"]
    )
    known = {"high": _numbers(high), "printed": _numbers(printed), "like": _numbers(like)}
    return table_and_logs(table, float(high["precision"]) < float(like["precision"])), known


def _step_gain(evidence: Evidence, claim: Claim) -> Told:
    of = {"network": "resnet18"}
    before, after = (evidence.cell(NETWORKS, "f_score", **of, setting=name) for name in ("default", "StepLR"))
    step = _test(evidence, **of, setting="StepLR")
    like = _test(evidence, **of, setting="default", device=step["device"])
    logs = float(step["f_score"]) > float(like["f_score"])
    known = {"before": before, "after": after, "step": _numbers(step), "like": _numbers(like)}
    return table_and_logs(after > before, logs), known


def _folds_improve(evidence: Evidence, claim: Claim) -> Told:
    """All runs with dropout or folds against the one without, in accuracy and F-score."""
    names = ("dropout 30 epochs", "dropout 100 epochs", "dropout 30 epochs 5 folds")

    def better(of: dict[str, Row]) -> bool:
        plain = of["lr 0.001"]
        return all(float(of[name][key]) > float(plain[key]) for name in names for key in ("accuracy", "f_score"))

    settings = (*names, "lr 0.001")
    table = {name: evidence.rows(NETWORKS, network="numpy_fc3", setting=name)[0] for name in settings}
    logs = {name: _test(evidence, network="numpy_fc3", setting=name) for name in settings}
    found = ", ".join(f"{float(logs[name]['accuracy']):.4f}" for name in names)
    return table_and_logs(better(table), better(logs)), {"found": found, "plain": float(logs["lr 0.001"]["accuracy"])}


def _closer(evidence: Evidence, claim: Claim) -> Told:
    xavier, he = (_test(evidence, run=f"results_fc_3layers_lr0.001_{name}.json") for name in ("xavier", "he"))
    away = [abs(float(run["first_loss"]) - float(run["last_loss"])) for run in (xavier, he)]
    ends = [float(run["last_loss"]) for run in (xavier, he)]
    return away[0] < away[1] and about(*ends), {"xavier": _numbers(xavier), "he": _numbers(he)}


def _fluctuates(evidence: Evidence, claim: Claim) -> Told:
    fast = _test(evidence, network="numpy_fc3", setting="lr 0.01")
    slow = _test(evidence, run=fast["run"].replace("lr0.01", "lr0.001"))
    rises = [float(run["largest_loss"]) / float(run["first_loss"]) for run in (fast, slow)]
    return rises[0] > 1 and rises[1] <= 1, {"fast": _numbers(fast), "slow": _numbers(slow), "equal": EQUAL}


def _instant(evidence: Evidence, claim: Claim) -> Told:
    """After one step, nine tenths of all that the loss will ever fall: and what it falls to."""
    runs = evidence.author_runs(network="numpy_cnn", part="test")
    first, second, last = ([float(run[f"{name}_loss"]) for run in runs] for name in ("first", "second", "last"))
    falls = [(one - two) / (one - end) for one, two, end in zip(first, second, last, strict=True)]
    told = all(fall >= 0.9 for fall in falls)
    return told, {"falls": " / ".join(f"{100 * fall:.0f} %" for fall in falls), "equal": EQUAL, "last": last}


def _work(row: Row) -> int:
    """Return batch size times the products of successive filter counts: what a step of these networks costs."""
    filters = [3, *map(int, re.search(r"filters ([0-9-]+)", row["setting"]).group(1).split("-"))]
    batch = int(re.search(r"batch ([0-9]+)", row["setting"]).group(1))
    return batch * sum(one * other for one, other in pairwise(filters))


def _exponential(evidence: Evidence, claim: Claim) -> Told:
    """Time against work from the smallest network to the largest: exponential would be more than in proportion."""
    rows = sorted(evidence.rows(SECONDS, network="numpy_cnn"), key=_work)
    steps = [
        (float(larger["seconds_per_epoch"]) / float(row["seconds_per_epoch"]), _work(larger) / _work(row))
        for row, larger in pairwise(rows)
    ]
    told = all(time > work for time, work in steps)
    return told, {"steps": "; ".join(f"{time:.0f} times for {work:.1f} times the work" for time, work in steps)}


def _fewer_epochs(evidence: Evidence, claim: Claim) -> Told:
    scratch: Rows = [run for run in evidence.runs if run["network"].startswith("numpy")]
    ready = [run for run in evidence.runs if run not in scratch]
    epochs = [[int(run["epochs"]) for run in runs] for runs in (ready, scratch)]
    steps = [[int(run["epochs"]) * int(run["steps_per_epoch"]) for run in runs] for runs in (ready, scratch)]
    fewer = [max(one) < min(other) for one, other in (epochs, steps)]
    known = {"ready": max(epochs[0]), "scratch": (min(epochs[1]), max(epochs[1]))}
    known |= {"steps": max(steps[0]), "scratch_steps": max(steps[1])}
    return (MATCHES if all(fewer) else EXPLAINED if fewer[0] else CONTRADICTED), known


def _second(evidence: Evidence, claim: Claim) -> Told:
    """Second in table 6; and on each device, where both ran on both."""
    table = sorted(
        (row for row in evidence.rows(NETWORKS) if row["source"] == "paper 2 table 6"),
        key=lambda row: -float(row["accuracy"]),
    )
    on = {
        device: [
            float(_test(evidence, network=name, device=device, setting=setting)["accuracy"])
            for name, setting in (("resnet18", "default"), ("vgg16", table[0]["setting"]))
        ]
        for device in (CPU, GPU)
    }
    second = table[1]["network"] == "resnet18"
    told = EXPLAINED if second and any(one > other for one, other in on.values()) else MATCHES if second else False
    return told, {"cpu": on[CPU], "gpu": on[GPU], "table": table[1]["accuracy"]}


def _stable(evidence: Evidence, claim: Claim) -> Told:
    """How far each number of table 1 moves from one neighbour to three."""
    moves = {
        name: [
            abs(
                evidence.cell(BASELINES, metric, method="knn", distance="pairwise", normalization=name, k="3")
                - evidence.cell(BASELINES, metric, method="knn", distance="pairwise", normalization=name, k="1")
            )
            for metric in METRICS
        ]
        for name in ("z-score", "min-max")
    }
    fewer = sum(one < other for one, other in zip(moves["z-score"], moves["min-max"], strict=True))
    return fewer > len(METRICS) / 2, {"fewer": fewer, "of": len(METRICS)} | {
        name.replace("-", "_"): values for name, values in moves.items()
    }


def _faster(evidence: Evidence, claim: Claim) -> Told:
    (classes,), (_, train, _) = (evidence.claim(name).numbers for name in ("p2-classes", "p2-images"))
    return classes < train, {"classes": classes, "train": train}


CHECKS: dict[str, Check] = {
    "p2-step-gain": _step_gain,
    "p2-dropout-folds": _folds_improve,
    "p2-xavier": _closer,
    "p2-fluctuations": _fluctuates,
    "p2-instant": _instant,
    "p2-exponential": _exponential,
    "p2-fewer-epochs": _fewer_epochs,
    "p2-resnet-second": _second,
    "p2-stable": _stable,
    "p2-centroid-faster": _faster,
}
