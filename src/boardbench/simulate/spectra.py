"""Spectra of circuit-board materials, halogen light and the FX10's response, on any wavelength grid.

The curves are smooth analytic shapes drawn after textbook knowledge of each material (edges, overtones,
levels), named beside each; none is a measurement of one sample, and nothing made from them is a result.
Wavelengths are in nm, reflectance is a factor in [0, 1].
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from boardbench.errors import BoardbenchError, nearest

Spectrum = NDArray[np.float64]

UNBINNED = 448  # bands of an FX10 without binning
FWHM_NM = 5.5  # FX10 data sheet
LAMP_KELVIN = 3000.0  # tungsten halogen, usual range 2900-3200 K


def wavelengths(bands: int) -> Spectrum:
    """Return the band centres of a simulated FX10.

    Returns:
        (bands,) nm. For 224 bands (binning 2 x 1) the camera's own grid: a parabola fitted to the list that
        headers of real FX10 captures carry (397.66 ... 1003.81 nm, step 2.62 to 2.82), which it meets within
        0.015 nm. For 448 (unbinned) the same parabola at half steps: 397.01 ... 1004.52 nm, the ends of a real
        unbinned capture. Any other number of bands: the same range, evenly.
    """
    if bands in (UNBINNED // 2, UNBINNED):
        at = np.arange(224) if bands == 224 else np.arange(UNBINNED) / 2 - 0.25
        return np.round(397.664 + 2.615383 * at + 4.608345e-4 * at**2, 2)
    return np.round(np.linspace(397.66, 1003.81, bands), 2)


def _edge(nm: Spectrum, at: float, width: float) -> Spectrum:
    """Rise from 0 to 1 at ``at`` nm; 12 to 88 % within four ``width`` nm."""
    return 1 / (1 + np.exp(-(nm - at) / width))


def _peak(nm: Spectrum, at: float, width: float) -> Spectrum:
    return np.exp(-0.5 * ((nm - at) / width) ** 2)


def _slope(nm: Spectrum) -> Spectrum:
    """0 at 400 nm, 1 at 1000 nm."""
    return (nm - 400) / 600


def _overtones(nm: Spectrum, aromatic: float = 0.10, aliphatic: float = 0.12) -> Spectrum:
    """Third C-H stretch overtones: aromatic near 880 nm, CH2 near 930 nm (near-infrared textbooks)."""
    return (1 - aromatic * _peak(nm, 882, 13)) * (1 - aliphatic * _peak(nm, 930, 17))


def _copper(nm: Spectrum) -> Spectrum:
    # d-band edge between 540 and 560 nm; level lowered for a rough, slightly oxidised foil.
    return 0.30 + 0.48 * _edge(nm, 552, 13) + 0.10 * _edge(nm, 700, 60)


def _laminate(nm: Spectrum) -> Spectrum:
    # FR-4: glass weave in yellowish epoxy, translucent, faint overtones.
    return (0.10 + 0.40 * _edge(nm, 490, 38)) * _overtones(nm, 0.04, 0.03)


# Absorbance of a film of standard thickness (about 25 um), per double pass: pigment windows after the
# phthalocyanine greens and blues, an azo red and a black of organic dyes with some carbon; all but the carbon
# are clear in the near infrared.
_MASK_ABSORBANCE: dict[str, Callable[[Spectrum], Spectrum]] = {
    "green": lambda nm: 2.4 * (1 - 0.72 * _peak(nm, 528, 36)) * (1 - _edge(nm, 738, 17)) + 0.12,
    "blue": lambda nm: 2.5 * (1 - 0.70 * _peak(nm, 458, 38)) * (1 - _edge(nm, 752, 18)) + 0.12,
    "red": lambda nm: 2.5 * (1 - _edge(nm, 606, 12)) + 0.15,
    "black": lambda nm: 2.9 - 1.9 * _edge(nm, 790, 38),
}
MASK_COLOURS = tuple(_MASK_ABSORBANCE)


def solder_mask(nm: Spectrum, colour: str, thickness: float = 1.0, copper_below: bool = False) -> Spectrum:
    """Return the reflectance of solder mask on laminate or on copper.

    Beer-Lambert absorption on the way to the layer below and back, plus surface and pigment scatter.

    Args:
        nm: wavelengths, any shape, nm.
        colour: one of ``MASK_COLOURS``.
        thickness: relative to a standard film of about 25 um.
        copper_below: copper (a trace or a pour) instead of laminate.
    """
    if colour not in _MASK_ABSORBANCE:
        raise BoardbenchError(f"solder mask colour '{colour}' is unknown. {nearest(colour, list(MASK_COLOURS))}")
    below = _copper(nm) if copper_below else _laminate(nm)
    absorbance = _MASK_ABSORBANCE[colour](nm)
    scatter = 0.02 * np.exp(-0.5 * absorbance)
    return 0.035 + scatter + below * np.exp(-thickness * absorbance)


# name -> reflectance. Plastics are polyamide or PBT bodies: pigment shape times overtones.
ENDMEMBERS: dict[str, Callable[[Spectrum], Spectrum]] = {
    "belt": lambda nm: 0.08 + 0.06 * _peak(nm, 470, 45) + 0.16 * _edge(nm, 735, 30),  # blue-grey polyurethane
    "copper": _copper,
    "laminate": _laminate,
    "gold": lambda nm: 0.30 + 0.50 * _edge(nm, 515, 13) + 0.10 * _edge(nm, 640, 50),  # edge near 515 nm
    "tin": lambda nm: 0.56 + 0.08 * _slope(nm),  # bright to matt tin plating
    "solder": lambda nm: 0.46 + 0.09 * _slope(nm),
    # Brushed can; interband dip of aluminium near 825 nm.
    "aluminium": lambda nm: 0.74 * (1 - 0.07 * _peak(nm, 825, 45)),
    "epoxy_black": lambda nm: 0.055 + 0.020 * _slope(nm),  # silica-filled moulding compound, carbon black
    "marking": lambda nm: 0.20 + 0.10 * _slope(nm),  # laser marking: lightened epoxy
    "silkscreen": lambda nm: 0.10 + 0.64 * _edge(nm, 413, 8),  # titania paint, absorbing below 410 nm
    "ceramic": lambda nm: 0.15 + 0.30 * _edge(nm, 610, 45),  # brown barium titanate chip
    "tantalum": lambda nm: (0.07 + 0.52 * _edge(nm, 535, 20)) * _overtones(nm, 0.05, 0.03),  # yellow moulding
    "alumina": lambda nm: 0.70 + 0.08 * _edge(nm, 450, 30),  # white substrate
    "resistor_black": lambda nm: 0.070 + 0.040 * _slope(nm),  # glass over thick film
    "ferrite": lambda nm: 0.115 + 0.020 * _slope(nm),
    # Black-anodised aluminium: the organic dye is clear in the near infrared.
    "anodised_black": lambda nm: 0.050 + 0.22 * _edge(nm, 790, 35),
    "dust": lambda nm: 0.28 + 0.22 * _slope(nm),
    "plastic_white": lambda nm: (0.20 + 0.62 * _edge(nm, 412, 9)) * _overtones(nm),
    "plastic_beige": lambda nm: (0.22 + 0.50 * _edge(nm, 480, 50)) * _overtones(nm),
    "plastic_black": lambda nm: (0.048 + 0.016 * _slope(nm)) * _overtones(nm, 0.04, 0.04),
    "plastic_blue": lambda nm: (0.06 + 0.30 * _peak(nm, 460, 38) + 0.62 * _edge(nm, 725, 24)) * _overtones(nm),
    "plastic_green": lambda nm: (0.06 + 0.24 * _peak(nm, 525, 32) + 0.55 * _edge(nm, 745, 24)) * _overtones(nm),
    "plastic_red": lambda nm: (0.06 + 0.66 * _edge(nm, 605, 14)) * _overtones(nm),
}
for _colour in MASK_COLOURS:
    ENDMEMBERS[f"solder_mask_{_colour}"] = lambda nm, c=_colour: solder_mask(nm, c)
    ENDMEMBERS[f"solder_mask_{_colour}_on_copper"] = lambda nm, c=_colour: solder_mask(nm, c, 1.0, True)


def through_slit(spectrum: Callable[[Spectrum], Spectrum], nm: Spectrum, fwhm: float = FWHM_NM) -> Spectrum:
    """Return ``spectrum`` as a band of Gaussian shape with ``fwhm`` nm sees it, at band centres ``nm``."""
    nm = np.asarray(nm, dtype=float)
    offsets = np.linspace(-1.4 * fwhm, 1.4 * fwhm, 15)
    weights = _peak(offsets, 0, fwhm / 2.3548)
    return spectrum(nm[..., None] + offsets) @ (weights / weights.sum())


def endmember(name: str, nm: Spectrum) -> Spectrum:
    """Return the reflectance in [0, 1] of a named material, seen with the camera's band width at ``nm``.

    Raises:
        BoardbenchError: for an unknown material, with the nearest known one.
    """
    if name not in ENDMEMBERS:
        raise BoardbenchError(f"material '{name}' is unknown. {nearest(name, list(ENDMEMBERS))}")
    return through_slit(ENDMEMBERS[name], nm)


def flux_absorbance(nm: Spectrum) -> Spectrum:
    """Return the absorbance of a film of aged flux residue: rosin browns, strongest in the blue."""
    return np.exp(-(np.asarray(nm, dtype=float) - 400) / 110)


def illumination(nm: Spectrum) -> Spectrum:
    """Return the photon flux of the halogen lamp, relative to its largest value between 400 and 1000 nm.

    Planck's law in photons at ``LAMP_KELVIN`` through a glass envelope and lens that absorb below 400 nm.
    """

    def flux(x: Spectrum) -> Spectrum:
        planck = (x / 1000) ** -4 / np.expm1(1.438777e7 / (x * LAMP_KELVIN))  # hc/k in nm K
        return planck * _edge(x, 375, 9)

    return flux(np.asarray(nm, dtype=float)) / flux(np.linspace(400, 1000, 601)).max()


def response(nm: Spectrum) -> Spectrum:
    """Return grating efficiency times quantum efficiency, relative to about 1 at the peak.

    Shape after silicon CMOS behind a transmission grating: falls to about 0.15 at 400 nm and 0.1 at 1000 nm.
    """
    nm = np.asarray(nm, dtype=float)
    return _edge(nm, 438, 22) * (1 - _edge(nm, 915, 38))
