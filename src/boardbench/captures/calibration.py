"""Raw counts to reflectance with white and dark references.

R = panel * (S - D) / (W - D) * (t_white / t_raw), band by band and sample by sample (each detector element
has its own gain and offset), as the makers of push-broom cameras state it.
"""

import math
from dataclasses import dataclass

import numpy as np

from boardbench.captures.reference import Reference, average_reference
from boardbench.errors import BoardbenchError

SATURATED = 4095
"""Counts at which a 12-bit sensor (Specim FX10) is full."""


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


def exposure_ratio(tint_raw: float | None, tint_white: float | None, tint_dark: float | None, **names: str) -> float:
    """Return t_white / t_raw; 1 where no integration time is known, which assumes equal ones.

    ``names`` (raw, white, dark) say in an error which file a time belongs to.

    Raises:
        BoardbenchError: where some times are known and others not, or one is not positive.
    """
    tints = {"raw": tint_raw, "white": tint_white, "dark": tint_dark}
    absent = [names.get(kind, f"the {kind} capture") for kind, tint in tints.items() if tint is None]
    if len(absent) == len(tints):
        return 1.0
    if absent:
        raise BoardbenchError(
            f"{', '.join(absent)}: field 'tint' (integration time, ms) is missing, but the other headers of "
            "this capture have it. Add 'tint = ...' there as it was at the scan, or delete it in all of "
            "them to have equal times assumed."
        )
    for kind, tint in tints.items():
        if not (math.isfinite(tint) and tint > 0):
            raise BoardbenchError(
                f"{names.get(kind, f'the {kind} capture')}: integration time {tint} is not a positive number "
                "of ms. Correct the field 'tint'."
            )
    return tint_white / tint_raw


def factors(white: Reference, dark: Reference, exposure: float, panel: float) -> Factors:
    """Return the factors of averaged references; ``exposure`` is t_white / t_raw."""
    span = white.mean - dark.mean
    # Not above dark, or not a number: nothing can be measured there.
    invalid = ~(span > 0)
    gain = np.zeros(span.shape, np.float64)
    np.divide(panel * exposure, span, out=gain, where=~invalid)
    return Factors(
        dark=np.where(invalid, 0, dark.mean).astype(np.float32),
        gain=gain.astype(np.float32),
        invalid=invalid,
        white_saturated=white.saturated,
        white_left_out=white.left_out,
        dark_left_out=dark.left_out,
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

    Returns:
        Reflectance (float32, not clipped, 0 where invalid); the invalid mask (white not above dark); the
        saturated mask (raw, or any line of white, at the sensor's limit: there R is only a bound). All of
        ``raw``'s shape.

    Raises:
        BoardbenchError: references of another width or band count; some integration times known and others
            not.
    """
    check_reference("white", white.shape[-2:], raw.shape[-2:])
    check_reference("dark", dark.shape[-2:], raw.shape[-2:])
    averages = average_reference(white, saturation), average_reference(dark, saturation)
    parts = factors(*averages, exposure_ratio(tint_raw, tint_white, tint_dark), panel)
    reflectance = np.subtract(raw, parts.dark, dtype=np.float32)
    reflectance *= parts.gain
    invalid = np.broadcast_to(parts.invalid, raw.shape).copy()
    return reflectance, invalid, (raw >= saturation) | parts.white_saturated


def check_reference(name: str, found: tuple[int, int], expected: tuple[int, int]) -> None:
    """Refuse a reference of another width or band count than the capture; both shapes are (samples, bands).

    Raises:
        BoardbenchError: naming the reference and both shapes.
    """
    if tuple(found) != tuple(expected):
        raise BoardbenchError(
            f"{name}: the reference has samples = {found[0]}, bands = {found[1]}, the capture has samples = "
            f"{expected[0]}, bands = {expected[1]}. Use references taken with the capture's own binning and "
            "region of interest, or crop them to it."
        )
