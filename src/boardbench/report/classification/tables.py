"""The classification study's tables, beside paper 2's numbers where the data are CIFAR-10; same runs, same bytes."""

import math
from pathlib import Path
from statistics import mean, median
from typing import Any

import pandas as pd

from boardbench.artifacts import read, write
from boardbench.engine.artifacts import Seconds
from boardbench.errors import BoardbenchError
from boardbench.files import write_json
from boardbench.report.classification.artifacts import ClassificationAbout
from boardbench.report.classification.costs import efficiency_table, epochs_table, latency_table
from boardbench.report.classification.differences import differences
from boardbench.report.classification.networks import networks_table, spread, transfer_table
from boardbench.report.classification.published import COUNTS, METRICS, Published, is_cifar10
from boardbench.report.classification.runs import (
    BASELINE,
    NUMPY_NETWORK,
    Run,
    Truth,
    read_baselines,
    read_networks,
    read_truth,
    variants,
)
from boardbench.report.classification.trained import Trained, knows_all, read_all
from boardbench.report.runs import given_settings, runs_table
from boardbench.report.writing import cell, decimals, drop_tables, write_table

LABELS = {
    "digits": "scikit-learn's handwritten digits: real images, but not CIFAR-10",
    "cifar10": "CIFAR-10, the authors' archive",
    "cifar100": "CIFAR-100, the authors' archive",
    "parquet": "images of parquet files",
}
OPTIONAL = {f"classification_{name}" for name in ("networks", "efficiency", "transfer", "latency", "epoch_seconds")}
PUBLISHED = tuple(f"{name}_published" for name in METRICS)
_SCORES = ("accuracy", "low", "high", "precision", "recall", "f_score")
BASELINES = ("dataset", "method", "k", "distance", "normalization", "train_images", "test_images", *_SCORES, *PUBLISHED)
_SETTINGS = ("network", "pool", "initialization", "optimizer", "learning_rate", "schedule", "dropout", "folds")
NUMPY_NETWORKS = ("dataset", "name", *_SETTINGS, "epochs", "seeds", "parameters_millions", "mmacs", "test_images")
NUMPY_NETWORKS += ("accuracy", "accuracy_sd", *_SCORES[1:], "accuracy_folds", "accuracy_folds_sd")
NUMPY_NETWORKS += ("setting_published", *PUBLISHED)
SECONDS = ("dataset", "kind", "name", "seconds", "seconds_per_epoch", "images_per_s", "threads", "hardware")
SECONDS += ("setting_published", "seconds_published")
VARIED = ("dataset", "variant", "method", "k", "distance", "normalization", "test_images", *METRICS, *PUBLISHED)


def _printed(row: dict[str, str]) -> dict[str, str]:
    return {f"{name}_published": row[name] for name in METRICS}


def _named(run: Run) -> dict[str, str]:
    given = {name: getattr(run.content, name) for name in ("method", "distance", "normalization")}
    return given | {"k": cell(run.k), "test_images": str(len(run.predicted))}


def _baselines(dataset: str, runs: list[Run], published: Published) -> pd.DataFrame:
    rows = []
    for run in runs:
        row = {"dataset": dataset, **_named(run), "train_images": cell(run.content.train_images)}
        row |= {name: decimals(run.scores[name], 4) for name in _SCORES}
        given = (run.content.method, run.k, run.content.distance, run.content.normalization)
        rows.append(row | _printed(published.baseline(*given)))
    return pd.DataFrame(rows, columns=BASELINES)


def _variants(dataset: str, runs: list[Run], folder: Path, published: Published) -> pd.DataFrame:
    rows = []
    for word, run, scores in variants(runs):
        cells = {name: decimals(getattr(scores, name), 4) for name in METRICS}
        given = (run.content.method, run.k, run.content.distance, run.content.normalization)
        rows.append({"dataset": dataset, "variant": word, **_named(run), **cells})
        rows[-1] |= _printed(published.baseline(*given))
    return pd.DataFrame(rows, columns=VARIED)


