"""``scrb12``: twelve evenly spaced bands, then the spectral channel reduction block 12 -> 128 -> 3.

For a camera that is told to read twelve bands only: the FX10 reads chosen detector rows (multiple regions of interest),
and fewer rows allow a higher line rate (Specim, FX series reference manual). Of 214 bands these are 8, 26, 44, 62, 80,
98, 115, 133, 151, 169, 187 and 205 (counted from 0). The encoder has 128 * 12 + 646 = 2 182 parameters.
"""

from dataclasses import replace

from boardbench.segmentation.reduction.bands3_even import STRATEGY as EVEN
from boardbench.segmentation.reduction.scrb import STRATEGY as SCRB

STRATEGY = replace(EVEN, components=12, encoder=SCRB.encoder)
