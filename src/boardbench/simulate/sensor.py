"""From reflectance to 12-bit counts: light, geometry, photo-electrons, noise and saturation of a Specim FX10.

counts = offset + (dark current + gain * light * (shadow * R + glint)) * tint / electrons a count, with shot
and read noise, clipped at 4095. Full well, word length and noise level after the camera's data sheet;
read noise, dark current and non-uniformity are usual values of CMOS sensors.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boardbench.simulate.spectra import illumination, response

Array = NDArray[np.float32]

MAX_COUNT = 4095  # 12 bit
# Two wells of 90 ke- are binned into a band (binning {2, 1}): sqrt(180 000) = 424; the data sheet says 420.
FULL_WELL = 2 * 90_000.0
ELECTRONS_A_COUNT = FULL_WELL / MAX_COUNT
OFFSET = 96.0  # counts, so that noise around dark stays above zero
READ_NOISE = 75.0  # electrons, of a binned pair
DARK_CURRENT = 30.0  # electrons/ms, of a binned pair at 40 degrees C housing
# The white panel at full level fills 86 % of the well in 7.5 ms at the brightest band.
PHOTO_RATE = 0.86 * FULL_WELL / 7.5  # electrons/ms
LAMP_DISTANCE_MM = 250.0
DIFFUSE = 0.3  # share of the light that reaches a shadow


@dataclass(frozen=True)
class Condition:
    """How a board is lit and exposed in one scan.

    Attributes:
        name: '1', '2', ...
        level: of the lamps, relative to full.
        angle: of the two lamp rows from the vertical, degrees.
        tint: integration time of the sample and of the dark reference, ms.
        white_tint: integration time of the white reference, ms.
        glint: strength of specular reflection, relative.
        tilt: slope of the light along the line, from the middle to an end.
    """

    name: str
    level: float
    angle: float
    tint: float
    white_tint: float
    glint: float
    tilt: float


NAMED = (
    Condition("1", level=1.00, angle=45, tint=9.0, white_tint=7.5, glint=1.0, tilt=0.05),  # the usual set-up
    Condition("2", level=0.55, angle=60, tint=15.5, white_tint=13.0, glint=0.5, tilt=0.15),  # dim, grazing
    Condition("3", level=1.60, angle=27, tint=4.6, white_tint=4.6, glint=1.8, tilt=-0.10),  # bright, steep
)


def conditions(number: int, seed: int) -> list[Condition]:
    """Return ``number`` conditions: three named ones, then draws that depend on seed and place only."""
    chosen = list(NAMED[:number])
    for i in range(len(chosen), number):
        rng = np.random.default_rng([seed, 3, i])
        level, angle = rng.uniform(0.5, 1.7), rng.uniform(25, 62)
        white = round(7.3 / level, 2)
        tint = round(white * rng.uniform(1, 1.25), 2)
        # Steep light comes back from flat metal; grazing light leaves the camera's way.
        glint = float(np.interp(angle, [25, 62], [1.8, 0.5]))
        chosen.append(Condition(str(i + 1), level, angle, tint, white, glint, rng.uniform(-0.15, 0.15)))
    return chosen


@dataclass(frozen=True)
class Camera:
    """One sensor: rate (bands,), electrons/ms of white; gain and dark (electrons/ms) are (bands, samples)."""

    rate: Array
    gain: Array
    dark: Array


def camera(nm: NDArray[np.float64], samples: int, seed: int) -> Camera:
    """Return the sensor of a data set, the same for every board; ``nm`` are the band centres.

    Non-uniformity 1 % (PRNU), dark current spread 20 %, one pixel in 2000 hot.
    """
    rng = np.random.default_rng([seed, 0])
    fine = np.linspace(400, 1000, 601)
    peak = (illumination(fine) * response(fine)).max()
    shape = (len(nm), samples)
    gain = 1 + 0.01 * np.clip(rng.standard_normal(shape, dtype=np.float32), -3, 3)
    dark = DARK_CURRENT * np.exp(0.2 * rng.standard_normal(shape, dtype=np.float32))
    dark[rng.random(shape) < 1 / 2000] *= 30
    rate = PHOTO_RATE * illumination(nm) * response(nm) / peak
    return Camera(rate.astype(np.float32), gain.astype(np.float32), dark.astype(np.float32))


def shading(condition: Condition, samples: int) -> Array:
    """Return the light along the line, (samples,), largest 1: lamp ends fall off, the row is tilted."""
    x = np.linspace(-1, 1, samples)
    light = (1 - 0.12 * x**2) * (1 + condition.tilt * x)
    return (light / light.max()).astype(np.float32)


def light(height: Array, condition: Condition, mm_a_line: float) -> Array:
    """Return direct and diffuse light on each pixel relative to the white panel, (lines, samples).

    Two lamp rows, before and behind the viewed line, each give half of the direct light; what is tall throws
    a shadow of ``height * tan(angle)`` along the lines, and is nearer to the lamps.

    Args:
        height: mm above the plane of the panel, (lines, samples).
        condition: its angle is used.
        mm_a_line: distance of two lines, mm.
    """
    rise = mm_a_line / np.tan(np.radians(condition.angle))  # mm that a ray climbs a line
    shaded = np.zeros((2, *height.shape), dtype=bool)
    for step in range(1, int(np.ceil(np.ptp(height) / rise))):
        if step >= len(height):
            break
        # 0.3 mm of tolerance: neither the thickness of paint nor rounding throws a shadow.
        shaded[0, step:] |= height[:-step] - step * rise > height[step:] + 0.3
        shaded[1, :-step] |= height[step:] - step * rise > height[:-step] + 0.3
    near = 1 + 2 * height / LAMP_DISTANCE_MM
    direct = 1 - shaded.mean(axis=0, dtype=np.float32)
    return (near * (DIFFUSE + (1 - DIFFUSE) * direct)).astype(np.float32)


def expose(
    sensor: Camera, condition: Condition, reflectance: Array | float, tint: float, shape: tuple, rng
) -> NDArray[np.uint16]:
    """Return counts, uint16 (lines, bands, samples): the order of ENVI BIL.

    Shot and read noise are drawn as one normal variable: with READ_NOISE electrons under every signal the
    Poisson distribution cannot be told from it.

    Args:
        sensor: see ``camera``.
        condition: level and tilt are used.
        reflectance: apparent reflectance (shadow and glint included), broadcast to ``shape``; 1 for the white
            panel (an ideal one), 0 with the shutter closed.
        tint: integration time, ms.
        shape: lines, bands, samples.
        rng: numpy Generator, used once in C order.
    """
    signal = sensor.gain * (sensor.rate[:, None] * (condition.level * tint) * shading(condition, shape[2]))
    electrons = np.empty(shape, dtype=np.float32)
    np.multiply(signal, reflectance, out=electrons)
    electrons += sensor.dark * np.float32(tint)
    noise = rng.standard_normal(shape, dtype=np.float32)
    noise *= np.sqrt(electrons + np.float32(READ_NOISE**2))
    electrons += noise
    np.minimum(electrons, np.float32(FULL_WELL), out=electrons)
    electrons *= np.float32(1 / ELECTRONS_A_COUNT)
    electrons += np.float32(OFFSET + 0.5)  # truncation below then rounds
    return np.clip(electrons, 0, MAX_COUNT, out=electrons).astype(np.uint16)
