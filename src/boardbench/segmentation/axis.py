"""The direction of a component's long axis."""

import math


def angle(lines: float, samples: float, both: float, line: float = 1.0, sample: float = 1.0) -> float | None:
    """Return the direction of a component's long axis, degrees in (-90, 90]: 0 lies across the belt, 90 along it.

    Positive turns from the samples' axis to that of the lines. None where no axis is longer than another.

    Args:
        lines: variance of its pixels' lines.
        samples: variance of its pixels' samples.
        both: their covariance.
        line: size of a pixel along the belt.
        sample: size of a pixel across the belt, in the same unit.
    """
    rise, run = 2 * both * line * sample, samples * sample**2 - lines * line**2
    if math.hypot(rise, run) < 1e-6 * line * sample:
        return None
    degrees = round(math.degrees(math.atan2(rise, run)) / 2, 1)
    return 90.0 if degrees == -90 else degrees + 0.0