def _numpy_networks(dataset: str, groups: dict[str, list[Run]], published: Published) -> pd.DataFrame:
    rows = []
    for name, runs in groups.items():
        first, settings = runs[0].content, runs[0].content.settings
        row = {"dataset": dataset, "name": name} | {key: cell(settings.get(key)) for key in _SETTINGS}
        row["epochs"] = f"{median(run.content.epochs for run in runs):g}"
        row |= {"seeds": str(len(runs)), "test_images": str(len(runs[0].predicted))}
        row |= {"parameters_millions": f"{first.parameters / 1e6:.4f}", "mmacs": f"{first.macs / 1e6:.4f}"}
        for score in _SCORES:
            values = [run.scores[score] for run in runs]
            limit = score in ("low", "high") and len(runs) > 1
            row[score] = "" if limit else decimals(mean(values), 4)
        row["accuracy_sd"] = spread([run.scores["accuracy"] for run in runs])
        folds = [fold.accuracy for run in runs for fold in run.content.folds]
        row |= {"accuracy_folds": decimals(mean(folds) if folds else math.nan, 4), "accuracy_folds_sd": spread(folds)}
        printed = published.network(settings)
        rows.append(row | {"setting_published": printed["setting"]} | _printed(printed))
    return pd.DataFrame(rows, columns=NUMPY_NETWORKS)


def _seconds(
    dataset: str, folder: Path, baselines: list[Run], groups: dict[str, list[Run]], published: Published
) -> pd.DataFrame:
    rows = []
    scored = [(run, "baseline", BASELINE) for run in {run.folder: run for run in baselines}.values()]
    scored += [(run, "numpy_network", NUMPY_NETWORK) for runs in groups.values() for run in runs]
    for run, kind, verb in scored:
        given = read(folder / run.folder / "seconds.json", Seconds, verb)
        row = {"dataset": dataset, "kind": kind, "name": run.folder}
        for name in ("seconds", "seconds_per_epoch", "images_per_s"):
            row[name] = "" if (value := getattr(given, name)) is None else f"{value:.2f}"
        printed = published.epoch(getattr(run.content, "settings", {}))
        row |= {"threads": cell(given.threads), "hardware": cell(given.hardware)}
        row |= {"setting_published": printed["setting"], "seconds_published": printed["seconds_per_epoch"]}
        rows.append(row)
    return pd.DataFrame(rows, columns=SECONDS)


def _about(dataset: str, source: str, truth: Truth, kept: dict[str, Any]) -> ClassificationAbout:
    metadata = truth.metadata.source.model_dump()
    cifar10 = is_cifar10(truth.metadata)
    label = LABELS[source]
    encoding = str(metadata.get("encoding", "")).lower()
    recoded = "jpeg" in encoding or "jpg" in encoding
    parquet = "parquet" in (source, metadata.get("form"))
    if cifar10 and parquet:
        label = f"CIFAR-10, {'recoded as JPEG: not the original pixels' if recoded else 'from parquet files'}"
    if cifar10:
        label += "" if truth.parts == COUNTS else f"; only {truth.parts['train']} + {truth.parts['test']} of its images"
    return ClassificationAbout(
        study="classification",
        dataset=dataset,
        source=source,
        label=label,
        cifar10=cifar10,
        original=cifar10 and not recoded and (not parquet or "png" in encoding),
        recoded=recoded,
        complete=truth.parts == COUNTS,
        parts=truth.parts,
        classes=truth.classes,
        size=truth.metadata.size,
        largest_class=float((truth.labels == truth.largest).mean()),
        metadata=metadata,
        settings=kept,
    )


def _metrics(baselines: list[Run], groups: dict[str, list[Run]], trained: Trained | None) -> dict[str, Any]:
    """Return kind -> name -> score."""

    def means(given: dict[str, list[Run]]) -> dict[str, dict[str, float]]:
        return {
            name: {score: round(mean(run.scores[score] for run in runs), 4) for score in METRICS}
            for name, runs in given.items()
        }

    found = {run.name: {score: round(run.scores[score], 4) for score in METRICS} for run in baselines}
    kinds = {"baselines": found, "numpy_networks": means(groups)}
    if trained:
        kinds["networks"] = means(trained.groups)
    if trained and trained.pruned:
        kinds["pruned"] = means({f"{name}-{pruning}": runs for (name, pruning), runs in trained.pruned.items()})
    return kinds


