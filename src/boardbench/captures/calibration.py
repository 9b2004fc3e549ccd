"""Raw counts to reflectance with white and dark references.

R = panel * (S - D) / (W - D) * (t_white / t_raw), band by band and sample by sample (each detector element
has its own gain and offset), as the makers of push-broom cameras state it. Where a white has a dark reference of its
own, that one is in W - D.
"""

from dataclasses import dataclass

import numpy as np

from boardbench.captures.average import average_reference
from boardbench.captures.references import SATURATED, References, check_reference, exposure_ratio


@dataclass(frozen=True)
class Factors:
    """What turns counts into reflectance, for each (sample, band): R = (S - dark) * gain.

    ``invalid`` marks elements whose white is not above dark; their dark and gain are 0, so R is 0.
    ``white_saturated`` marks elements whose white is at the sensor's limit in any of its lines; ``white_left_out`` and
    ``dark_left_out`` are how many lines of a reference are not in its average there.
    """

    dark: np.ndarray
    gain: np.ndarray
    invalid: np.ndarray
    white_saturated: np.ndarray
    white_left_out: np.ndarray
    dark_left_out: np.ndarray


def factors(found: References, panel: float) -> Factors:
    """Return the factors of a capture's averaged references; ``panel`` is the reflectance of the white panel."""
    span = found.white.mean - found.white_dark.mean
    # Not above dark, or not a number: nothing can be measured there.
    invalid = ~(span > 0) | ~np.isfinite(found.dark.mean)
    gain = np.zeros(span.shape, np.float64)
    np.divide(panel * found.exposure, span, out=gain, where=~invalid)
    return Factors(
        dark=np.where(invalid, 0, found.dark.mean).astype(np.float32),
        gain=gain.astype(np.float32),
        invalid=invalid,
        white_saturated=found.white.highest >= found.full_scale,
        white_left_out=found.white.left_out,
        dark_left_out=found.dark.left_out,
    )


def calibrate(
    raw: np.ndarray,
    white: np.ndarray,
    dark: np.ndarray,
    tint_raw: float | None,
    tint_white: float | None,
    tint_dark: float | None,
    panel: float = 1.0,
    saturation: float = SATURATED,
    white_dark: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Turn raw counts into reflectance: R = panel * (S - D) / (W - D) * (t_white / t_raw).

    The formula wants the dark signal at each integration time, D(t) = offset + rate * t. One dark
    reference cannot tell offset from rate, so it is used as it is for sample and white: exact where all
    times are equal, and close where they differ, because at a line-scan camera's few milliseconds the
    offset is nearly all of the dark signal. Take the dark reference at the sample's time, where the signal
    is weakest, if the times differ much.

    Args:
        raw: counts, shape (..., samples, bands).
        white: counts of the white panel, (lines, samples, bands) or averaged already, (samples, bands). Of three
            and more lines, values that do not belong to them are left out, such as a dropped line's.
        dark: counts with the shutter closed, the same two forms.
        tint_raw: integration time of ``raw``, ms; None for all three assumes equal times.
        tint_white: integration time of ``white``, ms.
        tint_dark: integration time of ``dark``, ms.
        panel: reflectance of the white panel, 0-1.
        saturation: counts at which the sensor is full.
        white_dark: dark reference of the white, where it has one of its own, as ``dark``.

    Returns:
        Reflectance (float32, not clipped, 0 where invalid); the invalid mask (white not above dark); the
        saturated mask (raw, or any line of white, at the sensor's limit: there R is only a bound). All of
        ``raw``'s shape.

    Raises:
        BoardbenchError: references of another width or band count; some integration times known and others
            not.
    """
    given = {"white": white, "dark": dark} | ({} if white_dark is None else {"white_dark": white_dark})
    for name, reference in given.items():
        check_reference(name, reference.shape[-2:], raw.shape[-2:])
    averages = {name: average_reference(reference) for name, reference in given.items()}
    averages.setdefault("white_dark", averages["dark"])
    exposure = exposure_ratio(tint_raw, tint_white, tint_dark)
    parts = factors(References(**averages, exposure=exposure, full_scale=saturation, tints={}), panel)
    reflectance = np.subtract(raw, parts.dark, dtype=np.float32)
    reflectance *= parts.gain
    invalid = np.broadcast_to(parts.invalid, raw.shape).copy()
    return reflectance, invalid, (raw >= saturation) | parts.white_saturated
