"""Raw counts of a line to the channels that the spatial network reads: calibration, trimming, spectral reduction.

Counts become reflectance in one compiled pass, which the exported model's own sub-graph ``reflectance -> reduced``
reads. Kept bands, dark and gain come from the file, too, so that no step can differ from the offline path. Lines go one
by one: then a line's values are in the processor's cache between the steps. Neither step takes new memory from the
system for a line, which would cost as much as the pass.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local

import numpy as np

from boardbench.engine.onnxfile import cut, session, values_of


class SpectralEncoder:
    """The spectral part of an exported model, set up for one pair of references.

    Args:
        model: ONNX file that ``boardbench export`` wrote, for raw counts.
        white: mean counts of the white reference, (bands, samples).
        dark: mean counts of the dark reference, (bands, samples).
        exposure: integration time of white / that of the lines.
        threads: lines at once; one is enough at 327 lines/s.

    Attributes:
        channels: channels of the result.
        invalid: bands x samples of a line, of those kept, where white is not above dark.
    """

    def __init__(self, model: Path, *, white: np.ndarray, dark: np.ndarray, exposure: float, threads: int = 1):
        white, dark = (np.ascontiguousarray(mean, np.float32) for mean in (white, dark))
        run = session(cut(model, ["white", "dark", "exposure"], ["dark_signal", "gain"]), 1).run

        def factors(white: np.ndarray, dark: np.ndarray) -> list[np.ndarray]:
            given = {"white": white, "dark": dark, "exposure": np.full(1, exposure, np.float32)}
            return run(["dark_signal", "gain"], given)

        self._dark, self._gain = factors(white, dark)
        self.invalid = int(np.count_nonzero(self._gain == 0))
        # A dark of 0, 1, 2, ... says which bands the file keeps.
        number = np.repeat(np.arange(len(dark), dtype=np.float32)[:, None], dark.shape[1], axis=1)
        self._keep = factors(number + 1, number)[0][:, 0].astype(np.int64)
        # Files of earlier versions have no such value, and run from counts on.
        by_pass = "reflectance" in values_of(model)
        self._session = session(cut(model, ["reflectance"] if by_pass else _COUNTS, ["reduced"]), 1)
        self._line = self._by_pass if by_pass else self._by_file
        self._own = local()
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        # Also compiles and warms up, before the first line is waiting.
        self.channels = len(self._line(np.zeros(dark.shape, np.uint16)))

    def lines(self, counts: np.ndarray) -> np.ndarray:
        """Return the channels of lines: uint16 (n, bands, samples) to float32 (channels, n, samples)."""
        found = (self._pool.map if self._pool else map)(self._line, np.ascontiguousarray(counts, np.uint16))
        return np.stack(list(found), axis=1)

    def _by_pass(self, counts: np.ndarray) -> np.ndarray:
        """Return the channels (channels, samples) of a line (bands, samples)."""
        from boardbench.stream.reflectance import reflectance  # compiled: not for a help text

        own = self._own.__dict__  # of this thread
        if not own:
            own["values"] = np.zeros((1, *self._dark.shape), np.float32)
            own["channels"] = self._session.run(["reduced"], {"reflectance": own["values"]})[0]
            own["bound"] = self._session.io_binding()
            own["bound"].bind_cpu_input("reflectance", own["values"])
            place = own["channels"]
            own["bound"].bind_output("reduced", "cpu", 0, np.float32, place.shape, place.ctypes.data)
        reflectance(counts, self._keep, self._dark, self._gain, own["values"][0])
        self._session.run_with_iobinding(own["bound"])
        return own["channels"][0, :, 0].copy()

    def _by_file(self, counts: np.ndarray) -> np.ndarray:
        given = zip(_COUNTS, (counts[None], self._dark, self._gain), strict=True)
        return self._session.run(["reduced"], dict(given))[0][0, :, 0]


_COUNTS = ["counts", "dark_signal", "gain"]


def saturated(counts: np.ndarray, keep: list[int], full_scale: float) -> int:
    """Return how many values of a line (bands, samples), of the bands kept, are at least ``full_scale``."""
    first, last = keep[0], keep[-1] + 1
    kept = counts[first:last] if last - first == len(keep) else counts[keep]
    return int(np.count_nonzero(kept >= full_scale))
