"""Raw counts of a line to the channels that the spatial network reads: calibration, trimming, spectral reduction.

It runs the exported model's own sub-graph ``(counts, dark_signal, gain) -> reduced``, so that no step can differ from
the offline path; what depends on the references alone is computed once. Lines go one by one: then a line's values
stay in the processor's cache between the steps, while four at once do not.
"""

from pathlib import Path

import numpy as np

from boardbench.engine.onnxfile import cut, session


class SpectralEncoder:
    """The spectral part of an exported model, set up for one pair of references.

    Args:
        model: ONNX file that ``boardbench export`` wrote, for raw counts.
        white: mean counts of the white reference, (bands, samples).
        dark: mean counts of the dark reference, (bands, samples).
        exposure: integration time of white / that of the lines.
        threads: threads a line; one is enough at 327 lines/s.

    Attributes:
        channels: channels of the result.
        invalid: bands x samples of a line, of those kept, where white is not above dark.
    """

    def __init__(self, model: Path, *, white: np.ndarray, dark: np.ndarray, exposure: float, threads: int = 1):
        factors = session(cut(model, ["white", "dark", "exposure"], ["dark_signal", "gain"]), threads)
        given = {
            "white": np.ascontiguousarray(white, np.float32),
            "dark": np.ascontiguousarray(dark, np.float32),
            "exposure": np.full(1, exposure, np.float32),
        }
        dark_signal, gain = factors.run(["dark_signal", "gain"], given)
        self._factors = {"dark_signal": dark_signal, "gain": gain}
        self._run = session(cut(model, ["counts", "dark_signal", "gain"], ["reduced"]), threads).run
        self.invalid = int(np.count_nonzero(gain == 0))
        # Also warms the session up, before the first line is waiting.
        self.channels = len(self.lines(np.zeros((1, *np.shape(white)), np.uint16)))

    def lines(self, counts: np.ndarray) -> np.ndarray:
        """Return the channels of lines: uint16 (n, bands, samples) to float32 (channels, n, samples)."""
        parts = [self._run(["reduced"], {"counts": line[None], **self._factors})[0][0] for line in counts]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def saturated(counts: np.ndarray, keep: list[int], full_scale: float) -> int:
    """Return how many values of a line (bands, samples), of the bands kept, are at least ``full_scale``."""
    first, last = keep[0], keep[-1] + 1
    kept = counts[first:last] if last - first == len(keep) else counts[keep]
    return int(np.count_nonzero(kept >= full_scale))
