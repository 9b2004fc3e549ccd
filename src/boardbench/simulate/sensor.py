"""From reflectance to 12-bit counts: light, geometry, photo-electrons, noise and saturation of a Specim FX10.

counts = offset + (dark current + gain * light * (shadow * R + glint)) * tint / electrons a count, with shot, read and
row noise, clipped at 4095.

The sensor's values were measured on real FX10 counts (448 bands unbinned, 1024 samples, two lines each of dark, white
and capture; tgoelles/specarray, MIT) and are settled; :mod:`boardbench.captures.transfer` measures both cameras alike.
In the file, noise of neighbours is correlated by 0.27 along bands and 0.25 along samples, further away by nothing, and
its variance changes with the place: the mark of the bilinear resampling by which the camera corrects smile and
keystone, which takes variances to 4/9 on average. Undone, the full well comes out as 80 to 87 ke- (data sheet: 90).

Binning by n is a mean of n neighbouring wells before that correction: counts keep their scale and offset, variances
become an n-th. The file is unbinned and cannot tell whether the real camera bins before or after; nor does the data
sheet say for which binning its ratio of signal to noise of 420 : 1 holds (here: 408 unbinned, 578 binned by 2).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boardbench.simulate.spectra import UNBINNED, illumination, response

Array = NDArray[np.float32]

MAX_COUNT = 4095  # 12 bit
FULL_WELL = 85_000.0  # electrons of one well at 4095 counts, where the converter ends: between file and data sheet
DARK_CURRENT = 15.0  # electrons/ms of a well at 40 degrees C housing; usual for CMOS, the file has one exposure only
# Dark and offset are 274 counts in the file; 7 of them are taken to be dark current in 10 ms.
OFFSET = 267.0  # counts
ELECTRONS_A_COUNT = FULL_WELL / (MAX_COUNT - 274.0)
# Each of the next four as it is before the correction, which takes standard deviations to two thirds.
READ_NOISE = 113.0  # electrons, 5.1 counts; 3.4 counts after the correction, as in the file's dark
ROW_NOISE = 10.0  # electrons, common to a band of a line: 0.32 counts in the file
OFFSET_SPREAD = 5.3  # counts from well to well; 3.6 after the correction, with the dark current's; the file has 3.7
GAIN_SPREAD = 0.0058  # photo-response from well to well; 0.37 % after the correction; the file has 0.34 %
DARK_SPREAD = 0.2  # of the dark current, usual for CMOS. No hot pixels: of 458 752 elements of the file none has one
# The white panel at full level fills 86 % of the well in 7.5 ms at the brightest band and sample.
PHOTO_RATE = 0.86 * FULL_WELL / 7.5  # electrons/ms
# Light along the line that reaches the detector, at equal distances: the file's white over all bands, means of 25
# samples. Its light was the sun's, so this is lens, slit and set-up, one-sided as it is; single bands keep within 6 %.
FALL_OFF = (0.61, 0.675, 0.812, 0.845, 0.865, 0.881, 0.89, 0.898, 0.902)
FALL_OFF += (0.906, 0.912, 0.924, 0.935, 0.949, 0.967, 0.982, 1.0)
# Pixels by which smile and keystone are corrected: along bands and along samples, from one end to the other.
SMILE, KEYSTONE = 5.0, 5.0
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
    Condition("1", level=1.00, angle=45, tint=9.0, white_tint=7.5, glint=1.0, tilt=0.0),  # the usual set-up
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
    """One sensor.

    Attributes:
        rate: (bands,) electrons/ms of white in a well.
        gain: (bands, samples) photo-response of a well, relative.
        dark: (bands, samples) dark current, electrons/ms.
        offset: (bands, samples) counts without light and time.
        smile: (bands, samples) by how much of a band the correction moves an element, 0 to 1.
        keystone: (bands, samples) likewise of a sample.
        binning: wells along the spectrum whose mean is one band.
    """

    rate: Array
    gain: Array
    dark: Array
    offset: Array
    smile: Array
    keystone: Array
    binning: int

    def corrected(self, values: Array) -> Array:
        """Return (..., bands, samples) as the camera's bilinear correction mixes neighbours; overwrites ``values``."""
        values[..., :-1, :] += self.smile[:-1] * (values[..., 1:, :] - values[..., :-1, :])
        values[..., :-1] += self.keystone[:, :-1] * (values[..., 1:] - values[..., :-1])
        return values


def camera(nm: NDArray[np.float64], samples: int, seed: int) -> Camera:
    """Return the sensor of a data set, the same for every board; ``nm`` are the band centres."""
    rng = np.random.default_rng([seed, 0])
    fine = np.linspace(400, 1000, 601)
    peak = (illumination(fine) * response(fine)).max()
    shape = (len(nm), samples)
    binning = max(1, round(UNBINNED / len(nm)))
    along_bands, along_samples = np.linspace(0, 1, len(nm))[:, None], np.linspace(0, 1, samples)
    sensor = Camera(
        rate=(PHOTO_RATE * illumination(nm) * response(nm) / peak).astype(np.float32),
        gain=_pattern(rng, shape, GAIN_SPREAD, binning),
        dark=np.exp(_pattern(rng, shape, DARK_SPREAD, binning)),
        offset=_pattern(rng, shape, OFFSET_SPREAD, binning),
        smile=((SMILE * along_bands + 0.8 * (2 * along_samples - 1) ** 2) % 1).astype(np.float32),
        keystone=((KEYSTONE * along_samples + 0.7 * along_bands * along_samples) % 1).astype(np.float32),
        binning=binning,
    )
    for pattern, scale, level in ((sensor.gain, 1, 1), (sensor.offset, 1, OFFSET), (sensor.dark, DARK_CURRENT, 0)):
        sensor.corrected(pattern)
        pattern *= np.float32(scale)
        pattern += np.float32(level)
    return sensor


def _pattern(rng: np.random.Generator, shape: tuple[int, int], spread: float, binning: int) -> Array:
    """Draw what differs from band to band as the mean of ``binning`` wells, within three standard deviations."""
    drawn = np.clip(rng.standard_normal(shape, dtype=np.float32), -3, 3)
    return drawn * np.float32(spread / np.sqrt(binning))


def shading(condition: Condition, samples: int) -> Array:
    """Return the light along the line, (samples,), largest 1: the fall-off of the optics, the lamp row tilted."""
    x = np.linspace(-1, 1, samples)
    fall_off = np.interp(x, np.linspace(-1, 1, len(FALL_OFF)), FALL_OFF)
    light = fall_off * (1 + condition.tilt * x)
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
        rng: numpy Generator, used twice in C order: for all elements, then for the bands of all lines.
    """
    signal = sensor.gain * (sensor.rate[:, None] * (condition.level * tint) * shading(condition, shape[2]))
    electrons = np.empty(shape, dtype=np.float32)
    np.multiply(signal, reflectance, out=electrons)
    electrons += sensor.dark * np.float32(tint)
    noise = rng.standard_normal(shape, dtype=np.float32)
    noise *= np.sqrt((electrons + np.float32(READ_NOISE**2)) * np.float32(1 / sensor.binning))
    noise += rng.standard_normal((*shape[:2], 1), dtype=np.float32) * np.float32(ROW_NOISE / np.sqrt(sensor.binning))
    electrons += sensor.corrected(noise)
    electrons *= np.float32(1 / ELECTRONS_A_COUNT)
    electrons += sensor.offset + np.float32(0.5)  # truncation below then rounds
    return np.clip(electrons, 0, MAX_COUNT, out=electrons).astype(np.uint16)
