"""Band trimming by index or by wavelength."""

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
) -> np.ndarray:
    """Return the indices of the bands that are kept; a band must pass the cut by index and that by
    wavelength.

    ``wavelengths`` are in nm, shape (bands,), or None; ``name`` is the file that an error names.

    Raises:
        BoardbenchError: where wavelengths are needed and missing, or no band is left.
    """
    index = np.arange(bands)
    keep = (index >= drop_first) & (index < bands - drop_last)
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
            f"{drop_last}, min_nm = {min_nm}, max_nm = {max_nm}. Keep more bands."
        )
    return index[keep]
