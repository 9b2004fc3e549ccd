"""Read what the runs of a classification data set left behind; a missing or foreign file names the verb that makes it.

A run keeps what it predicted for each test image, so that runs can be compared image by image; its accuracy is checked
against these predictions.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from boardbench.artifacts import read
from boardbench.classification.artifacts import BaselineMetrics, ClassificationSamples, NumpyMetrics, Scored
from boardbench.errors import BoardbenchError
from boardbench.report.runs import AGAIN, numbers, read_content, read_csv

SCORES = ("accuracy", "low", "high", "precision", "recall", "f_score")
BASELINE, NUMPY_NETWORK, SAMPLES = (f"classification {verb}" for verb in ("baseline", "numpy-network", "samples"))
# Optional lists of metrics.json beside scores: other readings of the same neighbours, which papers may have used.
VARIANTS = {"largest": "largest distance", "lowest_class": "ties to the lowest class"}
# What stands in a published table is rounded to 4 decimals, and so may be what a run wrote.
ROUNDING = 1e-4


@dataclass(frozen=True)
class Truth:
    """What samples.csv and samples.json say.

    Attributes:
        path: samples.csv.
        labels: of the test images, by sample.
        parts: part -> number of images.
        largest: label that most training images have, the lowest of equals.
        metadata: samples.json.
    """

    path: Path
    labels: pd.Series
    parts: dict[str, int]
    largest: int
    metadata: ClassificationSamples

    @property
    def classes(self) -> list[str]:
        """The names of the classes, by label."""
        return self.metadata.classes


@dataclass(frozen=True)
class Run:
    """One scored classifier: a baseline with one k, or one training of a network.

    Attributes:
        folder: name of the run's folder.
        content: metrics.json.
        k: neighbours that vote; None for everything but k-NN.
        scores: of SCORES, low and high being the 95 % limits of the accuracy over test images.
        confusion: (classes, classes) counts, rows are the truth.
        predicted: label by sample.
    """

    folder: str
    content: Any
    k: int | None
    scores: dict[str, float]
    confusion: np.ndarray
    predicted: pd.Series

    @property
    def name(self) -> str:
        """The run in tables: folder, with k of k-NN."""
        return self.folder if self.k is None else f"{self.folder}-k{self.k}"


def read_truth(samples: Path) -> Truth:
    """Read samples.csv and samples.json beside it.

    Raises:
        BoardbenchError: a file, column or field is missing, or a label is not a number.
    """
    metadata = read(samples.with_suffix(".json"), ClassificationSamples, SAMPLES)
    frame = read_csv(samples, SAMPLES, ("sample", "part", "label"))
    whole = numbers(samples, frame, ("sample", "label"), SAMPLES, whole=True)
    counts = {part: int((frame["part"] == part).sum()) for part in ("train", "test")}
    for part, count in counts.items():
        if not count:
            raise BoardbenchError(f"{samples}: column part has no {part} image. {AGAIN.format(verb=SAMPLES)}")
    test = whole[frame["part"] == "test"].set_index("sample")["label"]
    largest = int(whole.loc[frame["part"] == "train", "label"].mode().min())
    return Truth(samples, test, counts, largest, metadata)


def _confusion(path: Path, given: Scored, classes: int, images: int, verb: str) -> np.ndarray:
    rows = given.confusion
    if {len(row) for row in [rows, *rows]} != {classes} or sum(map(sum, rows)) != images:
        what = f"{path}: field scores.confusion is no {classes} x {classes} matrix of {images} images."
        raise BoardbenchError(f"{what} {AGAIN.format(verb=verb)}")
    return np.array(rows, dtype=np.int64)


def read_run(path: Path, content: Any, k: int | None, given: Scored, column: str, truth: Truth, verb: str) -> Run:
    """Return a run, its predictions checked against the truth and against its own accuracy.

    Args:
        path: its metrics.json, with predictions.csv beside it.
        content: of metrics.json; ``classes`` there, where the run knows not all.
        k: neighbours that vote.
        given: its scores.
        column: of predictions.csv.
        truth: of the data set.
        verb: that makes the run.

    Raises:
        BoardbenchError: predictions of other images, or of another run.
    """
    file, folder = path.with_name("predictions.csv"), path.parent.name
    columns = ("sample", "label", column)
    frame = numbers(file, read_csv(file, verb, columns), columns, verb, whole=True).set_index("sample")
    foreign = ~frame.index.isin(truth.labels.index) | frame.index.duplicated()
    if not foreign.any():
        foreign = frame["label"].to_numpy() != truth.labels.loc[frame.index].to_numpy()
    if foreign.any():
        line = int(np.argmax(foreign))
        raise BoardbenchError(
            f"{file}, line {line + 2}: sample {frame.index[line]} with label {frame['label'].iloc[line]} is not a test "
            f"image of {truth.path}, or stands twice. The run is of other images. {AGAIN.format(verb=verb)}"
        )
    if len(frame) != content.test_images:
        raise BoardbenchError(
            f"{path}: test_images is {content.test_images}, but {file.name} has {len(frame)}. {AGAIN.format(verb=verb)}"
        )
    confusion = _confusion(path, given, len(getattr(content, "classes", []) or truth.classes), len(frame), verb)
    scores = {name: float(getattr(given, name)) for name in SCORES}
    share = float((frame["label"] == frame[column]).mean())
    if abs(share - scores["accuracy"]) > ROUNDING:
        raise BoardbenchError(
            f"{file}: column {column} is right for {share:.4f} of the images, but accuracy in metrics.json beside it "
            f"is {scores['accuracy']:.4f}: they are of different runs. {AGAIN.format(verb=verb)}"
        )
    return Run(folder, content, k, scores, confusion, frame[column].sort_index())


def _same_images(run: Run, first: Run, path: Path, verb: str) -> None:
    if not run.predicted.index.equals(first.predicted.index):
        raise BoardbenchError(
            f"{path}: test_images are others than {first.folder} was scored on ({len(run.predicted)} and "
            f"{len(first.predicted)}). Delete both folders and run snakemake, or 'boardbench {verb}', again."
        )


def read_baselines(runs: Path, dataset: str, folders: list[str], truth: Truth) -> list[Run]:
    """Read ``<method>-<distance>-<normalization>/`` of every baseline: one run for each k, in the order given.

    A distance may have been scored on a part of the test images, the same for all runs of it.

    Raises:
        BoardbenchError: a run is missing, of another data set, or of other images.
    """
    found: list[Run] = []
    for folder in folders:
        path = runs / folder / "metrics.json"
        if folder.count("-") < 2:
            raise BoardbenchError(f"{folder}: not <method>-<distance>-<normalization>.")
        method, distance, normalization = folder.split("-", 2)
        expected = {"dataset": dataset, "method": method, "distance": distance, "normalization": normalization}
        content = read_content(path, BaselineMetrics, BASELINE, **expected)
        for given in content.scores:
            k = given.k
            run = read_run(path, content, k, given, "predicted" if k is None else f"k{k}", truth, BASELINE)
            first = next((one for one in found if one.content.distance == distance), run)
            _same_images(run, first, path, BASELINE)
            found.append(run)
    return found


def variants(runs: list[Run]) -> list[tuple[str, Run, Scored]]:
    """Return what else k-NN's neighbours give, where a run has it: word of VARIANTS, the run with that k, scores."""
    found = []
    for field, word in VARIANTS.items():
        for run in runs:
            for given in getattr(run.content, field):
                if run.k is not None and given.k == run.k:
                    found.append((word, run, given))
    return found


