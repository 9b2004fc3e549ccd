"""Which share of a capture's values tells nothing."""

import numpy as np

from boardbench.captures.calibration import factors
from boardbench.captures.envi import Cube
from boardbench.captures.references import References

_BLOCK = 16  # lines counted at once


def shares(source: Cube, found: References | None, keep: np.ndarray) -> tuple[float | None, float]:
    """Return the shares of saturated (None for reflectance) and invalid values among the bands ``keep``.

    Saturated: counts at the sensor's limit. Invalid: white not above dark, not finite, or not known by the header.
    """
    blind = factors(found, 1.0).invalid[:, keep] if found else np.zeros((source.samples, len(keep)), bool)
    saturated = invalid = 0
    for first in range(0, source.lines, _BLOCK):
        block = source.read(first, min(first + _BLOCK, source.lines))[..., keep]
        unknown = ~np.isfinite(block) if block.dtype.kind == "f" else np.zeros(block.shape, bool)
        if (named := source.unknown(block)) is not None:
            unknown |= named
        invalid += np.count_nonzero(unknown | blind)
        saturated += np.count_nonzero((block >= found.full_scale) & ~unknown) if found else 0
    values = source.lines * source.samples * len(keep)
    return saturated / values if found else None, invalid / values
