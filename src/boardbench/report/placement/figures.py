"""The figures of a placement data set: training, error by part, inspection, and a sheet of found corners."""

from pathlib import Path

import numpy as np
import pandas as pd

from boardbench.artifacts import read
from boardbench.errors import BoardbenchError
from boardbench.placement.corners import COLUMNS, centre
from boardbench.placement.data import Samples, read_samples
from boardbench.placement.overlay import overlay, sheet
from boardbench.report import plots
from boardbench.report.artifacts import About
from boardbench.report.charts import curves_figure, pretty
from boardbench.report.pictures import Figures, shrunk
from boardbench.report.placement.charts import errors_figure, network, roc, roc_figure
from boardbench.report.placement.images import read_corners
from boardbench.report.placement.runs import PARTS, names
from boardbench.report.placement.tables import HISTORY
from boardbench.report.runs import numbers, read_csv, read_history, run_name

SHOWN = 6  # pictures of a part on the sheet
BUDGET = 500_000  # bytes of the sheet: it stands in git
SIDE = 192  # screen pixels of a picture, about

Predictions = dict[tuple[str, str, int], pd.DataFrame]


def _predictions(runs: Path, asked: dict[tuple[str, str], list[int]], samples: Path) -> Predictions:
    """Return (init, loss, seed) -> predicted corners with the distance of the centre, as column error."""
    truth = read_corners(samples, "placement samples", ("sample",)).set_index("sample")
    found = {}
    for (init, loss), seeds in asked.items():
        verb = "placement baseline" if loss == "none" else "placement evaluate"
        for seed in seeds:
            path = runs / run_name(init, loss, seed) / "predictions.csv"
            frame = read_corners(path, verb, ("sample", "part"))
            unknown = set(frame["sample"]) - set(truth.index)
            if unknown:
                raise BoardbenchError(
                    f"{path}: column sample holds {min(unknown)}, which {samples} has not. The run is of other images: "
                    f"delete its folder and make it again with 'boardbench {verb}'."
                )
            corners = frame[list(COLUMNS)].to_numpy().reshape(-1, 4, 2)
            true = truth.loc[frame["sample"], list(COLUMNS)].to_numpy().reshape(-1, 4, 2)
            found[init, loss, seed] = frame.assign(error=np.linalg.norm(centre(corners) - centre(true), axis=-1))
    return found


def _best(found: Predictions) -> tuple[str, str, int]:
    """Return the trained run whose centre errs least on the test part, or of baselines alone the first."""
    trained = {key: frame for key, frame in found.items() if key[1] != "none"}
    if not trained:
        return next(iter(found))
    return min(trained, key=lambda key: trained[key].loc[trained[key]["part"] == "test", "error"].mean())


def _sheet(given: Samples, frame: pd.DataFrame, out: Path) -> None:
    """Draw images of test and displaced, from the smallest error of the centre to the largest, evenly by rank."""
    pictures, scale = [], max(1, round(SIDE / given.size[1]))
    for part in PARTS[1:]:
        rows = frame[frame["part"] == part].sort_values("error", kind="stable")
        if rows.empty:
            continue
        ranks = np.unique(np.linspace(0, len(rows) - 1, SHOWN).round().astype(int))
        for row in rows.iloc[ranks].to_dict("records"):
            index = int(row["sample"])
            predicted = np.array([row[name] for name in COLUMNS]).reshape(4, 2)
            words = f"{part} {index}: {row['error']:.2f} px"
            pixels = np.asarray(given.images[index])
            pictures.append(
                overlay(pixels, given.nominal, predicted, given.corners[index], text=words, scale=scale, key=False)
            )
    shrunk(lambda large: sheet(pictures, SHOWN).save(large, format="PNG"), out, BUDGET, "placement figures")


def write_figures(
    *,
    dataset: str,
    init: list[str],
    losses: list[str],
    seeds: list[int],
    baselines: list[str] | None = None,
    runs: Path,
    samples: Path,
    tables: Path,
    out: Path,
) -> None:
    """Draw training curves, the centre's error by part, ROC curves and a sheet of images with found corners.

    The sheet shows the trained run that errs least on the test part: images evenly spaced by rank, so that its best
    and its worst are there. ``placement_figures.json`` holds captions and alt texts.

    Raises:
        BoardbenchError: a history, prediction or curve is missing or of other images; names the verb that makes it.
    """
    about = read(tables / "about.json", About, "placement tables")
    label = f"{dataset} ({about.label})"
    asked = names(init, losses, seeds, baselines or [])
    found = _predictions(runs, asked, samples)
    figures = Figures(out, "placement")
    histories = [
        (
            pretty(name),
            pretty(loss),
            read_history(runs / run_name(name, loss, seed) / "history.csv", "placement train", HISTORY),
        )
        for name, loss, seed in found
        if loss != "none"
    ]
    if histories:
        shown = {"score": "centre", "label": "validation: centre, MAE in px", "log": (True, True)}
        path = figures.add(
            "placement_training.svg",
            "By epoch, one line a seed: loss (dotted: training, solid: validation), and mean absolute error of the "
            "chip's centre on the validation images, as paper 4's figures 7 and 8 show them. The losses with and "
            "without the rectangle term are not on one scale.",
            f"Line charts of loss and validation error of the centre by epoch on {dataset}.",
            plots.curves(histories, **shown),
        )
        curves_figure(histories, path, **shown)
    parts = [part for part in PARTS if any((frame["part"] == part).any() for frame in found.values())]
    errors = pd.concat(
        frame.loc[frame["part"] == part, ["part", "error"]].assign(init=name, loss=loss)
        for part in parts
        for (name, loss, _), frame in found.items()
    )
    path = figures.add(
        "placement_errors.svg",
        "Distance of the found centre from the true one, every image, all seeds. Boxes: the middle half; whiskers: "
        "5 to 95 %; points: the rest.",
        f"Box charts of the centre's error by network, baseline and part on {dataset}; numbers: the table above.",
    )
    errors_figure(errors, path, label)
    curves = []
    for name, loss, seed in found:
        verb = "placement baseline" if loss == "none" else "placement evaluate"
        rates = ("false_reject_rate", "true_reject_rate")
        path = runs / run_name(name, loss, seed) / "roc.csv"
        texts = read_csv(path, verb, ("part", *rates))
        frame = texts[["part"]].join(numbers(path, texts, rates, verb, empty=rates))
        curves += [
            (part, name, loss, frame[frame["part"] == part]) for part in parts[1:] if (frame["part"] == part).any()
        ]
    if curves:
        curves.sort(key=lambda curve: parts.index(curve[0]))
        path = figures.add(
            "placement_roc.svg",
            "Inspection as the tolerance on the found place moves: bad boards refused against good boards refused. "
            "A board is bad by its true place. One line a seed; dashed: baselines.",
            f"Receiver operating curves by network and baseline, test and displaced, on {dataset}.",
            roc(curves),
        )
        roc_figure(curves, path)
    best = _best(found)
    path = figures.add(
        "placement_found.png",
        f"{network(*best[:2])}, seed {best[2]}: images of the test photos and of boards whose chip was really put "
        "down wrong, from its smallest error of the centre (left) to its largest (right), evenly by rank. "
        "Blue, dashed: where the chip should be; orange: found; white, dotted: true.",
        "Photos of boards with the chip's nominal, true and found outline.",
    )
    _sheet(read_samples(samples), found[best], path)
    figures.finish()