def read_networks(runs: Path, dataset: str, names: list[str], seeds: list[int], truth: Truth) -> dict[str, list[Run]]:
    """Read ``<name>-seed<k>/`` of every network: name -> one run a seed.

    Raises:
        BoardbenchError: a run is missing, of another data set, or not scored on all test images.
    """
    found: dict[str, list[Run]] = {}
    for name in names:
        for seed in seeds:
            path = runs / f"{name}-seed{seed}" / "metrics.json"
            content = read_content(path, NumpyMetrics, NUMPY_NETWORK, dataset=dataset, name=name, seed=seed)
            run = read_run(path, content, None, content.scores, "predicted", truth, NUMPY_NETWORK)
            if len(run.predicted) != len(truth.labels):
                raise BoardbenchError(
                    f"{path}: test_images is {len(run.predicted)}, but {truth.path} has {len(truth.labels)}. "
                    f"{AGAIN.format(verb=NUMPY_NETWORK)}"
                )
            same_settings(run, found.setdefault(name, []), path, NUMPY_NETWORK)
            found[name].append(run)
    return found


def same_settings(run: Run, before: list[Run], path: Path, verb: str) -> None:
    """Refuse a run (``path``) whose settings are not those of the seeds before it."""
    if before and before[0].content.settings != run.content.settings:
        raise BoardbenchError(
            f"{path}: settings are others than those of {before[0].folder}, so they are not seeds of one run. "
            f"{AGAIN.format(verb=verb)}"
        )
