"""``rgb``: what an RGB camera would see of the same scene at the same resolution; no label and no training decides.

The CIE 1931 2-degree colour matching functions give X, Y and Z of a spectrum, the matrix of sRGB (IEC 61966-2-1) linear
R, G and B of them. The functions are the published fit of Wyman, Sloan and Shirley (2013), Simple Analytic
Approximations to the CIE XYZ Color Matching Functions, Journal of Computer Graphics Techniques 2 (2), equation 4 and
table 1; it leaves the tables by 0.023 at most. The camera is white-balanced on the panel, under light of equal energy:
reflectance 1 at every wavelength gives R = G = B = 1. Noise, lens and mosaic of a real one are not in it.
"""

from typing import TYPE_CHECKING

from boardbench.segmentation.reduction import Strategy

if TYPE_CHECKING:
    import numpy as np

# Of each function: height, centre in nm, and 1 / width in 1 / nm below and above the centre.
X = ((0.362, 442.0, 0.0624, 0.0374), (1.056, 599.8, 0.0264, 0.0323), (-0.065, 501.1, 0.0490, 0.0382))
Y = ((0.821, 568.8, 0.0213, 0.0247), (0.286, 530.9, 0.0613, 0.0322))
Z = ((1.217, 437.0, 0.0845, 0.0278), (0.681, 459.0, 0.0385, 0.0725))
LINEAR_SRGB = ((3.2406, -1.5372, -0.4986), (-0.9689, 1.8758, 0.0415), (0.0557, -0.2040, 1.0570))


def matching_functions(wavelengths: "np.ndarray") -> "np.ndarray":
    """Return the colour matching functions x, y and z (3, n) at wavelengths (n,) in nm."""
    import numpy as np

    def function(lobes: tuple[tuple[float, ...], ...]) -> np.ndarray:
        return sum(
            height * np.exp(-0.5 * ((wavelengths - centre) * np.where(wavelengths < centre, below, above)) ** 2)
            for height, centre, below, above in lobes
        )

    return np.stack([function(X), function(Y), function(Z)])


def _response(wavelengths: "np.ndarray", where: str) -> "np.ndarray":
    from boardbench.segmentation.reduction.response import sampled, white_balanced

    return white_balanced(LINEAR_SRGB @ sampled(matching_functions, wavelengths, where))


STRATEGY = Strategy(response=_response, components=3, projects=True)
