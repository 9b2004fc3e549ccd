"""The verb that characterises a camera from the references of a capture."""

from pathlib import Path

import numpy as np

from boardbench.captures.envi import open_cube, open_dark
from boardbench.captures.references import SATURATED
from boardbench.captures.transfer import QUANTITIES, photon_transfer
from boardbench.files import write_json


def sensor(*, dark: Path, white: Path, cube: Path | None = None, full_scale: float = SATURATED, out: Path) -> None:
    """Characterise a camera from the references of a capture: dark, noise, gain, light along the line.

    Args:
        dark: dark reference, ENVI.
        white: white reference, ENVI.
        cube: more steady light for the photon transfer, ENVI: another panel, say. Lines of a moving scene differ by
            more than noise.
        full_scale: counts at which the sensor is full.
        out: JSON with each quantity, its unit and meaning, the points of the photon transfer and two profiles of the
            white.

    Raises:
        BoardbenchError: files that cannot be read, have fewer than two lines or do not belong together.
    """
    sources = {"dark": dark, "white": white} | ({} if cube is None else {"cube": cube})
    cubes = {name: (open_dark if name == "dark" else open_cube)(path) for name, path in sources.items()}
    still, *bright = cubes.values()
    found = photon_transfer(still, bright, full_scale)
    content = {
        "files": {name: str(path) for name, path in sources.items()},
        "lines": {name: one.lines for name, one in cubes.items()},
        "tint_ms": {name: one.tint for name, one in cubes.items()},
        "samples": still.samples,
        "bands": still.bands,
        "full_scale": full_scale,
        "full_percent": _rounded(100 * found.full),
        "quantities": {
            name: {"value": _rounded(getattr(found, name)), "unit": unit, "meaning": words}
            for name, (unit, words) in QUANTITIES.items()
        },
        "transfer": {name: [*map(_rounded, getattr(found, name))] for name in ("signal", "variance")},
        "white_along_line": [*map(_rounded, found.white)],
        "white_by_band": [*map(_rounded, found.spectrum)],
        "wavelengths_nm": None if cubes["white"].wavelengths is None else cubes["white"].wavelengths.tolist(),
    }
    write_json(out, content, record=True)


def _rounded(value: float) -> float | None:
    """Return six significant digits; None for what cannot be measured."""
    return float(f"{value:.6g}") if np.isfinite(value) else None
