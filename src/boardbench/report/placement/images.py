"""The error of every image of a placement data set, from the runs' predicted corners and the true ones."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from boardbench.errors import BoardbenchError
from boardbench.placement.corners import COLUMNS, centre, deviation
from boardbench.report.placement.runs import Group
from boardbench.report.runs import AGAIN, numbers, read_csv, run_name

METRICS = ("centre_mae_px", "corner_mae_px", "rotation_mae_deg")
ROUNDING = 1e-3  # predictions.csv has 4 decimals, metrics.json all of them


@dataclass(frozen=True)
class Images:
    """Errors image by image.

    Attributes:
        errors: (init, loss) -> part -> metric -> (seeds, images), the same images in one order for all.
        photos: part -> number of photos that its images show.
    """

    errors: dict[tuple[str, str], dict[str, dict[str, np.ndarray]]]
    photos: dict[str, int]


def image_errors(truth: np.ndarray, predicted: np.ndarray, mm_per_pixel: Any) -> dict[str, np.ndarray]:
    """Return metric -> (n,), of which the scores of boardbench.placement.scores are the means.

    Args:
        truth, predicted: (n, 4, 2) pixels.
        mm_per_pixel: (2,) along x and y; the angle is that on the board.

    Returns:
        centre_mae_px: mean of |dx| and |dy|; corner_mae_px: mean of the corners' eight; rotation_mae_deg.
    """
    return {
        "centre_mae_px": np.abs(centre(predicted) - centre(truth)).mean(axis=-1),
        "corner_mae_px": np.abs(predicted - truth).mean(axis=(-2, -1)),
        "rotation_mae_deg": np.abs(deviation(predicted, truth, mm_per_pixel)[1]),
    }


def read_images(runs: Path, groups: list[Group], seeds: list[int], samples: Path, mm_per_pixel: Any) -> Images:
    """Read ``<init>-<loss>-seed<k>/predictions.csv`` of every network, and ``<baseline>-none-seed0`` of every baseline.

    Args:
        runs: folder of the runs.
        groups: what read_groups found there.
        seeds: of the networks, in the order of the groups' scores.
        samples: samples.csv, which has the truth.
        mm_per_pixel: (2,) along x and y.

    Raises:
        BoardbenchError: a file is missing, has other columns or images, or its errors are not those of metrics.json.
    """
    truth = read_corners(samples, "placement samples", ("sample", "part", "photo"))
    errors = {}
    for group in groups:
        parts: dict[str, dict[str, list[np.ndarray]]] = {part: {m: [] for m in METRICS} for part in group.scores[0]}
        for seed, scores in zip([0] if group.baseline else seeds, group.scores, strict=True):
            folder = runs / run_name(group.init, group.loss, seed)
            verb = "placement baseline" if group.baseline else "placement evaluate"
            for part, found in _read(folder / "predictions.csv", verb, truth, samples, mm_per_pixel, scores).items():
                for metric, values in found.items():
                    parts[part][metric].append(values)
        errors[group.init, group.loss] = {
            part: {metric: np.stack(values) for metric, values in found.items()} for part, found in parts.items()
        }
    return Images(errors, truth.groupby("part")["photo"].nunique().to_dict())


def read_corners(path: Path, verb: str, also: tuple[str, ...]) -> pd.DataFrame:
    """Read corners as numbers; the columns in ``also`` are text."""
    frame = read_csv(path, verb, (*also, *COLUMNS))
    return frame[list(also)].join(numbers(path, frame, COLUMNS, verb))


def _read(
    path: Path,
    verb: str,
    truth: pd.DataFrame,
    samples: Path,
    mm_per_pixel: Any,
    scores: dict[str, dict[str, float]],
) -> dict[str, dict[str, np.ndarray]]:
    """Return part -> metric -> (images,) of one run, images in the order of samples.csv."""
    frame = read_corners(path, verb, ("sample", "part"))
    wanted = truth[truth["part"].isin(scores)]
    names, given = (list(zip(one["sample"], one["part"], strict=True)) for one in (wanted, frame))
    odd = set(names) ^ set(given)
    if odd or len(names) != len(given):
        told = "an image stands twice"
        if odd:
            sample, part = min(odd)
            told = f"sample {sample} of part {part} is only in {samples if (sample, part) in names else path}"
        raise BoardbenchError(
            f"{path}: columns sample and part do not fit {samples}: {told}. The run is of other images. "
            f"{AGAIN.format(verb=verb)}"
        )
    predicted = frame.set_index("sample").loc[wanted["sample"]]
    found = {}
    for part in scores:
        true, guessed = (
            one.loc[(one["part"] == part).to_numpy(), list(COLUMNS)].to_numpy().reshape(-1, 4, 2)
            for one in (wanted, predicted)
        )
        found[part] = image_errors(true, guessed, mm_per_pixel)
        for metric, values in found[part].items():
            if not abs(values.mean() - scores[part][metric]) <= ROUNDING:
                raise BoardbenchError(
                    f"{path}: {metric} of part {part} comes to {values.mean():.4f}, but metrics.json beside it says "
                    f"{scores[part][metric]:.4f}: they, or {samples}, are of different runs. Delete both and make "
                    f"them again with 'boardbench {verb}' or by running snakemake."
                )
    return found
