"""How the bands of a capture become those that a model was trained on."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from boardbench.captures.grid import TOLERANCE_NM, Grid, Resampling, resampling
from boardbench.captures.locate import Located
from boardbench.errors import BoardbenchError

if TYPE_CHECKING:
    from boardbench.segmentation.model import Sensor


@dataclass(frozen=True)
class Bands:
    """How a capture's bands become those that the network was trained on.

    Attributes:
        keep: the capture's bands to read, ascending.
        resampling: interpolation among them; None where they are the model's.
        notes: what could not be compared.
    """

    keep: np.ndarray
    resampling: Resampling | None = None
    notes: tuple[str, ...] = ()


def choose_bands(sensor: "Sensor", capture: Located, resample: bool) -> Bands:
    """Compare a capture's bands with those of a model's sensor, to within 0.5 nm.

    A reflectance capture may have been trimmed to exactly the bands that the network takes. Where wavelengths are not
    known, only the number of bands is compared, and a note says so.

    Raises:
        BoardbenchError: other bands, without ``resample``, or where resampling is not possible.
    """
    source = capture.source
    found = Grid(source.bands, source.wavelengths)
    whole = Grid(sensor.bands, None if sensor.wavelengths is None else np.array(sensor.wavelengths))
    kept = whole.chosen(sensor.keep)
    unknown = "the capture's header" if found.wavelengths is None else "the model"
    notes = (f"only the number of bands was compared: {unknown} has no wavelengths",)
    notes = notes if found.wavelengths is None or whole.wavelengths is None else ()
    if source.good is not None:
        bad = np.flatnonzero(~source.good).tolist()
        notes += (f"bad bands by the header (field 'bbl'), used all the same where the model needs them: {bad}",)
    if capture.kind != sensor.kind:
        notes += (f"a {capture.kind} capture for a model that was trained on {sensor.kind} captures",)
    if found.same(whole):
        return Bands(np.array(sensor.keep), notes=notes)
    if capture.kind == "reflectance" and found.same(kept):
        return Bands(np.arange(found.bands), notes=notes)
    if resample:
        plan = resampling(found, kept, str(source.header))
        return Bands(
            plan.keep,
            plan,
            (
                *notes,
                f"resampled from {found} to the model's {kept}",
            ),
        )
    apart = ""
    if found.bands == whole.bands:
        distance = np.abs(found.wavelengths - whole.wavelengths)
        apart = f" They are up to {distance.max():.2f} nm apart (band {distance.argmax()}; {TOLERANCE_NM} is allowed)."
    raise BoardbenchError(
        f"{source.header}: fields 'bands' and 'wavelength': the capture has {found}, but the model was trained on "
        f"{whole}, of which it uses {kept}.{apart} Scan with the binning and the bands of the training captures, take "
        "a model trained on this camera, or add --resample to interpolate reflectance (accuracy was not tested for it)."
    )
