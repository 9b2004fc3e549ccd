"""Band trimming by number, by wavelength, and by what the header calls bad."""

import numpy as np

from boardbench.errors import BoardbenchError


def trim(
    bands: int,
    wavelengths: np.ndarray | None,
    drop_first: int = 0,
    drop_last: int = 0,
    min_nm: float | None = None,
    max_nm: float | None = None,
    name: str = "cube",
    good: np.ndarray | None = None,
) -> np.ndarray:
    """Return the indices of the bands that are kept, ascending; a band must pass every cut.

    Args:
        bands: of the cube.
        wavelengths: in nm, (bands,), or None where they are not known: then the bands count as ascending.
        drop_first: bands dropped at the short-wave end, whatever the order of the bands.
        drop_last: bands dropped at the long-wave end.
        min_nm: bands below are dropped; None: none.
        max_nm: bands above are dropped; None: none.
        name: the file that an error names.
        good: false for bands that are bad, (bands,); None: all are good.

    Raises:
        BoardbenchError: where wavelengths are needed and missing, or no band is left.
    """
    index = np.arange(bands)
    rank = index if wavelengths is None else np.argsort(np.argsort(wavelengths, kind="stable"))
    keep = (rank >= drop_first) & (rank < bands - drop_last)
    if good is not None:
        keep &= good
    if min_nm is not None or max_nm is not None:
        if wavelengths is None:
            raise BoardbenchError(
                f"{name}: min_nm or max_nm is given, but the header has no field 'wavelength'. Add the "
                "wavelengths to the header, or set both to null and trim by drop_first and drop_last."
            )
        keep &= wavelengths >= (-np.inf if min_nm is None else min_nm)
        keep &= wavelengths <= (np.inf if max_nm is None else max_nm)
    if not keep.any():
        span = "" if wavelengths is None else f" over {wavelengths.min():g}-{wavelengths.max():g} nm"
        raise BoardbenchError(
            f"{name}: no band of {bands}{span} is left after drop_first = {drop_first}, drop_last = "
            f"{drop_last}, min_nm = {min_nm}, max_nm = {max_nm}"
            f"{'' if good is None else ' and the bad bands of the header (bbl)'}. Keep more bands."
        )
    return index[keep]
