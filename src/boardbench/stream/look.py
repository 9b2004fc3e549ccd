"""One line in four looked at for drift, beside the spectral encoder: reflectance of some samples, and of a strip."""

from typing import Any

import numpy as np

from boardbench.errors import BoardbenchError
from boardbench.segmentation.drift.profile import looked_at
from boardbench.segmentation.drift.watch import Drift, Watch
from boardbench.stream.inputs import Inputs


class Look:
    """Holds the lines of a stream against what the model saw in training; the references at once.

    Args:
        metadata: of the exported model.
        inputs: of the stream.
        strip: samples that always see the same thing, FIRST:LAST, LAST not among them; None: there are none.

    Raises:
        BoardbenchError: a strip that no line has.
    """

    def __init__(self, metadata: dict[str, Any], inputs: Inputs, strip: str | None):
        samples = inputs.white.shape[1]
        self._keep, self._samples = metadata["sensor"]["keep"], looked_at(samples)
        self._strip = None if strip is None else _strip(strip, samples)
        self._dark, self._gain = (part.T[self._keep] for part in (inputs.factors.dark, inputs.factors.gain))
        known = metadata.get("drift")
        self._watch = Watch(known and Drift.from_json(known))
        self._watch.references(inputs.seen)
        self.report = self._watch.report

    def line(self, counts: np.ndarray) -> None:
        """Take a line's counts (bands, samples)."""
        watch = self._watch
        if not watch.looks:
            watch.add(None)
            return
        spectra = None if watch.drift is None else self._reflectance(counts, self._samples).T
        watch.add(spectra, None if self._strip is None else float(self._reflectance(counts, self._strip).mean()))

    def _reflectance(self, counts: np.ndarray, samples: slice) -> np.ndarray:
        values = (counts[self._keep, samples] - self._dark[:, samples]) * self._gain[:, samples]
        return np.clip(values, 0, 1, out=values)

    @property
    def reasons(self) -> tuple[str, ...] | None:
        """Statistics for which lines are not trusted now; empty where they are, None where that is not judged."""
        return None if self._watch.trusted is None else self._watch.reasons


def _strip(text: str, samples: int) -> slice:
    first, colon, last = text.partition(":")
    if not (colon and first.isdecimal() and last.isdecimal() and int(first) < int(last) <= samples):
        raise BoardbenchError(
            f"--strip {text}: not FIRST:LAST within the {samples} samples of a line. Write 0:16 for the first sixteen."
        )
    return slice(int(first), int(last))
