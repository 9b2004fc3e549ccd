"""Scores of a run on the images it was not trained on: corners first, every score from them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from boardbench.engine.address import StoreAddress
from boardbench.errors import BoardbenchError
from boardbench.files import sha256, write_json, write_text
from boardbench.integrity import checked
from boardbench.params.placement import Tolerance
from boardbench.placement.corners import COLUMNS
from boardbench.placement.data import Samples, read_samples
from boardbench.placement.scores import roc, scores

if TYPE_CHECKING:
    from boardbench.engine.tracking import Store

PARTS = ("validation", "test", "displaced")
"""Parts that are scored: other images of the training photos, images of photos kept apart, really displaced chips."""


def evaluate(
    *, samples: Path, out: Path, tracking: StoreAddress | None = None, threads: int = 1, params: Tolerance
) -> None:
    """Score the model of the run folder ``out``.

    Writes predictions.csv (every corner), roc.csv and metrics.json beside the model.

    Args:
        samples: samples.csv, with samples.json and images.npy beside it.
        out: run folder with model.pt and training.json.
        tracking: MLflow store that shows the scores.
        threads: torch threads.
        params: tolerance of the inspection.
    """
    from boardbench.engine.arithmetic import fix_arithmetic
    from boardbench.engine.record import read_training
    from boardbench.placement.model import load, predict

    fix_arithmetic(threads)
    training = read_training(out)
    model = load(out)
    given = read_samples(samples)
    if model.size != given.size:
        raise BoardbenchError(
            f"{out}: trained on images of {model.size}, but {samples} has {given.size} (lines, samples). Train again."
        )
    write_run(
        out,
        **{name: training[name] for name in ("dataset", "init", "loss", "seed")},
        samples=given,
        predicted={part: predict(model.network, given.images[given.parts == part]) for part in PARTS},
        tolerance=params,
        extra={
            name: training[name] for name in ("fingerprint", "data", "epochs", "kept_epoch", "parameters", "weights")
        },
    )
    if tracking:
        sync(runs=[out], tracking=tracking)


def write_run(
    out: Path,
    *,
    dataset: str,
    init: str,
    loss: str,
    seed: int,
    samples: Samples,
    predicted: dict[str, np.ndarray],
    tolerance: Tolerance,
    extra: dict[str, Any],
) -> None:
    """Write predictions.csv, roc.csv and, last, metrics.json (the truth of a run).

    Args:
        out: run folder.
        dataset, init, loss, seed: what the run is; a baseline is its own init, with loss none.
        samples: images and their true corners.
        predicted: (n, 4, 2) corners of each part in PARTS, in pixels of an image; parts without images are left out.
        tolerance: of the inspection.
        extra: what metrics.json says besides.
    """
    rows, curves, found = [], [], {}
    for part in PARTS:
        chosen = samples.parts == part
        if not chosen.any():
            continue
        corners = predicted[part]
        against = (samples.corners[chosen], corners, samples.nominal, samples.mm_per_pixel, tolerance)
        found[part] = scores(*against)
        curves.append(roc(*against).assign(part=part))
        frame = samples.frame.loc[chosen, ["sample", "part", "photo"]].reset_index(drop=True)
        rows.append(frame.join(pd.DataFrame(corners.reshape(-1, 8), columns=list(COLUMNS)).round(4)))
    write_text(out / "predictions.csv", pd.concat(rows).to_csv(index=False), record=True)
    write_text(out / "roc.csv", pd.concat(curves).to_csv(index=False), record=True)
    write_json(
        out / "metrics.json",
        {
            "study": "placement",
            "dataset": dataset,
            "init": init,
            "loss": loss,
            "seed": seed,
            "tolerance": tolerance.model_dump(mode="json"),
            "parts": found,
            **extra,
        },
        record=True,
    )


def sync(*, runs: list[Path], tracking: StoreAddress, out: Path | None = None) -> None:
    """Show the final scores of run folders in MLflow; a run that is not there yet is made.

    Args:
        runs: run folders with metrics.json.
        tracking: MLflow store.
        out: JSON written last: the run folders and the hash of what was synced.
    """
    from boardbench.engine.tracking import Store

    show(runs, Store(tracking))
    if out:
        write_json(out, {"runs": {folder.name: sha256(folder / "metrics.json") for folder in runs}}, record=True)


def show(runs: list[Path], store: "Store") -> None:
    """Show run folders in an MLflow store."""
    from boardbench.engine.shown import show_run
    from boardbench.engine.tracking import fingerprint_of

    for folder in runs:
        metrics = json.loads(checked(folder / "metrics.json").read_text(encoding="utf-8"))
        key = {name: metrics[name] for name in ("dataset", "init", "loss", "seed")}
        fingerprint = metrics.get("fingerprint") or fingerprint_of(**key, study="placement")
        flat = {
            f"{part}_{name}": value
            for part, values in metrics["parts"].items()
            for name, value in values.items()
            if isinstance(value, int | float)
        }
        show_run(
            store,
            "placement",
            folder,
            name=f"{metrics['dataset']} {folder.name}",
            fingerprint=fingerprint,
            parameters=key,
            verb="placement evaluate",
            scores=flat,
            files=[folder / name for name in ("metrics.json", "predictions.csv", "roc.csv")],
        )
