"""Whether a cube holds raw counts or reflectance: one judgement, for the sheet, the pipeline, predict and stream."""

from pathlib import Path

import numpy as np

from boardbench.captures.envi import Cube
from boardbench.captures.header import SCALE
from boardbench.errors import BoardbenchError

_REFLECTANCE_BELOW = 2.0
"""Nearly all reflectance is below it; of counts (the dark signal alone is some tens) and percent, hardly any."""

_SHARE = 0.9
"""Of the values, this share must be below: a board can be nearly black."""


def is_reflectance(source: Cube, white: Path | None, others: str = "") -> bool:
    """Say whether a cube is reflectance; otherwise it is raw.

    A cube whose header has the field ``reflectance scale factor`` is reflectance. Without it, one with references is
    raw, and a float cube without references is reflectance; float values must agree.

    Args:
        source: the cube.
        white: its white reference, where it has references.
        others: what an error adds on where references were looked for.

    Raises:
        BoardbenchError: counts without references, or float values that contradict what the references say.
    """
    if SCALE in source.metadata:
        return True
    if white is None and source.dtype.kind != "f":
        raise BoardbenchError(
            f"{source.header}: the cube holds counts ({source.dtype.name}, no field '{SCALE}') and it has no white and "
            f"dark reference.{others} If it is reflectance, write the number that stands for 1 into the header, such "
            f"as '{SCALE} = 10000'."
        )
    if source.dtype.kind == "f":
        _check_values(source, white)
    return white is None


def _check_values(source: Cube, white: Path | None) -> None:
    """Refuse float counts taken for reflectance and float reflectance taken for counts: the map would be nonsense."""
    values = _some_values(source)
    if not values.size:
        return
    high = float(np.quantile(values, _SHARE))
    seen = f"{source.header}: the cube holds {source.dtype.name} values, a tenth of them above {high:.4g}"
    if white is None and high > _REFLECTANCE_BELOW:
        raise BoardbenchError(
            f"{seen}, which is no reflectance, and it has no references. If these are counts, give their white and "
            "dark references (--white and --dark, or the sheet's columns); if they are reflectance, write the number "
            f"that stands for 1 into its header, such as '{SCALE} = 100'."
        )
    if white is not None and high < _REFLECTANCE_BELOW:
        raise BoardbenchError(
            f"{seen}, which looks like reflectance, yet it has references ({white}). If it is reflectance, "
            f"write '{SCALE} = 1' into its header; if these are counts, correct field 'data type' or the references."
        )


def _some_values(source: Cube) -> np.ndarray:
    """Return values from all over a cube that are known and finite, as the header's gains make them."""
    block = source.glance()
    known = np.isfinite(block)
    if (unknown := source.unknown(block)) is not None:
        known &= ~unknown
    values = block.astype(np.float64)
    values = values if source.gain is None else values * source.gain
    values = values if source.shift is None else values + source.shift
    return values[known]
