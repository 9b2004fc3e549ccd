"""Which classifier is better on the same test images: exact McNemar tests on what each predicted.

Two classifiers that saw the same images differ only where one is right and the other wrong. If they were equally
good, each such image would fall to either with the same chance: the two-sided binomial test on these counts is
McNemar's exact one. A difference is shown where p is below 0.05. It speaks of these two classifiers on other images
of the same kind; a network that is trained again is another classifier, so each seed has a row of its own, and a
network that was trained with fewer than three seeds is not tested.
"""

from statistics import mean

import pandas as pd
from scipy import stats

from boardbench.report.classification.runs import Run, Truth
from boardbench.report.classification.trained import right
from boardbench.report.uncertainty import HIGHER, LEAST_SEEDS, LOWER, NOTHING, image_interval, untested, verdict
from boardbench.report.writing import decimals, text_table

LEARNED, BASELINE, NEIGHBOURS, NORMS, COSINE, SCALES, SQUEEZE = QUESTIONS = (
    "network against the largest class",
    "network against the best baseline",
    "k = 1 against k = 3",
    "L1 against L2",
    "cosine against L2",
    "standardize against minmax",
    "squeeze-and-excitation against none",
)
COLUMNS = ["question", "first", "second", "test_images", "first_accuracy", "second_accuracy", "difference"]
COLUMNS += ["only_first", "only_second", "p", "conclusion"]
OVER_SEEDS = ["seeds", "low", "high"]  # of questions that are answered over seeds; tables of old have them not
LEVEL = 0.05
LARGEST = "largest class"


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided p of McNemar's exact test; 1 where no image tells the two apart."""
    images = only_first + only_second
    return float(stats.binomtest(only_first, images).pvalue) if images else 1.0


def best(runs: list[Run]) -> Run:
    """Return the run with the highest accuracy on its test images, the first of equals."""
    return max(runs, key=lambda run: run.scores["accuracy"])


def _row(question: str, names: tuple[str, str], first: pd.Series, second: pd.Series, truth: Truth) -> dict[str, str]:
    """Compare predictions on the images that both have."""
    both = first.index.intersection(second.index)
    labels = truth.labels.loc[both]
    right, other = first.loc[both] == labels, second.loc[both] == labels
    only_first, only_second = int((right & ~other).sum()), int((other & ~right).sum())
    p = mcnemar(only_first, only_second)
    shown = NOTHING if p >= LEVEL else HIGHER if only_first > only_second else LOWER
    difference = (only_first - only_second) / len(both)
    cells = (question, *names, str(len(both)), decimals(right.mean(), 4), decimals(other.mean(), 4))
    cells += (decimals(difference, 4), str(only_first), str(only_second), decimals(p, 4), shown)
    return dict(zip(COLUMNS, cells, strict=True))


def differences(baselines: list[Run], networks: dict[str, list[Run]], truth: Truth) -> pd.DataFrame:
    """Answer the page's questions, as text: QUESTIONS in order, one row a pair; those without a pair have none.

    * each network against the class that most training images have, given to all: has it learned anything?
    * each network against the baseline of highest accuracy, which the test images themselves choose: to its favour;
    * k-NN of equal distance and normalization, k = 1 and k = 3;
    * L1 and L2, cosine and L2, of equal method, k and normalization;
    * standardize and minmax, of equal method, k and distance;
    * each network with squeeze-and-excitation against the one of equal settings without: paired by seed and image,
      with 95 % limits over both; one seed has none.
    """
    rows = []

    def compare(question: str, first: Run, name: str, second: pd.Series, seeds: int = LEAST_SEEDS) -> None:
        row = _row(question, (first.name, name), first.predicted, second, truth)
        rows.append(row | ({"conclusion": untested(seeds)} if untested(seeds) else {}))

    trained = [(run, len(group)) for group in networks.values() for run in group]
    constant = pd.Series(truth.largest, index=truth.labels.index).sort_index()
    for run, seeds in trained:
        compare(LEARNED, run, LARGEST, constant, seeds)
    for run, seeds in trained if baselines else []:
        compare(BASELINE, run, best(baselines).name, best(baselines).predicted, seeds)

    def key(run: Run, **changed: object) -> tuple:
        given = vars(run.content) | {"k": run.k} | changed
        return tuple(given[name] for name in ("method", "k", "distance", "normalization"))

    known = {key(run): run for run in baselines}
    for question, name, one, other in (
        (NEIGHBOURS, "k", 1, 3),
        (NORMS, "distance", "l1", "l2"),
        (COSINE, "distance", "cosine", "l2"),
        (SCALES, "normalization", "standardize", "minmax"),
    ):
        for run in baselines:
            second = known.get(key(run, **{name: other}))
            if key(run) == key(run, **{name: one}) and second:
                compare(question, run, second.name, second.predicted)
    return text_table([*rows, *_squeeze(networks, truth)], [*COLUMNS, *OVER_SEEDS])


def _squeeze(networks: dict[str, list[Run]], truth: Truth) -> list[dict[str, str]]:
    """Compare networks that differ in squeeze-and-excitation alone."""

    def key(run: Run) -> dict:
        settings = {name: value for name, value in run.content.settings.items() if name != "reduction"}
        return settings | {"network": run.content.network, "classes": run.content.classes}

    rows = []
    for name, runs in networks.items():
        for other, rivals in networks.items():
            if key(runs[0]) != key(rivals[0]) | {"network": f"se_{rivals[0].content.network}"}:
                continue
            by_seed = {rival.content.seed: rival for rival in rivals}
            pairs = [(run, by_seed[run.content.seed]) for run in runs if run.content.seed in by_seed]
            if pairs:
                rows.append(_over_seeds(SQUEEZE, (name, other), pairs, truth))
    return rows


def _over_seeds(question: str, names: tuple[str, str], pairs: list[tuple[Run, Run]], truth: Truth) -> dict[str, str]:
    """Compare runs paired by seed."""
    both = [_row(question, names, first.predicted, second.predicted, truth) for first, second in pairs]
    scores = [(first.scores["accuracy"], second.scores["accuracy"]) for first, second in pairs]
    apart = [first - second for first, second in scores]
    low = high = ""
    if len(pairs) > 1:
        firsts, seconds = (right(list(runs), truth) * 1.0 for runs in zip(*pairs, strict=True))
        low, high = (decimals(end, 4) for end in image_interval(firsts - seconds))
    means = [decimals(mean(values), 4) for values in (*zip(*scores, strict=True), apart)]
    row = both[0] | dict(zip(("first_accuracy", "second_accuracy", "difference"), means, strict=True))
    row |= {name: str(sum(int(one[name]) for one in both)) for name in ("only_first", "only_second")}
    return row | {
        "p": "",
        "conclusion": verdict(low, high, len(pairs)),
        "seeds": str(len(pairs)),
        "low": low,
        "high": high,
    }