def _runs(dataset: str, groups: dict[str, list[Run]], trained: Trained | None) -> pd.DataFrame:
    """Return the accuracy of every training, pruned ones by <pruning>/<name>."""
    named = dict(groups)
    if trained:
        named |= trained.groups | {f"{pruning}/{name}": runs for (name, pruning), runs in trained.pruned.items()}
    scores = [
        (name, run.content.seed, {"accuracy": run.scores["accuracy"]}) for name, runs in named.items() for run in runs
    ]
    return runs_table(dataset, scores)


def _trained(
    dataset: str, trained: Trained, latency: Path | None, epochs: Path | None, truth: Truth, published: Published
) -> dict[str, pd.DataFrame]:
    """Return the tables of networks in PyTorch; one that would be empty is not there."""
    made = {
        "classification_networks": networks_table(dataset, trained, truth, published),
        "classification_efficiency": efficiency_table(dataset, trained, truth, published),
        "classification_transfer": transfer_table(dataset, trained.groups, truth, published),
    }
    if latency:
        made["classification_latency"] = latency_table(dataset, latency, trained, truth, published)
    if epochs:
        made["classification_epoch_seconds"] = epochs_table(dataset, epochs, published)
    return {name: frame for name, frame in made.items() if len(frame)}


def write_tables(
    *,
    dataset: str,
    source: str,
    samples: Path,
    baselines: list[str] | None = None,
    names: list[str] | None = None,
    seeds: list[int] | None = None,
    networks: list[str] | None = None,
    pruned: list[str] | None = None,
    runs: Path,
    pruned_runs: Path | None = None,
    complexity: Path | None = None,
    latency: Path | None = None,
    epochs: Path | None = None,
    published: Path,
    settings: str = "{}",
    out: Path,
) -> None:
    """Put the classifiers of one data set side by side, as CSV, Markdown and JSON; times stand in a table of their own.

    Reads only the runs that the arguments name: ``runs/<method>-<distance>-<normalization>``, ``runs/<name>-seed<k>``
    and ``pruned_runs/<pruning>/<name>-seed<k>`` (metrics.json, predictions.csv, seconds.json). Limits (low, high) are
    95 % over test images; scores of several seeds are means, those of networks in NumPy (``names``) without limits but
    with the standard deviation. Published numbers stand beside only where the data are CIFAR-10. Tables of networks in
    PyTorch are there only where such runs are; these need ``complexity``.

    Raises:
        BoardbenchError: a run or field is missing, of another data set or of other images; names file and verb.
    """
    if not baselines and not networks and not (names and seeds):
        raise BoardbenchError(
            f"{runs}: no run is asked for. Name some in classification.baselines, numpy_networks or networks."
        )
    kept = given_settings(settings)
    truth = read_truth(samples)
    kind = truth.metadata.source.kind
    if kind != source:
        raise BoardbenchError(
            f"{samples.with_suffix('.json')}: source.kind is {kind!r}, but classification.source is {source}. Make "
            "it again with 'boardbench classification samples', or name its own source."
        )
    found = read_baselines(runs, dataset, baselines or [], truth)
    groups = read_networks(runs, dataset, names or [], seeds or [], truth)
    beside = Published(published, truth.metadata)
    trained = read_all(runs, dataset, networks or [], pruned_runs, pruned or [], complexity, truth)
    whole = {name: group for name, group in trained.groups.items() if knows_all(group[0], truth)} if trained else {}
    compared = differences(found, groups | whole, truth)
    compared.insert(0, "dataset", dataset)
    made = {
        "classification_baselines": _baselines(dataset, found, beside),
        "classification_variants": _variants(dataset, found, runs, beside),
        "classification_numpy_networks": _numpy_networks(dataset, groups, beside),
        "classification_runs": _runs(dataset, groups, trained),
        "classification_differences": compared,
        "classification_seconds": _seconds(dataset, runs, found, groups, beside),
    }
    if trained:
        made |= _trained(dataset, trained, latency, epochs, truth, beside)
    elif epochs:
        made["classification_epoch_seconds"] = epochs_table(dataset, epochs, beside)
    for name, frame in made.items():
        write_table(frame, out, name)
    drop_tables(out, OPTIONAL - made.keys())
    write_json(out / "classification_metrics.json", _metrics(found, groups, trained), record=True)
    write(out / "about.json", _about(dataset, source, truth, kept))
