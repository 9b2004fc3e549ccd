"""Drifts put into test captures (simulated), and whether they are noticed."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from boardbench.segmentation.drift.profile import WindowSums, window_sums
from boardbench.segmentation.drift.references import Seen
from boardbench.segmentation.drift.watch import Drift, Watch

_DUSTY = 10  # one sample in so many lies behind dust that takes 30 % of the light


Spectra = Callable[[np.ndarray], np.ndarray]


def _same(spectra: np.ndarray) -> np.ndarray:
    return spectra


class Trial(NamedTuple):
    """One drift.

    Attributes:
        name: of the row.
        spectra: what becomes of reflectance (lines, samples, bands), with references as they were.
        references: what becomes of references taken since; None: none were taken.
        strip: what becomes of a strip that always sees the same thing; None: there is none.
    """

    name: str
    spectra: Spectra = _same
    references: Callable[[Seen], Seen] | None = None
    strip: float | None = None


def _lamp(share: float) -> list[Trial]:
    """A lamp that has lost a share of its light: unnoticed so far, with a strip in view, and after new references."""
    name, left = f"lamp -{100 * share:g} %", 1 - share

    def darker(spectra: np.ndarray) -> np.ndarray:
        return spectra * np.float32(left)

    return [
        Trial(f"{name} (old references)", darker),
        Trial(f"{name} (old references, strip in view)", darker, strip=left),
        Trial(f"{name} (new references)", references=lambda one: _scaled(one, left)),
    ]


def _scaled(one: Seen, bands: np.ndarray | float = 1.0, samples: np.ndarray | float = 1.0) -> Seen:
    over_bands, over_samples = float(np.mean(bands)), float(np.mean(samples))
    return one._replace(
        white=one.white * bands * over_samples,
        line=one.line * samples * over_bands,
        span=one.span * over_bands * over_samples,
    )


def _aged(bands: int) -> np.ndarray:
    """An aged lamp lacks light at its blue end: 20 % there, nothing at the other."""
    return np.linspace(0.8, 1.0, bands, dtype=np.float32)


def _longer(spectra: np.ndarray) -> np.ndarray:
    return np.minimum(spectra * np.float32(1.1), 1)


def _dust(samples: int) -> np.ndarray:
    factor = np.ones(samples, np.float32)
    factor[::_DUSTY] = 0.7
    return factor


def _unknown(share: float) -> Callable[[np.ndarray], np.ndarray]:
    """A material that training never saw, on a share of the samples: 0.5 with a deep absorption in the middle."""

    def put(spectra: np.ndarray) -> np.ndarray:
        place = np.linspace(-1, 1, spectra.shape[-1], dtype=np.float32)
        changed = spectra.copy()
        changed[:, : max(1, round(share * spectra.shape[1]))] = 0.5 - 0.4 * np.exp(-((place / 0.16) ** 2))
        return changed

    return put


TRIALS = [
    Trial("none", references=lambda one: one, strip=1.0),
    *_lamp(0.05),
    *_lamp(0.10),
    *_lamp(0.20),
    Trial("lamp aged at its blue end (old references)", lambda spectra: spectra * _aged(spectra.shape[-1])),
    Trial("lamp aged at its blue end (new references)", references=lambda one: _scaled(one, _aged(len(one.white)))),
    Trial("integration time +10 % (not in the header)", _longer),
    Trial("integration time +10 % (not in the header, strip in view)", _longer, strip=1.1),
    Trial(
        "dust on the white",
        lambda spectra: np.minimum(spectra / _dust(spectra.shape[1])[:, None], 1),
        references=lambda one: _scaled(one, samples=_dust(len(one.line))),
    ),
    Trial("unknown material on 10 % of the samples", _unknown(0.10)),
    Trial("unknown material on 2 % of the samples", _unknown(0.02)),
]


def trials(
    made: Drift, captures: Iterable[tuple[str, list[np.ndarray]]], references: dict[str, Seen]
) -> list[dict[str, Any]]:
    """Return a row a drift; each test capture passes with the drift from its first line on.

    Args:
        made: what to judge by.
        captures: name and windows (lines, samples, bands) of each test capture.
        references: of the raw ones.
    """
    found: dict[str, list[Watch]] = {trial.name: [] for trial in TRIALS}
    for name, windows in captures:
        sums: dict[Spectra, list[WindowSums]] = {}  # several trials have the same spectra
        for trial in TRIALS:
            if trial.spectra not in sums:
                sums[trial.spectra] = [window_sums(made.profile, trial.spectra(window)) for window in windows]
            found[trial.name].append(_pass(made, trial, sums[trial.spectra], references.get(name)))
    return [_row(trial, found[trial.name]) for trial in TRIALS]


def _pass(made: Drift, trial: Trial, windows: list[WindowSums], references: Seen | None) -> Watch:
    """Return a watch that has judged a capture with a drift."""
    watch = Watch(made, strip=None if trial.strip is None else 1.0)
    if references is not None and trial.references is not None:
        watch.references(trial.references(references))
    for window in windows:
        watch.window(window, trial.strip)
    return watch


def _row(trial: Trial, seen: list[Watch]) -> dict[str, Any]:
    windows = sum(watch.windows for watch in seen)
    lines = [watch.first for watch in seen if watch.first is not None]
    by = Counter(name for watch in seen for name in watch.report()["because"])
    return {
        "drift": trial.name,
        "captures": len(seen),
        "windows": windows,
        "flagged": f"{sum(watch.odd for watch in seen) / windows:.4f}" if windows else "",
        "not_trusted": len(lines),
        "lines_until": int(np.median(lines)) if lines else "",
        "by": "; ".join(name for name, _ in by.most_common()),
    }
