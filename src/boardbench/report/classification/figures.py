"""The figures of a classification data set: what the images are, how networks trained, what is mistaken for what."""

from pathlib import Path

import numpy as np

from boardbench.classification.data import Samples, read_samples
from boardbench.errors import BoardbenchError
from boardbench.params.classification import Exploration
from boardbench.report.charts import curves_figure, pretty
from boardbench.report.classification.charts import (
    classes_figure,
    confusion_figure,
    run_called,
    samples_figure,
    scatter_figure,
)
from boardbench.report.classification.costs import EFFICIENCY, LATENCY
from boardbench.report.classification.differences import best
from boardbench.report.classification.network_charts import latency_figure, points
from boardbench.report.classification.runs import NUMPY_NETWORK, Run, read_baselines, read_networks, read_truth
from boardbench.report.classification.trained import TRAIN, knows_all, read_trained
from boardbench.report.pictures import Figures, shrunk
from boardbench.report.plots import curves
from boardbench.report.runs import read_csv, read_history

CURVES = ("epoch", "train_loss", "validation_loss", "validation_accuracy")  # of a network in PyTorch
HISTORY = ("epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
SHOWN = {"score": "accuracy", "label": "accuracy", "log": (False, False)}  # of curves
COMPONENTS = 50  # of PCA, on which t-SNE works
VERB = "classification figures"
BUDGET = 300_000  # bytes of a picture: it stands in git


def _draw(count: int, images: int, seed: int) -> np.ndarray:
    """Return sorted indices of at most ``count`` images."""
    return np.sort(np.random.default_rng(seed).choice(images, min(count, images), replace=False))


def project(images: np.ndarray, perplexity: float, seed: int) -> dict[str, np.ndarray]:
    """Return the projections of images on a plane: PCA, and t-SNE of their first principal components.

    Args:
        images: (n, lines, samples, channels).
        perplexity: of t-SNE.
        seed: of t-SNE.

    Returns:
        name -> (n, 2).

    Raises:
        BoardbenchError: too few images for the perplexity.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    if not perplexity < len(images):
        raise BoardbenchError(
            f"classification.exploration.perplexity: {perplexity:g} needs more than {len(images)} training images. "
            "Lower it, or raise scatter_images."
        )
    flat = images.reshape(len(images), -1).astype(np.float64) / 255
    # The full decomposition draws nothing, so equal images give equal bytes.
    components = PCA(min(COMPONENTS, *flat.shape), svd_solver="full").fit_transform(flat)
    start = components[:, :2] / max(components[:, 0].std(), 1e-12) * 1e-4
    embedded = TSNE(perplexity=perplexity, init=start, random_state=seed, learning_rate="auto").fit_transform(
        components
    )
    return {"PCA, first two components": components[:, :2], f"t-SNE, perplexity {perplexity:g}": embedded}


def _confusions(
    baselines: list[Run], groups: dict[str, list[Run]], trained: dict[str, list[Run]] | None = None
) -> dict[str, np.ndarray]:
    """Return title -> counts of the best baseline and of the best network of each kind, its seeds added up."""
    found = {}
    if baselines:
        run = best(baselines)
        found[f"best baseline: {run_called(run.name)}"] = run.confusion
    kinds = {"best network": groups, "best network in PyTorch": trained}
    if groups and trained:
        kinds = {"best network in NumPy": groups, "best network in PyTorch": trained}
    for kind, given in kinds.items():
        if given:
            name = max(given, key=lambda name: np.mean([run.scores["accuracy"] for run in given[name]]))
            runs = given[name]
            seeds = f", {len(runs)} seeds added up" if len(runs) > 1 else ""
            found[f"{kind}: {name}{seeds}"] = np.sum([run.confusion for run in runs], axis=0)
    return found


def write_figures(
    *,
    dataset: str,
    samples: Path,
    baselines: list[str] | None = None,
    names: list[str] | None = None,
    seeds: list[int] | None = None,
    networks: list[str] | None = None,
    runs: Path,
    tables: Path | None = None,
    out: Path,
    params: Exploration,
) -> None:
    """Draw samples, classes, scatters, training curves, and confusion matrices of the best baseline and network.

    Accuracy against measured time is drawn of ``tables``, the folder that 'boardbench classification tables' filled.
    ``classification_figures.json`` holds captions and alt texts.

    Raises:
        BoardbenchError: a run, history or image is missing, or of another data set; names the verb that makes it.
    """
    truth, given = read_truth(samples), read_samples(samples)
    found = read_baselines(runs, dataset, baselines or [], truth)
    groups = read_networks(runs, dataset, names or [], seeds or [], truth)
    histories = [
        (pretty(run.content.network), name, read_history(runs / run.folder / "history.csv", NUMPY_NETWORK, HISTORY))
        for name, group in groups.items()
        for run in group
    ]
    figures = Figures(out, "classification")
    _data(figures, dataset, given, params)
    if histories:
        path = figures.add(
            "classification_loss.svg",
            "By epoch, one line a seed: cross-entropy and accuracy (dotted: on the images that train, with dropout "
            "where the run has it; solid: on the training images kept for validation).",
            f"Line charts of loss and accuracy by epoch of the networks on {dataset}.",
            curves(histories, **SHOWN),
        )
        curves_figure(histories, path, **SHOWN)
    trained = read_trained(runs, dataset, networks or [], truth)
    if trained:
        _networks(figures, dataset, trained, runs, tables)
    whole = {name: group for name, group in trained.items() if knows_all(group[0], truth)}
    matrices = _confusions(found, groups, whole)
    if matrices:
        path = figures.add(
            "classification_confusion.svg",
            "Test images by true class (row) and predicted class (column); shade: share of the row.",
            f"Confusion matrices on {dataset}: {'; '.join(matrices)}.",
        )
        confusion_figure(matrices, given.classes, path)
    figures.finish()


def _networks(figures: Figures, dataset: str, trained: dict[str, list[Run]], runs: Path, tables: Path | None) -> None:
    """Draw how networks in PyTorch trained, and their accuracy against measured time."""
    histories = [
        (pretty(run.content.network), name, read_history(runs / run.folder / "history.csv", TRAIN, CURVES))
        for name, group in trained.items()
        for run in group
    ]
    path = figures.add(
        "classification_curves.svg",
        "Networks in PyTorch by epoch, one line a seed: the loss they minimize (dotted: on the images that train; "
        "solid: on the training images kept for validation) and accuracy on the latter.",
        f"Line charts of loss and accuracy by epoch of the networks in PyTorch on {dataset}.",
        curves(histories, **SHOWN),
    )
    curves_figure(histories, path, **SHOWN)
    times = tables / "classification_latency.csv" if tables else None
    if times and times.is_file():
        models = points(
            read_csv(tables / "classification_efficiency.csv", "classification tables", EFFICIENCY),
            read_csv(times, "classification tables", LATENCY),
        )
        if len(models):
            path = figures.add(
                "classification_latency.svg",
                "Accuracy against measured time of one image by ONNX Runtime. Hollow: pruned, joined with the network "
                "it was; whiskers: 95 % limits; grey: networks that none beats in both.",
                f"Scatter chart of accuracy against milliseconds an image on {dataset}; numbers: the tables.",
            )
            latency_figure(models, path, dataset)


def _data(figures: Figures, dataset: str, given: Samples, params: Exploration) -> None:
    """Draw what the images are."""
    images, labels = given.part("train")
    chosen = _draw(params.grid, len(images), params.seed)
    path = figures.add(
        "classification_samples.png",
        f"{len(chosen)} training images drawn at random, with their classes.",
        f"A grid of training images of {dataset} with their classes.",
    )
    titles = [given.classes[label] for label in labels[chosen]]
    shrunk(lambda file: samples_figure(np.asarray(images[chosen]), titles, file), path, BUDGET, VERB)
    path = figures.add(
        "classification_classes.svg",
        "Images of each class, by part.",
        f"Bar chart of the number of images by class and part of {dataset}.",
    )
    count = len(given.classes)
    counts = {part: np.bincount(given.part(part)[1], minlength=count) for part in ("train", "test")}
    classes_figure(counts, given.classes, path)
    chosen = _draw(params.scatter_images, len(images), params.seed)
    path = figures.add(
        "classification_scatter.png",
        f"{len(chosen)} training images as points by their pixel values, coloured by class. t-SNE works on the first "
        f"{COMPONENTS} principal components; distances between its clusters mean nothing.",
        f"Scatter charts of training images of {dataset}, by PCA and by t-SNE, coloured by class.",
    )
    places = project(np.asarray(images[chosen]), params.perplexity, params.seed)
    shrunk(lambda file: scatter_figure(places, labels[chosen], given.classes, file), path, BUDGET, VERB)
