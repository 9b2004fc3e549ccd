"""The verb that measures what training captures are like, and tries which drifts are noticed."""

from functools import reduce
from pathlib import Path

import numpy as np
import pandas as pd

from boardbench.artifacts import read, write
from boardbench.captures.artifacts import CaptureReport
from boardbench.captures.envi import open_cube
from boardbench.captures.references import read_references
from boardbench.captures.sheet import Capture, read_sheet
from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write
from boardbench.params.segmentation import Drift as Params
from boardbench.segmentation.artifacts import DriftThresholds
from boardbench.segmentation.data import captures_of, closed_test_part, load_cube, scenes_of
from boardbench.segmentation.drift import references
from boardbench.segmentation.drift.profile import (
    EVERY,
    STATISTICS,
    Moments,
    Profile,
    fit_profile,
    looked_at,
    moments,
    statistics,
    window_sums,
    windows,
)
from boardbench.segmentation.drift.trial import trials
from boardbench.segmentation.drift.watch import Drift

_FOLDS = 5
_SPECTRA = 400_000  # that a profile is fitted on, at most


def drift(*, split: Path, reflectance: Path, sheet: Path, out: Path, params: Params) -> None:
    """Measure what the spectra and references of the training captures are like, and which drifts would be noticed.

    'boardbench predict' and 'boardbench stream' hold what they see against it: windows of 32 lines by three statistics
    of their spectra, white and dark by four. Thresholds are quantiles of training scenes that the profile was not
    fitted on (five folds): params.false_alarms of such windows are above one of them. Lines are no longer trusted after
    two such windows in a row.

    Args:
        split: split.csv.
        reflectance: folder of cubes and reports.
        sheet: capture sheet, for the references of raw captures.
        out: drift.json; beside it drift.csv, a row a drift put into the test captures (simulated): captures, share of
            windows above a threshold, captures not trusted, median of the lines until then, and by which statistic.
        params: section segmentation.drift.

    Raises:
        BoardbenchError: a missing cube or report, captures of different bands, or references that do not fit.
    """
    scenes = scenes_of(split, "train")
    with closed_test_part(split):
        profile, found = _profile(_spectra(reflectance, scenes), params.components)
    quantile = 1 - params.false_alarms / len(STATISTICS)
    limits = {name: float(found[name].quantile(quantile, interpolation="higher")) for name in STATISTICS}
    alarms = float((found > pd.Series(limits)).any(axis=1).mean())

    captures = {capture.name: capture for capture in read_sheet(sheet)}
    seen = {part: _references(captures, scenes_of(split, part), reflectance) for part in ("train", "test")}
    known = [one for ones in seen["train"].values() for one in ones.values()]
    by_scene = {scene: list(ones.values()) for scene, ones in seen["train"].items()}
    limits |= references.thresholds(by_scene, 1 - params.false_alarms / len(references.TOLERANCE))
    made = Drift(profile, references.cover(known), limits, alarms)
    write(out, DriftThresholds(**made.as_json()))
    tested = {name: one for ones in seen["test"].values() for name, one in ones.items()}
    cubes = ((name, list(windows(load_cube(reflectance, name)))) for name in captures_of(split, "test"))
    with atomic_write(out.with_suffix(".csv"), record=True) as beside:
        pd.DataFrame(trials(made, cubes, tested)).to_csv(beside, index=False, lineterminator="\n")


def _profile(spectra: dict[str, list[np.ndarray]], components: int) -> tuple[Profile, pd.DataFrame]:
    """Return the profile of all scenes, and the statistics of every window by a profile that left its scene out."""
    scenes = list(spectra)
    folds = [[part for scene in scenes[fold::_FOLDS] for part in spectra[scene]] for fold in range(_FOLDS)]
    folds = [fold for fold in folds if fold]
    sums = [moments(fold) for fold in folds]
    total = reduce(Moments.plus, sums)
    profile = fit_profile(total, [part for fold in folds for part in fold], components)
    rows = []
    for number, fold in enumerate(folds):
        fitted = profile
        if len(folds) > 1:  # with one scene there is no other to learn from
            others = [part for other, more in enumerate(folds) if other != number for part in more]
            fitted = fit_profile(total.minus(sums[number]), others, components)
        rows += [statistics(fitted, window_sums(fitted, part)) for part in fold]
    return profile, pd.DataFrame(rows)


def _spectra(reflectance: Path, scenes: dict[str, list[str]]) -> dict[str, list[np.ndarray]]:
    """Return what is looked at of every window of each scene, with as many samples as a profile is fitted on."""
    cubes = {name: load_cube(reflectance, name) for captures in scenes.values() for name in captures}
    bands = {len(cube): name for name, cube in reversed(cubes.items())}  # the first of each
    if len(bands) > 1:
        told = ", ".join(f"{count} in '{name}'" for count, name in bands.items())
        raise BoardbenchError(
            f"{reflectance}: captures with different numbers of bands: {told}. Make them again with one set of "
            "segmentation.reflectance parameters."
        )
    spectra = sum(cube[0, ::EVERY, looked_at(cube.shape[2])].size for cube in cubes.values())
    thinned = slice(None, None, -(-spectra // _SPECTRA))
    return {
        scene: [np.ascontiguousarray(part[:, thinned]) for name in captures for part in windows(cubes[name])]
        for scene, captures in scenes.items()
    }


def _references(
    captures: dict[str, Capture], scenes: dict[str, list[str]], reflectance: Path
) -> dict[str, dict[str, references.Seen]]:
    """Return the references of the raw captures of each scene, by capture."""
    found = {}
    for scene, names in scenes.items():
        found[scene] = {}
        for name in names:
            if name not in captures:
                raise BoardbenchError(f"capture '{name}' of the split is not in the sheet. Write the split again.")
            capture = captures[name]
            if capture.kind != "raw":
                continue
            report = read(reflectance / f"{name}.json", CaptureReport, "reflectance")
            taken = read_references(open_cube(capture.cube), **capture.references)
            found[scene][name] = references.seen(taken, report.sensor["keep"])
    return found
