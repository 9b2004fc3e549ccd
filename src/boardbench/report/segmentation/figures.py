"""The figures of a dataset: training curves, mean scores and a few predictions, small enough for git."""

from pathlib import Path

import pandas as pd

from boardbench.artifacts import read
from boardbench.errors import BoardbenchError
from boardbench.report.charts import curves_figure, pretty
from boardbench.report.pictures import Figures, shrink
from boardbench.report.plots import curves
from boardbench.report.runs import read_csv, read_history, read_optional, run_name
from boardbench.report.segmentation.artifacts import SegmentationAbout
from boardbench.report.segmentation.charts import compared_figure, pareto_figure, scores_figure, sensor_figure
from boardbench.report.segmentation.leakage import COLUMNS as LEAKAGE_COLUMNS
from boardbench.report.segmentation.leakage import TABLE as LEAKAGE
from boardbench.report.segmentation.normalizations import SCORES
from boardbench.report.segmentation.pareto import read_exported
from boardbench.report.segmentation.runs import grid
from boardbench.report.segmentation.sensor import CURVES
from boardbench.report.segmentation.spectra import spectra_figure, spectra_plot

HISTORY = ("epoch", "train_loss", "validation_loss", "validation_iou")
BUDGET = 1_200_000  # bytes of all prediction pictures of a dataset: they stand in git


def _best_backbone(mean: pd.DataFrame, backbones: list[str]) -> str:
    """Return the backbone with the highest mean IoU over its strategies; the first where none has a score."""
    trained = mean[mean["backbone"].isin(backbones) & (mean["strategy"] != "none")]
    scores = pd.to_numeric(trained["miou"], errors="coerce").groupby(trained["backbone"]).mean()
    scores = scores.reindex(backbones)
    return backbones[0] if scores.isna().all() else str(scores.idxmax())


