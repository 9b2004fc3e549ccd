"""The verb that measures the simulated camera as a real one was measured, by the same function."""

from pathlib import Path

import numpy as np
import pandas as pd

from boardbench.captures.transfer import QUANTITIES, Transfer, photon_transfer
from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write
from boardbench.report.runs import read_printed
from boardbench.report.segmentation.sensor import COLUMNS, CURVES, WITHIN, curves_of
from boardbench.report.writing import decimals, text_table
from boardbench.simulate import sensor as camera
from boardbench.simulate.spectra import UNBINNED, wavelengths

PUBLISHED = "sensor_fx10.csv"
NEAR_ZERO = 0.03  # a tenth of the correlation with a neighbour, for those that are about 0
NAMES = {name: words for name, (_, words) in QUANTITIES.items()}
NAMES |= {"white_brightest": "brightest band of the white", "dark_current": "dark current"}
NAMES |= {"binning_order": "order of binning and correction of smile and keystone"}
_BY_DIFFERENCE = ("third_band", "third_sample")
_NOT_TOLD = {
    "line_drift": "one pair of lines gives one drift, not how large drifts are; the simulated camera has none",
    "white_brightest": "the file's light was the sun's (its white has the O2 line at 761 nm), ours is a halogen lamp's",
    "dark_current": "set, not measured; one integration time cannot tell it from the offset",
    "binning_order": "set, not measured; the file is unbinned",
}
_LINES, _SAMPLES = 8, 1024


def quantities(measured: Transfer, nm: np.ndarray) -> pd.DataFrame:
    """Return what was measured as text, with six digits: quantity, at, value, unit.

    ``at`` is empty but for two curves: ``transfer`` (variance at a signal, counts) and ``white`` (light at a place
    along the line, 0 to 1). Of the real camera, with a column ``source``, it is ``reports/published/sensor_fx10.csv``.

    Args:
        measured: from :func:`boardbench.captures.transfer.photon_transfer`.
        nm: band centres.
    """
    rows = [(name, "", getattr(measured, name), unit) for name, (unit, _) in QUANTITIES.items()]
    rows.append(("white_brightest", "", nm[measured.spectrum.argmax()], "nm"))
    curve = zip(measured.signal, measured.variance, strict=True)
    rows += [("transfer", f"{signal:.6g}", variance, "counts²") for signal, variance in curve]
    places = np.linspace(0, 1, len(measured.white))
    rows += [("white", f"{at:.6g}", light, "1") for at, light in zip(places, measured.white, strict=True)]
    cells = [(name, at, "" if np.isnan(value) else f"{value:.6g}", unit) for name, at, value, unit in rows]
    return pd.DataFrame(cells, columns=["quantity", "at", "value", "unit"])


def simulated(seed: int, bands: int) -> pd.DataFrame:
    """Return the quantities of the simulated camera: 8 lines of 1024 samples, dark and white, of the usual set-up.

    Its dark current, in electrons/ms, is added as it is set.
    """
    nm, usual, shape = wavelengths(bands), camera.NAMED[0], (_LINES, bands, _SAMPLES)
    sensor = camera.camera(nm, _SAMPLES, seed)
    dark, white = (
        camera.expose(sensor, usual, light, usual.white_tint, shape, np.random.default_rng([seed, 5, bands, light]))
        for light in (0, 1)
    )
    found = quantities(photon_transfer(dark.transpose(0, 2, 1), [white.transpose(0, 2, 1)]), nm)
    found.loc[len(found)] = ["dark_current", "", f"{sensor.dark.mean(dtype=np.float64):.6g}", "electrons/ms"]
    return found


def sensor(*, seed: int, bands: int, published: Path, out: Path) -> None:
    """Measure the simulated camera as a real one was measured, and put both side by side.

    Writes two tables: ``out``, a row a quantity, and beside it ``<out>_transfer.csv`` with the points of three curves:
    variance against signal, the line fitted to it, and white along the line. The simulated camera is measured unbinned,
    as the real file is, and with ``bands``.

    Args:
        seed: of the simulated camera.
        bands: of the simulated captures.
        published: folder of the published numbers (reports/published), which has the real camera's.
        out: CSV.

    Raises:
        BoardbenchError: the real camera's numbers are missing.
    """
    real = read_printed(published / PUBLISHED, ("quantity", "at", "value"))
    unbinned = simulated(seed, UNBINNED)
    rows = compared(real, unbinned, simulated(seed, bands))
    curves = _curves("real", real) + _curves("simulated_unbinned", unbinned)
    for target, table in ((curves_of(out), text_table(curves, CURVES)), (out, text_table(rows, COLUMNS))):
        with atomic_write(target, record=True) as temporary:
            table.to_csv(temporary, index=False, lineterminator="\n")


def _curves(name: str, found: pd.DataFrame) -> list[dict[str, str]]:
    points = [(row.quantity, row.at, row.value) for row in found[found["at"] != ""].itertuples()]
    numbers = _numbers(found)
    for signal in (0.0, max(float(at) for curve, at, _ in points if curve == "transfer")):
        variance = numbers["transfer_intercept"] + numbers["transfer_slope"] * signal
        points.append(("line", f"{signal:.6g}", f"{variance:.6g}"))
    return [{"camera": name, "curve": curve, "x": x, "y": y} for curve, x, y in points]


def compared(real: pd.DataFrame, unbinned: pd.DataFrame, binned: pd.DataFrame) -> list[dict[str, str]]:
    """Return a row a quantity of three tables of :func:`quantities`, in the columns of COLUMNS.

    A quantity agrees where the unbinned one is within 10 % of the real one; correlations that are about 0 where they
    differ by at most 0.03.

    Raises:
        BoardbenchError: the real camera's table lacks a quantity, or has one that is no number.
    """
    true, made, used = (_numbers(frame) for frame in (real, unbinned, binned))
    units = dict(zip(unbinned["quantity"], unbinned["unit"], strict=True))
    rows = []
    for name, words in NAMES.items():
        row = {"quantity": name, "name": words, "unit": units.get(name, ""), "note": _NOT_TOLD.get(name, "")}
        row |= {
            "judged": "no" if name in _NOT_TOLD else "yes",
            "simulated": "before" if name == "binning_order" else "",
        }
        values = {"real": true, "simulated_unbinned": made, "simulated": used}
        row |= {column: f"{numbers[name]:.4g}" for column, numbers in values.items() if name in numbers}
        if name in _BY_DIFFERENCE:
            row["note"] = f"about 0: agrees where they differ by at most {NEAR_ZERO:g}"
        elif name in true and name in made:
            row["ratio"] = decimals(made[name] / true[name], 3)
        if name not in _NOT_TOLD:
            if name not in true:
                raise BoardbenchError(
                    f"{PUBLISHED}: {name} is missing or not a number. The file is part of the repository: "
                    "check it out again."
                )
            far = abs(made[name] - true[name])
            near = far <= (NEAR_ZERO if name in _BY_DIFFERENCE else WITHIN * abs(true[name]))
            row["agrees"] = "yes" if near else "no"
        rows.append(row)
    return rows


def _numbers(table: pd.DataFrame) -> dict[str, float]:
    """Return quantity -> value, without the curves and without what is no number."""
    values = pd.to_numeric(table["value"], errors="coerce")
    known = (table["at"] == "") & values.notna()
    return dict(zip(table["quantity"][known], values[known], strict=True))
