"""What our own classification study says to sentences of paper 2: one text a claim id, empty where nothing does."""

from collections.abc import Callable
from dataclasses import replace

from boardbench.reproduction.claims_costs import verdict
from boardbench.reproduction.claims_data import Check
from boardbench.reproduction.evidence import Evidence
from boardbench.reproduction.ours.classification import PRINTED, Classified, Rows
from boardbench.reproduction.verdicts import NOT_RUN, Claim, Finding

Ours = Callable[[Classified], str]
_SETTING = "A setting: the author's runs are not published with the report, so nothing here shows it"
_METRICS = ("accuracy", "precision", "recall", "f_score")


def beside(check: Check, of: Ours) -> Check:
    """Return the check with what our study has put beside its finding."""

    def judged(evidence: Evidence, claim: Claim) -> Finding:
        found, classified = check(evidence, claim), evidence.classified
        text = of(classified) if classified else ""
        if not classified or not text:
            return found
        return replace(found, ours=f"{text} ({classified.dataset})", command=classified.command)

    return judged


def setting(of: Ours, why: str = _SETTING) -> Check:
    """Return a check that stays 'not run', with ours beside."""
    return beside(lambda evidence, claim: Finding(NOT_RUN, "", f"{why}."), of)


def from_data(of: Callable[[Classified], list[int]], why: str) -> Check:
    """Return a check of the claim's numbers by the data set's own files, which takes them."""

    def judged(evidence: Evidence, claim: Claim) -> Finding:
        classified = evidence.classified
        if not classified:
            return Finding(NOT_RUN, "", "Takes the data set, which is not published here with our study yet.")
        found = of(classified)
        text = f"{' x '.join(map(str, found))} ({classified.dataset})"
        return Finding(verdict(claim.numbers == found), "", why, text, classified.command)

    return judged


def _accuracy(row: dict[str, str]) -> float:
    return float(row["accuracy"])


def _word(row: dict[str, str], column: str = "distance") -> str:
    """Return a word of ours as the paper has it, beside whose claims it stands."""
    return PRINTED[column].get(row[column], row[column])


def _named(row: dict[str, str]) -> str:
    words = (row["method"], row["k"], _word(row), _word(row, "normalization"))
    return f"{' '.join(word for word in words if word)} {row['accuracy']}"


def images(ours: Classified) -> str:
    """Return how many images there are by part."""
    return "{train} + {test}".format(**ours.about["parts"])


def highest(ours: Classified) -> str:
    """Return the best baseline."""
    return _named(max(ours.baselines, key=_accuracy)) if ours.baselines else ""


def lowest(ours: Classified) -> str:
    """Return the worst k-NN, and what cosine gives."""
    neighbours = [row for row in ours.baselines if row["method"] == "knn"]
    if not neighbours:
        return ""
    cosine = [_named(row) for row in neighbours if row["distance"] == "cosine"]
    return "; ".join([f"lowest of k-NN: {_named(min(neighbours, key=_accuracy))}", *cosine])


def _pairs(rows: Rows, name: str, one: str, other: str) -> list[tuple[dict[str, str], dict[str, str]]]:
    """Return rows that differ in one column alone, ``one`` before ``other``."""
    keys = ("method", "k", "distance", "normalization")
    found = {tuple(row[key] for key in keys): row for row in rows}
    pairs = []
    for row in rows:
        partner = found.get(tuple(other if key == name else row[key] for key in keys))
        if row[name] == one and partner:
            pairs.append((row, partner))
    return pairs


def one_above_three(ours: Classified) -> str:
    """Return in how many pairs k = 1 is above k = 3, by our rule for tied votes and by the other one."""
    pairs = _pairs(ours.baselines, "k", "1", "3")
    if not pairs:
        return ""
    above = sum(_accuracy(one) > _accuracy(three) for one, three in pairs)
    text = f"{above} of {len(pairs)} pairs, ties to the nearest"
    tied = [row for row in ours.variants if row["variant"] == "ties to the lowest class" and row["k"] == "3"]
    again = [(one, three) for one, _ in pairs for three in tied if _same(one, three)]
    if again:
        above = sum(_accuracy(one) > _accuracy(three) for one, three in again)
        text += f"; {above} of {len(again)}, ties to the class of lowest number"
    return text


def _same(one: dict[str, str], other: dict[str, str]) -> bool:
    return all(one[key] == other[key] for key in ("method", "distance", "normalization"))


def centroid(ours: Classified) -> str:
    """Return the distances by which the nearest centroid is not below 1-NN."""
    pairs = [
        (row, one)
        for row in ours.baselines
        for one in ours.baselines
        if row["method"] == "nearest_centroid"
        and (one["method"], one["k"]) == ("knn", "1")
        and all(row[key] == one[key] for key in ("distance", "normalization"))
    ]
    if not pairs:
        return ""
    above = [_word(row) for row, one in pairs if _accuracy(row) >= _accuracy(one)]
    return ", ".join(dict.fromkeys(above)) or f"none of {len(pairs)}"


def similar(ours: Classified) -> str:
    """Return how L1 and L2 differ."""
    pairs = _pairs(ours.baselines, "distance", "l1", "l2")
    if not pairs:
        return ""
    equal = sum(one[metric] == other[metric] for one, other in pairs for metric in _METRICS)
    apart = max((abs(_accuracy(one) - _accuracy(other)) for one, other in pairs))
    return f"identical in {equal} of {4 * len(pairs)} numbers; accuracies up to {apart:.4f} apart"


def by_method(ours: Classified) -> str:
    """Return the best distance of each method."""
    found = {}
    for row in ours.baselines:
        if row["method"] not in found or _accuracy(row) > _accuracy(found[row["method"]]):
            found[row["method"]] = row
    return ", ".join(f"{method}: {_word(row)} {row['accuracy']}" for method, row in found.items())


def seconds(ours: Classified) -> str:
    """Return our time of an epoch with the filters of the paper's slow network."""
    rows = [row for row in ours.seconds if row["setting_published"].startswith("filters 32-32-64-64,")]
    return "; ".join(f"{row['seconds_per_epoch']} s ({row['name']}, {row['threads']} threads)" for row in rows)


def dense(ours: Classified) -> str:
    """Return our best dense network and our lowest baseline."""
    rows = [row for row in ours.numpy_networks if row["network"].startswith("fc")]
    if not rows or not ours.baselines:
        return ""
    best = max(rows, key=_accuracy)
    return f"{best['name']} {best['accuracy']}; lowest baseline {_named(min(ours.baselines, key=_accuracy))}"


def rates(ours: Classified) -> str:
    """Return the precision of our 3-layer network at both rates of the paper."""
    found = {rate: ours.networks(f"lr {rate}", "fc3") for rate in ("0.001", "0.01")}
    return " to ".join(f"{rows[0]['precision']} (lr {rate})" for rate, rows in found.items() if rows)


def learning_rates(ours: Classified) -> str:
    """Return the learning rates of our dense networks."""
    found = dict.fromkeys(row["learning_rate"] for row in ours.numpy_networks if row["network"].startswith("fc"))
    return ", ".join(found)


def network(*names: str) -> Ours:
    """Return the runs of networks of ours with their accuracy."""

    def of(ours: Classified) -> str:
        return "; ".join(f"{row['name']} {row['accuracy']}" for row in ours.numpy_networks if row["network"] in names)

    return of