def write_figures(
    *,
    dataset: str,
    backbones: list[str],
    strategies: list[str],
    seeds: list[int],
    runs: Path,
    tables: Path,
    pictures: int = 3,
    spectra: dict[str, Path] | None = None,
    out: Path,
) -> None:
    """Draw the training curves, the score figure and score against time, and pick pictures of the best backbone.

    Pictures are the first ``pictures`` test captures (by name) of each strategy, first seed, from
    ``runs/<backbone>-<strategy>-seed<k>/predictions/*.png``; they are reduced to 256 colours or fewer so
    that a dataset's figures stay below 1.5 MB. ``segmentation_figures.json`` holds captions and alt texts. With
    ``spectra`` (split, reflectance) class spectra are drawn, and what the SCRBs of the best backbone
    weigh.

    Raises:
        BoardbenchError: a history, table or prediction is missing; names the verb that makes it.
    """
    about = read(tables / "about.json", SegmentationAbout, "segmentation tables")
    mean = read_csv(
        tables / "segmentation_mean.csv",
        "segmentation tables",
        ("backbone", "strategy", "miou", "miou_low", "miou_high", "miou_published"),
    )
    title = f"{dataset} ({about.label})"
    figures = Figures(out, "segmentation")
    path = figures.add(
        "segmentation_scores.svg",
        "Mean IoU on the test part. Bars: trained networks, with 95 % intervals over the test scenes"
        f"{' and seeds' if len(seeds) > 1 else ''}; dashed lines: baselines without a network; hollow diamonds: "
        "published values, where the classes are the paper's.",
        f"Bar chart of mean IoU by backbone and strategy on {dataset}; numbers: the mean table.",
    )
    scores_figure(mean, path, title)
    histories = [
        (*map(pretty, key[:2]), read_history(runs / run_name(*key) / "history.csv", "segmentation train", HISTORY))
        for key in grid(backbones, strategies, seeds, [])
    ]
    shown = {"score": "iou", "label": "validation mean IoU", "log": (True, False)}
    path = figures.add(
        "segmentation_training.svg",
        "By epoch, one line a seed: loss (dotted: training, solid: validation) and validation mean IoU.",
        f"Line charts of loss and validation IoU by epoch on {dataset}, one column a backbone.",
        curves(histories, **shown),
    )
    curves_figure(histories, path, **shown)
    pareto = tables / "segmentation_pareto.csv"
    exported = read_exported(pareto, "segmentation tables") if pareto.is_file() else pd.DataFrame({"miou": []})
    if (exported["miou"] != "").any():
        joined = " A line joins a pruned model with what it was." if (exported["pruning"] != "").any() else ""
        path = figures.add(
            "segmentation_pareto.svg",
            "Mean IoU of the exported files against measured time and counted GMACs. Grey line: models that none beats "
            f"in both. Hollow: int8.{joined}",
            f"Two scatter charts of mean IoU on {dataset}, against milliseconds and against GMACs; numbers: the table "
            "below.",
        )
        pareto_figure(exported, path, float(exported["budget_ms"][0]), title, strategies)
    compared = read_optional(tables / "segmentation_normalizations.csv", "segmentation tables", SCORES)
    if len(compared):
        path = figures.add(
            "segmentation_normalizations.svg",
            "Mean IoU on the test part by normalization of the bands, with 95 % intervals over test "
            f"{compared['covers'][0]}. Thin lines join the runs of one input. The intervals of two inputs may overlap "
            "although they are told apart: differences are paired.",
            f"Chart of mean IoU by normalization and input on {dataset}, a panel a network; numbers: the table below.",
        )
        compared_figure(compared, path, title, strategies, "normalization")
    leaked = read_optional(tables / f"{LEAKAGE}.csv", "segmentation tables", LEAKAGE_COLUMNS)
    if len(leaked):
        path = figures.add(
            f"{LEAKAGE}.svg",
            "What a leak is worth: mean IoU of the same networks and recipe by the split that they are trained and "
            f"scored by, with 95 % intervals over test {leaked['covers'][0]}. {leaked['protocol'][0]}: no scene in two "
            "parts. All others take as many test pixels from the scenes that train.",
            f"Chart of mean IoU by split and input on {dataset}, a panel a network; numbers: the table below.",
        )
        compared_figure(leaked, path, title, strategies, "protocol")
    camera = read_optional(tables / "segmentation_sensor_transfer.csv", "segmentation tables", CURVES)
    if len(camera):
        path = figures.add(
            "segmentation_sensor.svg",
            "The simulated camera beside a real Specim FX10, both without binning. Left: variance of noise against "
            "signal, each mark a twelfth of the elements, and the line fitted; both cameras resample neighbours, by "
            "which variance differs from band to band. Right: the white reference along the line, mean over bands.",
            "Two line charts, real and simulated camera: variance against signal, and white along the line; numbers: "
            "the table below.",
        )
        sensor_figure(camera, path)
    best = _best_backbone(mean, backbones)
    if spectra:
        blocks = [runs / run_name(best, "scrb", seed) for seed in seeds if "scrb" in strategies]
        panels = spectra_plot(blocks, classes=about.classes, **spectra)
        weighed = (
            f" Weight: how far the three channels of {pretty(best)}'s SCRB move when a band moves by its standard "
            "deviation, in per cent of all bands; one line a seed."
        )
        path = figures.add(
            "segmentation_spectra.svg",
            f"Mean reflectance of each class in training captures.{weighed * (len(panels) > 1)}",
            f"Line charts by wavelength on {dataset}: mean reflectance of each class, and the weight of each band.",
            panels,
        )
        spectra_figure(panels, path)
    for strategy in strategies if pictures else []:
        folder = runs / run_name(best, strategy, seeds[0]) / "predictions"
        found = sorted(folder.glob("*.png"))[:pictures]
        if not found:
            raise BoardbenchError(
                f"{folder}: no prediction pictures. Make them with 'boardbench segmentation evaluate'."
            )
        for picture in found:
            what = f"{pretty(best)}, {pretty(strategy)}, test capture {picture.stem}"
            name = f"segmentation_prediction_{best}-{strategy}_{picture.stem}.png"
            alt = f"{what}: pseudo-RGB, truth, prediction and errors side by side."
            limit = BUDGET // (pictures * len(strategies))
            shrink(picture, figures.add(name, f"{what}.", alt), limit, "segmentation evaluate")
    figures.finish()
